"""What is different when root runs mqttspec: brokers then drop root's rights."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev") / "cli/mqttspec"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop rights")


def mosquitto(tmp_path, *more, **files):
    """A target file for a mosquitto that becomes another user, with these lines of configuration."""
    path = tmp_path / "mosquitto.ini"
    documents = "".join(f"\n[file {name}]\ncontent =\n" + "".join(f"| {line}\n" for line in text.splitlines())
                        for name, text in files.items())
    path.write_text("[target]\nname = Mosquitto\ncommand = /usr/sbin/mosquitto -c {config}\n\n[file m.conf]\ncontent =\n"
                    "| listener {port} 127.0.0.1\n| allow_anonymous true\n| user nobody\n"
                    + "".join(f"| {line}\n" for line in more) + documents)
    return path


def launched(tmp_path):
    """Process ids of those that have this private folder in their command line, or its mark."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(tmp_path / "tmp").encode() in words:
            found.append(int(folder.name))
    return found


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def user_of(pid):
    return os.stat(f"/proc/{pid}").st_uid


@pytest.mark.parametrize("whole_group", [False, True], ids=["mqttspec", "its-group"])
def test_a_broker_that_dropped_roots_rights_ends_with_mqttspec(tmp_path, whole_group):
    (tmp_path / "tmp").mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    with subprocess.Popen([PROGRAM, "run", "--out", "out", mosquitto(tmp_path), "pingreq_answered", "--repeat", "5000"],
                          cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          start_new_session=True) as process:
        assert "judges Mosquitto" in process.stdout.readline()
        broker, = launched(tmp_path)
        assert user_of(broker) != 0
        if whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    try:
        wait_until(lambda: launched(tmp_path) == [])
    finally:
        for left in launched(tmp_path):
            os.kill(left, signal.SIGKILL)


def test_a_brokers_files_can_be_read_after_it_dropped_roots_rights(tmp_path):
    target = mosquitto(tmp_path, "acl_file {dir}/sub/acl", **{"sub/acl": "topic readwrite #"})
    done = subprocess.run([PROGRAM, "run", "--out", "out", target, "pingreq_answered"], cwd=tmp_path, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done
    lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
    assert [line["verdict"] for line in lines if line["type"] == "case"] == ["pass", "pass"]


def test_nobody_else_can_list_or_change_the_private_folder(tmp_path):
    (tmp_path / "tmp").mkdir()
    target = tmp_path / "looks.ini"
    target.write_text("[target]\nname = Looks\ncommand = /bin/sh -c 'stat -c %a . sub >&2; exit 1'\n\n[file sub/file]\ncontent = x\n")
    done = subprocess.run([PROGRAM, "run", "--out", "out", target, "pingreq_answered"], cwd=tmp_path, text=True, capture_output=True,
                          timeout=60, env=os.environ | {"TMPDIR": str(tmp_path / "tmp")})
    assert done.returncode == 3
    assert (tmp_path / "out/target.log").read_text().split() == ["711", "711"]
