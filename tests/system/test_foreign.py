"""A broker that sends messages of one case run to another: one finding of the run, and none of its victims."""
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest

pytestmark = [pytest.mark.long, pytest.mark.bulk]
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "record/record.schema.json").read_text()))
TARGET = f"""
[target]
name = Gossip
command = /usr/bin/python3 {ROOT}/tests/system/easy_broker.py {{port}} MODE
versions = 3.1.1, 5.0
ready_ms = 20000
"""
EXPECTED = """
[expected]
cause = MQTT-3.3.2-3 foreign
verdict = fail
reason = it gossips
"""
CASES = ["order_at_qos_0", "publisher_gets_its_own_messages", "many_subscribers", "qos0_not_acknowledged"]
FINDING = "foreign_messages"


@pytest.fixture
def play(tmp_path):
    """The exit code and the case runs of a run, of each version; each case many times, so that they overlap."""
    def call(mode, expected=""):
        (tmp_path / "gossip.ini").write_text(TARGET.replace("MODE", mode) + expected)
        done = subprocess.run([BUILD / "cli/mqttspec", "run", tmp_path / "gossip.ini", *CASES, "--repeat", "3", "-j",
                               "16", "-q", "--pcap", "none", "--out", tmp_path / "out"], capture_output=True,
                              text=True, timeout=120)
        lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
        for line in lines:
            VALIDATOR.validate(line)
        return done, [line for line in lines if line["type"] == "case"], lines[-1]
    return call


def verdicts(cases):
    return [(c["id"], c["version"], c["repeat"], c["verdict"]) for c in cases]


def test_gossip_is_one_finding_in_each_version(play):
    _, before, _ = play("blind")
    done, cases, end = play("gossiping")
    found = [c for c in cases if c["id"] == FINDING]
    assert [(c["version"], c["chapter"], c["verdict"], c["failure"]["difference"]) for c in found] == \
        [("3.1.1", "survey", "fail", "foreign"), ("5.0", "survey", "fail", "foreign")]
    victims = {(c["id"], c["version"]) for c in cases if "foreign" in c}
    assert len(victims) > 1
    assert all(any(name in c["failure"]["actual"] for name, version in victims if version == c["version"])
               for c in found)
    # The victims are judged on their own matter, as they are without gossip.
    assert sorted(verdicts(c for c in cases if c["id"] != FINDING)) == sorted(verdicts(before))
    assert end["not_run"] == 0 and end["counts"]["fail"] >= 2
    assert done.returncode == 1


def test_gossip_may_be_foreseen(play):
    _, cases, _ = play("gossiping", EXPECTED)
    assert [c["expected"] for c in cases if c["id"] == FINDING] == [True, True]


def test_without_gossip_there_is_no_finding(play):
    _, cases, _ = play("blind")
    assert all("foreign" not in c and c["id"] != FINDING for c in cases)
