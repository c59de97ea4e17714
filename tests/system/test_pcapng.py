"""The captures that pcap/pcapng.h writes, in the eyes of Wireshark: tshark must find every packet that
the script asked for, every checksum right, every byte in its stream, and nothing to warn of.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
SAMPLE = BUILD / "tests" / "pcap_sample"

pytestmark = pytest.mark.skipif(
    not shutil.which("tshark"), reason="tshark is not installed: nobody to give the third opinion")

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CONNECT = "100c00044d5154540402003c0000"
CONNACK = "20020000"
PINGREQ = "c000"
PINGRESP = "d000"
CHECKSUMS = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
HOSTS = pytest.mark.parametrize("host", ["127.0.0.1", "::1"])


class Capture:
    """A capture on disk, and what Wireshark's tools say of it."""

    def __init__(self, path):
        self.path = path

    def _run(self, *command):
        return subprocess.run(
            command, check=True, capture_output=True, timeout=60, encoding="utf-8").stdout

    def fields(self, *names):
        """A tuple of strings for each packet."""
        wanted = [part for name in names for part in ("-e", name)]
        lines = self._run("tshark", "-r", self.path, *CHECKSUMS, "-T", "fields", *wanted)
        return [tuple(line.split("\t")) for line in lines.splitlines()]

    def packets(self):
        """(source port, flags, relative seq, relative ack, data bytes) for each packet."""
        rows = self.fields("tcp.srcport", "tcp.flags", "tcp.seq", "tcp.ack", "tcp.len")
        return [tuple(int(value, 0) for value in row) for row in rows]

    def experts(self):
        """{severity: {summary, ...}} without the comments, which Wireshark counts among them."""
        found, severity = {}, None
        for line in self._run(
                "tshark", "-q", "-r", self.path, *CHECKSUMS, "-z", "expert").splitlines():
            if line and line[0].isalpha():
                severity = line.split(" ")[0]
            elif line.strip()[:1].isdigit() and severity != "Comments":
                found.setdefault(severity, set()).add(line.split(None, 3)[3])
        return found

    def stream(self, number):
        """What the opener and what the acceptor of a connection sent."""
        sent = {False: [], True: []}
        shown = self._run(
            "tshark", "-q", "-r", self.path, "-z", f"follow,tcp,raw,{number}").splitlines()
        for line in shown:
            if line.strip() and all(c in "0123456789abcdef" for c in line.strip()):
                sent[line.startswith("\t")].append(line.strip())
        return tuple(bytes.fromhex("".join(sent[side])) for side in (False, True))

    def info(self):
        """capinfos, line by line."""
        pairs = (line.split(":", 1) for line in
                 self._run("capinfos", self.path).splitlines() if ":" in line)
        return {name.strip(): value.strip() for name, value in pairs}


@pytest.fixture(name="sample")
def fixture_sample(tmp_path):
    """Writes a script's capture, and holds it to what must be true of every one."""
    assert SAMPLE.exists(), f"{SAMPLE} is not built: cmake --build --preset dev"

    def write(script):
        path = tmp_path / "sample.pcapng"
        subprocess.run([SAMPLE, path], input=script, check=True, timeout=60, encoding="utf-8")
        capture = Capture(path)
        status = capture.fields("ip.version", "ip.checksum.status", "tcp.checksum.status")
        assert set(status) <= {("4", "1", "1"), ("6", "", "1")}  # 1: verified, and good
        experts = capture.experts()
        assert "Errors" not in experts
        assert experts.get("Warns", set()) <= {"Connection reset (RST)"}
        return capture
    return write


