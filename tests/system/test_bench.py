"""mqttspec bench: what it measures is what is there, what it accuses a broker of has happened, and nothing hangs."""
import json
import subprocess
import time

import pytest

from faulty_broker import MARK, FaultyBroker
from test_access import BUILD, LIMIT_S
from test_broker_tls import SERVER, pki, start  # noqa: F401: fixtures

MQTTSPEC = BUILD / "cli/mqttspec"
PLAIN = "listener {port} 127.0.0.1\nallow_anonymous true\n"
WEB = "protocol websockets\n"
LISTENERS = {"tcp": PLAIN, "tls": SERVER, "ws": PLAIN + WEB, "wss": SERVER + WEB}
SCHEMES = {"tcp": "mqtt", "tls": "mqtts", "ws": "ws", "wss": "wss"}
LOADS = {"fan-in": ["-q", "2", "-w", "50", "-n", "500"], "fan-out": ["-S", "20", "-w", "50", "-n", "200"],
         "wildcards": ["-q", "1", "-P", "2", "-S", "3", "-F", "4", "-n", "200"],
         "drain": ["-q", "2", "-n", "200"], "flood": ["-n", "200"],
         "idle": ["-S", "50", "-t", "0"], "storm": ["-n", "100", "-w", "10"]}


def call(*arguments, **how):
    return subprocess.run([MQTTSPEC, "bench", *map(str, arguments)], capture_output=True, text=True,
                          timeout=3 * LIMIT_S, **how)


def bench(port, *arguments, code=0, scheme="mqtt"):
    """The one result."""
    run = call(f"{scheme}://127.0.0.1:{port}", *arguments, "--json", "-")
    assert (run.returncode, run.stderr) == (code, ""), run.stdout
    result, = json.loads(run.stdout)["results"]
    return result


# ---- everything arrives

@pytest.mark.parametrize("transport, version", [*((transport, "3.1.1") for transport in LISTENERS), ("tcp", "5.0")])
def test_all_of_a_load_arrives(start, transport, version):  # noqa: F811
    ours, scheme = start(LISTENERS[transport]), SCHEMES[transport]
    how = ["--mqtt-version", version, *(["--insecure"] if transport in ("tls", "wss") else [])]
    for workload, arguments in LOADS.items():
        said = bench(ours.port, workload, *arguments, *how, scheme=scheme)
        assert said["broken"] == [] and said["plan"]["mqtt"] == version
        if workload in ("idle", "storm"):
            assert said["connections"] == {"idle": 50, "storm": 100}[workload]
            continue
        copies = {"fan-out": 20, "drain": 2}.get(workload, 1)
        assert said["account"]["expected"] == said["account"]["delivered"] == said["messages"] * copies
        assert said["account"]["lost"] == said["account"]["doubles"] == said["account"].get("out_of_order", 0) == 0
    # Payloads that take several records and frames with long heads.
    for size in 126, 65536, 1000000:
        said = bench(ours.port, "fan-in", "-l", size, "-n", 4, "-w", 2, *how, scheme=scheme)
        assert said["account"]["delivered"] == 4


def test_a_certificate_that_nobody_trusts_is_refused(start, pki):  # noqa: F811
    ours = start(SERVER)
    trusted = bench(ours.port, "fan-in", "-n", 10, "--ca", pki.folder / "ca.pem", scheme="mqtts")
    assert trusted["account"]["delivered"] == 10
    said = bench(ours.port, "fan-in", "-n", 10, scheme="mqtts", code=3)
    assert "the broker's certificate is not trusted (--ca, --insecure)" in said["error"]


WRONG = [("tls", "tcp"), ("ws", "tcp"), ("tcp", "tls"), ("ws", "wss"), ("tcp", "wss")]


@pytest.mark.parametrize("transport, listener", WRONG)
def test_another_transport_than_the_listeners_is_told(start, transport, listener):  # noqa: F811
    how = ["--insecure"] if transport in ("tls", "wss") else []
    said = bench(start(LISTENERS[listener]).port, "fan-in", "-n", 10, *how, scheme=SCHEMES[transport], code=3)
    assert said["error"] and said["messages"] == 0


# ---- what is known of a target shows

