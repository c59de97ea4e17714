"""mqttspec check of what others say to each other: mosquitto and clients of paho and mosquitto, over TCP, TLS 1.2, TLS
1.3, WebSocket and both, captured on their way. They keep the rules, so nobody may be accused.
"""
import ctypes
import os
import pathlib
import re
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

import paho.mqtt.client as paho
import pytest
from paho.mqtt.subscribeoptions import SubscribeOptions

from pki import Pki
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
MQTTSPEC = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev") / "cli/mqttspec"
LIMIT_S = 60
ALL_PACKETS, OUTGOING, ATTACH_FILTER, ROOM = 3, 4, 26, 1 << 18
TLS = {"tls12": ssl.TLSVersion.TLSv1_2, "tls13": ssl.TLSVersion.TLSv1_3, "wss": ssl.TLSVersion.TLSv1_3}
TRANSPORTS = ["tcp", "tls12", "tls13", "ws", "wss"]
VERSIONS = {"3.1.1": paho.MQTTv311, "5.0": paho.MQTTv5}


def packet_filter(ports):
    """A program of classic BPF: TCP over IPv4 to or from these ports. The loopback is everybody's."""
    load_16, load_8, load_x, equal, answer, offset, header = 0x28, 0x30, 0xB1, 0x15, 0x06, 0x48, 14
    ports = list(ports)
    steps = [(load_16, 0, 0, 12), (equal, 0, None, 0x0800), (load_8, 0, 0, header + 9),
             (equal, 0, None, socket.IPPROTO_TCP), (load_x, 0, 0, header)]
    for at in (header, header + 2):
        steps += [(offset, 0, 0, at), *((equal, "good", 0, port) for port in ports)]
    steps += [(answer, 0, 0, 0), (answer, 0, 0, ROOM)]
    good, bad = len(steps) - 1, len(steps) - 2
    return b"".join(struct.pack("HBBI", code, good - i - 1 if yes == "good" else yes, bad - i - 1 if no is None else no, k)
                    for i, (code, yes, no, k) in enumerate(steps)), len(steps)


class Capture:
    """What passes the loopback to and from some ports, as a file of pcap."""

    def __init__(self, path, ports):
        self.path, self.packets = path, []
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # takes nothing yet
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        program, count = packet_filter(ports)
        place = ctypes.create_string_buffer(program)
        self.socket.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HP", count, ctypes.addressof(place)))
        self.socket.bind(("lo", ALL_PACKETS))
        self.socket.settimeout(0.2)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while True:
            try:
                frame, where = self.socket.recvfrom(ROOM)
            except TimeoutError:
                if self.ended.is_set():  # and nothing is left
                    return
                continue
            if where[2] == OUTGOING:  # on the loopback each comes in as well
                self.packets.append((time.time(), frame))

    def end(self):
        self.ended.set()
        self.thread.join()
        self.socket.close()
        with self.path.open("wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, ROOM, 1))
            for at, frame in self.packets:
                file.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame)


def may_capture():
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except (PermissionError, AttributeError):
        return False
    return True


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """The ports of a mosquitto, by transport; and its PKI."""
    folder = tmp_path_factory.mktemp("mosquitto")
    pki = Pki(folder / "pki")
    pki.issue("server", san="DNS:localhost,IP:127.0.0.1")
    ports = {transport: free_port() for transport in TRANSPORTS}
    lines = ["allow_anonymous true", "per_listener_settings false", "user root"]
    for transport, port in ports.items():
        lines.append(f"listener {port} 127.0.0.1")
        if transport in ("ws", "wss"):
            lines.append("protocol websockets")
        if transport in TLS:
            lines += [f"cafile {folder}/pki/ca.pem", f"certfile {folder}/pki/server.pem",
                      f"keyfile {folder}/pki/server.key"]
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    with subprocess.Popen(["mosquitto", "-c", folder / "mosquitto.conf"], stderr=subprocess.PIPE, text=True) as process:
        limit = threading.Timer(LIMIT_S, process.kill)
        limit.start()
        assert any("running" in line for line in process.stderr), "mosquitto did not start"
        limit.cancel()
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield ports, folder
        process.terminate()


