"""The load generator over each transport: every message arrives, every connection is made, and who refuses is named."""
import json
import subprocess

import pytest

from test_access import BUILD, LIMIT_S
from test_broker_tls import SERVER, pki, start  # noqa: F401: fixtures

PLAIN = "listener {port} 127.0.0.1\nallow_anonymous true\n"
WEB = "protocol websockets\n"
LISTENERS = {"tcp": PLAIN, "tls": SERVER, "ws": PLAIN + WEB, "wss": SERVER + WEB}
LOADS = {"fan-in": ["-q", "2", "-W", "50", "-n", "500"], "fan-out": ["-P", "1", "-S", "20", "-W", "50", "-n", "200"],
         "idle": ["-S", "50"]}


def load(server, transport, *arguments):
    return subprocess.run([BUILD / "bench/mqttspec-load", "-p", str(server.port), "-t", transport, *arguments],
                          capture_output=True, text=True, timeout=3 * LIMIT_S)


@pytest.mark.parametrize("transport", LISTENERS)
def test_all_of_a_load_arrives(start, transport):  # noqa: F811
    ours = start(LISTENERS[transport])
    for workload, arguments in LOADS.items():
        run = load(ours, transport, "-w", workload, *arguments)
        assert (run.returncode, run.stderr) == (0, "")
        said = json.loads(run.stdout)
        if workload == "idle":
            assert said["connections"] == 50
        else:
            assert said["delivered"] == said["messages"] * (20 if workload == "fan-out" else 1)
    # Payloads that take several records and frames with long heads.
    for size in "126", "65536":
        run = load(ours, transport, "-l", size, "-n", "50", "-W", "20")
        assert (run.returncode, run.stderr) == (0, ""), size
        assert json.loads(run.stdout)["delivered"] == 50


WRONG = [("tls", "tcp"), ("ws", "tcp"), ("tcp", "tls"), ("ws", "wss"), ("tcp", "wss"), ("tls", "wss")]


@pytest.mark.parametrize("transport, listener", WRONG)
def test_another_transport_than_the_listeners_ends_with_a_sentence(start, transport, listener):  # noqa: F811
    run = load(start(LISTENERS[listener]), transport, "-n", "10")
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr.startswith("mqttspec-load: ") and run.stderr.count("\n") == 1


def test_an_unknown_transport_is_refused(start):  # noqa: F811
    run = load(start(PLAIN), "quic")
    assert (run.returncode, run.stderr) == (2, "mqttspec-load: -t takes tcp, tls, ws or wss\n")
