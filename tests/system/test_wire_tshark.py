"""The harness's parser against Wireshark's: two readers that share no code must read the same fields.

The corpus comes from wire_corpus, one JSON object a packet. Each packet becomes a TCP stream of its own
in a capture file, after a CONNECT from which tshark learns the version of the protocol.
"""
import collections
import json
import os
import pathlib
import shutil
import struct
import subprocess
import xml.etree.ElementTree

import pytest

pytestmark = pytest.mark.xdist_group("wire_tshark")
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")

MQTT_PORT = 1883
FIRST_CLIENT_PORT = 10000
CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, AUTH = \
    1, 2, 3, 4, 8, 9, 10, 11, 15
NAMES = ["type 0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE",
         "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"]
PREAMBLE = {"3.1.1": bytes.fromhex("100d" "00044d515454" "04" "02" "0000" "000178"),
            "5.0": bytes.fromhex("100e" "00044d515454" "05" "02" "0000" "00" "000178")}


# ---- the capture ------------------------------------------------------------------------------

def internet_sum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def segment(port, sequence, payload):
    """Ethernet, IPv4 and TCP around the bytes, from 127.0.0.1:port to the port of MQTT."""
    here = bytes([127, 0, 0, 1])
    tcp = struct.pack("!HHIIBBHHH", port, MQTT_PORT, sequence, 1, 5 << 4, 0x18, 65535, 0, 0)
    pseudo = here + here + struct.pack("!BBH", 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack("!H", internet_sum(pseudo + tcp + payload)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp) + len(payload), 0, 0x4000, 64, 6, 0, here,
                     here)
    ip = ip[:10] + struct.pack("!H", internet_sum(ip)) + ip[12:]
    return bytes(12) + b"\x08\x00" + ip + tcp + payload


def write_capture(path, samples):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for n, sample in enumerate(samples):
            before, data = PREAMBLE[sample["version"]], bytes.fromhex(sample["hex"])
            for sequence, payload in (1, before), (1 + len(before), data):
                frame = segment(FIRST_CLIENT_PORT + n, sequence, payload)
                f.write(struct.pack("<IIII", n, sequence, len(frame), len(frame)) + frame)


# ---- what tshark read -------------------------------------------------------------------------

class Dissection:
    """One packet as tshark read it: its fields, in order, and whether it gave up."""

    def __init__(self, frame):
        self.tree = next((p for p in frame.iter("proto") if p.get("name") == "mqtt"), None)
        self.malformed = any(p.get("name") == "_ws.malformed" for p in frame.iter("proto"))

    def fields(self, name):
        return [] if self.tree is None else [f for f in self.tree.iter("field") if f.get("name") == name]

    def bytes(self, name):
        return [f.get("value", "") for f in self.fields(name)]

    def numbers(self, name):
        return [int(f.get("show"), 0) for f in self.fields(name)]

    def properties(self, name):
        found = []
        for tree in self.fields(name):
            found += property_list(tree)
        return found


def property_list(tree):
    """Identifiers and values, as wire_corpus writes them. tshark puts them side by side."""
    found = []
    for field in tree.findall("field"):
        name, value = field.get("name"), field.get("value", "")
        if name == "mqtt.property_id":
            found.append({"id": int(field.get("show"), 0)})
        elif name in ("mqtt.prop_number", "mqtt.property.max_qos", "mqtt.property.topic_alias"):
            found[-1]["number"] = int(field.get("show"), 0)
        elif name == "mqtt.property.content_type":
            found[-1]["value"] = value[4:]  # after the two bytes of its length
        elif name == "mqtt.prop_key":
            found[-1]["name"] = value
        elif name in ("mqtt.prop_string", "mqtt.prop_value"):
            found[-1]["value"] = value
        elif name == "mqtt.prop_unknown":
            found[-1]["unknown"] = True
    return found


