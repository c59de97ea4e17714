"""Enhanced authentication of the included broker: SCRAM as this file computes it, and as the included client does."""
import base64
import hashlib
import hmac
import signal
import socket
import subprocess

import pytest

from mqtt_peer import Peer, packet, text
from ports import free_port
from test_access import BROKER, BUILD, LIMIT_S, passwd, start  # noqa: F401

CLIENT = BUILD / "client" / "mqttspec-client"
CONFIG = "listener {port} 127.0.0.1\nallow_anonymous false\nscram_file {dir}/scram\nacl_file {dir}/acl\n"
ACL = "user alice\ntopic a/#\nuser bob\ntopic b/#\n"
HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}
METHODS = list(HASHES)
CONNACK, AUTH, DISCONNECT = 0x20, 0xF0, 0xE0
CONTINUE, AGAIN = 0x18, 0x19


def properties(method, data):
    both = b"\x15" + text(method) + (b"" if data is None else b"\x16" + text(data))
    assert len(both) < 16384
    return (bytes([len(both)]) if len(both) < 128 else bytes([len(both) & 127 | 128, len(both) >> 7])) + both


class Scram(Peer):
    """A client of 5.0 whose every step is a test's own."""

    def __init__(self, port, method="SCRAM-SHA-256", data=None, client_id="c"):
        self.method, self.hash = method, HASHES.get(method, "sha256")
        self.version, self.last_id, self.messages, self.buffer = 5, 0, [], b""
        self.props = b"\0"
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        self.send(packet(0x10, text("MQTT") + b"\5\2\0\x3c" + properties(method, data) + text(client_id)))

    def auth(self, reason, data):
        self.send(packet(AUTH, bytes([reason]) + properties(self.method, data)))

    def heard(self):
        """The type of the next packet, its code, and the Authentication Data."""
        first, body = self.read()
        at = 1 if first == CONNACK else 0
        method = b"\x15" + text(self.method)
        assert first == DISCONNECT or body[at] >= 0x80 or method in body
        rest = body.replace(method, b"")
        found = rest.find(b"\x16\0") if first != DISCONNECT else -1
        length = rest[found + 2] if found >= 0 else 0
        return first, body[at] if body else 0, rest[found + 3:found + 3 + length] if found >= 0 else None

    def proof(self, first, challenge, password, header=b"n,,"):
        """The client-final, and the server's proof that is to follow."""
        def mac(key, data):
            return hmac.new(key, data, self.hash).digest()
        fields = dict(f.split(b"=", 1) for f in challenge.split(b","))
        without = b"c=" + base64.b64encode(header) + b",r=" + fields[b"r"]
        salted = hashlib.pbkdf2_hmac(self.hash, password.encode(), base64.b64decode(fields[b"s"]), int(fields[b"i"]))
        key = mac(salted, b"Client Key")
        signed = b",".join([first.removeprefix(header), challenge, without])
        signature = mac(hashlib.new(self.hash, key).digest(), signed)
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature)))
        return without + b",p=" + proof, b"v=" + base64.b64encode(mac(mac(salted, b"Server Key"), signed))


def first_of(user):
    return b"n,,n=" + user.encode() + b",r=abcdefghijkl"


def converse(peer, user, password, reason=None):
    """What comes after the proof; the proof of the server is right wherever there is one."""
    first = first_of(user)
    if reason:
        peer.auth(reason, first)
    kind, code, challenge = peer.heard()
    assert (kind, code) == (AUTH, CONTINUE) and challenge.startswith(b"r=abcdefghijkl")
    final, proof = peer.proof(first, challenge, password)
    peer.auth(CONTINUE, final)
    kind, code, data = peer.heard()
    assert data == (proof if code == 0 else None)
    return kind, code


def join(port, user, password, method="SCRAM-SHA-256", client_id="c"):
    peer = Scram(port, method, first_of(user), client_id)
    peer.result = converse(peer, user, password)
    return peer


def challenge_for(port, user, method="SCRAM-SHA-256"):
    """What it asks for, without the nonce."""
    peer = Scram(port, method, first_of(user))
    kind, code, data = peer.heard()
    peer.socket.close()
    assert (kind, code) == (AUTH, CONTINUE)
    return data.split(b",", 1)[1]


