"""MQTT over WebSocket on the broker's side: the opening, frames good and bad, over TCP and over TLS."""
import socket
import struct

import pytest

from mqtt_peer import Peer
from test_access import LIMIT_S
from test_broker_tls import SERVER, dial, pki, start  # noqa: F401: fixtures
from web_socket import (BINARY, CLOSE, KEY, MORE, PING, PONG, TEXT, WebSocket, accept_of, frame, request)

PLAIN = "listener {port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
SECURE = SERVER + "protocol websockets\n"
CONNECT = b"\x10\x0d\0\4MQTT\4\2\0\0\0\1c"


def stream_to(server):
    s = socket.create_connection(("127.0.0.1", server.port), LIMIT_S)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


@pytest.fixture(params=["ws", "wss"])
def ways(request, start, pki):  # noqa: F811
    """A broker, and how to get a stream to it."""
    server = start(PLAIN if request.param == "ws" else SECURE)
    return server, (lambda: stream_to(server)) if request.param == "ws" else (lambda: dial(server, pki))


def test_messages_of_all_sizes_go_through(ways):
    _, connect = ways
    sub, pub = (Peer(None, name, version=5, stream=WebSocket(connect())) for name in ("sub", "pub"))
    assert sub.socket.field("Sec-WebSocket-Accept") == accept_of()
    assert sub.socket.field("Sec-WebSocket-Protocol") == "mqtt"
    assert sub.subscribe("t", qos=1) == [1]
    sizes = [0, 1, 100, 110, 125, 126, 4096, 16384, 65535, 65536, 70000, 1000000]
    for size in sizes:
        assert pub.publish("t", "x" * size, size % 3) is not None
    for size in sizes:
        while not sub.messages:
            sub.keep(*sub.read())
        assert len(sub.messages.pop(0)[1]) == size
    pub.send(b"\xE0\0")
    assert pub.socket.recv(1) == b"" and pub.socket.others == [(CLOSE, struct.pack(">H", 1000))]
    pub.socket.stream.sendall(frame(CLOSE, struct.pack(">H", 1000)))
    assert pub.socket.read() == (None, b"")


def test_many_small_messages_are_not_lost(ways):
    _, connect = ways
    sub, pub = (Peer(None, name, stream=WebSocket(connect())) for name in ("sub", "pub"))
    sub.subscribe("t")
    pub.publish_all(["t"] * 20000, "small")
    pub.ping()
    while len(sub.messages) < 20000:
        sub.keep(*sub.read())


def cuts(data):
    yield [frame(BINARY, data)]
    yield [frame(BINARY, data[i:i + 1]) for i in range(len(data))]  # a frame for each byte
    yield [bytes([b]) for b in frame(BINARY, data)]  # the frame itself in bytes
    parts = [data[i:i + 5] for i in range(0, len(data), 5)]
    fragments = []
    for i, part in enumerate(parts):  # one message in fragments, with pings and empty ones between
        fragments += [frame(MORE if i else BINARY, part, fin=i == len(parts) - 1), frame(PING, b"%d" % i)]
        if i < len(parts) - 1:
            fragments += [frame(MORE, b"", fin=False), frame(PONG, b"unasked")]
    yield fragments
    yield [frame(BINARY, b"") + frame(BINARY, data) + frame(BINARY, b"")]


def test_however_frames_and_packets_are_cut(ways):
    _, connect = ways
    for parts in cuts(CONNECT + b"\x82\6\0\1\0\1t\0" + b"\x30\5\0\1thi"):
        ws = WebSocket(connect())
        for part in parts:
            ws.stream.sendall(part)
        heard = b""
        while len(heard) < 16:
            heard += ws.recv(16 - len(heard))
        assert heard == b"\x20\2\0\0\x90\3\0\1\0\x30\5\0\1thi"
        pings = [payload for opcode, payload in ws.others if opcode == PONG]
        expected = [b"%d" % i for i in range(7)] if len(parts) > 20 and parts[0][0] == 2 else []
        assert pings == expected[:len(pings)]
        ws.close()


BAD_FRAMES = [
    (frame(TEXT, CONNECT), 1003), (frame(BINARY, CONNECT, masked=False), 1002), (frame(BINARY, CONNECT, rsv=4), 1002),
    (frame(BINARY, CONNECT, rsv=2), 1002), (frame(BINARY, CONNECT, rsv=1), 1002), (frame(MORE, CONNECT), 1002),
    (frame(3, CONNECT), 1002), (frame(11, b""), 1002), (frame(PING, b"x" * 126), 1002),
    (frame(PING, b"x", fin=False), 1002), (frame(BINARY, CONNECT, fin=False) + frame(BINARY, b"x"), 1002),
    (frame(BINARY, b"x", fin=False) + frame(TEXT, b"x"), 1003), (frame(CLOSE, b"x"), 1002),
    (frame(CLOSE, struct.pack(">H", 1005)), 1002), (frame(CLOSE, struct.pack(">H", 999)), 1002),
    (b"\x82\xFE\0\1" + b"mask" + b"x", 1002), (b"\x82\xFF" + b"\x80" + b"\0" * 7 + b"mask", 1002),
    (b"\x82\xFF" + b"\0" * 7 + b"\1" + b"mask" + b"x", 1002), (b"\x82\xFF" + b"\0" * 6 + b"\1\0mask" + b"x" * 256, 1002),
    (frame(CLOSE), 1000), (frame(CLOSE, struct.pack(">H", 1001) + b"bye"), 1001),
    (frame(CLOSE, struct.pack(">H", 4000)), 4000),
]


