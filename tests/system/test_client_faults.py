"""Which statement accuses a client of its one fault (odd_client.py), and with which verdict."""
import json
import os
import pathlib
import subprocess

import pytest

pytestmark = pytest.mark.bulk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
ODD = f"/usr/bin/python3 {ROOT}/tests/system/odd_client.py"
AS_ASKED = "UALL-AS-ASKED"
PATIENCE_S = "5"  # what this client does not do at once it never does


def play(fault, case, version, tmp_path, *arguments):
    subprocess.run([PROGRAM, "run", "--client", f"{ODD} {fault}", case, "--versions", version, "--timeout", "1000",
                    "--patience", PATIENCE_S, "--quiet", "--out", tmp_path, *arguments], capture_output=True, timeout=120,
                   stdin=subprocess.DEVNULL)
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    case, = [line for line in lines if line["type"] == "case"]
    return case


def accused(case):
    failure = case.get("failure", {})
    return case["verdict"], failure.get("statement", "").partition(":")[2], failure.get("difference")


# The cases of this file, each kept by a client without a fault.
SOUND = ["published_as_told/q1_retain", "published_as_told/q2", "message_told", "retain_told", "qos1_told_once_each",
         "qos1_done_with_puback", "qos1_pubacks_in_any_order", "qos1_resent_until_acknowledged", "qos2_resent_by_server",
         "connect_client_id_as_asked/letters_and_digits", "connect_everything_in_order", "connect_credentials_as_asked",
         "connect_comes_first", "connack_accepts_told", "suback_told/granted_1", "keep_alive_off",
         "refusal_then_another_attempt", "connect_each_as_asked", "connect_each_limit_as_asked", "connect_each_pair_as_asked",
         "connect_each_expiry_as_asked", "published_whole", "published_whole_again", "published_with_pairs_again", "ping_amid_messages", "resume_publish_qos1", "binary_payload_published", "unsolicited_message_acknowledged"]


