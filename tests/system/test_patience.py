"""Targets that are late, and targets that live and serve nobody any more."""
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest

from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "record/record.schema.json").read_text()))

# A broker of 3.1.1, as little of it as the cases below need. One that is "late" answers PINGREQ after some time,
# one that is "mute" answers nobody any more after somebody has begun with a PINGREQ; so does one that is "slow",
# for some seconds, once.
BROKER = """
[target]
name = Fake
command = /usr/bin/python3 {config} {port} MODE
versions = 3.1.1
ready_ms = 20000

[file fake.py]
content =
| import socket, sys, threading, time
| port, mode = int(sys.argv[1]), sys.argv[2]
| subscribers, mute_until = [], 0
| def answer(peer, packet, first):
|     global mute_until
|     kind = packet[0] >> 4
|     if first and kind != 1:
|         if mode == "mute" or (mode == "slow" and not mute_until):
|             mute_until = time.monotonic() + (1e6 if mode == "mute" else 8)
|         return False
|     elif kind == 1:
|         peer.send(bytes([0x20, 2, 0, 0]))
|     elif kind == 8:
|         subscribers.append((packet[6:-1], peer))
|         peer.send(bytes([0x90, 3, packet[2], packet[3], 0]))
|     elif kind == 3:
|         topic = packet[4:4 + packet[3]]
|         for wanted, other in subscribers:
|             if topic == wanted:
|                 other.send(packet)
|     elif kind == 12:
|         time.sleep(2 if mode == "late" else 0)
|         peer.send(bytes([0xD0, 0]))
|     return kind != 14
| def serve(peer):
|     data, first = b"", True
|     try:
|         while more := peer.recv(4096):
|             data += more
|             while len(data) > 1 and len(data) >= 2 + data[1]:
|                 packet, data = data[:2 + data[1]], data[2 + data[1]:]
|                 if time.monotonic() >= mute_until and not answer(peer, packet, first):
|                     return peer.close()
|                 first = False
|     except OSError:
|         pass
| listener = socket.create_server(("127.0.0.1", port), backlog=200)
| print("listening", flush=True)
| while True:
|     threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
WOUND = "first_packet/pingreq"
INNOCENT = ["pingreq_answered", "longest_keep_alive", "connect_with_credentials"]


class Run:
    """What a run has said and written."""

    def __init__(self, folder, done):
        self.code, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        self.lines = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
        for line in self.lines:
            VALIDATOR.validate(line)
        self.cases = {line["id"]: line for line in self.lines if line["type"] == "case"}
        self.deaths = [line for line in self.lines if line["type"] == "death"]
        self.end = self.lines[-1]

    def verdicts(self):
        return {id: case["verdict"] for id, case in self.cases.items()}


@pytest.fixture
def run(tmp_path):
    def call(target, *args):
        done = subprocess.run([PROGRAM, "run", target, *args, "--versions", "3.1.1", "--timeout", "800", "--out", "out"],
                              cwd=tmp_path, capture_output=True, text=True, timeout=120)
        return Run(tmp_path / "out", done)
    return call


@pytest.fixture
def fake(tmp_path):
    def write(mode):
        path = tmp_path / f"{mode}.ini"
        path.write_text(BROKER.replace("MODE", mode))
        return str(path)
    return write


@pytest.fixture
def serve(tmp_path):
    """The same as something that runs already; its URL."""
    processes = []

    def start(mode):
        (tmp_path / "fake.py").write_text("".join(line[2:] for line in BROKER.splitlines(True) if line.startswith("| ")))
        port = free_port()
        process = subprocess.Popen(["/usr/bin/python3", tmp_path / "fake.py", str(port), mode], stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout.readline() == b"listening\n"
        return f"mqtt://127.0.0.1:{port}"
    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


# ---- late


def test_what_comes_late_is_not_missing(run, fake):
    done = run(fake("late"), "pingreq_answered", "--patience", "20")
    assert done.code == 0, done.stdout
    assert done.verdicts() == {"pingreq_answered": "nonstrict"}
    assert "late" in done.cases["pingreq_answered"]["note"]
    assert done.end["not_run"] == 0


def test_without_patience_it_is_missing(run, fake):
    done = run(fake("late"), "pingreq_answered", "--patience", "0")
    assert done.code == 1
    assert done.verdicts() == {"pingreq_answered": "fail"}
    assert done.cases["pingreq_answered"]["waited"]


def test_what_is_foreseen_is_not_waited_for(run, fake, tmp_path):
    target = fake("late")
    with open(target, "a") as file:
        file.write("[expected]\ncase = pingreq_answered\nverdict = fail\nreason = it is slow\n")
    done = run(target, "pingreq_answered", "--patience", "600")
    assert done.code == 0
    assert done.verdicts() == {"pingreq_answered": "fail"}


@pytest.mark.parametrize("more", [["--no-fork"], ["--transcript"], ["-j", "1"]])
def test_it_is_so_with_one_at_a_time(run, fake, more):
    done = run(fake("late"), "pingreq_answered", "--patience", "20", *more)
    assert done.verdicts() == {"pingreq_answered": "nonstrict"}


# ---- mute


@pytest.mark.parametrize("jobs", ["1", "8"])
def test_a_target_that_goes_mute_is_a_crash_and_is_launched_again(run, fake, jobs):
    done = run(fake("mute"), *INNOCENT, WOUND, "-j", jobs, "--patience", "0")
    assert done.code == 1, done.stdout
    assert done.cases[WOUND]["verdict"] == "crash"
    assert "went mute: it answered no CONNECT" in done.cases[WOUND]["note"]
    assert "went mute" in done.cases[WOUND]["death"]["note"]
    assert done.end["counts"]["crash"] == 1
    assert len(done.deaths) == 2 and "went mute" in done.deaths[0]["note"]
    assert done.verdicts() == {WOUND: "crash"} | {id: "pass" for id in INNOCENT}
    assert "the target went mute" in done.stdout


def test_at_a_url_it_is_said_once_and_the_run_ends_with_3(run, serve):
    done = run(serve("mute"), WOUND, *INNOCENT, "-j", "1", "--patience", "3")
    assert done.code == 3
    assert done.stdout.count("the target went mute") == 1
    assert "answers no CONNECT any more" in done.end["stopped"]
    assert set(done.verdicts().values()) == {"inconclusive"}


def test_at_a_url_it_may_come_back_and_is_waited_for(run, serve):
    done = run(serve("slow"), WOUND, *INNOCENT, "-j", "1", "--patience", "30")
    assert done.code == 0, done.stdout
    assert "the target went mute" in done.stdout
    assert done.verdicts() == {id: "pass" for id in [WOUND, *INNOCENT]}


# ---- clients

# Acknowledges what it gets, after some time.
CLIENT = """
import socket, sys, time
peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))
peer.send(b"\\x10\\x10\\x00\\x04MQTT\\x04\\x02\\x00\\x00\\x00\\x04late")
data = b""
while more := peer.recv(4096):
    data += more
    while len(data) > 1 and len(data) >= 2 + data[1]:
        packet, data = data[:2 + data[1]], data[2 + data[1]:]
        if packet[0] >> 4 == 2:
            peer.send(b"\\x82\\x06\\x00\\x01\\x00\\x01#\\x01")
        if packet[0] >> 4 == 3:
            time.sleep(2)
            at = 4 + packet[3]
            peer.send(bytes([0x40, 2]) + packet[at:at + 2])
