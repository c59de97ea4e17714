"""What bench/run and bench/restart stand on: loads that are stored, a tape of what was written, and its replay."""
import json
import struct
import subprocess
import sys

import pytest

from test_store import BUILD, LIMIT_S, ROOT, broker  # noqa: F401: a fixture

WRITE, WRITE_THROUGH, SYNC, ALLOCATE = range(4)
TABLE, FIRST, SECOND = range(3)  # the files: the table, and those of the journal
HEAD, CALL = struct.Struct("=QQQ"), struct.Struct("=QQIIQ")
MAGIC = 0x657061742D6D716D


def call(program, *arguments, **how):
    return subprocess.run([BUILD / "bench" / program, *map(str, arguments)], capture_output=True, text=True,
                          timeout=LIMIT_S, **how)


# ---- loads

def load(server, *arguments):
    run = subprocess.run([BUILD / "cli/mqttspec", "bench", f"mqtt://127.0.0.1:{server.port}", *map(str, arguments), "-n", "40",
                          "--json", "-"], capture_output=True, text=True, timeout=LIMIT_S)
    assert (run.returncode, run.stderr) == (0, "")
    result, = json.loads(run.stdout)["results"]
    return result


def kinds(broker):  # noqa: F811
    found = [pair["kind"] for pair in broker.dump()]
    return {kind: found.count(kind) for kind in ("session", "subscription", "delivery", "retained")}


@pytest.mark.parametrize("qos", [1, 2])
def test_a_kept_load_is_in_the_store(broker, qos):  # noqa: F811
    broker.configure("persistence_sync none").start()
    said = load(broker, "kept", "-q", qos, "-P", 3, "-S", 4, "-F", 2, "-w", 16, "--leave")
    assert said["acknowledged"] == 40 and 0 < said["p50_us"] <= said["p99_us"]
    assert said["ended_us"] - said["began_us"] == pytest.approx(said["seconds"] * 1e6, abs=1000)
    assert kinds(broker) == {"session": 7, "subscription": 8, "delivery": 40, "retained": 0}


def test_a_retained_load_has_a_topic_for_each_message(broker):  # noqa: F811
    broker.configure("persistence_sync none").start()
    assert load(broker, "retained", "-P", 3, "-w", 16, "--leave")["acknowledged"] == 40
    pairs = [pair for pair in broker.dump() if pair["kind"] == "retained"]
    assert len({pair["topic"] for pair in pairs}) == 40


@pytest.mark.parametrize("workload", ["kept", "drain", "retained", "flood"])
def test_nothing_is_left_in_the_store_unless_it_is_asked_for(broker, workload):  # noqa: F811
    broker.configure("persistence_sync none").start()
    load(broker, workload, "-q", 2)
    assert set(kinds(broker).values()) == {0}


# ---- the tape

def tape(path, calls, lost=0, count=None):
    """Of calls (µs, file, kind, place, length, pieces)."""
    path.write_bytes(HEAD.pack(MAGIC, len(calls) if count is None else count, lost) + b"".join(
        CALL.pack(began, at, 1000000, kind | file << 4 | pieces << 8, length)
        for began, file, kind, at, length, pieces in calls))
    return path


COMMITS = [(100, FIRST, WRITE, 0, 8192, 1), (200, FIRST, SYNC, 0, 0, 0), (250, TABLE, ALLOCATE, 0, 65536, 0),
           (300, TABLE, WRITE, 8192, 12288, 3), (350, SECOND, WRITE, 4096, 4096, 1), (400, TABLE, SYNC, 0, 0, 0),
           (500, SECOND, SYNC, 0, 0, 0), (600, TABLE, WRITE_THROUGH, 64, 48, 1)]


def replay(*arguments):
    run = call("mqttspec-replay", *arguments)
    assert (run.returncode, run.stderr) == (0, "")
    return json.loads(run.stdout)


def written(path):
    """Whether each block of 4,096 bytes has anything in it; and a sample of each."""
    data = path.read_bytes()
    return [any(data[at:at + 4096]) for at in range(0, len(data), 4096)]


def counts(said):
    return [said[key] for key in ("writes", "bytes", "syncs", "commits")]


