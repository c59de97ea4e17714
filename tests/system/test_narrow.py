"""Brokers that offer little: the suite keeps what they announce, so it accuses nobody of it, and judges the limits
themselves. `python3 tests/system/test_narrow.py FOLDER` writes the target files, for runs by hand."""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.long, pytest.mark.bulk]
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
BAD = {"fail", "inconclusive", "error", "crash"}
AT_ONCE = 13

# What a broker does not offer: directives that both brokers know, what their CONNACK cannot say (for either
# version, for 3.1.1), and the cases that ask for it all the same.
NARROW = {
    "maximum_qos_0": dict(conf="max_qos 0", features_311="maximum_qos = 0",
                          limits=["publish_above_maximum_qos", "will_above_maximum_qos", "subscribe_above_maximum_qos"]),
    "maximum_qos_1": dict(conf="max_qos 1", features_311="maximum_qos = 1",
                          limits=["publish_above_maximum_qos", "will_above_maximum_qos", "subscribe_above_maximum_qos"]),
    "no_retained": dict(conf="retain_available false", features_311="retain = no",
                        limits=["unavailable_retain", "unavailable_will_retain"]),
    "no_wildcards": dict(conf="wildcard_subscription_available false", features_311="wildcards = no",
                         limits=["unavailable_wildcards"]),
    "no_shared": dict(conf="shared_subscription_available false", limits=["unavailable_shared"]),
    "no_identifiers": dict(conf="subscription_identifier_available false", limits=["unavailable_subscription_ids"]),
    "receive_maximum_1": dict(conf="receive_maximum 1",
                              limits=["server_receive_maximum", "server_receive_maximum_usable"]),
    "window_1": dict(conf="max_inflight_messages 1"),
    "packet_size": dict(conf="max_packet_size 200", features_311="maximum_packet_size = 200",
                        limits=["server_maximum_packet_size"]),
    "aliases_0": dict(conf="max_topic_alias 0", limits=["alias_above_maximum"]),
    "aliases_1": dict(conf="max_topic_alias 1", limits=["alias_above_maximum"]),
    "keep_alive": dict(conf="max_keepalive 2", limits=["server_keep_alive"]),
    "queue_5": dict(conf="max_queued_messages 5", features="queue = 5", limits=["queue_at_qos_1", "queue_at_qos_2"]),
}

BROKER = """[target]
name = mqttspec-broker, {name}
command = mqttspec-broker -c {{config}}

[file broker.conf]
content =
  listener {{port}} {{host}}
  allow_anonymous true
  {conf}
"""

# In script/test these are played whole, and of the others the chapters that meet a limit soonest; the rest of those
# is left to script/nightly.
SAMPLE = ["maximum_qos_0", "packet_size", "keep_alive"]
SOONEST = ["limits", "subscribe", "delivery", "qos1", "qos2", "retained"]

# mosquitto knows no more of these directives, and takes no Keep Alive below 10 s. Of it those chapters are played
# that the limit is about, since a broker with many faults takes its time; in script/test for a sample.
MESSAGES = "delivery flow_control qos1 qos2 redelivery sessions shared subscribe take_over"
MOSQUITTO = {
    "maximum_qos_0": "limits subscribe delivery topics topic_alias will",
    "maximum_qos_1": f"limits {MESSAGES} will retained",
    "no_retained": "limits retained retain_options will sessions",
    "window_1": f"{MESSAGES} remaining_length",
    "packet_size": "limits flow_control remaining_length will retained delivery",
    "aliases_0": "topic_alias flow_control",
    "aliases_1": "topic_alias flow_control",
    "keep_alive": "ping qos1 sessions",
    "queue_5": f"{MESSAGES} remaining_length",
}

MOSQUITTO_SAMPLE = ["maximum_qos_0", "window_1", "aliases_1"]

# What mosquitto does wrong besides, in these configurations alone.
MOSQUITTO_FAILS = {
    "window_1": """
case = maximum_packet_size* 5.0
verdict = fail
reason = As maximum_packet_size_spares_quota: what is dropped for its size keeps its place in the window.

case = expired_in_queue 5.0
verdict = fail
reason = What has expired in the queue keeps its place in the window.

case = qos2_settled_by_error 5.0
verdict = fail
reason = A PUBREC with an error does not free the place in the window.

case = shared_refused/pubrec_80 5.0
verdict = fail
reason = A PUBREC with an error does not free the place in the window.

case = qos2_several_under_way 3.1.1
verdict = fail
reason = Of QoS 2 messages that come together, those beyond the window are acknowledged and not delivered.

case = order_at_qos_2 3.1.1
verdict = fail
reason = Of QoS 2 messages that come together, those beyond the window are acknowledged and not delivered.
""",
}

# Cases that wait for the clocks of the standard, or press, which have nothing to do with most of these limits;
# test_pressure.py has the others.
TIMED = ["pressure", "keep_alive", "will_delay", "session_expiry", "message_expiry", "no_retransmission_in_connection",
         "session_lasts_while_connected", "qos2_sent_again_when_expired", "pubrel_sent_again_when_expired",
         "qos2_goes_on_when_expired", "no_connect", "will_on_keep_alive_expiry"]

# What these brokers do not offer at all.
ABSENT = ["restart*", "tls", "websocket", "authentication", "authorisation", "enhanced_auth"]

