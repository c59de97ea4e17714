"""The chapter `pressure`, against a broker that serves those who do not read well, or badly: pressed_broker.py."""
import json
import os
import pathlib
import subprocess

import pytest

import test_narrow

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
# Of limits that what waits may meet: those of test_narrow.py.
NARROW = ["maximum_qos_1", "receive_maximum_1", "window_1", "packet_size", "queue_5"]
TARGET = f"""
[target]
name = Pressed
command = /usr/bin/python3 {ROOT}/tests/system/pressed_broker.py {{port}} MODE
versions = 3.1.1, 5.0
ready_ms = 20000
"""
TURNS = 5
# Verdicts of 3.1.1 and 5.0, and the statement that is accused in each.
UNHEARD = ("nonstrict", None, None)
SEEN = [
    ("lingering", "pressed_keep_alive", "fail", "MQTT-3.1.2-24", "MQTT-3.1.2-22"),
    ("lingering", "pressed_take_over", *UNHEARD),
    ("lingering", "pressed_protocol_error", *UNHEARD),
    ("lingering", "pressed_disconnect", *UNHEARD),
    ("lingering", "take_overs_with_full_queue", *UNHEARD),
    ("patient", "pressed_keep_alive", "fail", "MQTT-3.1.2-24", "MQTT-3.1.2-22"),
    ("patient", "pressed_take_over", "fail", "MQTT-3.1.4-2", "MQTT-3.1.4-3"),
    ("patient", "pressed_protocol_error", "fail", "MQTT-3.1.0-2", "MQTT-3.1.0-2"),
    ("selfish", "slow_reader_pings", *UNHEARD),
    ("mute", "slow_reader_pings", "fail", "MQTT-3.12.4-1", "MQTT-3.12.4-1"),
    ("waiting", "pressed_take_over", *UNHEARD),
    ("jealous", "pressed_take_over", "fail", "MQTT-3.1.4-4", "MQTT-3.1.4-5"),
    ("forgetful", "pressed_take_over_of_session", "fail", "MQTT-4.4.0-1", "MQTT-4.4.0-1"),
    ("shuffling", "pressed_take_over_of_session", "fail", "MQTT-4.6.0-6", "MQTT-4.6.0-5"),
    ("blind", "all_identifiers_used", "fail", "MQTT-2.3.1-4", "MQTT-2.2.1-4"),
    ("stalling", "all_identifiers_used", "fail", "MQTT-4.5.0-1", "MQTT-4.5.0-1"),
]


@pytest.fixture
def play(tmp_path):
    """The case runs of a run against the broker in this mode, and the folder of the run; it is played again, a few
    times, where the machine was late with its pings.
    """
    def call(mode, *args):
        (tmp_path / "pressed.ini").write_text(TARGET.replace("MODE", mode))
        for turn in range(TURNS):
            out = tmp_path / f"out-{turn}"
            done = subprocess.run([BUILD / "cli/mqttspec", "run", tmp_path / "pressed.ini", *args, "-q", "--pcap", "all",
                                   "--patience", "0", "--out", out], capture_output=True, text=True, timeout=240)
            lines = [json.loads(line) for line in (out / "run.jsonl").read_text().splitlines()]
            cases = [line for line in lines if line["type"] == "case"]
            assert cases, done.stderr
            if not any("its pings were late" in c.get("note", "") for c in cases):
                break
        return cases, out
    return call


def test_who_serves_them_well_is_accused_of_nothing(play, tmp_path):
    cases, out = play("sound", "pressure", "--not", "all_identifiers_used")
    assert [(c["id"], c["version"], c["verdict"], c.get("failure")) for c in cases if c["verdict"] != "pass"] == []
    for capture in (out / "pcap").iterdir():
        assert capture.stat().st_size < 1000000, capture.name  # megabytes went through


@pytest.mark.parametrize("name", NARROW)
def test_who_offers_little_is_accused_of_nothing(tmp_path, name):
    (tmp_path / "narrow.ini").write_text(test_narrow.included(name))
    done = subprocess.run([BUILD / "cli/mqttspec", "run", tmp_path / "narrow.ini", "pressure", "--not",
                           "all_identifiers_used", "-q", "--out", tmp_path / "out"], capture_output=True, text=True,
                          timeout=240)
    lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
    cases = [line for line in lines if line["type"] == "case"]
    assert cases, done.stderr
    assert [(c["id"], c["version"], c["verdict"], c.get("failure")) for c in cases
            if c["verdict"] in test_narrow.BAD] == []


@pytest.mark.parametrize("mode, case, verdict, in_311, in_50", SEEN)
def test_who_serves_them_badly_is_seen(play, mode, case, verdict, in_311, in_50):
    cases, _ = play(mode, case)
    # Where the next client waits, it depends on the moment of a reset whether it is let in at last.
    found = {c["verdict"] for c in cases}
    assert found and found <= ({verdict, "fail"} if mode == "waiting" else {verdict}), [(c["verdict"], c.get("note"), c.get("failure")) for c in cases]
    accused = {c["version"]: c["failure"]["statement"] for c in cases if in_311}
    assert not in_311 or accused == {"3.1.1": f"3.1.1:{in_311}", "5.0": f"5.0:{in_50}"}
