"""A reader that has seen enough, as `| head` has, is no error: nothing is said of it, and the exit code is the same."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev") / "cli/mqttspec"


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Two runs between which something broke."""
    folder = tmp_path_factory.mktemp("runs")
    subprocess.run([PROGRAM, "run", "mosquitto", "bad_flags", "--out", "good"], cwd=folder, check=True, capture_output=True, timeout=60)
    good = (folder / "good/run.jsonl").read_text()
    assert '"verdict":"nonstrict"' in good
    (folder / "bad").mkdir()
    (folder / "bad/run.jsonl").write_text(good.replace('"verdict":"nonstrict"', '"verdict":"fail"'))
    return folder


def unread(*args, cwd):
    """The same command with nobody at the other end of standard output: its exit code, and what it says of it."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run([PROGRAM, *args], cwd=cwd, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120)
    finally:
        os.close(writer)
    return done.returncode, done.stderr


@pytest.mark.parametrize("line, code", [
    ("help", 0),
    ("--version", 0),
    ("list", 0),
    ("list --statements", 0),
    ("list --json", 0),
    ("explain MQTT-3.1.2-24", 0),
    ("explain bad_flags", 0),
    ("explain exit-codes", 0),
    ("report bad/run.jsonl", 0),
    ("report good/run.jsonl --markdown -", 0),
    ("report good/run.jsonl --junit -", 0),
    ("diff good/run.jsonl bad/run.jsonl", 1),
    ("diff good/run.jsonl good/run.jsonl", 0),
    ("matrix good/run.jsonl bad/run.jsonl", 0),
    ("run mosquitto bad_flags --list", 0),
    ("run mosquitto bad_flags -v --out out", 0),
    ("run mosquitto bad_flags --strict --timeout 500 --patience 0 --out out", 1),
    ("run mosquitto pingreq_answered --transcript --out out", 0),
    ("run mosquitto pingreq_answered --until-failure --out out", 0),  # and that one ends
])
def test_nobody_reads_on(records, line, code):
    assert unread(*line.split(), cwd=records) == (code, "")


def test_a_run_that_nobody_reads_is_recorded_to_its_end(records):
    assert unread("run", "mosquitto", "bad_flags", "-v", "--out", "whole", cwd=records) == (0, "")
    assert '"type":"end"' in (records / "whole/run.jsonl").read_text().splitlines()[-1]


def test_a_full_disk_is_an_error_all_the_same(records):
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 3 and "No space left" in done.stderr