# Long tables of packets, for the configurations in which they meet a limit.
TABLES = {"malformed_connect", "connect_properties", "properties", "strings", "topics", "damaged"}
MEETS = {"packet_size": TABLES - {"damaged"}, "no_wildcards": {"topics"}, "no_identifiers": {"properties"},
         "aliases_0": {"properties"}, "maximum_qos_0": {"strings"}}


def features(narrow):
    return "".join(f"\n[{section}]\n{narrow[key]}\n"
                   for section, key in (("features", "features"), ("features 3.1.1", "features_311")) if key in narrow)


def included(name):
    return BROKER.format(name=name, conf=NARROW[name]["conf"]) + features(NARROW[name])


def mosquitto(name):
    conf = "max_keepalive 10" if name == "keep_alive" else NARROW[name]["conf"]
    plain = (ROOT / "targets/mosquitto.ini").read_text()
    last = "  log_dest stderr\n"
    assert last in plain
    return plain.replace(last, f"{last}  {conf}\n") + MOSQUITTO_FAILS.get(name, "") + features(NARROW[name])


def write_all(folder):
    for name in NARROW:
        (folder / f"{name}.ini").write_text(included(name))
    for name in MOSQUITTO:
        (folder / f"mosquitto-{name}.ini").write_text(mosquitto(name))


def play(file, options):
    """The case runs of a whole run, by (id, version)."""
    out = file.with_suffix("")
    done = subprocess.run([PROGRAM, "run", file, *options, "--quiet", "--pcap", "none", "--out", out],
                          capture_output=True, text=True, timeout=900)
    assert done.returncode in (0, 1), f"{file.stem}: {done.stdout}{done.stderr}"
    lines = map(json.loads, (out / "run.jsonl").read_text().splitlines())
    return {(line["id"], line["version"]): line for line in lines if line["type"] == "case"}


def play_all(folder, prefix, jobs):
    """`jobs`: options by name of the configuration. The runs wait more than they work, so many go at once."""
    write_all(folder)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = {name: pool.submit(play, folder / f"{prefix}{name}.ini", options) for name, options in jobs.items()}
        return {name: run.result() for name, run in runs.items()}


def leave_out(*patterns):
    return [word for pattern in patterns for word in ("--not", pattern)]


def findings(runs, is_wrong, exempt=()):
    """What is wrong in each run, and which cases about a limit of its broker did not pass."""
    found = {}
    for name, run in runs.items():
        limits = set(NARROW[name].get("limits", ())) - set(exempt)
        assert limits <= {id for id, _ in run}, name
        lines = [f"{id} {version}: {case['verdict']}: {(case.get('failure') or {}).get('actual', case.get('note'))}"
                 for (id, version), case in run.items()
                 if is_wrong(case) or (id in limits and case["verdict"] != "pass")]
        if lines:
            found[name] = lines
    return found


def split(names, sample):
    """Parameters: the sample, of the rest what comes soonest, and for the night all of the rest."""
    assert set(sample) < set(names)
    rest = [name for name in names if name not in sample]
    return [pytest.param(sample, True, id="sample"), pytest.param(rest, False, id="rest_in_short"),
            pytest.param(rest, True, id="rest", marks=pytest.mark.nightly)]


def in_short(name, chapters):
    """Patterns: these chapters, and what is about the limit itself."""
    return [*chapters, *NARROW[name].get("limits", ()), *leave_out(*TIMED)]


@pytest.mark.parametrize("names, whole", split(NARROW, SAMPLE))
def test_included_broker(names, whole, tmp_path):
    jobs = {name: ["--no-fork", *leave_out(*ABSENT, *TIMED, *TABLES - MEETS.get(name, set()))] if whole
            else in_short(name, SOONEST) for name in names}
    if "keep_alive" in jobs:
        jobs["keep_alive"] = ["keep_alive", "ping", "qos1", "sessions", "redelivery", "will", *TIMED]
    runs = play_all(tmp_path, "", jobs)
    assert findings(runs, lambda case: case["verdict"] in BAD or not case["expected"]) == {}
    for name, run in runs.items():
        assert sum(case["verdict"] == "pass" for case in run.values()) > len(run) / 3, name


def test_a_load_never_fills_the_queue(tmp_path):
    """The harness may be the slower of the two: what it has not taken yet must not be more than is kept for it."""
    file = tmp_path / "full.ini"
    file.write_text(BROKER.format(name="full", conf="max_inflight_messages 1\n  max_queued_messages 5")
                    + "\n[features]\nqueue = 5\n")
    found = play(file, ["load_through_share", "load_resumed_at_qos_1", "--versions", "5.0"])
    assert {id: case["verdict"] for (id, _), case in found.items()} == {
        "load_through_share": "pass", "load_resumed_at_qos_1": "pass"}


@pytest.mark.parametrize("names", [
    pytest.param(MOSQUITTO_SAMPLE, id="sample"),
    pytest.param(sorted(MOSQUITTO.keys() - set(MOSQUITTO_SAMPLE)), id="rest", marks=pytest.mark.nightly)])
def test_mosquitto(names, tmp_path):
    """What is known to go wrong may be out of reach in a narrow configuration, so only what is new counts."""
    jobs = {name: MOSQUITTO[name].split() + leave_out(*TIMED) for name in names}
    runs = play_all(tmp_path, "mosquitto-", jobs)
    assert findings(runs, lambda case: case["verdict"] in BAD and not case["expected"],
                    exempt=["server_keep_alive"]) == {}  # which it fails, as it does keep_alive_expiry


if __name__ == "__main__":
    write_all(pathlib.Path(sys.argv[1]))