def filling(count):
    return bytes((i * 7 + i // 256) % 256 for i in range(count))


@HOSTS
def test_a_conversation_reads_as_scripted(sample, host):
    capture = sample(f"""
        open 0 {host} 40000 {host} 1883 the first comment
        data 0 opener {CONNECT} it connects
        data 0 acceptor {CONNACK}
        data 0 opener {PINGREQ}
        data 0 acceptor {PINGRESP} alive: schön
        fin 0 opener
        fin 0 acceptor
        """)
    assert capture.packets() == [
        (40000, SYN, 0, 0, 0),
        (1883, SYN | ACK, 0, 1, 0),
        (40000, ACK, 1, 1, 0),
        (40000, PSH | ACK, 1, 1, 14),
        (1883, ACK, 1, 15, 0),
        (1883, PSH | ACK, 1, 15, 4),
        (40000, ACK, 15, 5, 0),
        (40000, PSH | ACK, 15, 5, 2),
        (1883, ACK, 5, 17, 0),
        (1883, PSH | ACK, 5, 17, 2),
        (40000, ACK, 17, 7, 0),
        (40000, FIN | ACK, 17, 7, 0),
        (1883, ACK, 7, 18, 0),
        (1883, FIN | ACK, 7, 18, 0),
        (40000, ACK, 18, 8, 0),
    ]
    mqtt = [kind for (kind,) in capture.fields("mqtt.msgtype") if kind]
    assert mqtt == ["1", "2", "12", "13"]
    comments = [row for row in capture.fields("frame.number", "frame.comment") if row[1]]
    assert comments == [
        ("1", "the first comment"), ("4", "it connects"), ("10", "alive: schön")]
    name = "ip" if "." in host else "ipv6"
    assert set(capture.fields(f"{name}.src", f"{name}.dst")) == {(host, host)}
    assert "Warns" not in capture.experts()


def test_times_and_interface_are_as_written(sample):
    capture = sample(f"""
        open 0 10.0.0.1 1 10.0.0.2 1883
        data 0 opener {CONNECT}
        """)
    times = [time for (time,) in capture.fields("frame.time_epoch")]
    assert times == ["1700000000.123456000"] * 3 + ["1700000000.124456000"] * 2
    assert set(capture.fields("frame.interface_name")) == {("sockets",)}
    macs = set(capture.fields("ip.src", "eth.src", "eth.src.lg"))
    assert macs == {("10.0.0.1", "02:00:00:00:00:01", "1"), ("10.0.0.2", "02:00:00:00:00:02", "1")}


def test_capinfos_agrees(sample):
    info = sample(f"""
        section mqttspec-0.1 MQTT-1.5.5-1, as judged
        open 0 ::1 40000 ::1 1883
        data 0 opener {CONNECT}
        """).info()
    assert info["Number of packets"] == "5"
    assert info["Capture application"] == "mqttspec-0.1"
    assert info["Capture comment"] == "MQTT-1.5.5-1, as judged"
    assert info["File encapsulation"] == "Ethernet"
    assert info["File timestamp precision"] == "microseconds (6)"
    assert info["Strict time order"] == "True"
    assert info["Number of interfaces in file"] == "1"


@HOSTS
def test_three_megabytes_arrive_whole(sample, host):
    capture = sample(f"""
        open 0 {host} 40000 {host} 7777
        fill 0 opener 3000001
        fill 0 acceptor 3000001
        fin 0 acceptor
        fin 0 opener
        """)
    assert capture.stream(0) == (filling(3000001), filling(3000001))
    assert "Warns" not in capture.experts()
    mss = 1460 if "." in host else 1440
    assert max(length for *_, length in capture.packets()) == mss
    assert capture.fields("tcp.options.mss_val")[0] == (str(mss),)


def test_interleaved_flows_stay_apart(sample):
    capture = sample("""
        open 0 127.0.0.1 40000 127.0.0.1 7777
        open 1 ::1 40000 ::1 7777
        data 0 opener 6100
        data 1 opener 6200
        open 2 127.0.0.1 40001 127.0.0.1 7777
        data 2 acceptor 6300
        data 0 acceptor 6400
        fill 1 acceptor 10000
        data 2 opener 6500
        data 0 opener 6600
        fin 1 opener
        fin 0 opener
        fin 1 acceptor
        fin 2 acceptor
        fin 0 acceptor
        fin 2 opener
        """)
    assert capture.stream(0) == (b"a\0f\0", b"d\0")
    assert capture.stream(1) == (b"b\0", filling(10000))
    assert capture.stream(2) == (b"e\0", b"c\0")
    assert {row for row in capture.fields("tcp.stream")} == {("0",), ("1",), ("2",)}
    assert "Warns" not in capture.experts()


@pytest.mark.parametrize("first, second", [("opener", "acceptor"), ("acceptor", "opener")])
def test_the_other_half_stays_open(sample, first, second):
    capture = sample(f"""
        open 0 127.0.0.1 40000 127.0.0.1 7777
        data 0 {first} 01
        fin 0 {first} no more of me
        fill 0 {second} 100000
        fin 0 {second}
        remark 0 the verdict
        """)
    sent = dict(zip(("opener", "acceptor"), capture.stream(0)))
    assert sent == {first: b"\1", second: filling(100000)}
    finished = [row[0] for row in capture.packets() if row[1] & FIN]
    ports = {"opener": 40000, "acceptor": 7777}
    assert finished == [ports[first], ports[second]]
    assert "Warns" not in capture.experts()
    assert capture.fields("frame.comment")[-1] == ("the verdict",)


@pytest.mark.parametrize("side, port", [("opener", 40000), ("acceptor", 1883)])
def test_a_reset_is_the_only_thing_to_remark(sample, side, port):
    capture = sample(f"""
        open 0 127.0.0.1 40000 127.0.0.1 1883
        data 0 opener {CONNECT}
        reset 0 {side} enough
        remark 0 the verdict
        """)
    assert capture.experts()["Warns"] == {"Connection reset (RST)"}
    assert [row for row in capture.packets() if row[1] & RST] == [
        (port, RST | ACK, 15 if port == 40000 else 1, 1 if port == 40000 else 15, 0)]
    assert [row for row in capture.fields("frame.comment") if row[0]] == [
        ("enough",), ("the verdict",)]


@HOSTS
def test_a_refusal_reads_as_one(sample, host):
    capture = sample(f"""
        refused {host} 40000 {host} 1883 nobody there
        refused {host} 40000 {host} 1883 still nobody
        open 0 {host} 40000 {host} 1883
        data 0 opener {CONNECT}
        """)
    assert capture.fields("tcp.stream", "tcp.srcport", "tcp.flags.str", "frame.comment")[:5] == [
        ("0", "40000", "··········S·", "nobody there"),
        ("0", "1883", "·······A·R··", ""),
        ("1", "40000", "··········S·", "still nobody"),
        ("1", "1883", "·······A·R··", ""),
        ("2", "40000", "··········S·", ""),
    ]
    assert capture.experts()["Warns"] == {"Connection reset (RST)"}


@pytest.mark.parametrize("ending", ["", "fin 0 opener\nfin 0 acceptor", "reset 0 acceptor"])
def test_a_port_used_again_is_another_connection(sample, ending):
    capture = sample(f"""
        open 0 127.0.0.1 40000 127.0.0.1 7777
        data 0 opener 0100
        data 0 acceptor 02
        {ending}
        open 1 127.0.0.1 40000 127.0.0.1 7777
        data 1 opener 0300
        data 1 acceptor 04
        fin 1 opener
        fin 1 acceptor
        """)
    assert capture.stream(0) == (b"\1\0", b"\2")
    assert capture.stream(1) == (b"\3\0", b"\4")


def test_remarks_disturb_nothing(sample):
    capture = sample(f"""
        open 0 127.0.0.1 40000 127.0.0.1 1883
        remark 0 one
        remark 0 two
        data 0 opener {CONNECT} three
        remark 0 four
        data 0 acceptor {CONNACK}
        remark 0 five
        """)
    comments = [text for (text,) in capture.fields("frame.comment") if text]
    assert comments == ["one", "two", "three", "four", "five"]
    assert not {"Warns", "Notes"} & set(capture.experts())


def test_a_full_disk_is_reported():
    done = subprocess.run([SAMPLE, "/dev/full"], input="open 0 ::1 1 ::1 2\n", timeout=60,
                          capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
