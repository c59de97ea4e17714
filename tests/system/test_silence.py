"""Proofs of silence, against a broker that acknowledges before it routes: late_broker.py."""
import json
import os
import pathlib
import subprocess

import pytest

pytestmark = pytest.mark.bulk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
TARGET = f"""
[target]
name = Late
command = /usr/bin/python3 {ROOT}/tests/system/late_broker.py {BUILD}/broker/mqttspec-broker {{port_2}} {{port}} MODE
versions = 3.1.1, 5.0
ready_ms = 20000
"""
CHAPTERS = ["topics", "unsubscribe", "subscribe", "shared", "sessions", "retained", "retain_options", "will",
            "take_over", "redelivery", "qos2", "forwarding", "flow_control", "session_expiry"]
# Of a PUBLISH with an error in it, in which the proxy finds none.
ERRORS = ["wildcard_topics", "bad_topics", "bad_response_topic", "will_on_violation"]


@pytest.fixture
def play(tmp_path):
    """The case runs of a run against the broker in this mode."""
    def call(mode, *args):
        (tmp_path / "late.ini").write_text(TARGET.replace("MODE", mode))
        done = subprocess.run([BUILD / "cli/mqttspec", "run", tmp_path / "late.ini", *args, "-q", "--pcap", "none",
                               "--out", tmp_path / "out"], capture_output=True, text=True, timeout=240)
        lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
        cases = [line for line in lines if line["type"] == "case"]
        assert cases, done.stderr
        return cases
    return call


@pytest.mark.parametrize("mode", ["late", "crossing"])
def test_what_is_routed_late_accuses_nobody(play, mode):
    cases = play(mode, *CHAPTERS, *(word for error in ERRORS for word in ("--not", error)))
    assert len(cases) > 500
    assert [(c["id"], c["version"], c["verdict"]) for c in cases
            if c["verdict"] in ("fail", "error", "inconclusive", "crash")] == []


def test_a_load_that_comes_late_is_waited_for(play):
    """Of a guest it has a thousand messages."""
    case, = play("dozing", "load_at_qos_1", "--versions", "5.0", "--timeout", "500", "--patience", "10",
                 "--client-id-prefix", "guest")
    assert (case["verdict"], case["failure"]["statement"]) == ("nonstrict", "5.0:MQTT-4.5.0-1")
    assert case["note"].startswith("late: PUBLISH after ")


@pytest.mark.parametrize("mode, case", [
    ("clinging", "unsubscribe_stops_messages"), ("clinging", "unsubscribe_stops_queueing"),
    ("clinging", "unsubscribe_several_filters"), ("clinging", "session_keeps_unsubscriptions"),
    ("clinging", "shared_unsubscribe"), ("clinging", "shared_resubscribe_counts_once"),
    ("hoarding", "retained_deleted"), ("hoarding", "retained_for_each_topic")])
def test_and_what_must_not_come_and_does_is_seen(play, mode, case):
    assert {c["verdict"] for c in play(mode, case)} == {"fail"}
