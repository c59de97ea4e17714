"""Enhanced authentication: what its chapter finds in a broker that knows SCRAM, and in those that get it wrong."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
BROKER = ROOT / "tests/system/scram_broker.py"

TARGET = f"""
[target]
name = a broker that knows SCRAM
command = {sys.executable} {BROKER} {{port}} MODE
versions = 5.0

[users]
user = watcher
password = sees everything

[auth]
method = SCRAM-SHA-256
user = watcher
"""


@pytest.fixture
def verdicts(tmp_path):
    def call(mode):
        path = tmp_path / "broker.ini"
        path.write_text(TARGET.replace("MODE", mode))
        done = subprocess.run([PROGRAM, "run", "--out", "out", str(path), "enhanced_auth", "--patience", "2"],
                              cwd=tmp_path, capture_output=True, text=True, timeout=240)
        lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
        cases = {c["id"]: c for c in lines if c["type"] == "case"}
        assert len(cases) == 20, done
        return {case_id: (c["verdict"], c.get("failure") and c["failure"]["statement"])
                for case_id, c in cases.items() if c["verdict"] != "pass"}
    return call


def failed(found):
    return {case_id: statement for case_id, (verdict, statement) in found.items() if verdict == "fail"}


def test_a_good_broker_passes(verdicts):
    assert verdicts("good") == {}


def test_who_takes_any_proof_is_found_out(verdicts):
    found = verdicts("lenient")
    right = "5.0:MQTT-4.12.0-4"
    assert failed(found) == {
        "enhanced_wrong_password": right, "enhanced_unknown_user": right, "bad_steps/garbage": right,
        "bad_steps/empty_data": right, "bad_steps/no_data": right, "bad_steps/first_again": right,
        "reauthentication_with_wrong_password": "5.0:MQTT-4.12.1-2", "bad_reauthentications/garbage": "5.0:MQTT-4.12.1-2"}
    # What a receiver need not notice.
    assert {v for v, _ in found.values()} == {"fail", "nonstrict"}


@pytest.mark.parametrize("mode, case_id, statement", [
    ("deaf", "reauthentication_with_wrong_password", "5.0:MQTT-4.12.1-2"),
    ("greeting", "reauthentication_amid_messages", "5.0:MQTT-3.2.0-2"),
    ("wrong", "enhanced_let_in", "5.0:MQTT-4.12.0-2"),
    ("silent", "enhanced_let_in", "5.0:U50-AUTH-METHOD"),
])
def test_a_fault_is_named(verdicts, mode, case_id, statement):
    assert failed(verdicts(mode))[case_id] == statement


def test_what_is_the_methods_affair_is_no_failure(verdicts):
    found = verdicts("lying")
    assert set(found) >= {"enhanced_let_in", "reauthentication_amid_messages"}
    assert {verdict for verdict, _ in found.values()} == {"nonstrict"}
