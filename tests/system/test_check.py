"""mqttspec check: what the monitor found in a case run is found again in its capture, and nothing else; what a capture
without MQTT, a damaged one, and one from a pipe are answered with; records for the other commands.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import threading
import time

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
MQTTSPEC, DEVIANT = BUILD / "cli/mqttspec", BUILD / "deviants/mqttspec-deviant"
BROKER, CLIENT = BUILD / "broker/mqttspec-broker", BUILD / "client/mqttspec-client"
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "record/record.schema.json").read_text()))
LIMIT_S = 120
OK, FOUND, USAGE, NOTHING = 0, 1, 2, 3
PASSWORD = "correct-horse"

# What a server breaks that goes on after an error: a case that was about the error has another name for it.
OF_TOLERANCE = {"3.1.1:MQTT-4.8.0-1"}
# No case is about these, and the records of a run have them elsewhere, or once.
OF_THE_CLOCK = {"3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-22"}


def check(*arguments, stdin=None):
    return subprocess.run([MQTTSPEC, "check", *map(str, arguments)], capture_output=True, timeout=LIMIT_S, input=stdin)


def records(text):
    return [json.loads(line) for line in text.decode().splitlines()]


def accused(capture, role):
    """Statements that `role` breaks in a capture."""
    found, judged = set(), None
    out = check("--json", capture)
    assert out.returncode in (OK, FOUND, NOTHING), out.stderr.decode()
    for record in records(out.stdout):
        if record["type"] == "run":
            judged = record["role"]
        elif record["type"] == "case" and judged == role:
            found |= {s["name"] for s in record.get("statements", [])}
    return found


def play(folder, *arguments):
    out = subprocess.run([MQTTSPEC, "run", *map(str, arguments), "--pcap", "all", "--out", folder, "--quiet",
                          "--patience", "3"], cwd=ROOT, capture_output=True, timeout=LIMIT_S * 10)
    assert out.returncode in (OK, FOUND), out.stdout.decode() + out.stderr.decode()
    cases = [r for r in records((folder / "run.jsonl").read_bytes()) if r["type"] == "case" and "pcap" in r]
    assert cases
    return cases


def is_left_out(case):
    """Of a case run with very many messages the capture has not all."""
    return any(e["text"].startswith("its messages are left out") for e in case.get("transcript", []))


def compare(folder, cases, role):
    """Returns how many breaches the monitor saw; each of them has to be in the capture."""
    seen, wrong = 0, []
    for case in cases:
        found = accused(folder / case["pcap"], role)
        failure = case.get("failure", {})
        if failure.get("difference") == "monitor" and not is_left_out(case):
            seen += 1
            if failure["statement"] not in found:
                wrong.append((case["id"], case["version"], "not found", failure))
        due = {s["name"] for s in case.get("statements", []) if s["verdict"] in ("fail", "nonstrict")}
        if failure.get("difference") == "open":
            due |= OF_TOLERANCE
        if not found <= due | OF_THE_CLOCK:
            wrong.append((case["id"], case["version"], found - due, failure))
    assert not wrong
    return seen


@pytest.fixture(scope="module")
def broker():
    with subprocess.Popen([BROKER, "-q", "-p", "0"], stdout=subprocess.PIPE, text=True) as process:
        yield int(re.search(r"port (\d+)", process.stdout.readline()).group(1))
        process.terminate()


@pytest.fixture(scope="module")
def deviant(broker):
    target = f"mqtt://127.0.0.1:{broker}"
    with subprocess.Popen([DEVIANT, "--target", target, "--listen", "0", "--deviation", "qos1_wrong_identifier"],
                          stdout=subprocess.PIPE, text=True) as process:
        port = re.findall(r"(\d+)", process.stdout.readline())[-1]
        yield f"mqtt://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture(scope="module")
def wrong(deviant, tmp_path_factory):
    """The captures of a server that acknowledges what was not published."""
    folder = tmp_path_factory.mktemp("wrong")
    return folder, play(folder, deviant, "qos1_several_under_way", "pingreq_answered")


@pytest.mark.xdist_group("check")
def test_what_the_monitor_finds_in_a_server_is_in_the_capture(wrong):
    folder, cases = wrong
    assert compare(folder, cases, "server") >= 2


@pytest.mark.xdist_group("check")
def test_nothing_is_found_of_a_good_client(tmp_path):
    cases = play(tmp_path, "mqttspec-client", "published_as_told", "qos2_received", "disconnect_is_last")
    compare(tmp_path, cases, "client")


@pytest.mark.xdist_group("check")
def test_records_are_for_the_other_commands(wrong, tmp_path):
    folder, cases = wrong
    capture = folder / next(c["pcap"] for c in cases if c["verdict"] == "fail")
    out = check(capture, "--out", tmp_path / "found")
    assert out.returncode == FOUND
    assert b"the server breaks" in out.stdout
    for role in ("server", "client"):
        for record in records((tmp_path / "found" / role / "run.jsonl").read_bytes()):
            VALIDATOR.validate(record)
    server = tmp_path / "found/server"
    report = subprocess.run([MQTTSPEC, "report", server, "--html", tmp_path / "found.html"], capture_output=True,
                            timeout=LIMIT_S)
    assert report.returncode == OK, report.stderr
    assert (tmp_path / "found.html").stat().st_size
    diff = subprocess.run([MQTTSPEC, "diff", server, server], capture_output=True, timeout=LIMIT_S)
    assert diff.returncode == OK, diff.stderr
    matrix = subprocess.run([MQTTSPEC, "matrix", server, tmp_path / "found/client"], capture_output=True,
                            timeout=LIMIT_S)
    assert matrix.returncode == OK, matrix.stderr


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed: nobody to give the third opinion")
@pytest.mark.xdist_group("check")
def test_wireshark_sees_the_same_packets(wrong):
    folder, cases = wrong
    for case in cases:
        capture = folder / case["pcap"]
        said = check(capture).stdout.decode()
        port = re.search(r" -> 127\.0\.0\.1:(\d+) ", said).group(1)
        out = subprocess.run(["tshark", "-r", capture, "-d", f"tcp.port=={port},mqtt", "-Y", "mqtt", "-T", "fields",
                              "-e", "mqtt.msgtype"], capture_output=True, check=True, timeout=LIMIT_S)
        theirs = sum(len(line.split(",")) for line in out.stdout.decode().split())
        assert sum(map(int, re.findall(r"of MQTT, (\d+) packets", said))) == theirs


@pytest.mark.xdist_group("check")
def test_a_pipe_is_as_good_as_a_file(wrong):
    folder, cases = wrong
    capture = folder / cases[0]["pcap"]
    out = check("-", stdin=capture.read_bytes())
    last = out.stdout.splitlines()[-1]
    assert b"of MQTT" in last
    assert last == check(capture).stdout.splitlines()[-1]


@pytest.mark.xdist_group("check")
def test_a_capture_that_is_cut_off_is_judged_as_far_as_it_goes(wrong, tmp_path):
    folder, cases = wrong
    whole = (folder / next(c["pcap"] for c in cases if c["verdict"] == "fail")).read_bytes()
    (tmp_path / "cut.pcapng").write_bytes(whole[:-7])
    out = check(tmp_path / "cut.pcapng")
    assert b"the server breaks" in out.stdout
    assert out.returncode == FOUND
    assert re.search(rb"cut\.pcapng: .*byte [\d,]+", out.stderr)


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed: nobody to give the third opinion")
@pytest.mark.xdist_group("check")
def test_wireshark_shows_the_findings_at_their_packets(wrong, tmp_path):
    folder, cases = wrong
    capture = folder / next(c["pcap"] for c in cases if c["verdict"] == "fail")
    out = check(capture, "--annotate", tmp_path / "annotated.pcapng")
    said = re.findall(r"packet (\d+): the (?:server|client) breaks (\S+):", out.stdout.decode())
    shown = subprocess.run(["tshark", "-r", tmp_path / "annotated.pcapng", "-Y", 'frame.comment contains "mqttspec: the"',
                            "-T", "fields", "-e", "frame.number", "-e", "frame.comment"],
                           capture_output=True, check=True, timeout=LIMIT_S).stdout.decode()
    assert said
    for packet, statement in said:
        assert re.search(rf"^{packet}\t.*breaks {statement}:", shown, re.M)


# ---- captures made by hand ----------------------------------------------------------------------------------------


def segment(source, destination, seq, flags, data=b"", ack=0):
    tcp = struct.pack(">HHIIBBHHH", source, destination, seq, ack, 5 << 4, flags, 65535, 0, 0) + data
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, b"\x0a\0\0\2", b"\x0a\0\0\1")
    return ip + tcp


def pcap(frames):
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    return head + b"".join(struct.pack("<IIII", 1700000000 + i, 0, len(f), len(f)) + f for i, f in enumerate(frames))


def conversation(port, data):
    return pcap([segment(50000, port, 999, 2), segment(50000, port, 1000, 0x18, data)])


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def connect(flags, *fields):
    body = text("MQTT") + bytes([4, flags, 0, 0]) + b"".join(map(text, fields))
    return bytes([0x10, len(body)]) + body


def test_a_capture_without_mqtt_names_its_ports(tmp_path):
    (tmp_path / "ssh.pcap").write_bytes(conversation(22, b"SSH-2.0-x\r\n"))
    out = check(tmp_path / "ssh.pcap")
    assert out.returncode == NOTHING
    assert out.stdout == b"ssh.pcap: no MQTT in 1 connections of TCP, to port 22 (1)\n"


def test_an_empty_capture_says_so(tmp_path):
    (tmp_path / "empty.pcap").write_bytes(pcap([]))
    out = check(tmp_path / "empty.pcap")
    assert out.returncode == NOTHING
    assert out.stdout == b"empty.pcap: no MQTT: there is no packet in it\n"


@pytest.mark.parametrize("connect_packet", [
    connect(0xC3, "me", "user", PASSWORD),          # reserved flag
    connect(0x02, "me", "user", PASSWORD),          # says that there is none
    b"\x10\xff\xff\xff\xff\x7f" + connect(0xC2, "me", "user", PASSWORD)[2:],
])
def test_a_password_never_reaches_the_output(tmp_path, connect_packet):
    capture = tmp_path / "secret.pcap"
    capture.write_bytes(conversation(1883, connect_packet))
    for options in ([], ["--json"], ["--summary"], ["--out", tmp_path / "found"]):
        out = check(capture, *options)
        assert out.returncode == FOUND, options
        for said in (out.stdout, out.stderr):
            assert PASSWORD.encode() not in said
            assert " ".join(f"{b:02X}" for b in PASSWORD.encode()[:6]).encode() not in said
    for path in (tmp_path / "found").rglob("*.jsonl"):
        assert PASSWORD not in path.read_text()


def test_only_one_client_is_looked_at(tmp_path):
    frames = []
    for i, name in enumerate(("sensor-1", "sensor-2", "pump")):
        frames += [segment(50000 + i, 1883, 999, 2), segment(50000 + i, 1883, 1000, 0x18, connect(3, name))]
    (tmp_path / "three.pcap").write_bytes(pcap(frames))
    out = check(tmp_path / "three.pcap", "--client-id", "sensor-*")
    assert out.returncode == FOUND
    assert b"sensor-1" in out.stdout and b"sensor-2" in out.stdout and b"pump" not in out.stdout
    nowhere = check(tmp_path / "three.pcap", "--server", "10.0.0.9")
    assert nowhere.returncode == NOTHING
    assert nowhere.stdout == b"three.pcap: no MQTT that was asked for; 3 other connections of MQTT are left out\n"


@pytest.mark.parametrize("options,told", [
    (["--from", "2023-11-14T22:13:22Z"], [2]),
    (["--from", "2023-11-15 00:13:22+02:00", "--to", "5"], [2]),
    (["--to", "2023-11-14T22:13:21.5Z"], [1]),
    (["--to", "1.5"], [1]),
    (["--topic", "plant/+"], [2]),
    (["--topic", "no/such", "--topic", "plant/#"], [2]),
    (["--from", "9"], []),
])
def test_times_and_topics_choose_what_is_told(tmp_path, options, told):
    frames = []
    for i, topic in enumerate(("house/door", "plant/hall")):
        wrong = connect(3, f"client-{i + 1}") + b"\x30" + bytes([2 + len(topic)]) + text(topic)
        frames += [segment(50000 + i, 1883, 999, 2), segment(50000 + i, 1883, 1000, 0x18, wrong)]
    (tmp_path / "two.pcap").write_bytes(pcap(frames))
    out = check(tmp_path / "two.pcap", *options)
    assert out.returncode == (FOUND if told else NOTHING), out.stderr
    assert [n for n in (1, 2) if f'"client-{n}"'.encode() in out.stdout] == told
    run = records(check(tmp_path / "two.pcap", "--json", *options).stdout)
    assert [r["id"] for r in run if r["type"] == "case"] == [f"client/client-{n}" for n in told] * 2


@pytest.mark.parametrize("way", ["--json", "--out"])
def test_records_of_what_is_over_leave_at_once(tmp_path, way):
    """A capture that goes on: the connection that has ended is there before the end."""
    capture, out = tmp_path / "growing.pcap", tmp_path / "found"
    wrong = connect(3, "ended")
    capture.write_bytes(pcap([
        segment(50000, 1883, 999, 2), segment(50000, 1883, 1000, 0x18, wrong),
        segment(50000, 1883, 1000 + len(wrong), 0x14), segment(50001, 1883, 999, 2),
        segment(50001, 1883, 1000, 0x18, connect(2, "lives on"))]))
    words = [MQTTSPEC, "check", "--follow", capture, way, *([out] if way == "--out" else [])]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        watchdog = threading.Timer(LIMIT_S, process.kill)
        watchdog.start()
        if way == "--json":
            early = b"".join(process.stdout.readline() for _ in range(6))
        else:
            files = [out / side / "run.jsonl" for side in ("server", "client")]
            while process.poll() is None and sum(f.read_bytes().count(b"\n") for f in files if f.exists()) < 6:
                time.sleep(0.01)
            early = b"".join(f.read_bytes() for f in files)
        process.send_signal(signal.SIGINT)
        late = process.stdout.read()
        watchdog.cancel()
    assert process.returncode == FOUND
    lines = records(early)
    assert [r["type"] for r in lines] == ["run", "case", "end"] * 2
    assert [r["id"] for r in lines if r["type"] == "case"] == ["client/ended"] * 2
    assert {r["verdict"] for r in lines if r["type"] == "case"} == {"pass", "fail"}
    if way == "--json":
        rest = records(late)
    else:
        rest = records(b"".join(f.read_bytes() for f in files))
        report = subprocess.run([MQTTSPEC, "report", out / "client"], capture_output=True, timeout=LIMIT_S)
        assert report.returncode == OK and b"incomplete" not in report.stdout.lower(), report
    for record in lines + rest:
        VALIDATOR.validate(record)
    assert "client/lives on" in [r.get("id") for r in rest]


def test_a_summary_is_drawn_in_the_report(tmp_path):
    frames, seq = [segment(50000, 1883, 999, 2)], 1000
    for data in (connect(2, "sensor"), *(b"\x30" + bytes([2 + len(t)]) + text(t) for t in ("a<b", "a<b", "other"))):
        frames.append(segment(50000, 1883, seq, 0x18, data))
        seq += len(data)
    (tmp_path / "traffic.pcap").write_bytes(pcap(frames))
    out = check(tmp_path / "traffic.pcap", "--summary", "--out", tmp_path / "found")
    assert out.returncode == OK, out.stdout
    for role in ("server", "client"):
        run = records((tmp_path / "found" / role / "run.jsonl").read_bytes())
        for record in run:
            VALIDATOR.validate(record)
        assert [(t["name"], t["to_server"]) for t in run[-1]["topics"]] == [("a<b", 2), ("other", 1)]
    report = subprocess.run([MQTTSPEC, "report", tmp_path / "found/server", "--html", "-"], capture_output=True,
                            timeout=LIMIT_S)
    page = report.stdout.decode()
    traffic = page[page.index('<section class="words traffic" aria-label="traffic of capture 1">\n<details open>'):page.index("<nav")]
    assert "a&lt;b" in traffic and "a<b" not in traffic
    assert traffic.count('<svg viewBox="0 0 640') == traffic.count('role="img" aria-label="') == 1
    assert "<title>2 to the server</title>" in traffic and "<script" not in traffic


# ---- all that the suite has ----------------------------------------------------------------------------------------


@pytest.mark.nightly
@pytest.mark.parametrize("target,role", [("mosquitto", "server"), ("mqttspec-broker", "server"),
                                         ("mqttspec-client", "client")])
def test_every_case_run_is_judged_alike_by_its_capture(target, role, tmp_path):
    compare(tmp_path, play(tmp_path, target), role)


@pytest.mark.nightly
def test_websockets_are_judged_alike_by_their_real_bytes(tmp_path):
    cases = play(tmp_path, "mqttspec-broker", "--transports", "ws", "--wire")
    for case in (case for case in cases if "wire" in case):  # where a password went over it there is none
        assert accused(tmp_path / case["wire"], "server") == accused(tmp_path / case["pcap"], "server"), case["id"]