def dissect(path, home):
    run = subprocess.run(["tshark", "-n", "-r", str(path), "-T", "pdml"], capture_output=True, check=True,
                         timeout=120, env={**os.environ, "HOME": str(home)})
    found = {}
    for frame in xml.etree.ElementTree.fromstring(run.stdout):
        ports = [f.get("show") for f in frame.iter("field") if f.get("name") == "tcp.srcport"]
        found[int(ports[0]) - FIRST_CLIENT_PORT] = Dissection(frame)  # the second frame of each stream
    return found


# ---- the two side by side ---------------------------------------------------------------------

@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """What we read and what tshark read, packet by packet."""
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed")
    program = BUILD / "tests/system/wire_corpus"
    lines = subprocess.run([program], capture_output=True, check=True, timeout=60, text=True).stdout
    samples = [json.loads(line) for line in lines.splitlines()]
    folder = tmp_path_factory.mktemp("tshark")
    write_capture(folder / "corpus.pcap", samples)
    dissections = dissect(folder / "corpus.pcap", folder)
    assert len(samples) > 400 and sorted(dissections) == list(range(len(samples)))
    return [(sample, dissections[n]) for n, sample in enumerate(samples)]


# tshark takes a property's identifier for one byte; the standard makes it a Variable Byte Integer, and
# this packet has it in two.
LONG_IDENTIFIER = "20 r 00 00 8400 9300 0001"


def is_readable(sample):
    """A packet of ours whose fields tshark can read, too."""
    if sample["status"] != "packet" or sample["name"] == LONG_IDENTIFIER:
        return False
    if sample["type"] == CONNACK and sample["version"] == "5.0" and sample["remaining_length"] == 2:
        return False  # tshark insists on the Property Length; we let a 3.1.1 server refuse without
    return True


def expected_fields(s):
    """The fields that tshark must show, by its names for them; those left out must not be there."""
    five, type_, want = s["version"] == "5.0", s["type"], collections.defaultdict(list)
    if type_ == CONNECT:
        five = s["level"] == 5
        want["mqtt.protoname"] = [s["protocol_name"]]
        want["mqtt.ver"] = [s["level"]]
        want["mqtt.conflags"] = [s["connect_flags"]]
        want["mqtt.kalive"] = [s["keep_alive"]]
        want["mqtt.clientid"] = [s["client_id"]]
        for ours, theirs in (("will_topic", "mqtt.willtopic"), ("will_payload", "mqtt.willmsg"),
                             ("user_name", "mqtt.username"), ("password", "mqtt.passwd")):
            want[theirs] = [s[ours]] if ours in s else []
    elif type_ == CONNACK:
        want["mqtt.conack.flags"] = [s["ack_flags"]]
        want["mqtt.connack.reason_code" if five else "mqtt.conack.val"] = [s["code"]]
    elif type_ == PUBLISH:
        want["mqtt.dupflag"], want["mqtt.qos"], want["mqtt.retain"] = [s["dup"]], [s["qos"]], [s["retain"]]
        want["mqtt.topic"] = [s["topic"]] if s["topic"] else []  # an empty one is only complained of
        want["mqtt.msg"] = [s["payload"]]
    elif type_ in (SUBSCRIBE, UNSUBSCRIBE):
        want["mqtt.topic"] = [f["text"] for f in s["filters"]]
        if type_ == SUBSCRIBE:
            want["mqtt.subscription_options" if five else "mqtt.sub.qos"] = \
                [f["options"] for f in s["filters"]]
    elif type_ in (SUBACK, UNSUBACK):
        codes = list(bytes.fromhex(s["codes"]))
        want[f"mqtt.{NAMES[type_].lower()}.reason_code" if five else "mqtt.suback.qos"] = codes
    elif "code" in s:
        want[f"mqtt.{NAMES[type_].lower()}.reason_code"] = [s["code"]]
    want["mqtt.msgid"] = [s["id"]] if "id" in s else []
    return want


BYTE_FIELDS = ["mqtt.protoname", "mqtt.clientid", "mqtt.willtopic", "mqtt.willmsg", "mqtt.username",
               "mqtt.passwd", "mqtt.topic", "mqtt.msg"]
