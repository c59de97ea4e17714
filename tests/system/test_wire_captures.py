"""--wire: the real bytes of a case run, in the eyes of tshark, which for TLS gets nothing besides the file."""
import functools
import json
import os
import pathlib
import subprocess
import tempfile
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.xdist_group("wire_captures")
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli" / "mqttspec"
LIMIT_S = 120
NAMES = ["type 0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
         "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"]
CASES = ["qos2_duplicate_publish", "will_on_close"]
PORTS = {"tls": "8883", "ws": "80", "wss": "443"}
TLS_1_2, TLS_1_3 = "0x0303", "0x0304"
SERVER_HELLO, CERTIFICATE, FINISHED = "2", "11", "20"
FAILING = "disconnect_with_will/0x80"  # of mosquitto
# tshark 4.0 does not know by itself what is in a WebSocket with the subprotocol mqtt.
MQTT_IN_WEBSOCKET = 'DissectorTable.get("ws.protocol"):add("mqtt", Dissector.get("mqtt"))\n'
# Warnings about what these cases do, or about nothing: a stream ends where the case run does.
EXPECTED_WARNINGS = {"Connection reset (RST)"}


def run(folder, *args, code=0, **more):
    done = subprocess.run([PROGRAM, "run", *map(str, args), "--out", folder], cwd=ROOT, env=os.environ | more,
                          capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == code, done.stdout + done.stderr
    record = folder / "run.jsonl"
    lines = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    done.cases = [line for line in lines if line["type"] == "case"]
    return done


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """(folder, records of case runs) by what was negotiated; WebSockets are with the newer one."""
    folder = tmp_path_factory.mktemp("wire")
    (folder / "openssl.cnf").write_text("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
                                        "MaxProtocol = TLSv1.2\n")
    common = ("--versions", "5.0", "--pcap", "all", "--wire")
    new = run(folder / "new", "mqttspec-broker", *CASES, *common, "--transports", "tcp,tls,ws,wss")
    old = run(folder / "old", "mqttspec-broker", *CASES, *common, "--transports", "tls",
              OPENSSL_CONF=str(folder / "openssl.cnf"))
    return {TLS_1_3: (folder / "new", new.cases), TLS_1_2: (folder / "old", old.cases)}


FIELDS = ("tcp.dstport", "tcp.payload", "mqtt.msgtype", "mqtt.passwd", "tls.handshake.type", "tls.handshake.version",
          "tls.handshake.extensions.supported_version", "tls.record.length", "x509sat.uTF8String",
          "http.request.uri", "http.response.code", "http.sec_websocket_protocol", "websocket.opcode", "websocket.mask",
          "frame.comment", "_ws.expert.severity", "_ws.expert.message")
WARNING = 0x600000  # tshark's number, in which more is worse


@functools.lru_cache(maxsize=None)
def look(path):
    """For each packet what there is of FIELDS: {name: [value, ...]}. A call takes tshark a second under load."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(MQTT_IN_WEBSOCKET)
        script.flush()
        options = [] if "-tls" in path.name else ["-X", f"lua_script:{script.name}", "-o", "tcp.check_checksum:TRUE"]
        wanted = [part for name in FIELDS for part in ("-e", name)]
        out = subprocess.run(["tshark", "-r", path, *options, "-T", "fields", "-E", "aggregator=|", *wanted],
                             capture_output=True, text=True, timeout=LIMIT_S, check=True).stdout
    return [{name: value.split("|") for name, value in zip(FIELDS, line.split("\t")) if value}
            for line in out.splitlines()]


def is_fault(severity):
    """As a number, or, in newer ones, a word."""
    return int(severity) >= WARNING if severity.isdigit() else severity in ("Warning", "Error")


def values(path, name):
    return [value for packet in look(path) for value in packet.get(name, [])]


def to_target(packet, port):
    return packet["tcp.dstport"] == [port]


def transcript(record):
    """(direction, name) of the packets, in order."""
    return [(event["direction"], event["text"].split()[0]) for event in record["transcript"]
            if event["direction"] in "<>" and event["text"].split()[0] in NAMES]


def packets(path, port):
    return [(">" if to_target(packet, port) else "<", NAMES[int(kind, 0)])
            for packet in look(path) for kind in packet.get("mqtt.msgtype", [])]


def of(evidence, transport, version=TLS_1_3):
    folder, cases = evidence[version]
    found = [(record, folder / record["wire"]) for record in cases if record["transport"] == transport]
    assert len(found) == len(CASES)
    return found


def connections(record):
    return sum(event["text"] == "connected" for event in record["transcript"])


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_handshake_and_packets_of_tls_are_there_at_once(evidence, version):
    for record, path in of(evidence, "tls", version):
        assert packets(path, PORTS["tls"]) == transcript(record), path
        hellos = [packet for packet in look(path) if SERVER_HELLO in packet.get("tls.handshake.type", [])]
        assert len(hellos) == connections(record)
        for hello in hellos:
            assert hello.get("tls.handshake.extensions.supported_version", hello["tls.handshake.version"]) == [version]
        # In 1.3 the certificate is encrypted, and in both what ends the handshake.
        kinds = values(path, "tls.handshake.type")
        assert kinds.count(CERTIFICATE) == len(hellos) and kinds.count(FINISHED) == 2 * len(hellos)
        assert any("mqttspec" in name for name in values(path, "x509sat.uTF8String"))


@pytest.mark.parametrize("transport", ["ws", "wss"])
def test_upgrade_and_frames_of_websockets_are_there(evidence, transport):
    for record, path in of(evidence, transport):
        port = PORTS[transport]
        assert values(path, "http.request.uri") == ["/mqtt"] * connections(record)
        assert values(path, "http.response.code") == ["101"] * connections(record)
        assert values(path, "http.sec_websocket_protocol") == ["mqtt"] * (2 * connections(record))
        frames = {(packet["websocket.mask"][0] in ("1", "True"), to_target(packet, port))
                  for packet in look(path) if "websocket.mask" in packet}
        assert frames == {(True, True), (False, False)}
        assert packets(path, port) == transcript(record), path
        assert bool(values(path, "tls.handshake.type")) == (transport == "wss")


@pytest.mark.parametrize("transport", PORTS)
def test_nothing_in_them_is_wrong_and_everybody_has_a_name(evidence, transport):
    for record, path in of(evidence, transport):
        faults = {message for packet in look(path)
                  for severity, message in zip(packet.get("_ws.expert.severity", []),
                                               packet.get("_ws.expert.message", [])) if is_fault(severity)}
        assert faults <= EXPECTED_WARNINGS
        names = {event["peer"] for event in record["transcript"] if event["text"] == "connected"}
        assert {*names, f"verdict: {record['verdict']}"} == set(values(path, "frame.comment"))


def test_the_other_captures_are_as_ever(evidence):
    folder, cases = evidence[TLS_1_3]
    for record in cases:
        assert (record["transport"] == "tcp") == ("wire" not in record) and "wire_error" not in record
        assert record["pcap"] == f"pcap/{record['id']}-5.0-{record['transport']}.pcapng"
        if record["transport"] != "tcp":
            assert record["wire"] == record["pcap"].replace(".pcapng", ".wire.pcapng")
    record, _ = of(evidence, "tls")[0]
    assert packets(folder / record["pcap"], "1883") == transcript(record)
    assert len(list((folder / "pcap").iterdir())) == len(CASES) * 7


def test_bytes_in_records_of_their_own(tmp_path):
    done = run(tmp_path / "out", "mqttspec-broker", CASES[0], "--versions", "5.0", "--pcap", "all", "--wire",
               "--transports", "tls", "--segment", "bytes")
    path = tmp_path / "out" / done.cases[0]["wire"]
    assert values(path, "tls.record.length").count("18") > 50  # a byte, its type, and a tag of 16 bytes
    assert packets(path, PORTS["tls"]) == transcript(done.cases[0])


def test_what_is_no_tls_is_there_too(tmp_path):
    done = run(tmp_path / "out", "mqttspec-broker", "no_tls/http", "--versions", "5.0", "--pcap", "all", "--wire",
               "--transports", "tls")
    sent = values(tmp_path / "out" / done.cases[0]["wire"], "tcp.payload")
    assert any(bytes.fromhex(data).startswith(b"GET / HTTP/1.1") for data in sent)


def test_they_are_kept_and_removed_with_the_others_and_named_in_reports(tmp_path):
    out = tmp_path / "out"
    args = ("mosquitto", FAILING, CASES[0], "--versions", "5.0", "--transports", "tls", "--strict",
            "--patience", "0", "--timeout", "1000")
    failed, passed = sorted(run(out, *args, "--wire", code=1).cases, key=lambda record: record["verdict"])
    assert (failed["verdict"], passed["verdict"]) == ("fail", "pass")
    assert failed["pcap"].replace(".pcapng", ".wire.pcapng") == failed["wire"]
    assert not {"pcap", "wire"} & set(passed)
    assert {f"pcap/{path.name}" for path in (out / "pcap").iterdir()} == {failed["pcap"], failed["wire"]}
    subprocess.run([PROGRAM, "report", out / "run.jsonl", "--junit", out / "junit.xml"], check=True, timeout=LIMIT_S)
    named = {(p.get("name"), p.get("value")) for p in ElementTree.parse(out / "junit.xml").getroot().iter("property")}
    assert {("pcap", failed["pcap"]), ("wire", failed["wire"])} <= named
    run(out, "mosquitto", CASES[0], "--versions", "5.0", "--transports", "tls")
    assert not list((out / "pcap").iterdir())


PASSWORDS = ("sees everything", "sees little")


def test_no_password_is_kept(tmp_path):
    done = run(tmp_path / "out", "mosquitto", "users_let_in", "bad_credentials", CASES[1], "--versions", "5.0",
               "--transports", "tls,ws", "--pcap", "all", "--wire")
    cases = [record for record in done.cases if record["verdict"] != "inapplicable"]
    withheld = {record["id"] for record in cases if "wire_error" in record}
    assert "users_let_in" in withheld and CASES[1] not in withheld
    for record in cases:
        assert ("wire" in record) != ("wire_error" in record), record["id"]
        if "wire_error" in record:
            assert record["wire_error"] == "not kept: a password is in these bytes"
    files = list((tmp_path / "out/pcap").glob("*.wire.pcapng"))
    assert {f"pcap/{path.name}" for path in files} == {record["wire"] for record in cases if "wire" in record}
    shown = {bytes.fromhex(password) for path in files for password in values(path, "mqtt.passwd")}
    assert not {password.encode() for password in PASSWORDS} & shown


def test_the_password_of_the_run_is_no_matter_for_it(tmp_path):
    (tmp_path / "password").write_text("sees everything\n")
    done = run(tmp_path / "out", "mosquitto", CASES[0], "--transports", "tls", "--wire", "--user", "watcher",
               "--password-file", tmp_path / "password", code=2)
    assert "--wire keeps the real bytes, and the password in them" in done.stderr and not done.cases
