"""What the suite makes of a broker that finds fault with nothing: easy_broker.py."""
import csv
import json
import os
import pathlib
import subprocess
from collections import Counter

import pytest

pytestmark = [pytest.mark.xdist_group("rigour"), pytest.mark.long, pytest.mark.bulk]
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev") / "cli/mqttspec"
TARGET = """
[target]
name = Easy
command = /usr/bin/python3 {script} {{port}} {mode}
versions = 3.1.1, 5.0
ready_ms = 20000
"""
# Packets that are wrong by themselves; a row is judged by whether its packet is noticed.
TABLES = ["bad_flags", "foreign_types", "fixed_lengths", "bad_remaining_length", "bad_properties",
          "bad_properties_in_connect", "foreign_properties_in_connect", "repeated_properties",
          "repeated_properties_in_connect", "ill_formed_topic", "ill_formed_property", "ill_formed_in_connect",
          "ill_formed_property_in_connect", "malformed_connect", "bad_connect_values", "bad_topics",
          "wildcard_topics", "bad_alias", "bad_subscribe", "bad_unsubscribe", "bad_subscription_id",
          "publish_identifier_0", "unexpected_auth", "damaged_options", "damaged_second_connects", "damaged_directions"]
# What such a broker gives no occasion for.
UNTRIED = ["disconnect_of_the_server", "pipelined_behind_malformed", "pipelined_behind_refused",
           "refused_connect_keeps_session", "refused_connect_takes_nothing_over", "no_will_of_refused_connect"]


def receivers():
    """The statements of 5.0 that bind a server as a receiver."""
    with open(ROOT / "spec/receivers-5.0.tsv", encoding="utf-8", newline="") as f:
        return {"5.0:" + r["id"] for r in csv.DictReader(f, delimiter="\t") if r["binds"] in ("server", "both")}


class Played:
    def __init__(self, folder, mode, versions, *patterns):
        (folder / "easy.ini").write_text(TARGET.format(script=ROOT / "tests/system/easy_broker.py", mode=mode))
        done = subprocess.run([PROGRAM, "run", folder / "easy.ini", *patterns, "--versions", versions, "--timeout", "700",
                               "--patience", "5", "--pcap", "none", "-q", "-j", "8", "--out", folder / "out"],
                              capture_output=True, text=True, timeout=240)
        assert done.returncode == 1, done.stderr
        lines = [json.loads(line) for line in (folder / "out/run.jsonl").read_text().splitlines()]
        self.cases = {line["id"]: line for line in lines if line["type"] == "case"}
        assert not self.of("inconclusive") and not self.of("error") and not self.of("crash")

    def of(self, verdict):
        return {i: c for i, c in self.cases.items() if c["verdict"] == verdict}

    def verdict(self, case):
        return self.cases[case]["verdict"]

    def accused(self, case):
        return self.cases[case]["failure"]["statement"]


@pytest.fixture(scope="module")
def blind(tmp_path_factory):
    return Played(tmp_path_factory.mktemp("blind"), "blind", "5.0", *TABLES, *UNTRIED, "first_packet",
                  "first_packet_without_effect", "many_malformed_*", "will_on_violation", "second_connect",
                  "unknown_authentication_method/method_alone", "invalid_filters", "empty_filters")


@pytest.fixture(scope="module")
def careless(tmp_path_factory):
    return Played(tmp_path_factory.mktemp("careless"), "careless", "5.0", *TABLES, "first_packet",
                  "first_packet_without_effect")


def test_a_blind_server_breaks_what_binds_it_and_nothing_else(blind):
    bound = receivers()
    for case, record in blind.cases.items():
        if case.split("/")[0] not in TABLES:
            continue
        names = [s["name"] for s in record["statements"]]
        if record["verdict"] == "fail":
            accused = record["failure"]["statement"]
            # a method that is let in and not named is a lie of the server's own
            assert accused in bound or accused == "5.0:MQTT-4.12.0-5", case
        else:
            assert record["verdict"] == "nonstrict" and names[0] not in bound, case
            assert record["failure"]["statement"] == names[0], case
    counts = Counter(c["verdict"] for c in blind.cases.values())
    assert counts["fail"] > 100 and counts["nonstrict"] > 100


def test_what_binds_a_server_fails_under_its_own_statement(blind):
    for case, statement in {"bad_flags/subscribe_0": "5.0:MQTT-3.8.1-1", "bad_flags/pubrel_0": "5.0:MQTT-3.6.1-1",
                            "bad_flags/unsubscribe_0": "5.0:MQTT-3.10.1-1", "bad_subscribe/bit_6": "5.0:MQTT-3.8.3-5",
                            "unexpected_auth/flags_1": "5.0:MQTT-3.15.1-1", "second_connect": "5.0:MQTT-3.1.0-2",
                            "malformed_connect/stray_byte": "5.0:MQTT-3.1.4-1",
                            "malformed_connect/reserved_flag": "5.0:MQTT-3.1.2-3"}.items():
        assert (blind.verdict(case), blind.accused(case)) == ("fail", statement)