@pytest.mark.parametrize("number", range(len(BAD_FRAMES)))
def test_bad_frames_and_closes_are_answered(start, number):  # noqa: F811
    bad, status = BAD_FRAMES[number]
    ours = start(PLAIN)
    witness = Peer(None, "witness", stream=WebSocket(stream_to(ours)))
    witness.subscribe("will")
    client = Peer(None, "c", stream=WebSocket(stream_to(ours)), will={"topic": "will", "payload": "gone"})
    client.socket.stream.sendall(bad)
    answers = []
    while (answer := client.socket.read())[0] is not None:
        answers.append(answer)
    assert answers[-1] == (CLOSE, struct.pack(">H", status))
    while not witness.messages:
        witness.keep(*witness.read())
    assert witness.messages[0][1] == "gone"


BAD_REQUESTS = [
    (request("POST / HTTP/1.1"), 405), (request("GET / HTTP/1.0"), 505), (request("GET /"), 400),
    (request("nonsense"), 400), (request(Host=None), 400), (request(Upgrade=None), 426), (request(Connection="x"), 426),
    (request(Sec_WebSocket_Version="8"), 426), (request(Sec_WebSocket_Version=None), 426),
    (request(Sec_WebSocket_Key=None), 400), (request(Sec_WebSocket_Key="short"), 400),
    (request(Sec_WebSocket_Key="!" * 22 + "=="), 400), (request(Sec_WebSocket_Protocol=None), 400),
    (request(Sec_WebSocket_Protocol="chat, mqttx"), 400), (request(**{"bad name": "x"}), 400),
    (request(X="a\r\n folded"), 400), (request(X="a\nb"), 400), (request(X="a\0b"), 400),
    (request(X="x" * 9000), 431), (b"\x16\x03\1\2\0" + b"\r\n\r\n", 400),
    (request().replace(b"Sec-WebSocket-Key", b"Sec-WebSocket-Key: " + KEY.encode() + b"\r\nSec-WebSocket-Key"), 400),
]


def test_bad_requests_are_refused_with_a_status(start):  # noqa: F811
    ours = start(PLAIN)
    for opening, status in BAD_REQUESTS:
        ws = WebSocket(stream_to(ours), opening)
        assert ws.status == status, (opening, ws.head)
        if status == 426:
            assert ws.field("Sec-WebSocket-Version") == "13"
        ws.close()


def test_good_requests_come_in_any_form(start):  # noqa: F811
    ours = start(PLAIN)
    for opening, protocol in [
            (request("GET /any/path?x=y HTTP/1.1"), "mqtt"), (request(Upgrade="WebSocket"), "mqtt"),
            (request(Sec_WebSocket_Protocol="chat, mqtt ,x"), "mqtt"), (request(Sec_WebSocket_Protocol="mqttv3.1"), "mqttv3.1"),
            (request(Sec_WebSocket_Protocol="mqttv3.1, mqtt"), "mqtt"), (request(Origin="http://anywhere"), "mqtt"),
            (request(X="x" * 7000), "mqtt"), (request().replace(b"Host", b"hOST"), "mqtt")]:
        ws = WebSocket(stream_to(ours), opening + frame(BINARY, CONNECT))  # nobody has to wait
        assert (ws.status, ws.field("Sec-WebSocket-Protocol")) == (101, protocol), opening
        assert ws.recv(4) == b"\x20\2\0\0"
    # A request in bytes.
    stream = stream_to(ours)
    for byte in request():
        stream.sendall(bytes([byte]))
    assert stream.recv(15) == b"HTTP/1.1 101 Sw"


def test_pages_from_elsewhere_are_refused(start):  # noqa: F811
    ours = start(PLAIN + "websockets_origin https://a.example\nwebsockets_origin https://b.example\n")
    for origin, status in [("https://a.example", 101), ("https://b.example", 101), ("https://c.example", 403),
                           ("https://a.example.org", 403), ("", 403), (None, 101)]:
        assert WebSocket(stream_to(ours), request(Origin=origin)).status == status


def test_slow_openings_end_in_time(start):  # noqa: F811
    ours = start(PLAIN + "connect_timeout 1\n")
    witness = Peer(None, "witness", stream=WebSocket(stream_to(ours)))
    half = stream_to(ours)
    half.sendall(request()[:40])
    opened = WebSocket(stream_to(ours))
    partial = WebSocket(stream_to(ours))
    partial.stream.sendall(frame(BINARY, CONNECT)[:9])
    assert half.recv(10) == b""
    for ws in opened, partial:
        assert ws.read() == (CLOSE, struct.pack(">H", 1000)) and ws.read() == (None, b"")
    assert witness.ping()


def test_a_flood_of_pings_costs_no_memory(start):  # noqa: F811
    ours = start(PLAIN)
    client = Peer(None, "c", stream=WebSocket(stream_to(ours)))
    witness = Peer(None, "witness", stream=WebSocket(stream_to(ours)))
    flood = frame(PING, b"x" * 125) * 5000
    client.socket.stream.settimeout(1)
    try:
        for _ in range(20):
            client.socket.stream.sendall(flood)
    except TimeoutError:
        pass
    assert witness.ping()
