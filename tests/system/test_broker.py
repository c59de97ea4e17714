"""The included broker as a program: its command line, its signals, and clients that others wrote."""
import os
import pathlib
import signal
import socket
import subprocess
import time

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
BROKER = BUILD / "broker" / "mqttspec-broker"
LIMIT_S = 20


class Broker:
    """A broker on a free port, whose log is kept."""

    def __init__(self, tmp_path, *arguments):
        self.log = tmp_path / "broker.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([BROKER, "-p", "0", *arguments], stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline().decode()
        assert line.startswith("port "), self.log.read_text()
        self.port = int(line.split()[1])

    def end(self, number=signal.SIGTERM):
        """Ends it by a signal; a sanitizer's finding is an exit code of its own."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(LIMIT_S)
        self.process.stdout.close()
        assert code == 0, self.log.read_text()

    def wait_for_log(self, text):
        deadline = time.monotonic() + LIMIT_S
        while text not in self.log.read_text():
            assert time.monotonic() < deadline, f"{text} is not in {self.log.read_text()}"
            time.sleep(0.02)


@pytest.fixture
def broker(tmp_path):
    b = Broker(tmp_path, "-v")
    yield b
    b.end()


def run(*arguments, **kwargs):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=LIMIT_S, **kwargs)


def test_help_teaches_and_version_tells():
    assert "usage: mqttspec-broker" in run(BROKER, "--help").stdout
    assert run(BROKER, "--version").stdout.startswith("mqttspec-broker ")


@pytest.mark.parametrize("arguments, error", [
    (["-p", "x"], "-p takes 0 to 65535"),
    (["-p", "65536"], "-p takes 0 to 65535"),
    (["extra"], 'what is "extra"'),
    (["--nonsense"], "--help"),
    (["-c", "/nonexistent"], "/nonexistent: No such file"),
])
def test_bad_usage_is_named(arguments, error):
    result = run(BROKER, *arguments)
    assert result.returncode == 2
    assert error in result.stderr


def test_a_configuration_is_checked(tmp_path):
    config = tmp_path / "broker.conf"
    config.write_text("listener 0 127.0.0.1\nmax_qos 1\n")
    assert run(BROKER, "-c", config, "--check-config").returncode == 0
    config.write_text("listener 0 127.0.0.1\nmax_quos 1\n")
    result = run(BROKER, "-c", config, "--check-config")
    assert result.returncode == 2
    assert f"{config}:2: there is no directive \"max_quos\"" in result.stderr
    config.write_text(f"log_dest file {tmp_path}/none/broker.log\n")
    result = run(BROKER, "-c", config, "--check-config")
    assert result.returncode == 2
    assert f"{tmp_path}/none/broker.log: it cannot be written" in result.stderr
    result = run(BROKER, "-b", "300.0.0.1", "--check-config")
    assert result.returncode == 2 and 'not "300.0.0.1"' in result.stderr


def connack(port):
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as peer:
        peer.sendall(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01c")
        return peer.recv(100)


def test_a_listener_in_a_file_lets_in_nobody_unasked(tmp_path):
    config = tmp_path / "broker.conf"
    config.write_text("listener 0 127.0.0.1\n")
    broker = Broker(tmp_path, "-c", config)
    assert connack(broker.port) == b"\x20\x02\x00\x05"
    broker.wait_for_log("every client is refused: there are no users")
    broker.end()
    config.write_text("listener 0 127.0.0.1\nallow_anonymous true\n")
    broker = Broker(tmp_path, "-c", config)
    assert connack(broker.port) == b"\x20\x02\x00\x00"
    broker.end()


def test_a_port_in_use_is_named(broker):
    result = run(BROKER, "-p", broker.port)
    assert result.returncode == 1
    assert f"listener {broker.port} 127.0.0.1" in result.stderr
    assert "address already in use" in result.stderr


def test_it_listens_on_ipv6(tmp_path):
    broker = Broker(tmp_path, "-b", "::1")
    socket.create_connection(("::1", broker.port), LIMIT_S).close()
    broker.end()


@pytest.mark.parametrize("version", ["mqttv31", "mqttv311", "mqttv5"])
@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_mosquitto_clients_pass_messages(broker, version, qos):
    common = ["-p", broker.port, "-V", version, "-q", qos]
    with subprocess.Popen([str(a) for a in ("stdbuf", "-oL", "mosquitto_sub", *common, "-t", "a/#", "-C", "2", "-W", LIMIT_S, "-v",
                                            "-d")],
                          stdout=subprocess.PIPE, text=True) as sub:
        lines = []
        for line in sub.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Subscribed"):
                assert run("mosquitto_pub", *common, "-t", "a/b", "-m", "one").returncode == 0
                assert run("mosquitto_pub", *common, "-t", "a/c", "-m", "two").returncode == 0
        assert sub.wait(LIMIT_S) == 0
    assert [line for line in lines if line.startswith("a/")] == ["a/b one", "a/c two"]


def test_mosquitto_clients_see_retained_messages_and_wills(broker):
    assert run("mosquitto_pub", "-p", broker.port, "-t", "r", "-m", "kept", "-r").returncode == 0
    result = run("mosquitto_sub", "-p", broker.port, "-t", "r", "-C", "1", "-W", LIMIT_S, "-F", "%r %p")
    assert result.stdout == "1 kept\n"


@pytest.mark.parametrize("protocol", [paho.MQTTv311, paho.MQTTv5])
def test_paho_keeps_a_session_over_a_reconnect(broker, protocol):
    def client(name):
        if protocol == paho.MQTTv5:
            return paho.Client(name, protocol=protocol)
        return paho.Client(name, protocol=protocol, clean_session=False)

    def connect(c):
        options = {}
        if protocol == paho.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 100
            options = {"clean_start": False, "properties": properties}
        c.connect("127.0.0.1", broker.port, **options)

    got = []
    first = client("sleeper")
    subscribed = []
    first.on_subscribe = lambda *arguments: subscribed.append(True)
    connect(first)
    first.subscribe("q/#", qos=2)
    spin(first, lambda: subscribed)
    first.disconnect()
    spin(first, lambda: not first.is_connected())

    publisher = client("publisher")
    connect(publisher)
    acknowledged = []
    publisher.on_publish = lambda *arguments: acknowledged.append(True)
    for n in range(20):
        publisher.publish(f"q/{n}", str(n), qos=n % 2 + 1)
    spin(publisher, lambda: len(acknowledged) == 20)
    publisher.disconnect()

    again = client("sleeper")
    again.on_message = lambda c, u, message: got.append(int(message.payload))
    connect(again)
    spin(again, lambda: len(got) >= 20)
    again.disconnect()
    assert len(got) == 20
    for parity in (0, 1):   # the standard orders messages of one QoS
        assert [n for n in got if n % 2 == parity] == list(range(parity, 20, 2))


def spin(client, done):
    deadline = time.monotonic() + LIMIT_S
    while not done():
        assert time.monotonic() < deadline
        client.loop(0.05)


def test_it_ends_in_order(tmp_path):
    """SIGTERM: a client of 5.0 is told why."""
    broker = Broker(tmp_path)
    with socket.create_connection(("127.0.0.1", broker.port), LIMIT_S) as s:
        s.sendall(bytes.fromhex("100e 0004 4d515454 05 02 0000 00 0001 63".replace(" ", "")))
        assert s.recv(100)[0] == 0x20
        broker.process.send_signal(signal.SIGTERM)
        farewell = s.recv(100)
        assert (farewell[0], farewell[2]) == (0xE0, 0x8B)
        assert s.recv(100) == b""
    broker.process.wait(LIMIT_S)
    broker.end()


def test_a_lost_connection_wakes_the_broker(broker):
    """The Will goes out although nothing else happens that could carry it."""
    with socket.create_connection(("127.0.0.1", broker.port), LIMIT_S) as watcher:
        watcher.sendall(bytes.fromhex("100d 0004 4d515454 04 02 0000 0001 77".replace(" ", "")))
        assert watcher.recv(100) == b"\x20\x02\x00\x00"
        watcher.sendall(bytes.fromhex("8206 0001 0001 61 00".replace(" ", "")))
        assert watcher.recv(100) == b"\x90\x03\x00\x01\x00"
        with socket.create_connection(("127.0.0.1", broker.port), LIMIT_S) as client:
            client.sendall(bytes.fromhex("1013 0004 4d515454 04 06 0000 0001 63 0001 61 0001 78".replace(" ", "")))
            assert client.recv(100) == b"\x20\x02\x00\x00"
        watcher.settimeout(5)
        assert watcher.recv(100) == b"\x30\x04\x00\x01ax"


def test_sighup_reads_the_configuration_again(tmp_path):
    config = tmp_path / "broker.conf"
    config.write_text("log_type notice\n")
    broker = Broker(tmp_path, "-c", config)
    config.write_text("log_type nothing\n")
    broker.process.send_signal(signal.SIGHUP)
    broker.wait_for_log("all stays as it was")
    config.write_text("log_type all\n")
    broker.process.send_signal(signal.SIGHUP)
    broker.wait_for_log("read again")
    socket.create_connection(("127.0.0.1", broker.port), LIMIT_S).close()
    broker.wait_for_log("opened from 127.0.0.1")
    broker.end()


def test_an_address_may_have_so_many_connections(tmp_path):
    config = tmp_path / "broker.conf"
    config.write_text("max_connections_per_address 2\n")
    broker = Broker(tmp_path, "-c", config)
    open_ones = [socket.create_connection(("127.0.0.1", broker.port), LIMIT_S) for _ in range(2)]
    with socket.create_connection(("127.0.0.1", broker.port), LIMIT_S) as third:
        assert third.recv(1) == b""
    open_ones.pop().close()
    deadline = time.monotonic() + LIMIT_S
    while True:     # the broker learns of the close in its own time
        with socket.create_connection(("127.0.0.1", broker.port), LIMIT_S) as again:
            again.settimeout(0.3)
            try:
                closed = again.recv(1) == b""
            except TimeoutError:
                break
        assert closed and time.monotonic() < deadline
    for s in open_ones:
        s.close()
    broker.end()


def test_a_connection_without_connect_is_closed(tmp_path):
    config = tmp_path / "broker.conf"
    config.write_text("connect_timeout 1\n")
    broker = Broker(tmp_path, "-c", config)
    with socket.create_connection(("127.0.0.1", broker.port), LIMIT_S) as s:
        assert s.recv(1) == b""
    broker.end()


def test_a_slow_reader_costs_others_nothing(tmp_path):
    """One subscriber stops reading while 200,000 messages go by: the other gets them all, in bounded memory."""
    config = tmp_path / "broker.conf"
    config.write_text("max_output_bytes 1048576\n")
    broker = Broker(tmp_path, "-c", config)
    result = run(BUILD / "cli/mqttspec", "bench", f"mqtt://127.0.0.1:{broker.port}", "stalled", "-n", "200000", "--json", "-")
    assert result.returncode == 0, result.stderr
    assert '"delivered": 200000' in result.stdout
    broker.end()
