"""Keys that both sides know, in the place of certificates: mosquitto's clients at the included broker and at mosquitto."""
import signal
import subprocess

import pytest

from mqtt_peer import Peer
from test_access import BROKER, LIMIT_S, both, passwd, start  # noqa: F401: fixtures

PSK = "listener {port} 127.0.0.1\npsk_hint who are you\npsk_file {dir}/psk\nallow_anonymous true\n"
KEYS = "# devices\nalice:c0ffee00c0ffee00c0ffee00c0ffee00\nbob:B0B0\n"
ALICE, BOB = ("alice", "c0ffee00c0ffee00c0ffee00c0ffee00"), ("bob", "b0b0")


def publish(server, identity, key, *more, version="tlsv1.3"):
    """Whether a message got in; only mosquitto's own word, as it waits for PUBACK."""
    done = subprocess.run(["mosquitto_pub", "-p", str(server.port), "--psk-identity", identity, "--psk", key,
                           "--tls-version", version, "-t", "t", "-m", "x", "-q", "1", *more],
                          capture_output=True, text=True, timeout=LIMIT_S)
    return done.returncode == 0


@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_the_same_keys_open_both_brokers(start, tmp_path, version):  # noqa: F811
    (tmp_path / "psk").write_text(KEYS)
    tries = [ALICE, BOB, ("alice", BOB[1]), ("alice", ALICE[1][:-2]), ("carol", "00"), ("bo", "b0b0"), ("bobby", "b0b0")]
    ours, theirs = ([publish(server, *who, version=version) for who in tries] for server in both(start, PSK))
    assert ours == theirs == [True, True] + [False] * 5


def test_the_identity_is_the_user(start, tmp_path):  # noqa: F811
    """Rights are those of the identity, whatever CONNECT says, and no password is asked for."""
    (tmp_path / "psk").write_text(KEYS)
    (tmp_path / "acl").write_text("user alice\ntopic write t\ntopic read $SYS/#\nuser bob\ntopic read t\n")
    passwd(tmp_path / "users", "bob", "p")
    text = PSK.replace("allow_anonymous true", "acl_file {dir}/acl\npassword_file {dir}/users\nallow_anonymous false")
    for server in both(start, text + "use_identity_as_username true\nlistener {second} 127.0.0.1\n"):
        sub = Peer(server.second, "sub", "bob", "p")
        assert sub.subscribe("t", qos=1)[0] < 2
        got = {}
        for who in ALICE, BOB:
            assert publish(server, *who, "-u", "alice", "-P", "anything")
            got[who[0]] = len(sub.drain())
        assert got == {"alice": 1, "bob": 0}, server.log.name


def test_without_it_the_user_has_to_prove_who_it_is(start, tmp_path):  # noqa: F811
    (tmp_path / "psk").write_text(KEYS)
    passwd(tmp_path / "users", "bob", "p")
    text = PSK.replace("allow_anonymous true", "password_file {dir}/users\nallow_anonymous false")
    for server in both(start, text):
        assert [publish(server, *ALICE, *more) for more in ([], ["-u", "bob", "-P", "p"], ["-u", "bob", "-P", "q"])] == \
            [False, True, False]


def test_keys_are_read_again(start, tmp_path):  # noqa: F811
    (tmp_path / "psk").write_text(KEYS)
    ours = start("ours", PSK)
    assert publish(ours, *BOB)
    (tmp_path / "psk").write_text("bob:11\ncarol:x\n")
    ours.process.send_signal(signal.SIGHUP)
    ours.wait_for_log(f"all stays as it was: {tmp_path}/psk:2: the key takes 1 to 64 bytes")
    assert publish(ours, *BOB)
    (tmp_path / "psk").write_text("bob:11\n")
    ours.process.send_signal(signal.SIGHUP)
    ours.wait_for_log("read again")
    assert not publish(ours, *BOB) and publish(ours, "bob", "11") and not publish(ours, *ALICE)


@pytest.mark.parametrize("text, what", [
    ("alice", ":1: there is no colon"), ("# c\n:00", ":2: there is no identity"), ("a:0", ":1: the key takes 1 to 64"),
    ("a:", ":1: the key takes"), ("a:0g", ":1: the key is not in hex digits"), ("a:" + "0" * 130, ":1: the key takes"),
    ("x" * 128 + ":00", ":1: the identity is longer"),
    pytest.param("\udcfc:00", ":1: the identity is not UTF-8", id="latin"),
    ("a:00\n\nb:00\na:11", ':4: the identity "a" stands in line 1 already'),
])
def test_a_bad_file_is_named_and_not_quoted(tmp_path, text, what):
    (tmp_path / "psk").write_text(text + "\n", errors="surrogateescape")
    config = tmp_path / "broker.conf"
    config.write_text(PSK.format(port=0, dir=tmp_path))
    result = subprocess.run([BROKER, "-c", config], capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 1 and f"{tmp_path}/psk{what}" in result.stderr and "0g" not in result.stderr


@pytest.mark.parametrize("text, what", [
    ("listener 0\npsk_hint x\n", "psk_hint takes a psk_file"),
    ("psk_file /dev/null\nlistener 0\npsk_hint x\ncertfile y\n", "psk_hint is for keys in the place of certificates"),
    ("psk_hint x\n", ":1: psk_hint is about the listener before it"),
    ("psk_file x\npsk_file y\n", ":2: psk_file stands in line 1 already"),
])
def test_what_cannot_be_is_named(tmp_path, text, what):
    config = tmp_path / "broker.conf"
    config.write_text(text)
    result = subprocess.run([BROKER, "-c", config], capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 2 and what in result.stderr
