"""mqttspec-client agent: the contract of docs/AGENT.md, against the included broker, and against a server of this
file that breaks the connection when it likes."""
import json
import os
import pathlib
import queue
import signal
import socket
import subprocess
import threading

import pytest

from ports import free_port, wait_for_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
CLIENT = BUILD / "client" / "mqttspec-client"
LIMIT_S = 20


@pytest.fixture
def broker(tmp_path):
    port = free_port()
    config = tmp_path / "broker.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with open(tmp_path / "broker.log", "wb") as log:
        process = subprocess.Popen([BUILD / "broker" / "mqttspec-broker", "-c", config], stdout=log, stderr=log)
    wait_for_port(port, process)
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT_S) == 0


class Agent:
    """The program, its commands and events; each event is looked at once, in order."""

    def __init__(self, port, version):
        self.port, self.version, self.ids = port, version, 0
        self.process = subprocess.Popen([CLIENT, "agent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.events = queue.Queue()
        self.kept = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.hello = self.next()

    def read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def next(self):
        return self.events.get(timeout=LIMIT_S)

    def line(self, line):
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, do, **fields):
        self.ids += 1
        self.line(json.dumps({"do": do, "id": self.ids, **fields}).encode())
        return self.ids

    def wait(self, **wanted):
        """The first event with these fields, now or later; the others keep their order."""
        for event in self.kept:
            if wanted.items() <= event.items():
                self.kept.remove(event)
                return event
        while True:
            event = self.next()
            if wanted.items() <= event.items():
                return event
            self.kept.append(event)

    def do(self, do, **fields):
        return self.wait(id=self.send(do, **fields))

    def send_connect(self, **fields):
        return self.send("connect", **{"host": "127.0.0.1", "port": self.port, "version": self.version,
                                       "client_id": "c", "clean_start": True, "keep_alive": 0, **fields})

    def connect(self, **fields):
        return self.wait(id=self.send_connect(**fields))

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(LIMIT_S) == 0
        self.reader.join(LIMIT_S)
        assert self.process.stderr.read() == b""
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def agents():
    made = []

    def make(port, version="5.0"):
        made.append(Agent(port, version))
        return made[-1]

    yield make
    for agent in made:
        if agent.process.poll() is None:
            agent.end()


VERSIONS = pytest.mark.parametrize("version", ["3.1.1", "5.0"])


class Server:
    """Speaks bytes in hexadecimal digits."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(LIMIT_S)
        self.port = self.listener.getsockname()[1]
        self.peer = None

    def accept(self):
        if self.peer:
            self.peer.close()
        self.peer = self.listener.accept()[0]
        self.peer.settimeout(LIMIT_S)

    def packet(self):
        """The next packet; b"" at the end."""
        head = self.peer.recv(2, socket.MSG_WAITALL)
        assert not head or head[1] < 128
        return head + (self.peer.recv(head[1], socket.MSG_WAITALL) if head and head[1] else b"")

    def say(self, text):
        self.peer.sendall(bytes.fromhex(text))

    def meet(self, text="20 03 00 00 00"):
        """CONNECT, and this CONNACK."""
        self.accept()
        connect = self.packet()
        self.say(text)
        return connect

    def hang_up(self):
        self.peer.close()
        self.peer = None

    def end(self):
        if self.peer:
            self.peer.close()
        self.listener.close()


@pytest.fixture
def server():
    s = Server()
    yield s
    s.end()


def connected(agents, server, connack="20 03 00 00 00", version="5.0", **fields):
    agent = agents(server.port, version)
    command = agent.send_connect(**fields)
    server.meet(connack)
    assert agent.wait(id=command)["event"] == "connected"
    return agent


# ---- with a broker

def test_says_hello_and_ends_with_its_input(agents):
    agent = agents(1)
    version = subprocess.run([CLIENT, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    assert agent.hello == {"event": "hello", "contract": 1, "name": "mqttspec-client", "version": version,
                           "versions": ["3.1.1", "5.0"], "transports": ["tcp", "tls", "ws", "wss", "unix"]}
    agent.end()


@VERSIONS
def test_the_common_round(broker, agents, version):
    agent = agents(broker, version)
    answer = agent.connect()
    assert answer["event"] == "connected" and answer["session_present"] is False
    assert agent.do("subscribe", filters=[{"filter": "a/+", "qos": 1}, {"filter": "b", "qos": 2}]) == {
        "event": "acknowledged", "id": 2, "codes": [1, 2]}
    for qos in range(3):
        published = agent.do("publish", topic="b", payload=f"é{qos}", qos=qos, retain=False)
        assert published == {"event": "acknowledged", "id": 3 + qos, "code": 0}
        assert agent.wait(event="message") == {"event": "message", "topic": "b", "payload": f"é{qos}", "qos": qos,
                                               "retain": False, "dup": False}
    for hexadecimal in ("", "00", "ff00", "C3"):
        agent.do("publish", topic="b", payload_hex=hexadecimal, qos=0, retain=False)
        message = agent.wait(event="message")
        assert message.get("payload", message.get("payload_hex")) == hexadecimal.lower()
        assert ("payload" in message) == (hexadecimal == "")
    left = agent.do("unsubscribe", filters=["b", "c"])
    assert left["event"] == "acknowledged" and left.get("codes") == ([0, 17] if version == "5.0" else None)
    assert agent.do("sync")["event"] == "synced"
    gone = agent.do("disconnect")
    assert gone["event"] == "disconnected" and "code" not in gone
    agent.end()
    assert not agent.kept and agent.events.empty()


def test_properties_both_ways(broker, agents):
    agent = agents(broker)
    assert agent.connect(properties={"session_expiry_interval": 10, "receive_maximum": 5, "maximum_packet_size": 1000,
                                     "request_problem_information": 1, "user_property": [["a", "b"]]},
                         user_name="me", password="secret")["event"] == "connected"
    agent.do("subscribe", filters=[{"filter": "t", "qos": 1, "no_local": False, "retain_as_published": True,
                                    "retain_handling": 1}], properties={"subscription_identifier": 7})
    given = {"payload_format_indicator": 1, "message_expiry_interval": 100, "content_type": "text/plain",
             "response_topic": "r", "correlation_data": "00ff", "user_property": [["x", "1"], ["x", ""], ["", "ü"]]}
    assert agent.do("publish", topic="t", payload="p", qos=1, retain=False, properties=given)["code"] in (0, 16)
    message = agent.wait(event="message")
    assert message["properties"].pop("subscription_identifier") == [7]
    assert message["properties"] == given
    assert agent.do("disconnect", code=4, properties={"reason_string": "so"})["event"] == "disconnected"


def test_a_will_is_left(broker, agents):
    listener, other = agents(broker), agents(broker)
    listener.connect(client_id="listener")
    listener.do("subscribe", filters=[{"filter": "w", "qos": 1}])
    other.connect(will={"topic": "w", "payload": "gone", "qos": 1, "retain": False,
                        "properties": {"content_type": "t"}})
    other.do("disconnect", code=4)
    message = listener.wait(event="message")
    assert (message["topic"], message["payload"], message["qos"]) == ("w", "gone", 1)
    assert message["properties"]["content_type"] == "t"


@VERSIONS
def test_a_session_is_kept(broker, agents, version):
    agent = agents(broker, version)
    kept = {"clean_start": False}
    if version == "5.0":
        kept["properties"] = {"session_expiry_interval": 60}
    assert agent.connect(**kept)["session_present"] is False
    agent.do("disconnect")
    assert agent.connect(**kept)["session_present"] is True
    agent.do("disconnect")
    assert agent.connect()["session_present"] is False
    agent.do("disconnect")
    assert agent.connect(**kept)["session_present"] is False


# ---- nonsense

@pytest.mark.parametrize("line", [
    b"", b"x", b"[]", b"3", b'"sync"', b"{}", b'{"do":"sync"}', b'{"do":"sync","id":"1"}', b'{"do":"sync","id":null}',
    b'{"do":"dance"}', b"\xff", b'{"do":"sync","id":1', b"[" * 100000,
])
def test_a_line_without_a_number_is_an_error(agents, line):
    agent = agents(1)
    agent.line(line)
    event = agent.next()
    assert event["event"] == "error" and "id" not in event and event["text"]
    assert agent.do("sync")["event"] == "synced"


PUBLISH = {"topic": "t", "payload": "", "qos": 0, "retain": False}
CONNECT = {"host": "127.0.0.1", "port": 1, "version": "5.0", "client_id": "c", "clean_start": True, "keep_alive": 0}


@pytest.mark.parametrize("do, fields, wanted", [
    (None, {}, "error"),
    (7, {}, "error"),
    ("dance", {}, "unsupported"),
    *(("connect", {k: v for k, v in CONNECT.items() if k != left}, "error") for left in CONNECT),
    *(("connect", {**CONNECT, name: []}, "error") for name in (*CONNECT, "will", "user_name", "password", "properties")),
    ("connect", {**CONNECT, "version": "3.1"}, "unsupported"),
    ("connect", {**CONNECT, "port": 0}, "error"),
    ("connect", {**CONNECT, "port": 65536}, "error"),
    ("connect", {**CONNECT, "keep_alive": -1}, "error"),
    ("connect", {**CONNECT, "host": "a\0b"}, "error"),
    ("connect", {**CONNECT, "will": {"topic": "w", "payload": "", "qos": 3, "retain": False}}, "error"),
    ("connect", {**CONNECT, "will": {"topic": "w", "qos": 0, "retain": False}}, "error"),
    ("connect", {**CONNECT, "properties": {"topic_alias": 1}}, "error"),
    ("connect", {**CONNECT, "version": "3.1.1", "client_id": "", "clean_start": False}, "error"),
    ("connect", {**CONNECT, "properties": {"receive_maximum": 0}}, "error"),
    ("connect", {**CONNECT, "version": "3.1.1", "properties": {"receive_maximum": 1}}, "error"),
    ("connect", {**CONNECT, "properties": {"flavour": 1}}, "unsupported"),
    ("connect", {**CONNECT, "properties": {"é" * 400: 1}}, "unsupported"),
    ("connect", {**CONNECT, "properties": {"receive_maximum": "1"}}, "error"),
    ("connect", {**CONNECT, "properties": {"receive_maximum": 1.0}}, "error"),
    ("connect", {**CONNECT, "properties": {"session_expiry_interval": 1 << 32}}, "error"),
    ("connect", {**CONNECT, "properties": {"user_property": {"a": "b"}}}, "error"),
    ("connect", {**CONNECT, "properties": {"user_property": [["a"]]}}, "error"),
    ("connect", {**CONNECT, "properties": {"authentication_data": "0"}}, "error"),
    ("connect", {**CONNECT, "properties": {"authentication_data": "zz"}}, "error"),
    *(("publish", {k: v for k, v in PUBLISH.items() if k != left}, "error") for left in PUBLISH),
    *(("publish", {**PUBLISH, name: {}}, "error") for name in PUBLISH),
    ("publish", PUBLISH, "error"),
    ("publish", {**PUBLISH, "payload_hex": "123"}, "error"),
    ("publish", {**PUBLISH, "qos": 3}, "error"),
    ("subscribe", {}, "error"),
    ("subscribe", {"filters": "a"}, "error"),
    ("subscribe", {"filters": ["a"]}, "error"),
    ("subscribe", {"filters": [{"filter": "a"}]}, "error"),
    ("subscribe", {"filters": [{"filter": "a", "qos": 0, "no_local": 1}]}, "error"),
    ("subscribe", {"filters": [{"filter": "a", "qos": 0}]}, "error"),
    ("unsubscribe", {}, "error"),
    ("unsubscribe", {"filters": [{"filter": "a"}]}, "error"),
    ("unsubscribe", {"filters": ["a"]}, "error"),
    ("disconnect", {}, "error"),
    ("disconnect", {"code": 256}, "error"),
    ("authenticate", {}, "error"),
    ("authenticate", {"code": "x"}, "error"),
])
def test_nonsense_is_answered(agents, do, fields, wanted):
    agent = agents(1)
    answer = agent.do(do, **fields)
    assert answer["event"] == wanted and answer["text"]
    if wanted == "unsupported" and do == "dance":
        assert answer["text"] == "dance"
    assert agent.do("sync")["event"] == "synced"


def test_what_the_client_refuses_by_itself(broker, agents, server):
    agent = agents(broker)
    agent.connect()
    assert agent.connect()["event"] == "error"      # it is connected already
    for do, fields in [("publish", {**PUBLISH, "topic": "a/#"}), ("publish", {**PUBLISH, "topic": ""}),
                       ("publish", {**PUBLISH, "properties": {"subscription_identifier": 1}}),
                       ("publish", {**PUBLISH, "properties": {"content_type": "a\0"}}),
                       ("subscribe", {"filters": []}), ("subscribe", {"filters": [{"filter": "#/a", "qos": 0}]}),
                       ("unsubscribe", {"filters": []}), ("disconnect", {"code": 0x95, "properties": {"topic_alias": 1}}),
                       ("disconnect", {"properties": {"session_expiry_interval": 5}}),
                       ("authenticate", {}), ("authenticate", {"code": 25})]:
        assert agent.do(do, **fields)["event"] == "error", (do, fields)
    assert agent.do("disconnect")["event"] == "disconnected"
    assert agent.do("disconnect")["event"] == "error"
    # Maximum QoS 1, Retain Available 0, Maximum Packet Size 30
    limited = connected(agents, server, "20 0c 00 00 09 24 01 25 00 27 0000001e")
    for fields in ({"qos": 2}, {"retain": True}, {"payload": "x" * 40}):
        assert limited.do("publish", **{**PUBLISH, **fields})["event"] == "error"
    assert limited.do("publish", **PUBLISH)["event"] == "acknowledged"


# ---- ends of a connection

def test_unreachable_and_refused(agents, server):
    agent = agents(free_port())
    answer = agent.connect()
    assert answer["event"] == "error" and answer["text"]
    agent.port = server.port
    command = agent.send_connect()
    server.meet("20 07 00 9d 04 1c 0001 78")
    assert agent.wait(id=command) == {"event": "refused", "id": command, "code": 0x9D,
                                      "properties": {"server_reference": "x"}}
    assert server.packet() == b""
    old = agents(server.port, "3.1.1")
    command = old.send_connect()
    server.meet("20 02 00 05")
    assert old.wait(id=command) == {"event": "refused", "id": command, "code": 5}
    command = agent.send_connect()
    server.meet()
    assert agent.wait(id=command)["event"] == "connected"
    agent.end()
    assert agent.events.empty() and not agent.kept


def test_a_broken_connack_is_an_error(agents, server):
    agent = agents(server.port)
    command = agent.send_connect()
    server.meet("20 03 02 00 00")
    assert agent.next()["event"] == "error"
    assert agent.next()["event"] == "disconnected"
    assert server.packet() == bytes.fromhex("e0 01 81") and server.packet() == b""
    assert command == 1


def test_server_codes_and_properties(agents, server):
    agent = connected(agents, server)
    first = agent.send("publish", **{**PUBLISH, "qos": 1})
    assert server.packet()[0] >> 4 == 3
    server.say("40 0a 0001 10 06 1f 0003 616263")
    assert agent.wait(id=first) == {"event": "acknowledged", "id": first, "code": 16,
                                    "properties": {"reason_string": "abc"}}
    second = agent.send("publish", **{**PUBLISH, "qos": 2})
    server.packet()
    server.say("50 04 0002 97 00")
    assert agent.wait(id=second) == {"event": "refused", "id": second, "code": 0x97}
    third = agent.send("subscribe", filters=[{"filter": "a", "qos": 1}, {"filter": "b", "qos": 1}])
    server.packet()
    server.say("90 0c 0003 07 26 0001 6b 0001 76 00 87")
    assert agent.wait(id=third) == {"event": "acknowledged", "id": third, "codes": [0, 0x87],
                                    "properties": {"user_property": [["k", "v"]]}}
    server.say("e0 0a 8b 08 1f 0005 6c61746572")
    event = agent.next()
    assert (event["event"], event["code"]) == ("disconnected", 0x8B) and "id" not in event
    assert event["properties"] == {"reason_string": "later"}


def test_a_plain_disconnect_of_the_server_has_code_0(agents, server):
    agent = connected(agents, server)
    server.say("e0 00")
    event = agent.next()
    assert (event["event"], event["code"]) == ("disconnected", 0) and "id" not in event


@VERSIONS
def test_every_command_is_answered_when_the_connection_is_lost(agents, server, version):
    agent = connected(agents, server, "20 03 00 00 00" if version == "5.0" else "20 02 00 00", version)
    waiting = {agent.send("publish", **{**PUBLISH, "qos": 1}), agent.send("publish", **{**PUBLISH, "qos": 2}),
               agent.send("subscribe", filters=[{"filter": "a", "qos": 0}]),
               agent.send("unsubscribe", filters=["a"])}
    for _ in waiting:
        server.packet()
    server.hang_up()
    for _ in range(4):
        event = agent.next()
        assert event["event"] == "error" and event["text"]
        waiting.remove(event["id"])
    event = agent.next()
    assert event["event"] == "disconnected" and "id" not in event and "code" not in event
    assert agent.do("publish", **PUBLISH)["event"] == "error"
    # What was answered must not come again.
    command = agent.send_connect()
    server.meet("20 03 00 00 00" if version == "5.0" else "20 02 00 00")
    assert agent.wait(id=command)["event"] == "connected"
    agent.do("disconnect")
    assert server.packet()[0] >> 4 == 14


@VERSIONS
def test_messages_under_way_survive_in_a_kept_session(agents, server, version):
    kept = {"clean_start": False}
    accept, again = ("20 03 00 00 00", "20 03 01 00 00") if version == "5.0" else ("20 02 00 00", "20 02 01 00")
    if version == "5.0":
        kept["properties"] = {"session_expiry_interval": 60}
    agent = connected(agents, server, accept, version, **kept)
    one = agent.send("publish", **{**PUBLISH, "qos": 1})
    two = agent.send("publish", **{**PUBLISH, "qos": 2})
    three = agent.send("publish", **{**PUBLISH, "qos": 2})
    sent = [server.packet() for _ in range(3)]
    server.say("50 02 00 02")
    assert server.packet() == bytes.fromhex("62 02 00 02")
    server.say("34 06 0001 74 0009 00" if version == "5.0" else "34 05 0001 74 0009")
    assert agent.wait(event="message")["qos"] == 2
    assert server.packet() == bytes.fromhex("50 02 00 09")
    server.hang_up()
    assert agent.next()["event"] == "disconnected"      # nothing is answered: the client keeps them

    command = agent.send_connect(**kept)
    connect = server.meet(again)
    assert connect[9] & 2 == 0
    assert agent.wait(id=command)["session_present"] is True
    assert server.packet() == bytes.fromhex("62 02 00 02")
    assert [server.packet(), server.packet()] == [bytes([p[0] | 8]) + p[1:] for p in (sent[0], sent[2])]
    server.say("3c 06 0001 74 0009 00" if version == "5.0" else "3c 05 0001 74 0009")     # it has this one
    assert server.packet() == bytes.fromhex("50 02 00 09")
    server.say("40 02 00 01 70 02 00 02 50 02 00 03")
    assert server.packet() == bytes.fromhex("62 02 00 03")
    server.say("70 02 00 03")
    for command in (one, two, three):
        assert agent.wait(id=command) == {"event": "acknowledged", "id": command, "code": 0}
    assert agent.do("sync")["event"] == "synced"
    assert not [e for e in agent.kept if e["event"] == "message"]


def test_what_waited_for_a_refused_connection_is_not_sent_later(agents, server):
    agent = agents(server.port)
    connecting = agent.send_connect()
    server.accept()
    subscribing = agent.send("subscribe", filters=[{"filter": "a", "qos": 0}])
    assert agent.do("sync")["event"] == "synced"
    server.packet()
    server.say("20 03 00 88 00")
    assert agent.wait(id=subscribing)["event"] == "error"
    assert agent.wait(id=connecting)["event"] == "refused"
    again = agent.send_connect()
    server.meet()
    assert agent.wait(id=again)["event"] == "connected"
    agent.send("disconnect")
    assert server.packet() == bytes.fromhex("e0 00")


def test_a_clean_start_gives_up_what_was_under_way(agents, server):
    kept = {"clean_start": False, "properties": {"session_expiry_interval": 60}}
    agent = connected(agents, server, **kept)
    command = agent.send("publish", **{**PUBLISH, "qos": 1})
    server.packet()
    server.hang_up()
    assert agent.next()["event"] == "disconnected"
    agent.send_connect()
    assert agent.wait(id=command)["event"] == "error"
    assert server.meet()[9] & 2
    assert agent.wait(event="connected")
    agent.send("disconnect")
    assert server.packet() == bytes.fromhex("e0 00")


def test_a_session_that_the_server_lost(agents, server):
    kept = {"clean_start": False, "properties": {"session_expiry_interval": 60}}
    agent = connected(agents, server, **kept)
    command = agent.send("publish", **{**PUBLISH, "qos": 1})
    server.packet()
    server.hang_up()
    assert agent.next()["event"] == "disconnected"
    again = agent.send_connect(**kept)
    server.meet()
    assert agent.wait(id=command)["event"] == "error"
    assert agent.wait(id=again)["event"] == "connected"
    agent.send("disconnect")
    assert server.packet() == bytes.fromhex("e0 00")


def test_a_session_of_somebody_else_is_refused(agents, server):
    agent = agents(server.port)
    command = agent.send_connect(clean_start=False)
    server.meet("20 03 01 00 00")
    assert agent.wait(id=command)["event"] == "error"
    assert server.packet() == bytes.fromhex("e0 01 82") and server.packet() == b""


def test_the_server_may_change(agents, server):
    agent = connected(agents, server)
    server.hang_up()
    assert agent.next()["event"] == "disconnected"
    other = Server()
    command = agent.send_connect(port=other.port)
    other.meet()
    assert agent.wait(id=command)["event"] == "connected"
    other.end()


def test_the_version_may_not_change(agents, server):
    agent = connected(agents, server)
    server.hang_up()
    assert agent.next()["event"] == "disconnected"
    assert agent.connect(version="3.1.1")["event"] == "error"


def test_leaving_before_connack(agents, server):
    agent = agents(server.port)
    connecting = agent.send_connect()
    server.accept()
    server.packet()
    leaving = agent.send("disconnect")
    assert server.packet() == bytes.fromhex("e0 00") and server.packet() == b""
    assert (agent.next()["id"], agent.next()["id"]) == (connecting, leaving)
    assert agent.connect(port=free_port())["event"] == "error"


# ---- authentication

METHOD = {"authentication_method": "M"}
AUTH = "15 0001 4d"


def test_challenges(agents, server):
    agent = agents(server.port)
    connecting = agent.send_connect(properties={**METHOD, "authentication_data": "00"})
    server.meet("f0 0a 18 08" + AUTH + "16 0001 aa")
    assert agent.next() == {"event": "challenge", "code": 24,
                            "properties": {**METHOD, "authentication_data": "aa"}}
    answer = agent.send("authenticate", properties={"authentication_data": "bb", "user_property": [["a", "b"]]})
    assert agent.wait(id=answer) == {"event": "acknowledged", "id": answer}
    packet = server.packet()
    assert packet[:1] == b"\xf0" and packet[2] == 0x18 and bytes.fromhex("16 0001 bb") in packet
    assert bytes.fromhex(AUTH) in packet and bytes.fromhex("26 0001 61 0001 62") in packet
    server.say("20 07 00 00 04" + AUTH)
    assert agent.wait(id=connecting)["properties"] == METHOD
    assert agent.do("authenticate")["event"] == "error"     # nothing was asked
    assert agent.do("authenticate", code=25, properties=METHOD)["event"] == "acknowledged"
    assert server.packet() == bytes.fromhex("f0 06 19 04" + AUTH)
    server.say("f0 06 18 04" + AUTH)
    assert agent.wait(event="challenge")["code"] == 24
    assert agent.do("authenticate", code=24)["event"] == "acknowledged"
    assert server.packet() == bytes.fromhex("f0 06 18 04" + AUTH)
    server.say("f0 06 00 04" + AUTH)
    assert agent.wait(event="challenge")["code"] == 0
    server.say("f0 06 18 04" + AUTH)    # which nobody asked for
    assert agent.next()["event"] == "disconnected"
    assert server.packet() == bytes.fromhex("e0 01 82")


def test_auth_without_method_is_a_violation(agents, server):
    agent = connected(agents, server)
    server.say("f0 06 18 04" + AUTH)
    assert agent.next()["event"] == "disconnected"
    assert server.packet() == bytes.fromhex("e0 01 82") and server.packet() == b""


# ---- the program

def test_ends_at_once_whatever_is_under_way(agents, server):
    agent = agents(server.port)
    agent.send_connect()
    server.accept()
    agent.end()
    agent = connected(agents, server)
    for _ in range(50):
        agent.send("publish", **{**PUBLISH, "qos": 2})
    agent.end()


def test_a_last_line_without_newline_counts(agents):
    agent = agents(1)
    agent.process.stdin.write(b'{"do":"sync","id":5}')
    agent.end()
    assert agent.next() == {"event": "synced", "id": 5}


def test_long_lines(broker, agents):
    agent = agents(broker)
    agent.connect()
    agent.do("subscribe", filters=[{"filter": "t", "qos": 0}])
    payload = "x" * (4 << 20)
    assert agent.do("publish", **{**PUBLISH, "payload": payload})["event"] == "acknowledged"
    assert agent.wait(event="message")["payload"] == payload


def test_usage():
    run = subprocess.run([CLIENT, "agent", "--help"], capture_output=True, text=True, timeout=LIMIT_S)
    assert run.returncode == 0 and run.stdout.startswith("usage: mqttspec-client agent") and not run.stderr
    run = subprocess.run([CLIENT, "agent", "now"], capture_output=True, text=True, timeout=LIMIT_S)
    assert run.returncode == 2 and "now" in run.stderr and not run.stdout