def test_a_replay_writes_the_same_to_the_same_places_of_the_journal(tmp_path):
    said = replay(tape(tmp_path / "tape", COMMITS), tmp_path)
    assert counts(said) == [2, 8192 + 4096, 2, 2] and said["disk_seconds"] == 0.004
    assert written(tmp_path / "replay-0") == [True] * 2 and written(tmp_path / "replay-1") == [False, True]
    assert written(tmp_path / "replay-table") == []


def test_a_replay_of_all_has_the_table_too(tmp_path):
    said = replay("-a", tape(tmp_path / "tape", COMMITS), tmp_path)
    assert counts(said) == [4, 8192 + 4096 + 12288 + 48, 4, 2] and said["disk_seconds"] == 0.008
    assert written(tmp_path / "replay-1") == [False, True]
    assert written(tmp_path / "replay-table") == [True, False] + [True] * 3 + [False] * 11


def test_a_replay_counts_from_then_to_then_and_does_what_came_before(tmp_path):
    assert counts(replay(tape(tmp_path / "tape", COMMITS), tmp_path, 320, 450)) == [1, 4096, 0, 0]
    assert written(tmp_path / "replay-0") == [True] * 2


@pytest.mark.parametrize("how", [{"lost": 1}, {"count": 9}], ids=["with calls lost", "cut"])
def test_a_tape_that_is_not_whole_is_refused(tmp_path, how):
    path = tape(tmp_path / "tape", COMMITS, **how)
    run = call("mqttspec-replay", path, tmp_path)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"mqttspec-replay: {path}: it is no whole tape\n"
    assert [file.name for file in tmp_path.iterdir()] == ["tape"]


PROGRAM = """
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
through = os.open(sys.argv[1], os.O_RDWR | os.O_DSYNC)
os.posix_fallocate(fd, 0, 16384)
os.pwrite(fd, b"x" * 100, 4096)
os.lseek(fd, 8192, os.SEEK_SET)
os.writev(fd, [b"x" * 10, b"y" * 20])
os.writev(os.open(os.devnull, os.O_WRONLY), [b"z"])
os.fdatasync(fd)
os.pwrite(through, b"x" * 7, 64)
for name in "journal-0", "journal-1":
    os.pwrite(os.open(os.path.join(os.path.dirname(sys.argv[1]), name), os.O_RDWR | os.O_CREAT), b"x" * 9, 0)
"""


def test_the_witness_notes_what_is_written_to_files(tmp_path):
    path = tmp_path / "tape"
    run = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path / "file"], capture_output=True, text=True,
                         timeout=LIMIT_S, env={"LD_PRELOAD": str(BUILD / "bench" / "libmqttspec-witness.so"),
                                               "MQTTSPEC_TAPE": str(path)})
    assert (run.returncode, run.stderr) == (0, "")
    data = path.read_bytes()
    assert HEAD.unpack_from(data) == (MAGIC, 7, 0)
    calls = list(CALL.iter_unpack(data[HEAD.size:]))
    assert [(kind >> 4 & 15, kind & 15, at, length, kind >> 8) for _, at, _, kind, length in calls] == [
        (TABLE, ALLOCATE, 0, 16384, 0), (TABLE, WRITE, 4096, 100, 1), (TABLE, WRITE, 8192, 30, 2),
        (TABLE, SYNC, 0, 0, 0), (TABLE, WRITE_THROUGH, 64, 7, 1), (FIRST, WRITE, 0, 9, 1), (SECOND, WRITE, 0, 9, 1)]
    assert all(earlier[0] <= later[0] for earlier, later in zip(calls, calls[1:]))


# ---- the programs

@pytest.mark.parametrize("program, arguments, sentence", [
    ("run", ["--rows", "fan-inn"], "bench/run: no row fan-inn; there are "),
    ("restart", ["--rows", "emty"], "bench/restart: no row emty; there are "),
    ("restart", ["--share", "0"], "bench/restart: --share takes 1 to 1000\n"),
    ("check", ["--rows", "emty"], "bench/check: no row emty; there are batches, "),
    ("check", ["--pairs", "0"], "bench/check: --pairs and --mib begin at 1\n"),
    ("count", ["--beside", "/nowhere"], "bench/count: /nowhere: no such program\n")])
def test_what_the_programs_do_not_know_is_refused(program, arguments, sentence):
    run = subprocess.run([sys.executable, "-B", ROOT / "bench" / program, *arguments], capture_output=True, text=True,
                         timeout=LIMIT_S)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith(sentence)