def test_a_delay_of_20_ms_is_a_latency_of_20_ms():
    with FaultyBroker(delay_s=0.020) as broker:
        for how in ["--rate", 100], ["--window", 2]:
            said = bench(broker.port, "fan-in", "-P", 1, "-n", 60, *how)
            # Rounded up by less than 1 %; a busy machine delays a little more.
            assert 20000 <= said["p50_us"] < 80000, how
            assert said["p50_us"] <= said["p99_us"] <= said["max_us"]
    # In a closed loop two are under way, each for 20 ms or more: 100 a second at most.
    assert 20 < said["rate"] <= 105


@pytest.mark.parametrize("size", [64, 500000], ids=["sent in time", "held up at the socket"])
def test_a_stall_shows_in_the_percentiles_of_an_open_loop(size):
    """50 a second for 3 s, and nothing at all for 1 s of them: of 150 messages 50 wait, evenly, from 1 s down to 0. Small
    ones can be sent meanwhile; of large ones few can, and they count from the time that they were due all the same."""
    with FaultyBroker(stall=(50, 1.0)) as broker:
        said = bench(broker.port, "fan-in", "-P", 1, "--rate", 50, "-n", 150, "-l", size)
    assert said["messages"] == said["account"]["delivered"] == 150
    assert 550000 <= said["p90_us"]     # 0.7 s: 15 have waited longer
    assert 900000 <= said["p99_us"]     # 0.97 s
    assert 900000 <= said["max_us"]
    if size == 64:      # a busy machine takes longer for large ones, also when there is no stall
        assert said["p50_us"] < 500000 and said["p90_us"] < 2000000 and said["max_us"] < 3000000
    quiet = [point for point in said["over_time"] if point["rate"] == 0]
    assert quiet, "an interval in which nothing came is there, too"


def test_a_closed_loop_has_few_messages_in_a_stall():
    """The same stall, which only those under way have to wait for: that is what --rate is for."""
    with FaultyBroker(stall=(200, 1.0)) as broker:
        said = bench(broker.port, "fan-in", "-P", 1, "--window", 2, "-n", 600)
    assert said["max_us"] >= 900000 > said["p90_us"]


def test_the_time_is_kept_when_more_is_due_than_goes():
    """50 acknowledgements of 20 ms each in a second, of one window of one: 100 times as many are due."""
    with FaultyBroker(limits=b"\x21\x00\x01", ack_delay_s=0.020) as broker:
        said = bench(broker.port, "fan-in", "-P", 1, "-q", 1, "-r", 5000, "-t", 1, "-V", "5.0")
    assert said["messages"] + said["unsent"] == 5000
    assert 0 < said["messages"] <= 50 * 3 + 1     # and 2 s more for what was held up


def every(n):
    return lambda number: number % n == 0


@pytest.mark.parametrize("qos, code", [(0, 0), (1, 1), (2, 1)])
def test_every_100th_lost_is_1_percent(qos, code):
    with FaultyBroker(drop=every(100)) as broker:
        said = bench(broker.port, "fan-in", "-P", 1, "-q", qos, "-w", 50, "-n", 2050, code=code)
    account = said["account"]
    assert (account["expected"], account["lost"], account["delivered"]) == (2050, 20, 2030)
    assert account["doubles"] == account["out_of_order"] == 0
    assert [b["statement"] for b in said["broken"]] == (["3.1.1:MQTT-4.5.0-1"] if qos else [])


def test_what_is_lost_at_the_end_is_proven_by_a_later_message():
    with FaultyBroker(drop=lambda n: 190 < n <= 200) as broker:
        said = bench(broker.port, "fan-in", "-P", 1, "-q", 1, "-n", 200, code=1)
    assert (said["account"]["lost"], said["account"]["lost_proven"]) == (10, 10)


def test_a_loss_across_topics_is_proven_on_the_topic_of_each():
    with FaultyBroker(drop=lambda n: n in (7, 11)) as broker:
        said = bench(broker.port, "wildcards", "-P", 1, "-S", 1, "-F", 5, "-q", 1, "-n", 40, code=1)
    assert (said["account"]["lost"], said["account"]["lost_proven"]) == (2, 2)


def test_what_comes_late_while_others_are_sought_is_not_lost():
    """One of the first publisher's comes only when the second one's marks are sent, of which nothing comes."""
    fates = {(0, 5): "hold", (1, 15): "drop"}
    with FaultyBroker(fate=lambda who, n: "release" if n & MARK else fates.get((who, n))) as broker:
        said = bench(broker.port, "fan-in", "-P", 2, "-q", 1, "-n", 40, code=1)
    account = said["account"]
    assert (account["lost"], account["lost_proven"], account["out_of_order"]) == (1, 0, 1)
    assert [b["statement"] for b in said["broken"]] == ["3.1.1:MQTT-4.6.0-6"]


