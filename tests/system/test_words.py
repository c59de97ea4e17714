"""What a failure says: names and sentences, never numbers alone, and never the C that a case is written in."""
import json
import os
import pathlib
import re
import subprocess

import pytest

pytestmark = pytest.mark.bulk

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev") / "cli/mqttspec"

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
C_LIKE = [
    (re.compile(r"[=!<>]=|->|&&|\|\||&|[\w\]]\[| = "), "an operator of C"),
    (re.compile(r"\b[a-z_]\w*\("), "a call"),
    (re.compile(r"\b[a-z]+_[a-z_]+\b"), "a name of C"),
    (re.compile(r"\b[a-z]+\.[a-z_]+\b"), "a member of a struct"),
    (re.compile(r"\b(true|false|NULL|nan|inf)\b"), "a value of C"),
    (re.compile(r"^-?\d+$|^$"), "nothing but a number"),
    (re.compile(r"it is not so"), "nothing"),
]


def faults(sentence):
    plain = QUOTED.sub('"..."', sentence)
    return [what for pattern, what in C_LIKE if pattern.search(plain)]


@pytest.mark.parametrize("sentence, is_fine", [
    ("told.kind = 2", False), ("8", False), ("it is not so", False), ("connack.code != 0 = 1", False),
    ("properties_count(&m.properties, 0x0B) = 1", False), ("expect_accepted(client).ack_flags & 1 = 1", False),
    ("Session Present 1", True), ('PUBLISH "a.b_c/d" q1 id 1 "x = y"', True), ("the event `refused`", True),
    ("the connection closed (no packet) after 1.5 ms", True), ("Reason Code 0x92 (Packet Identifier not found)", True),
])
def test_what_counts_as_c(sentence, is_fine):
    assert (faults(sentence) == []) is is_fine


def foreseen(target):
    """The patterns of the cases that a target's file foresees, but for the tables that a script makes."""
    text = (ROOT / f"targets/{target}.ini").read_text()
    return sorted({line.split()[2] for line in text.splitlines() if re.match("case = (?!(client_)?damaged)", line)})


@pytest.mark.long
@pytest.mark.parametrize("target", ["mosquitto", "libmosquitto", pytest.param("paho-python", marks=pytest.mark.nightly)])
def test_known_failures_are_told_in_words(target, tmp_path):
    subprocess.run([PROGRAM, "run", target, *foreseen(target), "--strict", "--timeout", "1000", "--patience", "0", "--pcap", "none",
                    "-q", "--out", tmp_path], capture_output=True, timeout=400)
    records = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    cases = [r for r in records if r["type"] == "case"]
    if not cases:
        pytest.skip(f"{target} is not there")
    failures = [(r["id"], r["failure"]) for r in cases if r.get("failure") and r["verdict"] != "inapplicable"]
    assert len(failures) > 5
    wrong = [(name, side, f[side], faults(f[side])) for name, f in failures for side in ("expected", "actual")
             if f.get(side) and faults(f[side])]
    assert wrong == []