"""


@pytest.mark.parametrize("patience, verdict", [("0", "fail"), ("20", "nonstrict")])
def test_a_client_has_the_same_patience(run, tmp_path, patience, verdict):
    (tmp_path / "late.py").write_text(CLIENT)
    done = run(f"--exec=/usr/bin/python3 {tmp_path}/late.py {{host}} {{port}}", "qos1_received", "--patience", patience)
    assert done.verdicts() == {"qos1_received": verdict}


DEAF = f"""#!/bin/sh
# The agent of the included client; the fourth to be launched, after the probes, at most begins to do what it is told.
echo >>starts
[ "$(wc -l <starts)" -eq 4 ] || exec {BUILD}/client/mqttspec-client agent
echo '{{"event":"hello","contract":1,"name":"deaf","version":"1","versions":["3.1.1"],"transports":["tcp","tls"]}}'
tee told | """
LOSES_HEART = """/usr/bin/python3 -c '
import json, socket, sys
peer = socket.create_connection(("127.0.0.1", json.loads(sys.stdin.readline())["port"]))
sys.stdin.read()'"""


@pytest.mark.parametrize("does, transport, case", [("cat >/dev/null", "tcp", "qos1_received"),
                                                   (LOSES_HEART, "tls", "client_shows_certificate")],
                         ids=["no_connection", "no_handshake"])
def test_a_client_that_does_not_connect_in_time_is_asked_again(run, tmp_path, does, transport, case):
    (tmp_path / "agent").write_text(DEAF + does + "\n")
    (tmp_path / "agent").chmod(0o755)
    done = run("--client=./agent", case, "--transports", transport, "--patience", "20")
    assert done.verdicts() == {case: "pass"}
    assert len((tmp_path / "starts").read_text()) == 5
    told = json.loads((tmp_path / "told").read_text().splitlines()[0])
    assert told["do"] == "connect" and told["client_id"] != "mqttspecprobe"
