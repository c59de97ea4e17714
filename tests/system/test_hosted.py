"""Brokers that others host: topics and ClientIds below a given one, a pace of connections, and nothing left behind."""
import contextlib
import json
import os
import pathlib
import re
import selectors
import signal
import socket
import subprocess
import threading
import time

import pytest

from ports import free_port, wait_for_port

pytestmark = pytest.mark.bulk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
GUEST = ["--prefix", "acme/x", "--client-id-prefix", "acme-"]

# Everybody may use acme/#, the admin everything.
ACCESS = ["acl_file {dir}/acl", "clientid_prefixes acme-"]
ACL = "pattern readwrite acme/#\n\nuser admin\ntopic readwrite #\n"


def until(condition, why, seconds=60):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, why
        time.sleep(0.01)
    return value


class Broker:
    """A mosquitto that outlives the runs, with a log of who connected and what was published."""

    def __init__(self, folder, more):
        self.port, self.log = free_port(), folder / "mosquitto.log"
        self.url = f"mqtt://127.0.0.1:{self.port}"
        (folder / "acl").write_text(ACL)
        (folder / "m.conf").write_text("\n".join([
            f"listener {self.port} 127.0.0.1", "user root", "allow_anonymous true", "persistence false",
            "log_type all", f"log_dest file {self.log}", *more]).replace("{dir}", str(folder)) + "\n")
        self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", folder / "m.conf"], stderr=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def text(self):
        return self.log.read_text(errors="replace")

    def clients(self):
        return set(re.findall(r"New client connected from \S+ as (\S+) \(", self.text())) - {"acme-admin"}

    def retained(self):
        """The topics of all retained messages: an empty message of our own ends the list."""
        with Visitor(self.port, "acme-admin", user="admin") as admin:
            admin.subscribe("#")
            admin.publish("acme/the/end", b"end")
            topics = []
            while True:
                topic, payload = admin.message()
                if topic == "acme/the/end":
                    return topics
                topics.append(topic)
                assert payload

    def kept_sessions(self):
        """The clients that are still known, of all that ever connected."""
        kept = []
        for client in sorted(self.clients()):
            with Visitor(self.port, client, clean=False) as visitor:
                if visitor.session_present:
                    kept.append(client)
        return kept


