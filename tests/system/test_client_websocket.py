"""mqttspec-client over WebSocket: at a server made of python3-websockets, with mosquitto behind it, and at servers that
are not what they should be."""
import base64
import contextlib
import hashlib
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest

from test_client import CLIENT, EXAMPLES, LIMIT_S, Broker, Lines, rest_of, subscriber
from test_client_tls import pki, publish, says  # noqa: F401 (a fixture)
from test_client_tools import Listener, run

RELAY = pathlib.Path(__file__).with_name("websocket_relay.py")
CONNACK = bytes.fromhex("20020000")


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    b = Broker(tmp_path_factory.mktemp("mosquitto"), "mosquitto", None, "allow_anonymous true", "user root")
    yield b
    b.end()


@contextlib.contextmanager
def relay(broker, shape="whole", *certificate):
    lines = Lines(sys.executable, RELAY, broker.port, shape, *certificate)
    lines.wait_for("")
    lines.port = int(lines.lines[0])
    try:
        yield lines
    finally:
        lines.process.terminate()
        lines.end()


# ---- a server as it should be

@pytest.mark.parametrize("shape", ["whole", "bytes", "fragments"])
def test_frames_of_any_shape(broker, shape):
    with relay(broker, shape) as server:
        sub = subscriber("mqttspec", server, "--ws", "-h", "127.0.0.1", "-t", shape, "-C", "3", "-q", "2", "-v", "-W", 20)
        for n in range(3):
            assert run("pub", "--ws", "-h", "127.0.0.1", "-p", server.port, "-t", shape, "-m", f"{n}" * 300, "-q", "2",
                       "-W", 20) == (0, "", "")
        code, out = rest_of(sub)
        assert code == 0 and out.decode().splitlines()[-3:] == [f"{shape} {n * 300}" for n in "012"]
        server.wait_for("closed 1000", 4)


def test_a_large_message_and_many_small_ones(broker, tmp_path):
    data = os.urandom(3 << 20)
    (tmp_path / "data").write_bytes(data)
    with relay(broker) as server:
        ws = ["--ws", "-h", "127.0.0.1", "-p", server.port]
        sub = subscriber("mqttspec", server, *ws, "-t", "large", "-C", "1", "-N", "-W", 20)
        assert run("pub", *ws, "-t", "large", "-f", tmp_path / "data", "-q", "1", "-W", 20) == (0, "", "")
        assert rest_of(sub)[1].endswith(data)
        sub = subscriber("mqttspec", server, *ws, "-t", "small", "-C", "2000", "-W", 20)
        lines = "".join(f"{n}\n" for n in range(2000))
        assert run("pub", *ws, "-t", "small", "-l", "-q", "1", "-W", 20, data=lines.encode()) == (0, "", "")
        assert rest_of(sub)[1].decode().endswith(lines)


def test_path_and_fields(broker):
    with relay(broker) as server:
        ws = ["-h", "127.0.0.1", "-p", server.port, "-t", "a", "-m", "x", "-W", 20]
        assert run("pub", "--ws", *ws) == (0, "", "")
        assert run("pub", "--ws", *ws, "--ws-path", "/a/b?c=d", "--ws-header", "X-Test: one two") == (0, "", "")
        assert run("pub", "--ws", *ws, "--ws-path", "plain") == (0, "", "")
        assert run("pub", "-L", f"ws://127.0.0.1:{server.port}/topic", "-m", "x", "-W", 20) == (0, "", "")
        server.wait_for("closed", 4)
        assert [line for line in server.lines if line.startswith("path")] == [
            "path /mqtt protocol mqtt x-test None", "path /a/b?c=d protocol mqtt x-test one two",
            "path /plain protocol mqtt x-test None", "path /mqtt protocol mqtt x-test None"]


def test_over_tls(broker, pki):
    with relay(broker, "whole", pki.cert("server"), pki.key("server")) as server:
        assert publish(server.port, "--ws", "--cafile", pki.cert("ca")) == (0, "", "")
        assert run("pub", "-L", f"wss://localhost:{server.port}/a", "-m", "x", "-W", 20,
                   SSL_CERT_FILE=pki.cert("ca")) == (0, "", "")
        server.wait_for("closed 1000", 2)
        assert "another name" in says(publish(server.port, "--ws", "--cafile", pki.cert("ca"), "--sni", "other"))
        assert "not trusted" in says(publish(server.port, "--ws", "--cafile", pki.cert("other-ca")))
    with relay(broker, "bytes", pki.cert("server"), pki.key("server")) as server:
        result = subprocess.run([EXAMPLES / "example_publish", f"wss://localhost:{server.port}/some/path", "a", "b"],
                                timeout=LIMIT_S, env={**os.environ, "SSL_CERT_FILE": str(pki.cert("ca"))})
        assert result.returncode == 0
        server.wait_for("path /some/path")


