"""The evidence of case runs: tshark's list of packets against the transcript, and what it complains of."""
import functools
import json
import os
import pathlib
import subprocess

import pytest

pytestmark = [pytest.mark.xdist_group("evidence"), pytest.mark.bulk]
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli" / "mqttspec"
LIMIT_S = 120
NAMES = ["type 0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
         "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"]
# A few of each kind: tshark takes half a second for each capture.
WELL_FORMED = ["qos2_duplicate_publish", "will_on_close", "will_on_reset", "take_over_chain", "unsubscribe_one_of_two",
               "will_properties"]
MALFORMED = ["bad_flags/pingreq_1"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """(record, capture) of every case run of some chapters, played against the included broker."""
    out = tmp_path_factory.mktemp("evidence")
    run = subprocess.run([PROGRAM, "run", "mqttspec-broker", *WELL_FORMED, *MALFORMED,
                          "--pcap", "all", "--out", out],
                         cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S)
    assert run.returncode == 0, run.stdout + run.stderr
    records = [json.loads(line) for line in (out / "run.jsonl").read_text().splitlines()]
    cases = [r for r in records if r["type"] == "case"]
    assert len(cases) > 10
    return [(r, out / r["pcap"]) for r in cases]


def is_well_formed(record):
    """All its packets can be told, by tshark too."""
    return record["id"] in WELL_FORMED


def tshark(capture, port, *arguments):
    command = ["tshark", "-r", str(capture), "-d", f"tcp.port=={port},mqtt", "-o", "tcp.check_checksum:TRUE",
               "-o", "ip.check_checksum:TRUE", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    assert run.returncode == 0, run.stderr
    return run.stdout


@functools.lru_cache(maxsize=None)
def port_of(capture):
    """That of the target: where the first connection goes to."""
    return tshark(capture, 1883, "-T", "fields", "-e", "tcp.dstport", "-c", "1").strip()


def transcript_packets(record):
    """(direction, name) of the packets, in order."""
    for event in record["transcript"]:
        name = event["text"].split()[0] if event["text"] else ""
        if event["direction"] in "<>" and name in NAMES:
            yield event["direction"], name


def tshark_packets(capture, port):
    out = tshark(capture, port, "-T", "fields", "-e", "tcp.dstport", "-e", "mqtt.msgtype")
    for line in out.splitlines():
        destination, types = line.split("\t")
        for t in filter(None, types.split(",")):
            yield (">" if destination == port else "<"), NAMES[int(t, 0)]


def test_tshark_lists_the_packets_of_the_transcript(runs):
    compared = 0
    for record, capture in runs:
        if not is_well_formed(record):
            continue
        port = port_of(capture)
        ours = sorted(transcript_packets(record))
        theirs = sorted(tshark_packets(capture, port))
        assert theirs == ours, record["id"]
        compared += len(ours)
    assert compared > 100


def test_tshark_has_no_complaint_of_its_own(runs):
    """Nothing malformed, no bad checksum, no strange TCP in captures of well-formed cases."""
    for record, capture in runs:
        if not is_well_formed(record):
            continue
        port = port_of(capture)
        complaints = tshark(capture, port, "-Y",
                            "_ws.malformed || tcp.analysis.flags && !tcp.analysis.window_update || "
                            "tcp.checksum.status == 0 || ip.checksum.status == 0")
        assert not complaints, f"{record['id']}: {complaints}"


def test_comments_lead_back_to_case_and_verdict(runs):
    for record, capture in runs:
        out = tshark(capture, port_of(capture), "-T", "fields", "-e", "frame.comment")
        assert f"verdict: {record['verdict']}" in out.splitlines()[-1]
        assert " > CONNECT" in out or " > " in out
        info = subprocess.run(["capinfos", str(capture)], capture_output=True, text=True, timeout=LIMIT_S)
        assert record["id"] in info.stdout


def test_ends_of_connections_are_as_they_happened(runs):
    checked = 0
    for record, capture in runs:
        texts = [e["text"] for e in record["transcript"]]
        flags = tshark(capture, port_of(capture), "-T", "fields", "-e", "tcp.flags.fin", "-e", "tcp.flags.reset")
        fins = sum(line.startswith("1") for line in flags.splitlines())
        resets = sum(line.endswith("1") for line in flags.splitlines())
        assert fins == texts.count("closes the connection"), record["id"]
        assert resets == texts.count("resets the connection"), record["id"]
        checked += fins + resets
    assert checked > 10