NUMBER_FIELDS = ["mqtt.ver", "mqtt.conflags", "mqtt.kalive", "mqtt.msgid", "mqtt.dupflag", "mqtt.qos",
                 "mqtt.retain", "mqtt.conack.flags", "mqtt.conack.val", "mqtt.sub.qos", "mqtt.suback.qos",
                 "mqtt.subscription_options"] + \
                [f"mqtt.{name.lower()}.reason_code" for name in NAMES[CONNACK:]]


def differences(sample, dissection):
    want = expected_fields(sample)
    for name in BYTE_FIELDS:
        got = dissection.bytes(name)
        if got != want[name]:
            yield f"{name}: we read {want[name]}, tshark {got}"
    for name in NUMBER_FIELDS:
        got = dissection.numbers(name)
        if got != want[name]:
            yield f"{name}: we read {want[name]}, tshark {got}"
    for ours, theirs in ("properties", "mqtt.properties"), ("will_properties", "mqtt.will_properties"):
        got = dissection.properties(theirs)
        if got != sample.get(ours, []):
            yield f"{ours}: we read {sample.get(ours, [])}, tshark {got}"


def assert_none(faults):
    assert not faults, "\n".join(faults)


# ---- the tests --------------------------------------------------------------------------------

def test_the_corpus_is_broad(pairs):
    """Otherwise the comparison would prove less than it says."""
    seen = collections.Counter((s["version"], s["type"]) for s, _ in pairs if s["kind"] == "legal")
    assert all(seen["3.1.1", type_] for type_ in range(CONNECT, AUTH))
    assert all(seen["5.0", type_] for type_ in range(CONNECT, AUTH + 1))
    ids = {p["id"] for s, _ in pairs if s["kind"] == "legal"
           for p in s["properties"] + s.get("will_properties", [])}
    assert len(ids) == 27


def test_no_legal_packet_is_malformed(pairs):
    assert_none([f"{s['name']}: ours {s['status']}, tshark malformed {d.malformed}"
                 for s, d in pairs if s["kind"] == "legal" and (s["status"] != "packet" or d.malformed)])


def test_what_we_read_tshark_can_read(pairs):
    assert_none([f"{s['name']}: tshark finds it malformed"
                 for s, d in pairs if is_readable(s) and d.malformed])


def test_the_fixed_header_is_the_same(pairs):
    faults = []
    for s, d in pairs:
        if s["status"] != "packet":
            continue
        header = [s["type"] << 4 | s["flags"]], [s["remaining_length"]]
        theirs = d.numbers("mqtt.hdrflags"), d.numbers("mqtt.len")
        if header != theirs:
            faults.append(f"{s['name']}: we read {header}, tshark {theirs}")
    assert_none(faults)


@pytest.mark.parametrize("type_", range(16), ids=lambda n: NAMES[n].replace(" ", "_"))
def test_the_fields_are_the_same(pairs, type_):
    chosen = [(s, d) for s, d in pairs if s["type"] == type_ and is_readable(s)]
    assert chosen
    assert_none([f"{s['name']}: {difference}" for s, d in chosen for difference in differences(s, d)])


def is_noticed(sample):
    """A malformed packet of ours that tshark must stumble over, too."""
    what = sample["what"]
    if "more than" in what:
        return False  # tshark passes over bytes after the last field, and counts no length's bytes
    if "end of the properties" in what:
        return False  # it measures a property against the packet, not against the Property Length
    return what not in ("User Name is missing", "Password is missing")  # and lets these be missing


def test_what_is_cut_short_is_malformed_for_both(pairs):
    chosen = [(s, d) for s, d in pairs if s["kind"] == "malformed" and "no property" not in s["what"]
              and is_noticed(s)]
    assert len(chosen) > 50
    assert_none([f"{s['name']}: {s['what']}, but tshark sees nothing" for s, d in chosen
                 if not d.malformed])


def test_unknown_properties_are_unknown_to_both(pairs):
    chosen = [(s, d) for s, d in pairs if s["kind"] == "malformed" and "no property" in s["what"]]
    assert chosen
    assert_none([f"{s['name']}: tshark reads {d.properties('mqtt.properties')}" for s, d in chosen
                 if not any("unknown" in p for p in d.properties("mqtt.properties"))])