def test_what_nothing_proves_lost_accuses_nobody():
    """Nothing comes at all, so nothing says that it will not come."""
    with FaultyBroker(drop=lambda n: True) as broker:
        said = bench(broker.port, "fan-in", "-P", 1, "-q", 1, "-n", 5, code=3)
    assert said["broken"] == [] and said["account"]["lost"] == 5 and said["account"]["lost_proven"] == 0


@pytest.mark.parametrize("qos, statement", [(0, "3.1.1:UALL-QOS0-AT-MOST-ONCE"), (1, None), (2, "3.1.1:UALL-QOS2-EXACTLY-ONCE")])
def test_doubles_are_counted(qos, statement):
    with FaultyBroker(double=every(50)) as broker:
        said = bench(broker.port, "fan-out", "-S", 2, "-q", qos, "-n", 200, code=1 if statement else 0)
    assert said["account"]["doubles"] == 8 and said["account"]["lost"] == 0
    assert [b["statement"] for b in said["broken"]] == ([statement] if statement else [])


@pytest.mark.parametrize("version, statement", [("3.1.1", "3.1.1:MQTT-4.6.0-6"), ("5.0", "5.0:MQTT-4.6.0-5")])
def test_an_order_that_is_broken_is_counted(version, statement):
    with FaultyBroker(swap=every(100)) as broker:
        said = bench(broker.port, "fan-in", "-P", 1, "-n", 550, "-V", version, code=1)
    account = said["account"]
    assert (account["out_of_order"], account["lost"], account["doubles"]) == (5, 0, 0)
    assert [b["statement"] for b in said["broken"]] == [statement]


# ---- what a broker of 5.0 says of itself

def test_the_receive_maximum_of_a_broker_is_kept():
    with FaultyBroker(limits=b"\x21\x00\x05\x22\x00\x01", ack_delay_s=0.01) as broker:
        said = bench(broker.port, "fan-in", "-P", 1, "-q", 1, "-n", 60, "-V", "5.0")
    assert said["account"]["delivered"] == 60
    assert broker.most_unacknowledged == 5


def test_what_is_refused_accuses_nobody():
    """Of the last ones nothing else would show that they are missing."""
    with FaultyBroker(refuse=lambda n: n in (7, 8, 60)) as broker:
        said = bench(broker.port, "fan-in", "-P", 1, "-q", 1, "-n", 60, "-V", "5.0", code=3)
    assert (said["refused"], said["account"]["lost"], said["account"]["lost_proven"]) == (3, 3, 0)
    assert said["broken"] == []


@pytest.mark.parametrize("limits, arguments, sentence", [
    (b"\x24\x01", ["fan-in", "-q", 2], "the broker offers QoS 1 at most"),
    (b"\x25\x00", ["flood"], "the broker does not offer to retain messages"),
    (b"\x28\x00", ["fan-in"], "the broker does not offer wildcards"),
    (b"\x27\x00\x00\x01\x00", ["fan-in", "-l", 300], "the broker takes packets of 256 bytes at most")])
def test_what_a_broker_does_not_offer_is_not_asked_of_it(limits, arguments, sentence):
    with FaultyBroker(limits=limits) as broker:
        said = bench(broker.port, *arguments, "-n", 5, "-V", "5.0", code=3)
    assert said["error"] == sentence and said["messages"] == 0


def test_a_server_keep_alive_is_kept():
    """The broker would be right to close after 1.5 s of silence; this one counts the PINGREQs instead."""
    with FaultyBroker(limits=b"\x13\x00\x01") as broker:
        bench(broker.port, "idle", "-S", 3, "-t", 2, "-V", "5.0")
    assert broker.pings >= 3 * (3 + 1)      # every half second, and in the end


def test_messages_for_others_are_told():
    """It sends everything to everybody, whatever their filters are."""
    with FaultyBroker() as broker:
        said = bench(broker.port, "wildcards", "-P", 1, "-S", 2, "-F", 2, "-n", 20, code=1)
    assert [b["statement"] for b in said["broken"]] == ["3.1.1:MQTT-3.3.2-3"] and said["account"]["stray"] > 0


