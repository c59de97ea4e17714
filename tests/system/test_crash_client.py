"""What the clients of tests/crash make of a session that may have expired meanwhile: they judge by it."""
import pathlib
import socket
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "crash"))

import client  # noqa: E402
from model import Fault, Model  # noqa: E402

ANEW, PRESENT, REFUSED = (b"\x20\x03" + bytes([present, code, 0]) for present, code in ((0, 0), (1, 0), (0, 0x97)))
CLEAN_START = 2


class Network:
    """The broker's end of each connection that the client makes, and a clock that stands."""

    def __init__(self, monkeypatch, expiry_s):
        self.now_s = 1000.0
        monkeypatch.setattr(client.time, "monotonic", lambda: self.now_s)
        self.client = client.Client(Model(), "c", 5, expiry_s=expiry_s)
        self.model = self.client.model
        self.model.clients = [self.client]
        self.publisher = client.Client(self.model, "p", 4)

    def connect(self, connack=None):
        """The flags of CONNECT."""
        ours, self.theirs = socket.socketpair()
        self.client.connect(ours)
        self.theirs.settimeout(10)
        flags = self.theirs.recv(100)[9]
        if connack:
            self.answer(connack)
        return flags

    def answer(self, data):
        self.theirs.sendall(data)
        self.client.read()

    def subscribe(self):
        self.client.change("c/0", 1)
        self.answer(b"\x90\x04\0\1\0\1")

    def publish(self):
        """One that is acknowledged, and not delivered yet."""
        message = self.model.message_new("c/0", 1, self.publisher)
        self.model.accept(message, self.now_s)
        return message

    def lose(self, seconds):
        self.client.lose()
        self.theirs.close()
        self.now_s += seconds


@pytest.fixture
def network(monkeypatch):
    made = Network(monkeypatch, expiry_s=1)
    assert made.connect(ANEW) & CLEAN_START
    made.subscribe()
    return made


def test_what_was_promised_to_a_session_is_due(network):
    network.lose(seconds=0.5)
    message = network.publish()
    assert not network.connect(PRESENT) & CLEAN_START
    assert list(network.client.due) == [message]


def test_a_session_may_be_resumed_after_a_connect_without_answer(network):
    network.lose(seconds=0.4)
    message = network.publish()
    network.connect()
    network.lose(seconds=0.4)
    assert not network.connect(PRESENT) & CLEAN_START
    assert list(network.client.due) == [message]


def test_who_may_have_begun_another_session_does_not_take_it_for_the_old_one(network):
    network.lose(seconds=2)
    network.publish()
    assert not network.connect() & CLEAN_START  # may have begun one, of which there was no word
    network.lose(seconds=0.1)
    assert network.connect(ANEW) & CLEAN_START
    assert not network.client.due
    assert network.client.timeline("c/0").now() == {None}
    network.lose(seconds=0.1)
    assert not network.connect(PRESENT) & CLEAN_START


def test_one_that_expires_at_once_may_have_been_renewed_by_the_next(network):
    network.lose(seconds=0.1)
    network.client.expiry_s = 0
    network.connect(PRESENT)
    network.lose(seconds=0)
    network.connect()
    network.lose(seconds=0)
    assert network.connect(ANEW) & CLEAN_START


def test_a_connect_that_is_refused_changes_nothing(network):
    network.lose(seconds=0.4)
    message = network.publish()
    network.connect(REFUSED)
    network.lose(seconds=0.4)
    with pytest.raises(Fault, match="has lost its session"):
        network.connect(ANEW)
    assert list(network.client.due) == [message]


def test_a_connect_that_is_refused_begins_no_session(network):
    network.lose(seconds=2)
    network.connect(REFUSED)
    network.lose(seconds=0.1)
    assert not network.connect(ANEW) & CLEAN_START