# ---- servers that are not

def head_of(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(10000)
        assert more
        head += more
    return head.decode()


def accept_of(head):
    key = head.split("Sec-WebSocket-Key: ")[1].split("\r\n")[0]
    assert len(base64.b64decode(key)) == 16
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


GOOD = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": "{accept}", "Sec-WebSocket-Protocol": "mqtt"}


def answer(head, status="101 Switching Protocols", **changed):
    fields = {**GOOD, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [f"{name}: {value}\r\n" for name, value in fields.items() if value is not None]
    return (f"HTTP/1.1 {status}\r\n" + "".join(lines) + "\r\n").format(accept=accept_of(head)).encode()


def answers(*sent, status="101 Switching Protocols", **changed):
    """Serves a connection: the handshake, and then some bytes."""
    def serve(connection):
        connection.sendall(answer(head_of(connection), status, **changed) + b"".join(sent))
    return serve


def frame(opcode, payload=b"", fin=True, rsv=0):
    assert len(payload) < 126
    return bytes([(0x80 if fin else 0) | rsv << 4 | opcode, len(payload)]) + payload


def refused(serve):
    with Listener(serve) as server:
        return says(run("pub", "--ws", "-h", "127.0.0.1", "-p", server.port, "-t", "a", "-m", "x", "-q", "1", "-W", 20))


@pytest.mark.parametrize("changed, text", [
    ({"status": "404 Not Found"}, "the server refused the WebSocket: 404 Not Found"),
    ({"status": "301 Moved"}, "the server refused the WebSocket: 301 Moved"),
    ({"status": "200"}, "the server refused the WebSocket: 200"),
    ({"Upgrade": None}, "it is not an upgrade to websocket"),
    ({"Upgrade": "h2c"}, "it is not an upgrade to websocket"),
    ({"Connection": "close"}, "Connection does not say upgrade"),
    ({"Sec_WebSocket_Accept": None}, "Sec-WebSocket-Accept is not the answer"),
    ({"Sec_WebSocket_Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, "Sec-WebSocket-Accept is not the answer"),
    ({"Sec_WebSocket_Protocol": None}, "does not choose the subprotocol mqtt"),
    ({"Sec_WebSocket_Protocol": "mqttv3.1"}, "does not choose the subprotocol mqtt"),
    ({"Sec_WebSocket_Extensions": "permessage-deflate"}, "an extension that was not offered"),
])
def test_a_handshake_that_is_refused(changed, text):
    assert text in refused(answers(**changed))


def test_letters_and_lists_of_fields():
    with Listener(answers(frame(2, CONNACK), Upgrade="WebSocket", Connection="keep-alive, upgrade")) as server:
        assert run("pub", "--ws", "-h", "127.0.0.1", "-p", server.port, "-t", "a", "-m", "x", "-W", 20) == (0, "", "")


@pytest.mark.parametrize("bytes_, text", [
    (CONNACK, "it is no HTTP/1.1"),
    (b"HTTP/1.0 101 x\r\n\r\n", "it is no HTTP/1.1"),
    (b"HTTP/1.1 10 x\r\n\r\n", "its first line"),
    (b"HTTP/1.1 101 x\r\nno field\r\n\r\n", "a field"),
    (b"HTTP/1.1 101 x\nUpgrade: websocket\n\n", "a line without its end"),
    (b"HTTP/1.1 101 x\r\n" + b"X: " + b"y" * 9000, "it is too long"),
])
def test_an_answer_that_cannot_be_read(bytes_, text):
    assert refused(lambda c: (head_of(c), c.sendall(bytes_))) == \
        f"the server's answer to the WebSocket handshake cannot be read: {text}"


def test_a_handshake_without_end():
    assert refused(lambda c: None) == "no WebSocket handshake in time"
    assert refused(lambda c: (head_of(c), c.shutdown(2))) == "connection closed by the server during the WebSocket handshake"


def test_an_answer_in_single_bytes_with_a_packet_behind_it():
    def serve(connection):
        for byte in answer(head_of(connection)) + frame(2, CONNACK):
            connection.sendall(bytes([byte]))
            time.sleep(0.0005)
    with Listener(serve) as server:
        assert run("pub", "--ws", "-h", "127.0.0.1", "-p", server.port, "-t", "a", "-m", "x", "-W", 20) == (0, "", "")


@pytest.mark.parametrize("sent, text", [
    (frame(1, b"text"), "the server broke the rules of WebSocket: a text frame"),
    (frame(2, CONNACK, rsv=4), "the server broke the rules of WebSocket"),
    (frame(3), "the server broke the rules of WebSocket"),
    (frame(0, b"x"), "the server broke the rules of WebSocket"),
    (frame(9, b"x", fin=False), "the server broke the rules of WebSocket"),
    (bytes([0x82, 0x84, 0, 0, 0, 0]) + CONNACK, "the server broke the rules of WebSocket"),
    (b"\x82\xff" + b"\xff" * 8, "the server broke the rules of WebSocket"),
    (frame(8), "connection closed by the server"),
    (frame(8, b"\x03\xe8"), "connection closed by the server"),
    (frame(8, b"\x03\xf0no\x01 entry"), "WebSocket closed by the server: 1008, no? entry"),
])
def test_frames_that_end_it(sent, text):
    assert refused(answers(sent)) == text


def unmasked(data):
    """Frames of a client: (opcode, payload)."""
    frames = []
    while data:
        assert data[0] & 0xf0 == 0x80 and data[1] & 0x80, data
        size, at = data[1] & 0x7f, 2
        assert size < 126
        mask, payload = data[at:at + 4], data[at + 4:at + 4 + size]
        assert len(payload) == size
        frames.append((data[0] & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(payload))))
        data = data[at + 4 + size:]
    return frames


def test_what_a_client_sends():
    """Masked binary frames, a pong for a ping, and at the end a close; each mask is another one."""
    heard = []

    def serve(connection):
        connection.sendall(answer(head_of(connection)) + frame(9, b"are you there?"))
        connection.settimeout(LIMIT_S)
        data, connected = b"", False
        while more := connection.recv(10000):
            data += more
            if not connected and len(data) > 30:
                connected = True
                connection.sendall(frame(2, CONNACK))
        heard.append(data)

    with Listener(serve) as server:
        assert run("pub", "--ws", "-h", "127.0.0.1", "-p", server.port, "-t", "a", "-m", "x", "-W", 20) == (0, "", "")
        deadline = time.monotonic() + LIMIT_S
        while not heard:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    frames = unmasked(heard[0])
    assert (10, b"are you there?") in frames and frames[-1] == (8, b"\x03\xe8")
    packets = b"".join(payload for opcode, payload in frames if opcode == 2)
    assert packets[0] == 0x10 and packets.endswith(bytes.fromhex("3004000161" "78" "e000"))
    assert {opcode for opcode, _ in frames} == {2, 8, 10}


def test_a_server_that_pings_and_does_not_read():
    def serve(connection):
        connection.sendall(answer(head_of(connection)))
        connection.settimeout(LIMIT_S)
        with contextlib.suppress(ConnectionError):
            while True:
                connection.sendall(frame(9, b"x" * 125) * 500)
    assert refused(serve) == "the server keeps sending pings and takes no answers"


# ---- usage

@pytest.mark.parametrize("arguments, text", [
    (["--ws-path", "/x"], "--ws-path and --ws-header need --ws"),
    (["--ws-header", "A: b"], "--ws-path and --ws-header need --ws"),
    (["--ws", "--unix", "/x"], "a Unix socket (--unix) and a WebSocket do not go together"),
    (["--ws", "--ws-path", "/a b"], "ws://localhost:80/a b: the path of a WebSocket has up to 255 visible characters"),
    (["--ws", "--ws-header", "Authorization hunter2"], "Authorization: not a field that can be added to a request"),
    (["--ws", "--ws-header", "X: hunter2\r\nY: b"], "X: not a field that can be added to a request"),
    (["--ws", "--ws-header", "sec-websocket-key: hunter2"], "sec-websocket-key: not a field that can be added"),
    (["--ws", "--ws-header", "Host: hunter2"], "Host: not a field that can be added to a request"),
    (["--ws", "--ws-header", "X: " + "hunter2" * 2000], "the fields to add to a request are too long"),
], ids=range(9))
def test_what_is_wrong_before_anything_starts(arguments, text):
    sentence = says(run("pub", "-t", "a", "-m", "x", *arguments))
    assert sentence.startswith(text) and "hunter2" not in sentence


def test_a_field_is_wiped_from_the_command_line():
    asked = threading.Event()
    with Listener(lambda c: (head_of(c), asked.set())) as server:
        process = subprocess.Popen([CLIENT, "sub", "--ws", "-h", "127.0.0.1", "-p", str(server.port), "-t", "a",
                                    "--ws-header", "Authorization: hunter2"],
                                   env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent"})
        try:
            assert asked.wait(LIMIT_S)
            seen = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        finally:
            process.kill()
            process.wait()
    assert b"hunter2" not in seen and b"--ws-header" in seen