@pytest.fixture
def broker(start, tmp_path):  # noqa: F811
    assert passwd(tmp_path / "scram", "alice", "Sesame 0815", "--scram").returncode == 0
    assert passwd(tmp_path / "scram", "bob", "b", "-s").returncode == 0
    (tmp_path / "acl").write_text(ACL)
    return start("ours", CONFIG)


@pytest.mark.parametrize("method", METHODS)
def test_both_sides_prove_themselves_and_rights_are_those_of_the_proven_name(broker, method):
    alice = join(broker.port, "alice", "Sesame 0815", method)
    assert alice.result == (CONNACK, 0)
    assert alice.subscribe("a/#", "b/#") == [0, 0x87]
    assert join(broker.port, "alice", "Sesame 0816", method).result == (CONNACK, 0x86)
    assert join(broker.port, "nobody", "Sesame 0815", method).result == (CONNACK, 0x86)
    assert Peer(broker.port, "c", "alice", "Sesame 0815", 5).code == 0x87  # there is no password_file
    assert "esame" not in broker.log.read_text()


@pytest.mark.parametrize("method", METHODS)
def test_the_included_client_gets_in(broker, method):
    def publish(password, topic="a/1"):
        return subprocess.run([CLIENT, "pub", "-p", str(broker.port), "-t", topic, "-m", "x", "-q", "1", "-V", "5",
                               "--auth-method", method, "-u", "alice", "-P", password],
                              capture_output=True, text=True, timeout=LIMIT_S)
    done = publish("Sesame 0815")
    assert done.returncode == 0, done.stderr
    assert "Not authorized" in publish("Sesame 0815", "b/1").stderr
    refused = publish("wrong")
    assert refused.returncode and "Bad User Name or Password" in refused.stderr


def test_a_user_who_is_unknown_is_asked_like_any_other(broker, start):  # noqa: F811
    alice, bob, nobody, other = (challenge_for(broker.port, u) for u in ("alice", "bob", "nobody", "other"))
    assert len({alice, bob, nobody, other}) == 4
    assert len({len(c) for c in (alice, bob, nobody, other)}) == 1
    assert {c.split(b",")[1] for c in (alice, nobody)} == {b"i=15000"}
    assert challenge_for(broker.port, "nobody", "SCRAM-SHA-1") != nobody
    broker.end()
    again = start("ours", CONFIG)
    assert challenge_for(again.port, "nobody") == nobody and challenge_for(again.port, "alice") == alice


@pytest.mark.parametrize("data", [None, b""])
def test_a_client_may_begin_with_nothing(broker, data):
    peer = Scram(broker.port, data=data)
    assert peer.heard() == (AUTH, CONTINUE, None)
    assert converse(peer, "bob", "b", CONTINUE) == (CONNACK, 0)


@pytest.mark.parametrize("data, code", [
    (b"garbage", 0x87),
    (b"p=tls-unique,,n=alice,r=abc", 0x87),  # a channel binding that is not offered
    (b"n,,n=alice,r=" + b"x" * 5000, 0x87),
    (b"n,,n=alice\0,r=abc", 0x87),
])
def test_what_is_not_scram_is_refused(broker, data, code):
    assert Scram(broker.port, data=data).heard()[:2] == (CONNACK, code)


@pytest.mark.parametrize("other, code", [("bob", 0x86), ("alice", 0)])
def test_nobody_acts_for_another(broker, other, code):
    header = f"n,a={other},".encode()
    first = header + b"n=alice,r=abcdefghijkl"
    peer = Scram(broker.port, data=first)
    challenge = peer.heard()[2]
    peer.auth(CONTINUE, peer.proof(first, challenge, "Sesame 0815", header)[0])
    assert peer.heard()[:2] == (CONNACK, code)


def test_a_method_that_nobody_uses_is_not_known(start, tmp_path):  # noqa: F811
    passwd(tmp_path / "scram", "alice", "a", "-s")
    lines = (tmp_path / "scram").read_text().splitlines()
    (tmp_path / "scram").write_text("# only this one\n" + lines[0] + "\n")
    (tmp_path / "acl").write_text(ACL)
    ours = start("ours", CONFIG)
    assert join(ours.port, "alice", "a").result == (CONNACK, 0)
    for method in "SCRAM-SHA-1", "PLAIN":
        assert Scram(ours.port, method, first_of("alice")).heard()[:2] == (CONNACK, 0x8C)


