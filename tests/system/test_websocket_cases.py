"""The chapter `websocket`: who keeps the rules passes, and who breaks one is accused of that one and no other."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

from ports import free_port, wait_for_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
RELAY = ROOT / "tests/system/odd_websocket.py"
CASES = 29

BINARY, FRAMES, PROTOCOL, RULES = "MQTT-6.0.0-1", "MQTT-6.0.0-2", "MQTT-6.0.0-4", "UALL-WS-RULES"


@pytest.fixture(scope="module")
def broker():
    port = free_port()
    process = subprocess.Popen([BUILD / "broker/mqttspec-broker", "-p", str(port)], stderr=subprocess.PIPE)
    wait_for_port(port, process)
    yield port
    process.terminate()
    process.wait(10)
    process.stderr.close()


@pytest.fixture
def verdicts(tmp_path, broker):
    """Of what did not pass: its verdict, and whom it accuses, the same in both versions."""
    relays = []

    def call(mode, *cases):
        relays.append(subprocess.Popen([sys.executable, RELAY, str(broker), mode], stdout=subprocess.PIPE, text=True))
        port = int(relays[-1].stdout.readline())
        done = subprocess.run([PROGRAM, "run", "--out", "out", f"ws://127.0.0.1:{port}", *(cases or ["websocket"]),
                               "--patience", "2", *["-j", "1"] * (mode == "accept")], cwd=tmp_path, capture_output=True, text=True, timeout=240)
        lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
        found = [c for c in lines if c["type"] == "case"]
        assert cases or len(found) == 2 * CASES, done
        by_version = {}
        for c in found:
            statement = (c.get("failure") or {}).get("statement")
            if c["verdict"] != "pass":
                by_version.setdefault(c["version"], {})[c["id"]] = (c["verdict"], statement and statement.split(":")[1])
        assert by_version.get("3.1.1", {}) == by_version.get("5.0", {}), by_version
        return by_version.get("5.0", {})

    yield call
    for relay in relays:
        relay.terminate()
        relay.wait(10)
        relay.stdout.close()


def test_who_keeps_the_rules_passes(verdicts):
    found = verdicts("good")
    assert found.pop("subprotocol_not_offered/another") == ("info", None)
    assert found.pop("subprotocol_not_offered/none") == ("info", None)
    assert not found


@pytest.mark.parametrize("mode, patterns, expected", [
    ("text", ["text_frame_*"], {"text_frame_with_connect": ("fail", BINARY), "text_frame_later": ("fail", BINARY)}),
    ("whole", ["packets_in_frames/*"],
     {f"packets_in_frames/{row}": ("fail", FRAMES) for row in
      ("byte_in_a_frame", "packets_in_a_frame", "across_frames", "fragments", "packets_in_fragments")}),
    ("unfinished", ["packets_in_frames/*", "pings_between_fragments"],
     {f"packets_in_frames/{row}": ("fail", FRAMES) for row in ("fragments", "packets_in_fragments")}
     | {"pings_between_fragments": ("nonstrict", RULES)}),
    ("first", ["subprotocol_*"],
     {f"subprotocol_{row}": ("fail", PROTOCOL) for row in ("chosen/last", "chosen/between", "not_offered/another")}
     | {"subprotocol_not_offered/none": ("info", None)}),
    ("silent", ["subprotocol_chosen/*"],
     {f"subprotocol_chosen/{row}": ("fail", PROTOCOL) for row in ("alone", "first", "last", "between")}),
    ("unasked", ["subprotocol_*"],
     {f"subprotocol_not_offered/{row}": ("nonstrict", PROTOCOL) for row in ("another", "none")}),
    ("strict", ["subprotocol_*"],
     {f"subprotocol_chosen/{row}": ("nonstrict", PROTOCOL) for row in ("last", "between")}),
    ("accept", ["accept_answers_key"], {"accept_answers_key": ("nonstrict", RULES)}),
    ("versions", ["*_refused"],
     {case: ("nonstrict", RULES) for case in ("other_version_refused", "missing_key_refused")}),
    ("unnamed", ["*_refused"], {"other_version_refused": ("nonstrict", RULES)}),
    ("lenient", ["bad_frames/*"],
     {f"bad_frames/{row}": ("nonstrict", RULES) for row in ("unmasked", "rsv1", "rsv2", "rsv3", "opcode_3", "opcode_11")}),
    ("deaf", ["ping_frame_answered", "close_frame_answered"],
     {case: ("nonstrict", RULES) for case in ("ping_frame_answered", "close_frame_answered")}),
    ("parrot", ["ping_frame_answered"], {"ping_frame_answered": ("nonstrict", RULES)}),
    ("abrupt", ["close_frame_*"],
     {"close_frame_answered": ("nonstrict", RULES), "close_frame_before_the_end": ("info", None)}),
    ("clinging", ["will_on_close_frame"], {"will_on_close_frame": ("fail", "MQTT-3.1.2-8")}),
])
def test_a_breach_is_found(verdicts, mode, patterns, expected):
    assert verdicts(mode, *patterns) == expected


def test_without_a_websocket_there_is_nothing_to_play(broker, tmp_path):
    done = subprocess.run([PROGRAM, "run", f"mqtt://127.0.0.1:{broker}", "websocket"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode and "other transports: see --transports" in done.stderr, done
