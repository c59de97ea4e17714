"""mqttspec-client with enhanced authentication by SCRAM, at a server of this file, whose side of RFC 5802 is computed by
Python's own library."""
import base64
import hashlib
import hmac
import socket

import pytest

from test_client import LIMIT_S
from test_client_tls import says
from test_client_tools import Listener, run

USER, PASSWORD = "me=you,too", "pencil \u00e9"
HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}
SALT, ROUNDS = b"a salt of a server", 4096


def text(data):
    return len(data).to_bytes(2, "big") + data


def auth_packet(kind, method, data, reason, flags=b""):
    properties = b"\x15" + text(method.encode()) + (b"\x16" + text(data) if data is not None else b"")
    assert len(properties) < 128
    body = flags + bytes([reason, len(properties)]) + properties
    head, left = b"", len(body)
    while True:
        head += bytes([left % 128 | (0x80 if left > 127 else 0)])
        left //= 128
        if not left:
            return bytes([kind]) + head + body


def read_packet(connection):
    def exactly(n):
        data = b""
        while len(data) < n:
            more = connection.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    kind, size, shift = exactly(1)[0], 0, 0
    while True:
        digit = exactly(1)[0]
        size |= (digit & 0x7f) << shift
        shift += 7
        if not digit & 0x80:
            return kind, exactly(size)


def properties_of(data):
    """Of those that begin with their length: method and data."""
    assert data[0] < 128
    found, at = {}, 1
    while at < 1 + data[0]:
        assert data[at] in (0x15, 0x16), data
        size = int.from_bytes(data[at + 1:at + 3], "big")
        found[data[at]] = data[at + 3:at + 3 + size]
        at += 3 + size
    return found


class Scram:
    """The server's side. `seen` is all that came; `wrong` says where it lies."""

    def __init__(self, method, wrong=None, early=False):
        self.method, self.wrong, self.early, self.seen, self.accepted = method, wrong, early, b"", False

    def hash(self, data):
        return hashlib.new(HASHES[self.method], data).digest()

    def mac(self, key, data):
        return hmac.new(key, data, HASHES[self.method]).digest()

    def exchange(self, connection, first, challenge):
        """From the client's first message to the server's last."""
        assert first.startswith(b"n,,n=me=3Dyou=2Ctoo,r="), first
        bare = first[3:]
        nonce = bare.split(b"r=")[1] + b"server"
        if self.wrong == "nonce":
            nonce = b"another" + nonce
        server_first = b"r=" + nonce + b",s=" + base64.b64encode(SALT) + f",i={ROUNDS}".encode()
        challenge(b"nonsense" if self.wrong == "nonsense" else server_first)
        kind, body = read_packet(connection)
        if kind == 0xe0:
            raise EOFError
        assert kind == 0xf0 and body[0] == 0x18, body
        self.seen += body
        found = properties_of(body[1:])
        assert found[0x15].decode() == self.method
        without_proof, proof = found[0x16].rsplit(b",p=", 1)
        assert without_proof == b"c=biws,r=" + nonce
        salted = hashlib.pbkdf2_hmac(HASHES[self.method], PASSWORD.encode(), SALT, ROUNDS)
        signed = b",".join([bare, server_first, without_proof])
        key = bytes(a ^ b for a, b in zip(base64.b64decode(proof),
                                          self.mac(self.hash(self.mac(salted, b"Client Key")), signed)))
        self.accepted = self.hash(key) == self.hash(self.mac(salted, b"Client Key"))
        if not self.accepted:
            return None
        signature = self.mac(self.mac(salted, b"Server Key"), signed)
        return b"v=" + base64.b64encode(bytes(len(signature)) if self.wrong == "signature" else signature)

    def serve(self, connection):
        connection.settimeout(LIMIT_S)
        try:
            self.talk(connection)
        except (EOFError, ConnectionError):
            pass
        finally:
            connection.shutdown(socket.SHUT_RDWR)

    def talk(self, connection):
        kind, body = read_packet(connection)
        self.seen += body
        assert kind == 0x10 and body[:8] == b"\0\4MQTT\5\2", body     # neither user name nor password
        found = properties_of(body[10:])
        assert found[0x15].decode() == self.method
        challenge = lambda data: connection.sendall(auth_packet(0xf0, self.method, data, 0x18))
        last = self.exchange(connection, found[0x16], challenge)
        if last is None:
            connection.sendall(bytes.fromhex("2003008700"))
            return
        if self.early:
            challenge(last)
            kind, body = read_packet(connection)
            assert kind == 0xf0 and body[0] == 0x18 and 0x16 not in properties_of(body[1:])
        elif self.wrong == "silence":
            last = None
        connection.sendall(auth_packet(0x20, self.method, None if self.early else last, 0, b"\0"))
        while True:
            kind, body = read_packet(connection)
            if kind == 0x32:
                connection.sendall(bytes.fromhex("4002") + body[3:5])
            elif kind == 0xe0:
                return


def publish(server, method, password=PASSWORD, *arguments):
    with Listener(server.serve) as listener:
        return run("pub", "-h", "127.0.0.1", "-p", listener.port, "-t", "a", "-m", "x", "-q", "1", "-W", 20, "-i", "me", "-u", USER,
                   "-P", password, "--auth-method", method, *arguments)


@pytest.mark.parametrize("method", HASHES)
@pytest.mark.parametrize("early", [False, True])
def test_both_sides_prove_themselves(method, early):
    server = Scram(method, early=early)
    assert publish(server, method) == (0, "", "")
    assert server.accepted and PASSWORD.encode() not in server.seen


@pytest.mark.parametrize("method", HASHES)
def test_a_wrong_password(method):
    server = Scram(method)
    code, out, errors = publish(server, method, "pencil")
    assert code == 135 and not out and errors.endswith(": connection refused by the server: Not authorized\n")
    assert not server.accepted


@pytest.mark.parametrize("wrong, text", [
    ("signature", "the server did not prove that it knows the password"),
    ("silence", "the server did not prove that it knows the password"),
    ("nonce", "the server breaks the rules of SCRAM"),
    ("nonsense", "the server breaks the rules of SCRAM"),
])
def test_a_server_that_cannot_prove_itself(wrong, text):
    assert says(publish(Scram("SCRAM-SHA-256", wrong), "SCRAM-SHA-256")) == text


@pytest.mark.parametrize("arguments, text", [
    (["--auth-method", "PLAIN", "-u", "me", "-P", "x"], "a method of authentication is SCRAM-SHA-256 or SCRAM-SHA-1"),
    (["--auth-method", "SCRAM-SHA-1", "-u", "me"], "a method of authentication needs a user name and a password"),
    (["--auth-method", "SCRAM-SHA-1", "-u", "me", "-P", "x", "-V", "311"], "a method of authentication needs MQTT 5.0"),
])
def test_what_is_wrong_before_anything_starts(arguments, text):
    assert says(run("pub", "-t", "a", "-m", "x", *arguments)) == text