def test_authenticating_again_is_for_the_same_user_and_what_the_file_says_now(broker, tmp_path):
    alice, other, wrong, stays = (join(broker.port, "alice", "Sesame 0815", client_id=str(i)) for i in range(4))
    assert converse(stays, "alice", "Sesame 0815", AGAIN) == (AUTH, 0)
    assert stays.subscribe("a/#", "b/#") == [0, 0x87]
    assert converse(wrong, "alice", "no", AGAIN) == (DISCONNECT, 0x87)
    assert converse(other, "bob", "b", AGAIN)[0] == DISCONNECT
    assert passwd(tmp_path / "scram", "alice", "", "-D").returncode == 0
    broker.process.send_signal(signal.SIGHUP)
    broker.wait_for_log("read again")
    assert converse(alice, "alice", "Sesame 0815", AGAIN) == (DISCONNECT, 0x87)
    assert join(broker.port, "alice", "Sesame 0815").result == (CONNACK, 0x86)


@pytest.mark.parametrize("line, what", [
    ("alice", "there is no colon: it takes NAME:ENTRY"),
    (":{SCRAM-SHA-1}4096,AAAA,AAAA,AAAA", "there is no name before the colon"),
    ("alice:secret", "the entry begins with neither {SCRAM-SHA-256} nor {SCRAM-SHA-1}"),
    ("alice:{SCRAM-SHA-512}4096,AAAA,AAAA,AAAA", "the entry begins with neither"),
    ("alice:{SCRAM-SHA-1}4095,AAAA,AAAA,AAAA", "the number of iterations is not 4096 to 10000000"),
    ("alice:{SCRAM-SHA-1}4096,A?AA,AAAA,AAAA", "the salt is not base64"),
    ("alice:{SCRAM-SHA-1}4096,AAAA,AAAA,AAAA", "the StoredKey is not base64"),
    ("alice:{SCRAM-SHA-1}4096,AAAA," + "A" * 27 + "=," + "A" * 31 + "=", "the ServerKey is not base64"),
    ("alice:{SCRAM-SHA-1}4096,AAAA," + "A" * 27 + "=", "the StoredKey is not base64"),
])
def test_a_bad_file_is_named_with_its_line(tmp_path, line, what):
    path = tmp_path / "scram"
    path.write_text("# users\n" + line + "\n")
    (tmp_path / "b.conf").write_text(f"listener 0\nscram_file {path}\n")
    done = subprocess.run([BROKER, "-c", tmp_path / "b.conf"], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode and f"{path}:2: {what}" in done.stderr and "AAAA" not in done.stderr


def test_a_user_stands_there_once_for_each_method(tmp_path):
    path = tmp_path / "scram"
    passwd(path, "alice", "a", "-s")
    passwd(path, "bob", "b", "-s")
    assert passwd(path, "alice", "c", "-s").returncode == 0
    text_of = path.read_text()
    assert [line.split("}")[0] for line in text_of.splitlines()] == [
        "alice:{SCRAM-SHA-256", "alice:{SCRAM-SHA-1", "bob:{SCRAM-SHA-256", "bob:{SCRAM-SHA-1"]
    path.write_text(text_of + text_of.splitlines()[0] + "\n")
    (tmp_path / "b.conf").write_text(f"listener {free_port()} 127.0.0.1\nscram_file {path}\n")
    done = subprocess.run([BROKER, "-c", tmp_path / "b.conf"], capture_output=True, text=True, timeout=LIMIT_S)
    assert f"{path}:5: the user \"alice\" stands in line 1 already with SCRAM-SHA-256" in done.stderr


@pytest.mark.parametrize("user, password, options, what", [
    ("alice", "", ["-s"], "SCRAM takes a password that is not empty"),
    ("alice", "a\0b", ["-s"], "SCRAM has no passwords with NUL"),
    ("alice", "a\x01b", ["-s"], "SASLprep forbids some of it"),
    ("al\u00adice", "a", ["-s"], "SASLprep changes it"),
    ("alice", "a", ["-s", "-I", "4095"], "-I takes 4096 to 10000000 with --scram"),
])
def test_what_scram_has_no_place_for_is_said(tmp_path, user, password, options, what):
    done = passwd(tmp_path / "scram", user, password, *options)
    assert done.returncode and what in done.stderr and not (tmp_path / "scram").exists()