# ---- sessions and retained messages

def test_a_queue_that_is_too_short_is_a_figure_and_no_accusation(start):  # noqa: F811
    ours = start(PLAIN + "max_queued_messages 100\n")
    said = bench(ours.port, "drain", "-S", 1, "-n", 400)
    assert said["broken"] == []
    assert said["account"]["lost"] == said["account"]["lost_proven"] == 400 - said["account"]["delivered"] > 200


# ---- launched targets, two of them, and what is told

def test_two_targets_are_played_in_turns_and_compared(tmp_path):
    page, figures = tmp_path / "b.html", tmp_path / "b.json"
    run = call("--compare", "mqttspec-broker", "mqttspec-broker", "fan-in", "--rounds", 2, "-n", 2000, "-q", 1, "--json",
               figures, "--html", page)
    assert (run.returncode, run.stderr) == (0, "")
    assert "mqttspec-broker is to mqttspec-broker as  rate " in run.stdout
    said = json.loads(figures.read_text())
    assert [(r["round"]) for r in said["results"]] == [1, 1, 2, 2]
    comparison, = said["comparisons"]
    assert comparison["rate"]["rounds"] == 2 and 0 < comparison["rate"]["least"] <= comparison["rate"]["most"]
    assert comparison["cpu"]["rounds"] == 2     # both were launched
    assert all(r["cpu_seconds"] > 0 and r["memory_bytes"] > 0 for r in said["results"])
    text = page.read_text()
    assert "<script" not in text and "style=" not in text and text.count('role="img"') == 2
    assert "<h2 id=\"fan-in\">fan-in</h2>" in text


def test_the_memory_of_a_target_is_bounded():
    run = call("mqttspec-broker", "fan-in", "-t", 10, "--memory", 1)
    assert run.returncode == 3
    assert "more than --memory allows" in run.stdout


def test_a_signal_ends_it_and_what_was_measured_is_told():
    process = subprocess.Popen([MQTTSPEC, "bench", "mqttspec-broker", "fan-in", "-t", "60"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("workload")
    time.sleep(0.5)     # it is at work then, or begins to be: both end
    process.terminate()
    out, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130 and "interrupted" in out


# ---- bad usage

@pytest.mark.parametrize("arguments, sentence", [
    (["mqtt://127.0.0.1:1", "keep"], 'there is no workload "keep"; did you mean "kept"?'),
    (["mqtt://127.0.0.1:1", "kept", "-q", 0], "kept takes QoS 1 or 2: acknowledgements say that it is stored"),
    (["mqtt://127.0.0.1:1", "fan-in", "-l", 31], '--payload takes a number from 32 to 1048576, not "31"'),
    (["mqtt://127.0.0.1:1", "fan-in", "-r", 1, "-w", 1], "--rate is an open loop, and --window a closed one: which is it?"),
    (["mqtt://127.0.0.1:1", "--json", "-", "--html", "-"], "--json - and --html -: standard output has room for one"),
    (["mqtt://127.0.0.1:1", "-V", "4"], '--mqtt-version takes 3.1.1 or 5.0, not "4"'),
    (["mqtt://127.0.0.1:1", "--cert", "x"], "--cert and --key need each other"),
    (["mqtt://127.0.0.1:1", "--rounds", 2], "--rounds is for --compare"),
    (["--compare", "mqtt://127.0.0.1:1"], "--compare needs two targets"),
    (["mqtt://127.0.0.1:1", "--transport", "quic"], '--transport takes tcp, tls, ws, wss or unix, not "quic"'),
    (["mqtt://127.0.0.1:1", "--transport", "ws"], "--transport is for a launched target"),
    (["mqtt://203.0.113.1", "fan-in"], "mqtt://203.0.113.1:1883 is not on this machine: a load test"),
    (["paho-c", "fan-in"], "is a client: it is brokers that are measured"),
    ([], "the target is missing"),
])
def test_what_makes_no_sense_is_refused(arguments, sentence):
    run = call(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("mqttspec bench: ") and sentence in run.stderr


def test_a_target_that_is_not_there_is_told():
    run = call("mqtt://127.0.0.1:1", "fan-in", "-n", 10)
    assert run.returncode == 3 and "no connection: Connection refused" in run.stdout