class Client:
    """One of paho's, whose callbacks are counted."""

    def __init__(self, broker, transport, version, name, key_log, clean=True):
        ports, folder = broker
        keep = {"clean_session": clean} if version == "3.1.1" else {}
        self.client = paho.Client(client_id=name, protocol=VERSIONS[version], transport=(
            "websockets" if transport.startswith("ws") else "tcp"), **keep)
        if transport in TLS:
            context = ssl.create_default_context(cafile=folder / "pki/ca.pem")
            context.minimum_version = context.maximum_version = TLS[transport]
            context.keylog_filename = str(key_log)
            self.client.tls_set_context(context)
        self.counted, self.changed = {}, threading.Condition()
        for what in ("connect", "message", "publish", "subscribe", "unsubscribe", "disconnect"):
            setattr(self.client, f"on_{what}", lambda *_, what=what: self.count(what))
        self.client.connect("127.0.0.1", ports[transport], keepalive=30)
        self.client.loop_start()
        self.wait("connect", 1)

    def count(self, what):
        with self.changed:
            self.counted[what] = self.counted.get(what, 0) + 1
            self.changed.notify()

    def wait(self, what, times):
        with self.changed:
            assert self.changed.wait_for(lambda: self.counted.get(what, 0) >= times, LIMIT_S), (what, self.counted)

    def end(self):
        self.client.disconnect()
        self.wait("disconnect", 1)
        self.client.loop_stop()


def kind(version, qos):
    return qos if version == "3.1.1" else SubscribeOptions(qos)


def converse(broker, transport, version, key_log):
    """Everything that people do every day; returns how many connections it took."""
    name, payload = f"{transport}/{version}", b"a reading that has a length"
    sub = Client(broker, transport, version, f"sub-{name}", key_log)
    sub.client.subscribe([(f"{name}/+", kind(version, 2)), (f"{name}/deep/#", kind(version, 1))])
    sub.wait("subscribe", 1)
    pub = Client(broker, transport, version, f"pub-{name}", key_log)
    for i in range(12):
        pub.client.publish(f"{name}/level", payload + str(i).encode(), qos=i % 3)
    pub.client.publish(f"{name}/deep/down", b"x" * 70000, qos=1)
    pub.client.publish(f"{name}/kept", payload, qos=1, retain=True)
    sub.wait("message", 14)
    pub.wait("publish", 14)
    sub.client.unsubscribe(f"{name}/+")
    sub.wait("unsubscribe", 1)
    late = Client(broker, transport, version, f"late-{name}", key_log)
    late.client.subscribe([(f"{name}/kept", kind(version, 1))])
    late.wait("message", 1)
    for client in (late, sub, pub):
        client.end()
    kept = 0
    if version == "3.1.1":  # a session that goes on
        for kept in (1, 2):
            client = Client(broker, transport, version, f"kept-{name}", key_log, clean=False)
            client.client.subscribe(f"{name}/queue", 1)
            client.wait("subscribe", 1)
            client.end()
    return 3 + kept


def with_mosquittos_clients(port):
    words = ["-h", "127.0.0.1", "-p", str(port)]
    for qos in "012":
        subprocess.run(["mosquitto_pub", *words, "-t", f"mosquitto/{qos}", "-q", qos, "-m", f"a message of QoS {qos}",
                        "-r"], check=True, timeout=LIMIT_S)
    subprocess.run(["mosquitto_sub", *words, "-t", "mosquitto/+", "-q", "2", "-C", "3"], check=True, timeout=LIMIT_S,
                   capture_output=True)
    return 4


@pytest.mark.skipif(not may_capture(), reason="who may not open packet sockets cannot capture")
@pytest.mark.skipif(not shutil.which("mosquitto"), reason="mosquitto is not installed")
def test_nobody_is_accused_who_keeps_the_rules(broker, tmp_path):
    ports, _ = broker
    key_log, path = tmp_path / "keys.log", tmp_path / "real.pcap"
    capture = Capture(path, ports.values())
    try:
        due = {t: sum(converse(broker, t, v, key_log) for v in VERSIONS) for t in TRANSPORTS}
        due["tcp"] += with_mosquittos_clients(ports["tcp"])
    finally:
        capture.end()
    out = subprocess.run([MQTTSPEC, "check", path, "--keylog", key_log], capture_output=True, timeout=LIMIT_S, text=True)
    assert (out.returncode, out.stderr) == (0, ""), out.stdout
    for transport, port in ports.items():
        lines = re.findall(rf"^#.* -> 127\.0\.0\.1:{port}  .*$", out.stdout, re.M)
        over = {"tls12": " over tls", "tls13": " over tls"}.get(transport, f" over {transport}")
        assert len(lines) == due[transport], out.stdout
        assert all((over in line) == (transport != "tcp") and " 0 findings" in line for line in lines), lines
        assert not any("missing" in line for line in lines)
