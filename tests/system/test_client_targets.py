"""The clients in targets/: their agents keep the contract, and what is known of them still holds."""
import os
import pathlib
import subprocess

import pytest

pytestmark = [pytest.mark.long, pytest.mark.bulk]
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
NEEDS = {
    "mqttspec-client": BUILD / "client/mqttspec-client",
    "libmosquitto": BUILD / "targets/agents/mqttspec-agent-libmosquitto",
    "paho-c": BUILD / "targets/agents/mqttspec-agent-paho-c",
    "paho-python": pathlib.Path("/usr/lib/python3/dist-packages/paho/mqtt/client.py"),
    "mqttjs": ROOT / "targets/agents/node_modules/mqtt/package.json",
    "mosquitto-sub": pathlib.Path("/usr/bin/mosquitto_sub"),
    "mosquitto-pub": pathlib.Path("/usr/bin/mosquitto_pub"),
}
# A part of all case runs of a client: each starts it anew, and some wait where they should act.
SHARDS = {"mqttspec-client": "1/4", "libmosquitto": "1/14", "paho-c": "1/18", "paho-python": "1/18", "mqttjs": "1/70",
          "mosquitto-sub": "1/150", "mosquitto-pub": "2/150"}
JOBS = "12"  # most wait


def need(target):
    if not NEEDS[target].exists():
        pytest.skip(f"{NEEDS[target]} is not there: script/bootstrap test could not install or build it")


def mqttspec(*arguments, limit_s=600):
    return subprocess.run([str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, timeout=limit_s,
                          stdin=subprocess.DEVNULL)


# A part of the checks, where each costs an interpreter; the included client is checked in test_run_client.py.
CHECKED = {"libmosquitto": "1/1", "paho-c": "1/1", "paho-python": "1/4", "mqttjs": "1/8"}


@pytest.mark.parametrize("target", CHECKED)
def test_the_agent_keeps_the_contract(target, tmp_path):
    need(target)
    done = mqttspec("agent-check", target, "--shard", CHECKED[target], "-j", JOBS, "--out", tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


@pytest.mark.nightly
@pytest.mark.parametrize("target", ["paho-python", "mqttjs"])
def test_the_agent_keeps_the_whole_contract(target, tmp_path):
    need(target)
    done = mqttspec("agent-check", target, "-j", JOBS, "--out", tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


@pytest.mark.parametrize("target", NEEDS)
def test_the_client_is_as_its_file_foresees(target, tmp_path):
    need(target)
    done = mqttspec("run", target, "--shard", SHARDS[target], "-j", JOBS, "--quiet", "--out", tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


# What the included client breaks over no transport; a part of what others are known to break.
LAYERS = [("mqttspec-client", "ws", "client_websocket"), ("mqttspec-client", "tls", "client_tls"),
          ("mqttspec-client", "wss", "published_as_told"), ("libmosquitto", "tls", "client_no_tls"),
          ("paho-c", "ws", "client_bad_answers/no_upgrade"), ("paho-python", "wss", "client_ping_frame_answered")]


@pytest.mark.parametrize("target, transport, cases", LAYERS)
def test_the_client_is_as_its_file_foresees_over_other_transports(target, transport, cases, tmp_path):
    need(target)
    done = mqttspec("run", target, cases, "--transports", transport, "--versions", "5.0", "-j", JOBS, "--quiet",
                    "--out", tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


@pytest.mark.nightly
@pytest.mark.parametrize("target", NEEDS)
def test_the_whole_client_is_as_its_file_foresees_over_all_transports(target, tmp_path):
    need(target)
    done = mqttspec("run", target, "--transports", "all", "-j", JOBS, "--quiet", "--out", tmp_path, limit_s=10800)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


@pytest.mark.nightly  # its margin is a tenth of a second, which a busy machine exceeds
def test_a_tenth_of_a_keep_alive_is_too_late_for_a_ping(tmp_path):
    """Paho C pings after 1.1 Keep Alives, which its file foresees as a failure."""
    need("paho-c")
    done = mqttspec("run", "paho-c", "ping_in_time/keep_alive_6", "--quiet", "--out", tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


@pytest.mark.parametrize("segmentation, shard", [("bytes", "1/14"), ("batch", "2/14"), ("split:3", "3/14")])
def test_the_included_client_takes_packets_in_any_pieces(segmentation, shard, tmp_path):
    done = mqttspec("run", "mqttspec-client", "--segment", segmentation, "--shard", shard, "-j", JOBS, "--quiet",
                    "--out", tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_the_included_client_has_no_expected_failures():
    assert "[expected]" not in (ROOT / "targets/mqttspec-client.ini").read_text()