class Visitor:
    """A client of MQTT 5.0 that goes on with its session."""

    def __init__(self, port, name, clean=True, user=None):
        self.file = None
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        fields = self.string(name) + (self.string(user) if user else b"")
        flags = (2 if clean else 0) | (0x80 if user else 0)
        self.send(0x10, self.string("MQTT") + bytes([5, flags, 0, 60, 0]) + fields)
        kind, body = self.packet()
        assert kind >> 4 == 2 and body[1] == 0, (name, body)
        self.session_present = body[0] & 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.send(0xE0, b"")
        self.socket.shutdown(socket.SHUT_WR)
        self.file.read()
        self.socket.close()

    @staticmethod
    def string(text):
        data = text.encode()
        return len(data).to_bytes(2, "big") + data

    def send(self, kind, body):
        length, rest = b"", len(body)
        while True:
            rest, low = rest >> 7, rest & 127
            length += bytes([low | (128 if rest else 0)])
            if not rest:
                break
        self.socket.sendall(bytes([kind]) + length + body)

    def packet(self):
        kind, length, shift = self.file.read(1)[0], 0, 0
        while True:
            byte = self.file.read(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return kind, self.file.read(length)

    def subscribe(self, topic):
        self.send(0x82, b"\0\1\0" + self.string(topic) + b"\0")

    def publish(self, topic, payload):
        self.send(0x30, self.string(topic) + b"\0" + payload)

    def message(self):
        while True:
            kind, body = self.packet()
            if kind >> 4 == 3:
                size = int.from_bytes(body[:2], "big")
                rest = body[2 + size:]
                return body[2:2 + size].decode(), rest[1 + rest[0]:]


@pytest.fixture
def broker(tmp_path):
    made = []

    def make(*more):
        folder = tmp_path / f"broker{len(made)}"
        folder.mkdir()
        made.append(Broker(folder, more))
        return made[-1]
    yield make
    for one in made:
        one.stop()


def judge(folder, *args):
    done = subprocess.run([PROGRAM, "run", *args, "--out", folder], capture_output=True, text=True, timeout=300)
    lines = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
    return done, {(c["id"], c["version"]): c for c in lines if c["type"] == "case"}


CASES = ["shared", "retained", "topics", "client_id", "unsubscribe", "will_retained", "qos2_received_once", "bad_flags",
         "remaining_length", "maximum_packet_size", "sessions", "topic_alias", "strings", "connect"]


def test_the_verdicts_are_the_same_but_for_what_is_not_below(tmp_path, broker):
    free, hosted = broker(), broker(*ACCESS)
    _, plain = judge(tmp_path / "plain", free.url, *CASES, "--timeout", "1500", "--patience", "0")
    done, guest = judge(tmp_path / "guest", hosted.url, *CASES, *GUEST, "--timeout", "1500",
                        "--patience", "0")
    assert plain.keys() == guest.keys(), done.stderr
    changed = {key: guest[key].get("note", "") for key in plain if plain[key]["verdict"] != guest[key]["verdict"]}
    reasons = ("the case needs ", "the ClientIds of this run have a beginning of their own",
               "the target refuses clients without a ClientId: CONNACK 0x")
    assert {key: why for key, why in changed.items() if not why.startswith(reasons)} == {}
    assert all(guest[key]["verdict"] == "inapplicable" for key in changed)
    assert ("matching/hash_alone", "5.0") in changed and ("matching/plus_hash", "5.0") not in changed
    assert "MQTT 5.0: an empty ClientId is refused (CONNACK 0x87" in done.stderr
    names = hosted.clients()
    assert len(names) > 100 and all(name.startswith("acme-") for name in names)
    topics = set(re.findall(r"Received PUBLISH from .*, '([^']*)', \.\.\. ", hosted.text()))
    assert len(topics) > 100 and all(topic.startswith("acme/") or not topic for topic in topics)
    assert "Denied PUBLISH" not in hosted.text()


def test_who_may_use_only_some_topics_is_told_of_the_prefix(tmp_path, broker):
    hosted = broker("acl_file {dir}/acl")
    done, cases = judge(tmp_path / "out", hosted.url, "--versions", "5.0", "--timeout", "2000")
    assert done.returncode == 3 and not cases and "or to all below one (--prefix)" in done.stderr
    done, cases = judge(tmp_path / "out", hosted.url, "--versions", "5.0", "--timeout", "2000", "--prefix",
                        "other")
    assert done.returncode == 3 and not cases and "rights to all topics below other" in done.stderr


def test_who_takes_only_some_client_ids_says_so(tmp_path, broker):
    done, cases = judge(tmp_path / "out", broker(*ACCESS).url, "--prefix", "acme/x")
    assert done.returncode == 3 and not cases and "(--client-id-prefix)" in done.stderr


@pytest.mark.parametrize("args, said", [
    (["--prefix", "a/+"], "must not have a wildcard"),
    (["--prefix", "#"], "must not have a wildcard"),
    (["--prefix", ""], "must not be empty"),
    (["--prefix", "/"], "must not be empty"),
    (["--prefix", "$SYS"], "must not begin with $"),
    (["--prefix", "x" * 65], "at most 64 bytes"),
    (["--prefix", b"\xff"], "must be UTF-8"),
    (["--client-id-prefix", ""], "must not be empty"),
    (["--client-id-prefix", "x" * 65], "at most 64 bytes"),
    (["--client-id-prefix", b"\xc3"], "must be UTF-8"),
    (["--connect-rate", "0"], "takes a number from 1 to"),
    (["--connect-rate", "many"], "takes a number from 1 to"),
    (["--client", "agent", "--prefix", "a"], "for brokers, not for a client"),
])
def test_what_cannot_be_is_bad_usage(tmp_path, args, said):
    target = [] if "--client" in args else ["mqtt://127.0.0.1:1"]
    done = subprocess.run([PROGRAM, "run", *target, *args], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 2 and said in done.stderr.decode(errors="replace"), done.stderr
    assert list(tmp_path.iterdir()) == []


@contextlib.contextmanager
def relay(port):
    """Passes connections on to this port, and notes when each was made."""
    times, pairs, over = [], {}, threading.Event()
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def turn():
        with selectors.DefaultSelector() as select:
            select.register(listener, selectors.EVENT_READ)
            while not over.is_set():
                for key, _ in select.select(0.1):
                    if key.fileobj is listener:
                        near = listener.accept()[0]
                        times.append(time.monotonic())
                        far = socket.create_connection(("127.0.0.1", port))
                        pairs[near], pairs[far] = far, near
                        select.register(near, selectors.EVENT_READ)
                        select.register(far, selectors.EVENT_READ)
                        continue
                    if key.fileobj not in pairs:
                        continue
                    data = b""
                    with contextlib.suppress(OSError):
                        data = key.fileobj.recv(65536)
                        pairs[key.fileobj].sendall(data)
                    if not data:
                        other = pairs.pop(key.fileobj)
                        pairs.pop(other)
                        for one in (key.fileobj, other):
                            select.unregister(one)
                            one.close()

    thread = threading.Thread(target=turn)
    thread.start()
    yield f"mqtt://127.0.0.1:{listener.getsockname()[1]}", times
    over.set()
    thread.join()
    listener.close()


def test_connections_keep_their_pace(tmp_path, broker):
    rate = 20
    with relay(broker().port) as (url, times):
        begun = time.monotonic()
        done, cases = judge(tmp_path / "out", url, "qos2", "ping", "--connect-rate", str(rate), "-j", "16")
    assert done.returncode in (0, 1) and len(times) > 3 * rate
    assert not [c for c in cases.values() if c["verdict"] in ("error", "inconclusive")]
    # However late each of them is: none may be early.
    early = [i for i, at in enumerate(times) if at < begun + i / rate]
    assert early == []
    assert "it makes no more than 20 connections a second" in done.stdout


def test_waiting_for_a_turn_takes_nothing_from_a_case_run(tmp_path, broker):
    """Twenty clients, three a second, in a case run that would be killed after six seconds."""
    done, cases = judge(tmp_path / "out", broker().url, "client_id_assigned_is_new", "--connect-rate", "3",
                        "--timeout", "100", "--patience", "0")
    assert [c["verdict"] for c in cases.values()] == ["pass"], done.stdout


# What keeps sessions and retained messages for a while, by the clocks of the standard.
LASTING = ["message_expiry", "session_expiry", "will_delay", "retained", "sessions"]


def test_nothing_is_left_after_a_run(tmp_path, broker):
    hosted = broker(*ACCESS)
    _, cases = judge(tmp_path / "out", hosted.url, *LASTING, *GUEST, "--patience", "0")
    assert len(cases) > 50
    assert re.search(r"Received PUBLISH .*r1", hosted.text())
    assert hosted.retained() == []
    assert hosted.kept_sessions() == []


def start(folder, *args):
    return subprocess.Popen([PROGRAM, "run", *args, "--out", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, start_new_session=True)


def children(pid):
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def has_begun(hosted):
    """Some of those that last have kept something."""
    text = hosted.text()
    return len(re.findall(r"Received PUBLISH .*r1", text)) > 20 and len(hosted.clients()) > 100


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_after_an_interrupt(tmp_path, broker, how):
    hosted = broker(*ACCESS)
    with start(tmp_path / "out", hosted.url, *LASTING, *GUEST) as run:
        until(lambda: has_begun(hosted), "no case run has published anything")
        run.send_signal(how)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert "clearing what case runs may have left on the target: " in out and "may still be there" not in out
    assert hosted.retained() == []
    assert hosted.kept_sessions() == []


def test_nothing_is_left_by_case_runs_that_were_killed(tmp_path, broker):
    hosted = broker(*ACCESS)
    with start(tmp_path / "out", hosted.url, *LASTING, *GUEST, "--versions", "5.0", "--patience", "0") as run:
        until(lambda: has_begun(hosted), "no case run has published anything")
        killed = children(run.pid)
        for pid in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        out, err = run.communicate(timeout=120)
    assert killed and run.returncode == 3, err
    assert "clearing what case runs may have left on the target: " in out and "may still be there" not in out
    assert hosted.retained() == []
    assert hosted.kept_sessions() == []


def test_what_cannot_be_cleared_is_named(tmp_path, broker):
    hosted = broker(*ACCESS)
    with start(tmp_path / "out", hosted.url, *LASTING, *GUEST) as run:
        until(lambda: has_begun(hosted), "no case run has published anything")
        os.kill(hosted.process.pid, signal.SIGSTOP)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=60)
        os.kill(hosted.process.pid, signal.SIGCONT)
    assert run.returncode == 130
    assert re.search(r"may still be there: acme[-/]", " ".join(out.split()))
