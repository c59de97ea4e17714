"""The pytest plugin: each case run is an item, and pytest's own options work on them."""
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli" / "mqttspec"
LIMIT_S = 120


def drive(tmp_path, *arguments):
    """A pytest of its own, in the root of the tree, judging the included broker."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--mqtt-program", str(PROGRAM),
               "--mqtt-out", str(tmp_path / "out"), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT_S)


def counts(result):
    line = result.stdout.strip().splitlines()[-1]
    return {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped|xfailed|deselected|error)", line)}


def test_every_case_run_is_an_item(tmp_path):
    result = drive(tmp_path, "--mqtt-target", "mqttspec-broker", "--collect-only", "-q", "-k", "qos2_duplicate")
    assert "driver/mqttspec_pytest/conformance.mqttspec::qos2_duplicate_publish[3.1.1]" in result.stdout
    assert "driver/mqttspec_pytest/conformance.mqttspec::qos2_duplicate_publish[5.0]" in result.stdout


SOME = "unsubscribe and not damaged"


def test_k_selects_and_workers_share(tmp_path):
    alone = drive(tmp_path, "--mqtt-target", "mqttspec-broker", "-k", SOME, "-q")
    assert alone.returncode == 0, alone.stdout
    shared = drive(tmp_path, "--mqtt-target", "mqttspec-broker", "-k", SOME, "-q", "-n", "2")
    assert shared.returncode == 0, shared.stdout
    assert counts(alone)["passed"] == counts(shared)["passed"] > 10


def test_versions_are_passed_on(tmp_path):
    result = drive(tmp_path, "--mqtt-target", "mqttspec-broker", "--mqtt-versions", "5.0", "--collect-only", "-q",
                   "-k", "unsubscribe")
    assert "[5.0]" in result.stdout and "[3.1.1]" not in result.stdout


def test_junit_has_the_statements(tmp_path):
    report = tmp_path / "report.xml"
    result = drive(tmp_path, "--mqtt-target", "mqttspec-broker", "-k", "qos2_duplicate_publish and 5.0", "-q",
                   f"--junitxml={report}")
    assert result.returncode == 0, result.stdout
    case = ET.parse(report).find(".//testcase")
    properties = {(p.get("name"), p.get("value")) for p in case.iter("property")}
    assert ("statement", "5.0:MQTT-4.3.3-10") in properties


def test_an_unexpected_verdict_fails_with_the_block(tmp_path):
    target = tmp_path / "wrong.ini"
    text = (ROOT / "targets" / "mqttspec-broker.ini").read_text()
    target.write_text(text + "\n[expected]\ncase = qos2_duplicate_publish 5.0\nverdict = fail\n"
                             "reason = It does not fail.\n")
    result = drive(tmp_path, "--mqtt-target", target, "-k", "qos2_duplicate_publish", "-q")
    assert result.returncode == 1
    assert counts(result) == {"passed": 1, "failed": 1, "deselected": counts(result)["deselected"]}
    assert "qos2_duplicate_publish  5.0" in result.stdout


def test_an_expected_failure_is_an_xfail_with_its_reason(tmp_path):
    result = drive(tmp_path, "--mqtt-target", "mosquitto", "-k", "bad_flags and puback_1 and 3.1.1", "-q", "-rx")
    assert counts(result)["xfailed"] == 1, result.stdout
    assert "The broker does not look at the flags of PUBACK" in result.stdout


def test_a_target_that_is_not_there_is_said(tmp_path):
    result = drive(tmp_path, "--mqtt-target", "mqtt://127.0.0.1:1", "-k", "qos2_duplicate_publish")
    assert result.returncode != 0
    assert "refused" in result.stdout + result.stderr


def test_without_a_target_the_plugin_is_silent():
    result = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q",
                             "tests/system/test_driver.py"], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S)
    assert "conformance.mqttspec" not in result.stdout
    assert result.returncode == 0
