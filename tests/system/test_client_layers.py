"""The chapters client_websocket and client_tls: who keeps the rules passes, and who breaks one (odd_layers.py) is accused
of that one and no other.
"""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev") / "cli/mqttspec"
ODD = f"/usr/bin/python3 {ROOT}/tests/system/odd_layers.py"
RULES, TLS, ASKED = "UALL-WS-RULES", "UALL-TLS-RULES", "UALL-AS-ASKED"
BINARY, FRAMES, OFFER, AGAIN = "MQTT-6.0.0-1", "MQTT-6.0.0-2", "MQTT-6.0.0-3", "MQTT-4.4.0-1"
WRONG_101 = ("wrong_accept", "no_accept", "no_upgrade", "other_upgrade", "no_connection", "other_protocol",
             "unasked_extension")
SHAPES = ("byte_in_a_frame", "packets_in_a_frame", "across_frames", "fragments", "packets_in_fragments")
CERTIFICATES = ("expired", "early", "foreign", "elsewhere", "alone")
STRANGERS = ("mqtt", "http", "noise", "alert")


@pytest.fixture
def verdicts(tmp_path):
    """Of what did not pass: its verdict, and whom it accuses."""
    def call(fault, transport, *patterns):
        done = subprocess.run([PROGRAM, "run", "--client", f"{ODD} {fault}", *patterns, "--transports", transport,
                               "--versions", "5.0", "--timeout", "2000", "--patience", "0", "--out", "out"],
                              cwd=tmp_path, capture_output=True, text=True, timeout=240)
        lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
        cases = [c for c in lines if c["type"] == "case"]
        assert cases and all(c["transport"] == transport for c in cases), done
        return {c["id"]: (c["verdict"], ((c.get("failure") or {}).get("statement") or ":").split(":")[1])
                for c in cases if c["verdict"] != "pass"}
    return call


def table(name, rows, verdict, statement):
    return {f"{name}/{row}": (verdict, statement) for row in rows}


@pytest.mark.nightly
@pytest.mark.parametrize("transport, chapters, expected", [
    ("ws", ["client_websocket"], {"client_no_protocol_chosen": ("info", "")}),
    ("tls", ["client_tls"], {"client_tls_versions": ("info", "")}),
])
def test_who_keeps_the_rules_passes(verdicts, transport, chapters, expected):
    assert verdicts("good", transport, *chapters) == expected


def test_the_chapters_meet_over_wss(verdicts):
    found = verdicts("good", "wss", "client_packets_in_frames/fragments", "client_bad_answers/wrong_accept",
                     "client_distrusts/foreign", "client_resumes_after_broken_tls", "client_close_notify")
    assert found == {}


@pytest.mark.parametrize("fault, patterns, expected", [
    # All else is judged as ever.
    ("no_protocol", ["client_offers_mqtt", "published_as_told/q1"], {"client_offers_mqtt": ("fail", OFFER)}),
    ("capital_protocol", ["client_offers_mqtt"], {"client_offers_mqtt": ("fail", OFFER)}),
    ("old_version", ["client_upgrade_request"], {"client_upgrade_request": ("nonstrict", RULES)}),
    ("short_key", ["client_upgrade_request"], {"client_upgrade_request": ("nonstrict", RULES)}),
    ("no_host", ["client_upgrade_request"], {"client_upgrade_request": ("nonstrict", RULES)}),
    ("same_key", ["client_fresh_key"], {"client_fresh_key": ("nonstrict", RULES)}),
    ("other_path", ["client_path_as_asked"], {"client_path_as_asked": ("fail", ASKED)}),
    ("picky", ["client_good_answers/*"], table("client_good_answers", ["other_letters"], "nonstrict", RULES)),
    ("impatient", ["client_good_answers/*"], table("client_good_answers", ["in_pieces"], "nonstrict", RULES)),
    ("forgetful", ["client_good_answers/*"], table("client_good_answers", ["with_a_frame"], "nonstrict", RULES)),
    ("trusting", ["client_bad_answers/*"], table("client_bad_answers", WRONG_101, "nonstrict", RULES)),
    ("lies", ["client_bad_answers/*o_a*", "client_bad_answers/no_http"],
     table("client_bad_answers", ["no_accept", "no_http"], "nonstrict", RULES)),
    ("text", ["client_binary_frames"], {"client_binary_frames": ("fail", BINARY)}),
    ("unmasked", ["client_masked_frames"], {"client_masked_frames": ("nonstrict", RULES)}),
    ("one_mask", ["client_masked_frames", "client_binary_frames"], {"client_masked_frames": ("nonstrict", RULES)}),
    ("aligned", ["client_packets_in_frames/*"], table("client_packets_in_frames", SHAPES, "fail", FRAMES)),
    ("unfinished", ["client_packets_in_frames/*", "client_pings_between_fragments"],
     table("client_packets_in_frames", SHAPES[3:], "fail", FRAMES)
     | {"client_pings_between_fragments": ("nonstrict", RULES)}),
    ("takes_text", ["client_text_frame_*"],
     {case: ("fail", BINARY) for case in ("client_text_frame_with_connack", "client_text_frame_later")}),
    ("lenient", ["client_bad_frames/*"],
     table("client_bad_frames", ["masked", "rsv1", "rsv2", "rsv3", "opcode_3", "opcode_11"], "nonstrict", RULES)),
    ("deaf", ["client_ping_frame_answered", "client_close_frame_answered"],
     {case: ("nonstrict", RULES) for case in ("client_ping_frame_answered", "client_close_frame_answered")}),
    ("parrot", ["client_ping_frame_answered"], {"client_ping_frame_answered": ("nonstrict", RULES)}),
    ("abrupt", ["client_close_frame_*"], {"client_close_frame_answered": ("nonstrict", RULES),
                                          "client_close_frame_before_the_end": ("info", "")}),
])
def test_a_breach_of_websocket_is_found(verdicts, fault, patterns, expected):
    assert verdicts(fault, "ws", *patterns) == expected


@pytest.mark.parametrize("fault, patterns, expected", [
    ("trusts_all", ["client_distrusts/*", "client_trusts_again"],
     table("client_distrusts", CERTIFICATES, "nonstrict", TLS) | {"client_trusts_again": ("inapplicable", "")}),
    ("trusts_names", ["client_distrusts/*"], table("client_distrusts", ["elsewhere"], "nonstrict", TLS)),
    ("lies", ["client_distrusts/alone", "client_cut_handshake/*", "client_no_tls/http"],
     table("client_distrusts", ["alone"], "nonstrict", TLS) | table("client_no_tls", ["http"], "nonstrict", TLS)
     | table("client_cut_handshake", ("closed", "reset"), "nonstrict", TLS)),
    ("silent_end", ["client_no_tls/*", "client_cut_handshake/*", "client_distrusts/expired"],
     table("client_no_tls", STRANGERS, "nonstrict", ASKED) | table("client_distrusts", ["expired"], "nonstrict", ASKED)
     | table("client_cut_handshake", ("closed", "reset"), "nonstrict", ASKED)),
    ("keeps_host", ["client_server_name"], {"client_server_name": ("fail", ASKED)}),
    ("hides_certificate", ["client_shows_certificate"], {"client_shows_certificate": ("fail", ASKED)}),
    ("forgets_messages", ["client_resumes_*"],
     {case: ("fail", AGAIN) for case in ("client_resumes_after_broken_tls", "client_resumes_without_close_notify")}),
])
def test_a_breach_of_tls_is_found(verdicts, fault, patterns, expected):
    assert verdicts(fault, "tls", *patterns) == expected