@pytest.mark.parametrize("version", ["3.1.1", "5.0"])
def test_a_client_without_a_fault_is_accused_of_none(version, tmp_path):
    done = subprocess.run([PROGRAM, "run", "--client", ODD, *SOUND, "--versions", version, "--timeout", "3000", "--out",
                           tmp_path], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    cases = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    found = {case["id"]: case["verdict"] for case in cases if case["type"] == "case"}
    assert set(found.values()) <= {"pass", "info", "inapplicable"}, done.stdout[-4000:]


@pytest.mark.parametrize("fault, case, statement, difference", [
    # what is sent otherwise than asked
    ("drops_retain", "published_as_told/q1_retain", AS_ASKED, "retain"),
    ("raises_qos", "published_as_told/q0", AS_ASKED, "qos"),
    ("cuts_payload", "published_as_told/q1", AS_ASKED, "payload"),
    ("publishes_nothing", "published_as_told/q1", AS_ASKED, "missing"),
    ("cuts_client_id", "connect_client_id_as_asked/letters_and_digits", AS_ASKED, None),
    ("cuts_client_id", "connect_everything_in_order", AS_ASKED, None),
    # what is told otherwise than it came
    ("tells_part", "message_told", AS_ASKED, "payload"),
    ("tells_other_topic", "message_told", AS_ASKED, "topic"),
    ("tells_qos_0", "message_told", AS_ASKED, "qos"),
    ("tells_no_retain", "retain_told", AS_ASKED, "retain"),
    ("tells_nothing", "message_told", AS_ASKED, "missing"),
    ("tells_twice", "qos1_told_once_each", AS_ASKED, "repeated"),
    ("tells_errors", "qos1_done_with_puback", AS_ASKED, "packet"),
])
@pytest.mark.parametrize("version", ["3.1.1", "5.0"])
def test_what_is_not_as_asked_is_a_fault_of_its_own(fault, case, statement, difference, version, tmp_path):
    assert accused(play(fault, case, version, tmp_path)) == ("fail", statement, difference)


@pytest.mark.parametrize("fault, case, version, statement, difference", [
    ("tells_copies", "qos2_resent_by_server", "5.0", "MQTT-4.3.3-10", "repeated"),
    ("tells_copies", "qos2_resent_by_server", "3.1.1", "MQTT-4.3.3-2", "repeated"),
    ("no_puback", "qos1_received", "3.1.1", "MQTT-3.3.4-1", "missing"),
    ("forgets_messages", "qos1_resent_until_acknowledged", "5.0", "MQTT-4.4.0-1", "missing"),
    ("forgets_messages", "qos1_resent_in_resumed_session", "3.1.1", "MQTT-4.4.0-1", "missing"),
    ("resends_by_clock", "qos1_not_resent_unasked", "5.0", "MQTT-4.4.0-1", None),
])
def test_what_has_a_statement_accuses_that(fault, case, version, statement, difference, tmp_path):
    got = accused(play(fault, case, version, tmp_path))
    assert got[:2] == ("fail", statement)
    assert difference is None or got[2] == difference


# What is right with the first CONNECT, or with the first PUBLISH, or nearly always.
@pytest.mark.parametrize("fault, case", [
    ("first_keep_alive", "connect_each_as_asked/keep_alive"),
    ("first_will", "connect_each_as_asked/will_goes_and_comes"),
    ("last_will", "connect_each_as_asked/will_changes"),
    ("first_user_name", "connect_each_as_asked/login_changes"),
    ("first_password", "connect_each_as_asked/everything_goes"),
    ("first_clean_start", "connect_each_as_asked/kept_then_new"),
    ("last_clean_start", "connect_each_as_asked/new_then_kept"),
    ("first_properties", "connect_each_expiry_as_asked/expiry"),
    ("first_properties", "connect_each_expiry_as_asked/expiry_of_a_new_one"),
    ("first_properties", "connect_each_limit_as_asked/receive_maximum"),
    ("last_properties", "connect_each_limit_as_asked/maximum_packet_size"),
    ("last_properties", "connect_each_pair_as_asked"),
    ("turns_pairs", "published_whole/q1"),
    ("turns_pairs", "published_with_pairs/q0"),
    ("keeps_properties", "published_whole/q2"),
    ("qos_2_drops_retain", "published_whole/q2_empty_retain"),
    ("empty_without_properties", "published_whole/q1_empty"),
    ("again_without_retain", "published_whole_again/q1_retain"),
    ("again_at_qos_1", "published_whole_again/q2"),
    ("again_without_payload", "published_whole_again/q1"),
    ("again_without_properties", "published_whole_again/q2_empty"),
    ("second_time_without_properties", "published_with_pairs_again/q1"),
])
def test_what_was_right_at_first_is_compared_again(fault, case, tmp_path):
    assert accused(play(fault, case, "5.0", tmp_path))[:2] == ("fail", AS_ASKED)


@pytest.mark.parametrize("fault", ["pings_late_at_times", "stops_pinging"])
def test_a_pause_that_is_too_long_is_not_outvoted(fault, tmp_path):
    assert accused(play(fault, "ping_in_time/keep_alive_2", "5.0", tmp_path))[:2] == ("fail", "MQTT-3.1.2-20")


def test_a_machine_may_be_late_once(tmp_path):
    case = play("pings_late_once", "ping_in_time/keep_alive_2", "5.0", tmp_path)
    assert case["verdict"] in ("pass", "inconclusive"), case  # that is for a machine that was late several times


@pytest.mark.parametrize("version, statement", [("3.1.1", "3.1.1:MQTT-3.1.2-6"), ("5.0", "5.0:MQTT-3.1.2-4")])
def test_state_that_outlives_its_session(version, statement, tmp_path):
    case = play("keeps_state", "clean_start_forgets", version, tmp_path)
    assert {"name": statement, "verdict": "fail"} in case["statements"]


@pytest.mark.parametrize("version", ["3.1.1", "5.0"])
@pytest.mark.parametrize("fault, says", [("level_3", "level 3"), ("level_6", "level 6"), ("other_version", "level "),
                                         ("other_name", "protocol name \"MQIsdp\"")])
def test_a_connect_of_another_protocol_is_told_as_what_it_is(fault, says, version, tmp_path):
    case = play(fault, "connect_comes_first", version, tmp_path)
    statement = "MQTT-3.1.2-1" if (fault, version) == ("other_name", "5.0") else AS_ASKED
    assert accused(case)[:2] == ("fail", statement)
    assert says in case["failure"]["actual"]
    set_up = play(fault, "qos1_received", version, tmp_path / "again")
    assert set_up["verdict"] == "inconclusive"
    assert says in set_up["failure"]["actual"]


@pytest.mark.parametrize("version", ["3.1.1", "5.0"])
@pytest.mark.parametrize("case", ["qos1_done_with_puback", "published_as_told/q2", "suback_told/granted_1",
                                  "acknowledgement_of_nothing/puback"])
def test_a_client_that_keeps_silent_to_its_user_breaks_nothing(case, version, tmp_path):
    assert accused(play("silent", case, version, tmp_path))[:2] == ("nonstrict", AS_ASKED)


@pytest.mark.parametrize("version", ["3.1.1", "5.0"])
def test_what_is_told_in_another_order_breaks_nothing(version, tmp_path):
    assert accused(play("tells_in_reverse", "qos1_told_once_each", version, tmp_path))[0] == "nonstrict"


@pytest.mark.parametrize("version", ["3.1.1", "5.0"])
def test_a_must_keeps_its_level_in_a_case_of_another(version, tmp_path):
    """`keep_alive_off` has the level MAY, and does not speak of PUBACK."""
    case = play("no_puback", "keep_alive_off", version, tmp_path)
    assert accused(case) == ("fail", "MQTT-3.3.4-1", "missing")


@pytest.mark.parametrize("version, statement", [("3.1.1", "MQTT-3.3.1-4"), ("5.0", "U50-QOS-BITS")])
def test_a_message_of_qos_3_that_reaches_the_user_is_the_clients_fault(version, statement, tmp_path):
    case = play("takes_qos_3", "publish_wrong/qos_3", version, tmp_path)
    assert accused(case)[:2] == ("fail", statement)
    if version == "5.0":  # which leaves it to a client whether it closes
        assert "a message of QoS 3" in case["failure"]["actual"]


@pytest.mark.parametrize("version, code", [("3.1.1", "not_authorized_in_311"), ("5.0", "not_authorized")])
def test_an_answer_after_a_refusal_is_an_answer(version, code, tmp_path):
    case = play("outlives_refusal", f"refusal_ends_connection/{code}", version, tmp_path)
    assert case["verdict"] == "nonstrict", case
