"""What breaks at every connection is one finding of the run; causes are foreseen, and named when they are gone."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

import jsonschema
import pytest

from ports import free_port, wait_for_port

pytestmark = pytest.mark.bulk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "record/record.schema.json").read_text()))
LIMIT_S = 20
CONNECT, CONNACK = 1, 2
MAXIMUM_QOS_2, RETAIN_AVAILABLE_5 = bytes([0x24, 2]), bytes([0x25, 5])
ALL = "every_connection"
SOME = ["qos1", "--not", "no_retransmission_in_connection"]   # which waits for a clock


# ---- a broker that is good but for its CONNACK


def add_property(packet, prop):
    if len(packet) < 5:   # 3.1.1
        return packet
    assert packet[1] + len(prop) < 128 and packet[4] + len(prop) < 128
    return bytes([packet[0], packet[1] + len(prop), *packet[2:4], packet[4] + len(prop)]) + packet[5:] + prop


def add_maximum_qos(packet, connect):
    """Maximum QoS 2, which stands for itself and must not be sent, in each CONNACK of 5.0."""
    return add_property(packet, MAXIMUM_QOS_2)


def add_another(packet, connect):
    """The same, and Retain Available 5 where the session is kept."""
    packet = add_property(packet, MAXIMUM_QOS_2)
    return packet if connect[9] & 2 else add_property(packet, RETAIN_AVAILABLE_5)


def add_flag(packet, connect):
    """A reserved flag in each CONNACK, of both versions."""
    return bytes([*packet[:2], packet[2] | 2, *packet[3:]])


def whole_packet(data):
    """The first packet of the bytes, and the rest; None while it is not complete. No more than 127 bytes long."""
    if len(data) < 2 or len(data) < 2 + data[1]:
        return None
    return data[:2 + data[1]], data[2 + data[1]:]


class Proxy:
    """Hands everything on, but for the first packet of the broker, if it is a CONNACK: `change` gets that."""

    def __init__(self, port, change):
        self.port, self.change = port, change
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = "mqtt://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                near = self.listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.port))
                first = bytearray()
                threading.Thread(target=self.forward, args=(near, far, first), daemon=True).start()
                threading.Thread(target=self.backward, args=(far, near, first), daemon=True).start()
        except OSError:
            pass

    def forward(self, near, far, first):
        try:
            while data := near.recv(65536):
                if len(first) < 64:
                    first += data
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
        except OSError:
            self.end(near, far)

    def backward(self, far, near, first):
        held, done = b"", False
        try:
            while data := far.recv(65536):
                if not done:
                    held += data
                    split = whole_packet(held)
                    if held[0] >> 4 == CONNACK and not split:
                        continue
                    done = True
                    data = held
                    if held[0] >> 4 == CONNACK:
                        data = self.change(split[0], bytes(first)) + split[1]
                near.sendall(data)
            near.shutdown(socket.SHUT_WR)
        except OSError:
            self.end(near, far)

    @staticmethod
    def end(*sockets):
        for s in sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@pytest.fixture
def broker(tmp_path):
    """The port of an included broker."""
    port = free_port()
    config = tmp_path / "broker.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with open(tmp_path / "broker.log", "wb") as log:
        process = subprocess.Popen([BUILD / "broker/mqttspec-broker", "-c", config], stdout=log, stderr=log)
    wait_for_port(port, process)
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT_S) == 0


@pytest.fixture
def proxy(broker):
    made = []

    def start(change):
        made.append(Proxy(broker, change))
        return made[-1].url
    yield start
    for each in made:
        each.listener.close()


class Run:
    """What mqttspec printed, and what it wrote."""

    def __init__(self, folder, *args, **more):
        self.done = subprocess.run([PROGRAM, *args, "--out", folder], capture_output=True, text=True, timeout=120, **more)
        self.folder = folder
        self.lines = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
        for line in self.lines:
            VALIDATOR.validate(line)
        self.cases = [line for line in self.lines if line["type"] == "case"]
        self.end = self.lines[-1]

    def failed(self):
        return {(c["id"], c["version"]) for c in self.cases if c["verdict"] not in ("pass", "info", "inapplicable", "nonstrict")}

    def find(self, name, version="5.0"):
        found = [c for c in self.cases if (c["id"], c["version"]) == (name, version)]
        assert len(found) == 1, found
        return found[0]


@pytest.fixture
def run(tmp_path):
    count = iter(range(100))
    return lambda *args, **more: Run(tmp_path / f"out{next(count)}", "run", *args, **more)


def remarks(case):
    return [e["text"] for e in case.get("transcript", []) if e["text"].startswith("monitor: ")]


# ---- what breaks at every connection


def test_one_fault_in_every_connack_is_one_finding(run, proxy):
    out = run(proxy(add_maximum_qos), *SOME)
    assert out.done.returncode == 1, out.done
    assert out.failed() == {(ALL, "5.0")}
    assert out.done.stdout.count("FAIL") == 1 and f"FAIL  {ALL}  5.0  tcp" in out.done.stdout
    found = out.find(ALL)
    assert found["failure"]["statement"] == "5.0:U50-MAXQOS-RANGE"
    assert found["failure"]["actual"] == "Maximum QoS is 2" and found["failure"]["difference"] == "monitor"
    assert any(e["text"].startswith("CONNACK") for e in found["transcript"])
    assert (out.folder / found["pcap"]).stat().st_size > 0
    assert out.lines[0]["planned"] == len(out.cases) and out.end["unexpected"] == 1
    others = [c for c in out.cases if c["version"] == "5.0" and c["id"] != ALL and c["verdict"] == "pass"]
    assert len(others) > 5
    for case in others:
        assert any(text.endswith("as in every CONNACK") for text in remarks(case)), case
        assert found["failure"]["statement"] not in [s["name"] for s in case["statements"]]


def test_its_case_is_played_once_where_it_was_selected(run, proxy):
    url = proxy(add_maximum_qos)
    out = run(url, ALL)
    assert out.failed() == {(ALL, "5.0")} and len(out.cases) == 2 == out.lines[0]["planned"]
    out = run(url, ALL, "--repeat", "2", "--segment", "whole,bytes", "--versions", "5.0")
    assert len(out.cases) == 4 and {c["verdict"] for c in out.cases} == {"fail"}
    assert {(c["segmentation"], c["repeat"]) for c in out.cases} == {("whole", 0), ("whole", 1), ("bytes", 0), ("bytes", 1)}
    again = next(line for line in out.done.stdout.splitlines() if "again  " in line)
    assert re.search(rf"mqttspec run {re.escape(url)} .*--seed [0-9]+ {ALL} --versions 5\.0", again)


def test_a_good_broker_has_no_such_finding(run, broker):
    out = run(f"mqtt://127.0.0.1:{broker}", "pingreq_answered")
    assert out.done.returncode == 0 and ALL not in out.done.stdout
    assert not [c for c in out.cases if c["id"] == ALL or remarks(c)]
    assert list((out.folder / "pcap").iterdir()) == []


def test_another_breach_is_that_of_the_case_run(run, proxy):
    """It is not in every CONNACK, or another statement: those case runs that meet it fail."""
    out = run(proxy(add_another), "connack", "ping", "--versions", "5.0")
    failed = {name for name, _ in out.failed()}
    assert ALL in failed and "session_present_with_session" in failed
    assert {c["verdict"] for c in out.cases if c["chapter"] == "ping"} == {"pass"}
    case = out.find("session_present_with_session")
    assert case["failure"]["actual"] == "Retain Available is 5"
    assert [s["name"] for s in case["statements"] if s["verdict"] == "fail"] == [case["failure"]["statement"]]
    assert any(text.endswith("as in every CONNACK") for text in remarks(case))


def test_each_version_has_its_own(run, proxy):
    out = run(proxy(add_flag), "pingreq_answered")
    assert out.failed() == {(ALL, "3.1.1"), (ALL, "5.0")}
    assert out.find(ALL, "3.1.1")["failure"]["statement"].startswith("3.1.1:")


def test_a_reserved_flag_is_no_session(run, proxy):
    """What the flags are beside Session Present is the matter of one case, and of the survey."""
    out = run(proxy(add_flag), "connack", "take_over_ends_session", "client_id_assigned*")
    assert {name for name, _ in out.failed()} == {ALL, "connack_form"}


def test_one_shard_tells_of_it(run, proxy):
    url = proxy(add_maximum_qos)
    told = [run(url, *SOME, "--shard", f"{i}/2").failed() for i in (1, 2)]
    assert sorted(map(len, told)) == [0, 1]


def test_without_captures_and_without_processes(run, proxy):
    out = run(proxy(add_maximum_qos), "pingreq_answered", "--pcap", "none", "--no-fork")
    assert out.failed() == {(ALL, "5.0")} and "pcap" not in out.find(ALL)


def test_a_driver_gets_it_in_the_plan(proxy, tmp_path):
    done = subprocess.run([PROGRAM, "run", proxy(add_maximum_qos), "pingreq_answered", "--serve", "--out", tmp_path / "out"],
                          input=json.dumps({"key": f"{ALL} 5.0 whole"}) + "\n", capture_output=True, text=True, timeout=60)
    plan, answer = map(json.loads, done.stdout.splitlines())
    assert [(r["id"], r["version"]) for r in plan["runs"]] == [
        (ALL, "5.0"), ("pingreq_answered", "3.1.1"), ("pingreq_answered", "5.0")]
    assert answer["verdict"] == "fail" and answer["failure"]["actual"] == "Maximum QoS is 2"


# ---- causes in target files


def write_expected(path, *entries):
    lines = ["[target]", "name = Proxy", "url = mqtt://127.0.0.1:1", "[expected]"]
    for cause, reason in entries:
        lines += [f"cause = {cause}", "verdict = fail", f"reason = {reason}"]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_one_entry_foresees_a_cause_wherever_it_is_seen(run, proxy, tmp_path):
    url = proxy(add_another)
    seen = run(url, "connack", "--versions", "5.0")
    causes = ["5.0:U50-MAXQOS-RANGE", "5.0:U50-RETAINAVAIL-RANGE monitor"]
    assert {c["failure"]["statement"] for c in seen.cases if c["verdict"] == "fail"} == {c.split()[0] for c in causes}
    assert len(seen.failed()) > 2
    mine = write_expected(tmp_path / "mine.ini", *((cause, f"known {i}") for i, cause in enumerate(causes)))
    out = run(url, "connack", "--versions", "5.0", "--expect", mine)
    assert out.failed() == seen.failed() and out.done.returncode == 0, out.done.stdout
    assert {c["foreseen"]["reason"] for c in out.cases if c["verdict"] == "fail"} == {"known 0", "known 1"}
    one = write_expected(tmp_path / "one.ini", (causes[1], "known"))
    out = run(url, "connack", "--versions", "5.0", "--expect", one)
    assert out.done.returncode == 1 and 0 < out.end["unexpected"] < len(seen.failed())


def test_a_cause_that_is_gone_is_named_after_a_whole_run(tmp_path):
    """Of an agent's contract, since its cases are few."""
    mine = write_expected(tmp_path / "mine.ini", ("5.0:MQTT-3.3.1-1 dup", "it was so"), ("MQTT-4.3.3-10", "and so"))
    agent = f"{BUILD}/client/mqttspec-client agent"
    whole = Run(tmp_path / "whole", "agent-check", agent, "--expect", mine)
    assert whole.done.returncode == 1, whole.done
    assert [u["cause"] for u in whole.end["unseen"]] == ["5.0:MQTT-3.3.1-1 dup", "MQTT-4.3.3-10"]
    assert 'foreseen but not seen: 5.0:MQTT-3.3.1-1 dup, "it was so"; remove that entry' in whole.done.stdout
    assert whole.done.stdout.splitlines()[-1].endswith(" passed, 2 failed")
    one = Run(tmp_path / "one", "agent-check", agent, "--expect", mine, "--versions", "3.1.1")
    assert one.done.returncode == 0 and "unseen" not in one.end
    part = Run(tmp_path / "part", "agent-check", agent, "agent_connects", "--expect", mine)
    assert part.done.returncode == 0 and "unseen" not in part.end
    shards = [Run(tmp_path / f"shard{i}", "agent-check", agent, "--expect", mine, "--shard", f"{i}/2") for i in (1, 2)]
    assert [s.done.returncode for s in shards] == [0, 0] and all(len(s.end["unseen"]) == 2 for s in shards)
    both = subprocess.run([PROGRAM, "report", *(s.folder / "run.jsonl" for s in shards), "--markdown", "-", "--exit-code"],
                          capture_output=True, text=True, timeout=60)
    assert both.returncode == 1 and "2 causes foreseen but not seen" in both.stdout
