"""What a core dump of the broker shows of its secrets: nothing."""
import os
import pathlib
import re
import resource
import signal
import subprocess

import pytest

from mqtt_peer import Peer
from ports import free_port, wait_for_port
from test_access import BROKER, LIMIT_S, passwd
from test_broker_tls import SERVER, pki  # noqa: F401: a fixture

SALT = "c2FsdCBpcyBubyBzZWNyZXQ="
SCRAM = "alice:{{SCRAM-SHA-256}}4096,{salt},{key},{key}\n"
SECRET_LINE = "J7sVJqUDbqOEG3Xh/vr1d0cYBGyEQYQHdNHJzp07BVM="


@pytest.fixture
def start(tmp_path, pki):  # noqa: F811
    """A broker in a folder of its own that may leave a core file of any size."""
    processes = []

    def call(text):
        port = free_port()
        (tmp_path / "conf").write_text(text.format(port=port, dir=tmp_path, pki=pki.folder))

        def prepare():
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        processes.append(subprocess.Popen([BROKER, "-q", "-c", "conf"], cwd=tmp_path, preexec_fn=prepare,
                                          env=dict(os.environ, ASAN_OPTIONS="disable_coredump=0")))
        wait_for_port(port, processes[-1])
        return processes[-1], port
    yield call
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(LIMIT_S)


def files(folder):
    passwd(folder / "users", "alice", "Opensesame")
    (folder / "scram").write_text(SCRAM.format(salt=SALT, key=SECRET_LINE))


def hidden_mappings(pid):
    """Bytes that no dump gets, and those of them that are locked: flags dd and lo of smaps. None for the latter in
    a build with a sanitizer, which makes mlock do nothing."""
    undumped = locked = shadow = 0
    for mapping in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", pathlib.Path(f"/proc/{pid}/smaps").read_text()):
        size = int(re.search(r"^Size: *(\d+)", mapping, re.M)[1]) << 10
        flags = re.search(r"^VmFlags:(.*)", mapping, re.M)[1].split()
        shadow += size if size >> 40 else 0
        if "dd" in flags and "rd" in flags and size < 1 << 30 and "pf" not in flags and "io" not in flags:
            undumped += size
            locked += size if "lo" in flags else 0
    return undumped, None if shadow else locked


def coredump_filter(pid):
    return int(pathlib.Path(f"/proc/{pid}/coredump_filter").read_text(), 16)


ANONYMOUS = "listener {port} 127.0.0.1\nallow_anonymous true\n"


@pytest.mark.parametrize("text, tables", [
    (ANONYMOUS, 0),
    (ANONYMOUS + "password_file {dir}/users\nscram_file {dir}/scram\n", 3),
    (SERVER, 0),
])
def test_secrets_lie_where_no_dump_reaches(start, tmp_path, text, tables):
    files(tmp_path)
    plain, _ = start(ANONYMOUS)
    process, _ = start(text)
    secretive = text != ANONYMOUS
    assert (coredump_filter(process.pid) & 0xF == 0) == secretive
    assert coredump_filter(plain.pid) & 1  # the control
    before, after = hidden_mappings(plain.pid), hidden_mappings(process.pid)
    assert after[0] - before[0] >= tables * resource.getpagesize()
    may_lock = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if after[1] is not None and (may_lock == resource.RLIM_INFINITY or may_lock >= 1 << 20):
        assert after[1] - before[1] >= tables * resource.getpagesize()


def crash(process, folder):
    """The bytes of the core file."""
    process.send_signal(signal.SIGABRT)
    assert process.wait(LIMIT_S) == -signal.SIGABRT
    core, = [path for path in folder.iterdir() if path.name.startswith("core")]
    data = core.read_bytes()
    core.unlink()
    return data


def test_a_core_file_has_nothing_in_it(start, tmp_path, pki):  # noqa: F811
    """The control is a broker without secrets: what a client has told it is in the file."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern != "core" or not resource.getrlimit(resource.RLIMIT_CORE)[1]:
        pytest.skip(f"core files go elsewhere here: {pattern}")
    files(tmp_path)
    # Both halves of the name lie apart in this process and its command line.
    known = b"this-is-no" + b"-secret-at-all"
    for text, shown in (ANONYMOUS, True), (ANONYMOUS + "password_file {dir}/users\nscram_file {dir}/scram\n", False):
        process, port = start(text)
        assert Peer(port, known.decode(), *(() if shown else ("alice", "Opensesame"))).code == 0
        core = crash(process, tmp_path)
        assert core.startswith(b"\x7fELF")
        assert (known in core) == shown
        if not shown:
            assert b"sesame" not in core and SECRET_LINE[:20].encode() not in core
