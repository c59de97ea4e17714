"""A target that sends without end: the run ends all the same, in bounded memory, with evidence, and it is no fault
of the suite.
"""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
TARGET = f"""
[target]
name = Flooding
command = /usr/bin/python3 {ROOT}/tests/system/flooding_broker.py {{port}} MODE
versions = 3.1.1, 5.0
ready_ms = 20000
"""
LIMIT_S = 120
LIMIT_MB = 600
LINES = 10100  # of a transcript whose middle is left out
BREACHES = 30  # of one statement, that a transcript tells


def play(tmp_path, mode, *cases):
    """The case runs, once the program and all that it has started have ended."""
    (tmp_path / "flooding.ini").write_text(TARGET.replace("MODE", mode))
    program = subprocess.Popen(["/usr/bin/timeout", str(LIMIT_S), BUILD / "cli/mqttspec", "run",
                                tmp_path / "flooding.ini", "--anyway", *cases, "--pcap", "all", "--versions", "5.0",
                                "--patience", "5", "-q", "--out", tmp_path / "out"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    assert program.returncode in (0, 1, 3), "it did not end by itself"
    assert usage.ru_maxrss < LIMIT_MB * 1024
    lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
    return [line for line in lines if line["type"] == "case"]


@pytest.mark.parametrize("mode, case, verdicts", [
    ("pings", "pingreq_answered", {"pass", "inconclusive"}),
    ("pings", "keep_alive_expiry", {"fail", "inconclusive"}),
    ("copies", "publisher_gets_its_own_messages", {"fail", "inconclusive"}),
    ("messages", "keep_alive_by_any_packet", {"pass", "nonstrict", "inconclusive"}),
    ("large", "keep_alive_by_any_packet", {"inconclusive"}),
    ("wrong", "keep_alive_by_any_packet", {"fail"})])
def test_a_flood_ends(tmp_path, mode, case, verdicts):
    [record] = play(tmp_path, mode, case)
    assert record["verdict"] in verdicts, (record["verdict"], record.get("note"), record.get("failure"))
    assert len(record["transcript"]) < LINES
    assert (tmp_path / "out" / record["pcap"]).stat().st_size > 0
    told = sum("monitor: " in line["text"] for line in record["transcript"])
    assert told < BREACHES
    if mode == "wrong":
        assert told > 1 and record["failure"]["statement"].endswith("MQTT-3.3.1-2")
