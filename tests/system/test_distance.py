"""Runs over a distance accuse nobody: a proxy (distance.c) lets the way to a broker, and back, take its time."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from ports import free_port, wait_for_port

pytestmark = [pytest.mark.long, pytest.mark.bulk]
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
BROKER = BUILD / "broker/mqttspec-broker"
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))

# What is judged by a clock, by an order, by a window that must not be exceeded, or by a close.
SENSITIVE = ["keep_alive_expiry", "keep_alive_partial_packet", "keep_alive_not_over", "expired_in_queue",
             "expiry_lowered_in_queue", "retained_message_expires", "will_not_before_delay", "no_will_after_return",
             "session_not_before_expiry", "qos2_pubrels_in_order", "qos2_identifier_held",
             "receive_maximum", "bad_flags/unsub*"]
LONG = ["order_at_qos_2"]  # hundreds of round trips: of the sample only where they are short
# The round trip in ms, and how many segments of a hundred are late by 200 to 400 ms.
WAYS = [(50, 0), (150, 0), (300, 0), (50, 5)]
HERE = (0, 0)


@contextlib.contextmanager
def far_away(folder, program, round_trip_ms, late_percent):
    """The URL of such a broker."""
    near, far = free_port(), free_port()
    config = folder / "broker.conf"
    config.write_text(f"listener {far} 127.0.0.1\nallow_anonymous true\n" +
                      ("user root\npersistence false\n" if program == MOSQUITTO else ""))
    proxy = subprocess.Popen([BUILD / "tests/system/distance", str(near), str(far), str(round_trip_ms),
                              str(late_percent), program, "-c", config],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(near, proxy)
        yield f"mqtt://127.0.0.1:{near}"
    finally:
        proxy.kill()
        proxy.wait(timeout=20)


def judge(folder, program, way, *args):
    folder.mkdir()
    with far_away(folder, program, *way) as url:
        done = subprocess.run([PROGRAM, "run", url, *args, "--pcap", "none", "-q", "-j", "64", "--out", folder / "out"],
                              capture_output=True, text=True, timeout=1100)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    lines = [json.loads(line) for line in (folder / "out/run.jsonl").read_text().splitlines()]
    assert lines[0]["round_trip_us"] >= 1000 * way[0]
    return {(c["id"], c["version"]): c for c in lines if c["type"] == "case"}


def differences(near, far):
    """What is judged otherwise; an observation instead of a `pass` accuses nobody."""
    assert near and near.keys() == far.keys()
    same = {"pass", "info"}
    return {key: (near[key]["verdict"], case["verdict"], case.get("note")) for key, case in far.items()
            if case["verdict"] != near[key]["verdict"] and not {case["verdict"], near[key]["verdict"]} <= same}


def whole(tmp_path, program, way, *args):
    found = differences(judge(tmp_path / "near", program, HERE, *args), judge(tmp_path / "far", program, way, *args))
    # Each of 65,535 identifiers is to be used, and that takes too many round trips.
    return {key: why for key, why in found.items() if key[0] != "all_identifiers_used" or why[1] != "inapplicable"}


@pytest.mark.parametrize("way", WAYS)
def test_the_included_broker_is_as_good_from_afar(tmp_path, way):
    # A connection that has been accepted here still takes a round trip to reach the broker, and its close takes
    # another: the slack alone must not be enough for both, and with one round trip added it must.
    cases = judge(tmp_path / "far", BROKER, way, *SENSITIVE, *(LONG if way == (50, 0) else []), "--slack", "450")
    assert len(cases) > 25
    assert {key: c["verdict"] for key, c in cases.items() if c["verdict"] not in ("pass", "info")} == {}


@pytest.mark.skipif(not MOSQUITTO, reason="mosquitto is not installed")
@pytest.mark.parametrize("way", [(150, 0), (50, 5)])
def test_mosquitto_breaks_the_same_from_afar(tmp_path, way):
    args = [*SENSITIVE, "--expect", "mosquitto"]
    near, far = judge(tmp_path / "near", MOSQUITTO, HERE, *args), judge(tmp_path / "far", MOSQUITTO, way, *args)
    assert "fail" in {c["verdict"] for c in near.values()}
    assert differences(near, far) == {}


@pytest.mark.nightly
@pytest.mark.xdist_group("distance")
@pytest.mark.parametrize("way", WAYS)
def test_all_of_it_on_the_included_broker(tmp_path, way):
    assert whole(tmp_path, BROKER, way) == {}


@pytest.mark.nightly
@pytest.mark.xdist_group("distance")
@pytest.mark.skipif(not MOSQUITTO, reason="mosquitto is not installed")
def test_all_of_it_on_mosquitto(tmp_path):
    assert whole(tmp_path, MOSQUITTO, (150, 0), "--expect", "mosquitto") == {}