def test_not_to_notice_is_nonstrict_elsewhere(blind):
    for case in ("bad_flags/pingreq_1", "bad_flags/publish_qos_3", "foreign_types/suback", "fixed_lengths/pingreq_1",
                 "ill_formed_topic/topic_surrogate", "bad_topics/empty_q1", "wildcard_topics/hash_q2",
                 "first_packet/subscribe", "first_packet_without_effect", "many_malformed_connects",
                 "many_malformed_packets", "empty_filters/subscribe", "invalid_filters/hash_behind_name"):
        assert blind.verdict(case) == "nonstrict", case


def test_a_filter_that_is_none_must_not_lead_to_messages(blind):
    assert blind.accused("invalid_filters/hash_not_last") == "5.0:MQTT-3.3.2-3"


def test_where_the_trigger_does_nothing_nothing_is_learned(blind):
    for case in UNTRIED:
        assert blind.verdict(case) == "inapplicable", case
    for row in ("publish_qos_3", "type_15"):
        statements = {s["name"]: s["verdict"] for s in blind.cases[f"will_on_violation/{row}"]["statements"]}
        assert statements["5.0:MQTT-4.13.1-1"] == "nonstrict"
        assert statements["5.0:MQTT-3.1.2-8"] == "inapplicable"


def test_an_error_that_is_handed_on_is_a_fail(careless):
    for case, statement in {"bad_properties/publish_unknown_127": "5.0:U50-PROP-WRONG-PACKET",
                            "repeated_properties/publish_content_type": "5.0:U50-PROP-ONCE",
                            "ill_formed_topic/topic_surrogate": "5.0:MQTT-1.5.4-1",
                            "ill_formed_topic/topic_at_qos_1_nul": "5.0:MQTT-1.5.4-2",
                            "ill_formed_property/publish_user_property_name_nul": "5.0:MQTT-1.5.7-1",
                            "wildcard_topics/hash_q2": "5.0:MQTT-3.3.2-2",
                            "wildcard_topics/plus_q0": "5.0:MQTT-3.3.2-2",
                            "bad_topics/nul_in_topic_q1": "5.0:MQTT-1.5.4-2"}.items():
        assert (careless.verdict(case), careless.accused(case)) == ("fail", statement)
    for case in ("bad_topics/empty_q0", "bad_alias/zero_with_topic"):
        assert careless.verdict(case) == "fail", case


def test_what_comes_before_connect_must_not_be_served(careless):
    for row in ("subscribe", "publish_qos_1", "publish_qos_2", "unsubscribe", "pingreq"):
        assert careless.accused(f"first_packet/{row}") == "5.0:MQTT-3.2.0-1"
    assert careless.accused("first_packet_without_effect") == "5.0:MQTT-3.1.0-1"


def test_an_error_that_concerns_nobody_else_stays_nonstrict(careless):
    for case in ("bad_flags/puback_1", "bad_remaining_length/subscribe_stray_byte", "bad_subscription_id/twice",
                 "publish_identifier_0/qos_1", "bad_properties/subscribe_unknown_127"):
        assert careless.verdict(case) == "nonstrict", case


def test_a_method_that_is_let_in_has_to_be_named(tmp_path, blind):
    case = "unknown_authentication_method/method_alone"
    assert (blind.verdict(case), blind.accused(case)) == ("fail", "5.0:MQTT-4.12.0-5")
    # bad_flags/subscribe_0 for the exit code, which is that of a failure
    knowing = Played(tmp_path, "knowing", "5.0", case, "bad_flags/subscribe_0")
    assert knowing.verdict(case) == "info"


def test_3_1_1_leaves_nothing_to_the_server(tmp_path):
    played = Played(tmp_path, "blind", "3.1.1", "bad_flags", "foreign_types", "ill_formed_topic", "bad_subscribe",
                    "many_malformed_packets")
    assert set(played.of("fail")) == set(played.cases)


@pytest.mark.parametrize("version, served", [("3.1.1", "nonstrict"), ("5.0", "fail")])
def test_by_its_name_a_connect_may_be_one_of_mqtt_3_1(tmp_path, version, served):
    played = Played(tmp_path, "blind", version, "foreign_protocol")
    assert {i: c["verdict"] for i, c in played.cases.items()} == {
        i: served if i == "foreign_protocol/of_3_1" else "fail" for i in played.cases}
