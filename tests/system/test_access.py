"""Who gets in and who may do what: the included broker and mosquitto read the very same files."""
import fcntl
import os
import pathlib
import pty
import select
import signal
import socket
import subprocess
import termios
import time

import pytest

from mqtt_peer import Peer, packet, text
from ports import free_port, wait_for_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
BROKER = BUILD / "broker" / "mqttspec-broker"
LIMIT_S = 20
VERSIONS = [4, 5]

USERS = {"alice": "Sesame 0815", "bob": "b", "carol": "c:c$", "root": "r00t", "x/y": "slash", "pl+us": "wild"}

ACL = """
# of those who give no name
topic read public/#
topic write public/inbox

user alice
topic home/#
topic deny home/safe/#
topic read shop/+/price
topic read $SYS/#

user bob
topic write home/door
topic readwrite bob/+
topic deny bob/none

user root
topic #
topic $SYS/#

pattern readwrite users/%u/#
pattern read clients/%c/in
pattern write clients/%c/out
pattern deny users/%u/never
pattern read %u/named

user alice
topic late/one
"""

TOPICS = ["public/1", "public/inbox", "public", "home", "home/door", "home/safe", "home/safe/gold", "shop/1/price",
          "shop/price", "shop/1/2/price", "bob/1", "bob/none", "bob/1/2", "bob", "users/alice/1", "users/alice/never",
          "users/bob", "users/bob/never", "users/x/y/1", "users/pl+us/1".replace("+", "-"), "clients/id-alice/in",
          "clients/id-alice/out", "clients/id-bob/in", "clients/id-/in", "late/one", "alice/named", "nobody/else"]

FILTERS = ["#", "+/#", "public/#", "home/#", "home/safe/#", "home/+", "shop/+/price", "shop/#", "bob/+", "bob/none",
           "users/#", "users/alice/#", "clients/+/in", "clients/id-alice/#", "+/named", "late/one", "$SYS/#",
           "$share/g/home/#", "$share/g/bob/+", "$share/g/nobody/#"]


class Server:
    """A broker with a configuration; it is ended in order, and a sanitizer's finding is an exit code."""

    def __init__(self, kind, folder, text, port):
        self.port, self.second, self.log = port, free_port(), folder / f"{kind}.log"
        config = folder / f"{kind}.conf"
        config.write_text(text.format(port=port, second=self.second, dir=folder) + ("user root\n" if kind == "mosquitto" else ""))
        command = {"mosquitto": ["mosquitto", "-c", config], "ours": [BROKER, "-v", "-c", config]}[kind]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=log)
        self.config = config
        for each in [port] + [self.second] * ("{second}" in text):
            wait_for_port(each, self.process, self.log)

    def wait_for_log(self, words, count=1):
        deadline = time.monotonic() + LIMIT_S
        while self.log.read_text().count(words) < count:
            assert time.monotonic() < deadline, f"{words} is not in {self.log.read_text()}"
            time.sleep(0.02)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(LIMIT_S) == 0, self.log.read_text()


def passwd(path, user, password, *options):
    return subprocess.run([BROKER, "passwd", *options, path, user], input=password + "\n", text=True,
                          capture_output=True, timeout=LIMIT_S)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a password file of both formats, from both programs, and an access list."""
    folder = tmp_path_factory.mktemp("access")
    users = folder / "users"
    users.write_text("# a comment\n\n")
    for i, (user, password) in enumerate(USERS.items()):
        if i % 3 == 2:
            assert passwd(users, user, password).returncode == 0
        else:
            subprocess.run(["mosquitto_passwd", "-H", ["sha512", "sha512-pbkdf2"][i % 3], "-b", users, user, password],
                           check=True, capture_output=True, timeout=LIMIT_S)
    assert users.read_text().count("$6$") == 2 and users.read_text().count("$7$") == 4
    (folder / "acl").write_text(ACL)
    return folder


@pytest.fixture
def start(tmp_path):
    started = []

    def call(kind, text, port=None):
        started.append(Server(kind, tmp_path, text, port or free_port()))
        return started[-1]
    yield call
    for server in started:
        server.end()


def both(start, text):
    return [start(kind, text) for kind in ("ours", "mosquitto")]


LOGINS = [(None, None), (None, "b"), ("alice", "Sesame 0815"), ("alice", "Sesame 0816"), ("alice", "Sesame 081"),
          ("alice", ""), ("alice", None), ("bob", "b"), ("bob", "Sesame 0815"), ("carol", "c:c$"), ("dave", "b"),
          ("", ""), ("alicf", "Sesame 0815"), ("x/y", "slash"), ("pl+us", "wild")]


@pytest.mark.parametrize("anonymous", ["true", "false"])
@pytest.mark.parametrize("with_file", [True, False])
def test_the_same_people_get_in(start, files, anonymous, with_file):
    users = f"password_file {files}/users\n" if with_file else ""
    servers = both(start, "listener {port} 127.0.0.1\n" f"allow_anonymous {anonymous}\n{users}")

    def let_in(server):
        got = {}
        for version in VERSIONS:
            for user, password in LOGINS:
                if version == 4 and user is None and password is not None:
                    continue  # 3.1.1 has no password without a name
                peer = Peer(server.port, "c", user, password, version)
                got[version, user, password] = peer.code == 0
                if peer.code:  # the codes of our own: which of the two it is
                    named = with_file and user
                    refusal = {4: 4 if named else 5, 5: 0x86 if named else 0x87}[version]
                    assert server.log.name != "ours.log" or peer.code == refusal, (user, password)
                peer.leave()
        return got
    ours, theirs = map(let_in, servers)
    assert ours == theirs
    assert len(set(ours.values())) == (1 if not with_file else 2)


def table(server, version):
    """What each user can publish, get, have retained and leave as a Will, as a witness with all rights sees it."""
    names = [None, "alice", "bob", "carol", "x/y", "pl+us"]
    root = Peer(server.port, "root", "root", USERS["root"], version)
    root.subscribe("#", qos=1)
    for topic in TOPICS:
        root.publish("retained/" + topic if topic.startswith("nobody") else topic, "kept", 1, True)
    root.drain()
    seen = {}
    for name in names:
        login = (f"id-{name or ''}", name, USERS.get(name), version)
        peer = Peer(server.port, *login)
        assert peer.code == 0, login
        for qos in (0, 1, 2):
            codes = peer.publish_all(TOPICS, f"q{qos}", qos)
            peer.ping()
            arrived = {topic for topic, payload, _ in root.drain() if payload == f"q{qos}"}
            seen[name, "write", qos] = arrived
            if qos and version == 5:
                assert {t for t, code in zip(TOPICS, codes) if code < 0x80} == arrived
                assert all(code in (0, 0x10, 0x87) for code in codes)
            elif qos:
                assert set(codes) == {0}
        peer.leave()
        for filter_ in FILTERS:
            peer = Peer(server.port, *login)
            granted = peer.subscribe(filter_, qos=1)[0] < 0x80
            shared = filter_.startswith("$share")  # mosquitto sends retained messages to shares, too
            kept = {topic for topic, _, _ in peer.drain() if not topic.startswith("$")}
            statistics = any(topic.startswith("$SYS") for topic, _, retained in peer.messages)
            root.publish_all(TOPICS, "now", 1)
            root.drain()
            got = {topic for topic, payload, _ in peer.drain() if payload == "now"}
            seen[name, "read", filter_] = got
            seen[name, "retained", filter_] = kept if not shared else None
            seen[name, "$SYS", filter_] = statistics
            seen.setdefault("granted", set())
            if granted:
                seen["granted"].add((name, filter_))
            assert granted or not (got or kept)
            peer.leave()
        for topic in TOPICS[:12]:
            peer = Peer(server.port, *login, will={"topic": topic, "payload": "will"})
            allowed = peer.code == 0
            peer.vanish()
            if allowed:
                server_end = Peer(server.port, *login)  # the same identifier: the end of the former was seen
                server_end.leave()
            seen[name, "will", topic] = any(payload == "will" for _, payload, _ in root.drain())
    root.leave()
    return seen


@pytest.mark.long
@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_people_may_do_the_same(start, files, version):
    servers = both(start, "listener {port} 127.0.0.1\n" "allow_anonymous true\n"
                   f"password_file {files}/users\nacl_file {files}/acl\nsys_interval 1\n")
    ours, theirs = (table(server, version) for server in servers)
    # mosquitto grants every subscription, and delivers nothing: ours says which ones are good for nothing.
    granted = ours.pop("granted")
    assert granted < theirs.pop("granted")
    assert ("bob", "bob/none") not in granted and ("bob", "bob/+") in granted
    assert ("carol", "home/#") not in granted and ("alice", "home/safe/#") not in granted
    assert {k: v for k, v in ours.items() if v != theirs[k]} == {k: v for k, v in theirs.items() if v != ours[k]} == {}
    assert ours["bob", "write", 1] >= {"home/door", "bob/1"} and "bob/none" not in ours["bob", "write", 1]


@pytest.mark.parametrize("text, where, what", [
    ("alice", 1, "there is no colon"), ("a:$7$101$x", 1, "the salt"), ("a:plain", 1, "not hashed"),
    ("# c\na:$6$AAAA$AAAA", 2, "the hash"), (":$6$AAAA$AAAA", 1, "no name"),
    ("a:$7$0$AAAA$AAAA", 1, "iterations"), ("a:$7$99999999999$AAAA$AAAA", 1, "iterations"),
])
def test_a_bad_password_file_is_named(tmp_path, text, where, what):
    (tmp_path / "users").write_text(text + "\n")
    assert_refused(tmp_path, "password_file", "users", where, what)


@pytest.mark.parametrize("text, where, what", [
    ("topic a/#/b", 1, "not a Topic Filter"), ("\n\ntopics a", 3, "not one of user, topic"), ("user", 1, "a name"),
    ("topic", 1, "a topic is missing"), ("topic reed a", 1, '"reed" is not one of read'), ("pattern b+", 1, "Filter"),
])
def test_a_bad_access_list_is_named(tmp_path, text, where, what):
    (tmp_path / "acl").write_text(text + "\n")
    assert_refused(tmp_path, "acl_file", "acl", where, what)


def assert_refused(folder, directive, name, where, what):
    config = folder / "broker.conf"
    config.write_text(f"listener 0 127.0.0.1\nallow_anonymous true\n{directive} {folder}/{name}\n")
    for more, code in (["--check-config"], 2), ([], 1):
        result = subprocess.run([BROKER, "-c", config, *more], capture_output=True, text=True, timeout=LIMIT_S)
        assert result.returncode == code
        assert f"{folder}/{name}:{where}: " in result.stderr and what in result.stderr
        assert "AAAA" not in result.stderr and "plain" not in result.stderr


def test_users_are_added_changed_and_taken_out(tmp_path):
    path = tmp_path / "users"
    assert passwd(path, "alice", "one").returncode == 0
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    path.write_text("# kept\n" + path.read_text() + "other:$6$AAAA$AAAA")  # no line end
    assert passwd(path, "bob", "two", "-I", "1000").returncode == 0
    before = path.read_text()
    assert before.startswith("# kept\nalice:$7$101$") and "\nother:$6$AAAA$AAAA\nbob:$7$1000$" in before
    assert passwd(path, "alice", "three").returncode == 0
    after = path.read_text()
    assert after != before and after.count("alice") == 1 and after.splitlines()[2:] == before.splitlines()[2:]
    assert path.stat().st_mode & 0o777 == 0o640
    assert passwd(path, "alice", "", "-D").returncode == 0
    result = passwd(path, "alice", "", "-D")
    assert result.returncode == 1 and 'there is no user "alice"' in result.stderr
    assert path.read_text().splitlines() == ["# kept"] + before.splitlines()[2:]
    assert list(tmp_path.iterdir()) == [path]
    for name in "", "a:b", "#a", " a", "a\nb":
        assert passwd(path, name, "x").returncode == 2
    result = passwd(tmp_path / "none" / "users", "a", "x")
    assert result.returncode == 1 and "No such file" in result.stderr


CONFIG = "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {dir}/users\nacl_file {dir}/acl\n"


def test_a_reload_is_whole_or_not_at_all(start, tmp_path):
    users, acl = tmp_path / "users", tmp_path / "acl"
    passwd(users, "alice", "one")
    acl.write_text("user alice\ntopic a/#\n")
    ours = start("ours", CONFIG)
    alice = Peer(ours.port, "alice", "alice", "one", 5)
    old = Peer(ours.port, "old", "alice", "one", 4)
    assert alice.subscribe("a/#", qos=1) == [1] and alice.publish("a/1", qos=1) == 0

    def reload(words, count=1):
        ours.process.send_signal(signal.SIGHUP)
        ours.wait_for_log(words, count)
    # One of the two is wrong: neither is taken.
    passwd(users, "alice", "two")
    acl.write_text("user alice\ntopic read a/#\ntopic nonsense a\n")
    reload(f'all stays as it was: {acl}:3: "nonsense" is not one of')
    assert Peer(ours.port, "c", "alice", "two", 5).code == 0x86
    assert Peer(ours.port, "c", "alice", "one", 5).code == 0
    assert alice.publish("a/1", qos=1) == 0
    # Both are right: rights count at the next packet, passwords at the next login.
    acl.write_text("user alice\ntopic read a/2\n")
    reload("read again")
    assert alice.publish("a/1", qos=1) == 0x87 and old.publish("a/1", qos=1) == 0
    assert Peer(ours.port, "c", "alice", "one", 5).code == 0x86
    acl.write_text("user alice\ntopic write a/#\n")
    reload("read again", 2)
    alice.drain()
    assert alice.publish("a/2", "not for her", 1) in (0, 0x10)
    assert alice.drain() == [] and alice.subscribe("a/#") == [0x87]
    users.write_text("alice\n")
    reload(f"{users}:1: there is no colon")
    assert Peer(ours.port, "c", "alice", "two", 5).code == 0


def test_what_waits_for_somebody_is_not_for_another(start, tmp_path):
    passwd(tmp_path / "users", "alice", "a")
    passwd(tmp_path / "users", "bob", "b")
    (tmp_path / "acl").write_text("user alice\ntopic a/#\nuser bob\ntopic b/#\n")
    for server in both(start, CONFIG + "persistence false\n"):
        alice = Peer(server.port, "same", "alice", "a", 4, clean=False)
        alice.subscribe("a/#", "b/#", qos=1)
        alice.leave()
        pub = Peer(server.port, "pub", "alice", "a", 4)
        assert pub.publish("a/1", "hers", 1) == 0
        bob = Peer(server.port, "same", "bob", "b", 4, clean=False)
        assert bob.code == 0 and bob.present
        assert bob.drain() == [], server.log.name


def test_no_password_is_ever_logged(start, tmp_path):
    passwd(tmp_path / "users", "alice", "Opensesame")
    (tmp_path / "acl").write_text("user alice\ntopic a/#\n")
    ours = start("ours", CONFIG + "log_type all\n")
    for version in VERSIONS:
        assert Peer(ours.port, "c", "alice", "Opensesame", version).code == 0
        assert Peer(ours.port, "c", "alice", "Closesesame", version).code
    assert "sesame" not in ours.log.read_text()
    assert_forgotten(ours, b"sesame")


def in_pieces(port, data):
    """A connection that has sent this, each byte by itself and as soon as the one before has arrived."""
    peer = socket.create_connection(("127.0.0.1", port), LIMIT_S)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    deadline = time.monotonic() + LIMIT_S
    for i in range(len(data)):
        peer.sendall(data[i:i + 1])
        while fcntl.ioctl(peer, termios.TIOCOUTQ, b"\0" * 4) != b"\0" * 4:
            assert time.monotonic() < deadline
    return peer


def test_no_part_of_a_password_that_comes_in_pieces_is_kept(start, tmp_path):
    passwd(tmp_path / "users", "alice", "Opensesame" * 20)
    (tmp_path / "acl").write_text("user alice\ntopic a/#\n")
    ours = start("ours", CONFIG)
    body = text("MQTT") + b"\4\xc2\0\0" + text("c") + text("alice") + text("Opensesame" * 20)
    whole = packet(0x10, body)
    for length in (len(whole), len(whole) - 1, 100):
        peer = in_pieces(ours.port, whole[:length])
        if length == len(whole):
            assert peer.recv(4) == b"\x20\2\0\0"
        peer.close()
    half = socket.create_connection(("127.0.0.1", ours.port), LIMIT_S)
    half.sendall(whole[:-1])
    half.shutdown(socket.SHUT_WR)
    assert half.recv(1) == b""
    half.close()
    ours.wait_for_log("connection 5 closed")
    assert_forgotten(ours, b"sesame")


def assert_forgotten(ours, secret):
    """The process keeps it nowhere: neither what it was told, nor the file's hash of the login."""
    with open(f"/proc/{ours.process.pid}/maps") as maps, open(f"/proc/{ours.process.pid}/mem", "rb") as memory:
        for line in maps:
            span, mode = line.split()[:2]
            low, high = (int(x, 16) for x in span.split("-"))
            if mode[:2] != "rw" or high - low > 1 << 30:
                continue
            try:
                memory.seek(low)
                assert secret not in memory.read(high - low), line
            except OSError:
                continue


def test_a_storm_of_logins_stops_nobody(start, tmp_path):
    """Hashes that take seconds in all are computed while others are served; whoever hangs up is forgotten."""
    passwd(tmp_path / "users", "slow", "s", "-I", "60000")
    ours = start("ours", CONFIG.replace("false", "true").replace("acl_file {dir}/acl\n", ""))
    bystander = Peer(ours.port, "bystander")
    waiting = [socket.create_connection(("127.0.0.1", ours.port), LIMIT_S) for _ in range(24)]
    for i, peer in enumerate(waiting):
        name = b"slow" if i % 2 else b"nope"
        peer.sendall(b"\x10\x18\0\4MQTT\4\xC2\0\0\0\2c" + bytes([97 + i]) + b"\0\4" + name + b"\0\2no"[:2] + b"no")
    assert bystander.ping()
    assert not select.select([waiting[-1]], [], [], 0)[0]  # some of them are still to come
    for peer in waiting[4:]:
        peer.close()
    for peer in waiting[:4]:
        assert peer.recv(4) == b"\x20\2\0\4"
    assert bystander.ping()


# ---- listeners -----------------------------------------------------------------------------------------------


def test_listeners_of_all_kinds_side_by_side(start, tmp_path):
    v6, path = free_port(), tmp_path / "broker.sock"
    ours = start("ours", "listener {port} 127.0.0.1\n" f"listener 0 {path}\nmax_connections 2\n"
                 f"listener {v6}\nsocket_domain ipv6\nallow_anonymous true\n")
    for place in (path, f"port {v6}"):
        ours.wait_for_log(f"{place}\n")
    sub = Peer(path, "sub")
    assert sub.subscribe("t") == [0]
    Peer(ours.port, "pub").publish("t", "1", 1)
    six = Peer(None, "six", stream=socket.create_connection(("::1", v6), LIMIT_S))
    six.publish("t", "2", 1)
    assert [m[1] for m in sub.drain()] == ["1", "2"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", v6), LIMIT_S)
    # Each listener has its own limit, and what has ended counts no more.
    second = Peer(path, "second")
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        third = Peer(path, "third")
        assert third.code is None
        raise BrokenPipeError
    Peer(ours.port, "c").leave()
    second.leave()
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            if Peer(path, "third").code == 0:
                break
        except OSError:
            pass
        assert time.monotonic() < deadline
    ours.end()
    assert not path.exists()


def test_a_unix_socket_left_behind_is_replaced_and_one_in_use_is_not(start, tmp_path):
    path = tmp_path / "broker.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    text = "listener {port} 127.0.0.1\n" f"listener 0 {path}\nallow_anonymous true\n"
    start("ours", text)
    config = tmp_path / "second.conf"
    config.write_text(text.format(port=free_port()))
    result = subprocess.run([BROKER, "-c", config], capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 1 and f"listener 0 {path}: address already in use" in result.stderr
    assert Peer(path, "c").code == 0
    config.write_text(f"listener 0 {tmp_path}/none/x\n")
    result = subprocess.run([BROKER, "-c", config], capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 1 and f"{tmp_path}/none/x: no such file" in result.stderr


def test_one_port_in_use_and_nothing_starts(start, tmp_path):
    ours = start("ours", "listener {port} 127.0.0.1\nallow_anonymous true\n")
    other, config = free_port(), tmp_path / "second.conf"
    config.write_text(f"listener {other} 127.0.0.1\nlistener {ours.port} 127.0.0.1\nlistener 0 {tmp_path}/s\n")
    result = subprocess.run([BROKER, "-c", config], capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 1 and result.stdout == ""
    assert f"listener {ours.port} 127.0.0.1: address already in use" in result.stderr
    assert not (tmp_path / "s").exists()


def test_each_listener_has_its_own_users_and_rights(start, tmp_path):
    passwd(tmp_path / "users", "alice", "a")
    (tmp_path / "acl").write_text("pattern write a/%c\ntopic read a/#\n")
    text = ("per_listener_settings true\nlistener {port} 127.0.0.1\nallow_anonymous true\nacl_file {dir}/acl\n"
            "listener {second} 127.0.0.1\npassword_file {dir}/users\n")
    for server in both(start, text):
        second = server.second
        first, alice = Peer(server.port, "c", version=5), Peer(second, "alice", "alice", "a", 5)
        assert (first.code, alice.code, Peer(second, "x").code) == (0, 0, 5)
        assert Peer(second, "x", "alice", "b").code in (4, 5)
        alice.subscribe("#", qos=1)
        first.publish("a/c", "1", 1)
        assert first.publish("a/d", "2", 1) == 0x87
        assert [m[1] for m in alice.drain()] == ["1"]
        alice.leave()
        server.end()


@pytest.mark.parametrize("text, what", [
    ("cafile x\n", "broker.conf:1: cafile is about the listener before it"),
    ("listener 0 ::1\nprotocol http\n", "broker.conf:2: protocol takes mqtt or websockets"),
    ("listener 0 ::1\nsocket_domain ipv4\n", "listener 0: the address is not of its socket_domain"),
    ("listener 0\nmax_connections 0\n", "broker.conf:2: max_connections takes 1"),
    ("listener 0\nprotocol mqtt\nlistener 0\nprotocol mqtt\nprotocol mqtt\n", ":5: protocol stands in line 4 already"),
    ("allow_anonymous true\nlistener 0\nallow_anonymous true\n", ":3: allow_anonymous stands in line 1 already"),
    ("acl_file x\nper_listener_settings true\n", ":2: per_listener_settings comes before"),
    ("per_listener_settings true\nacl_file x\n", ":2: acl_file is about the listener before it"),
    ("listener 0\nkeyfile x\n", "it has a keyfile, but no certfile"),
    ("listener 0\ntls_version tlsv1.1\n", ":2: tls_version takes tlsv1.2"),
    ("listener 0\nrequire_certificate true\n", "TLS takes a certfile and a keyfile"),
    ("listener 0 /" + "x" * 200 + "\n", ":1: the path of a Unix socket has 107 bytes at most"),
    ("listener 0\nwebsockets_origin x\n", "websockets_origin takes protocol websockets"),
])
def test_what_a_listener_cannot_be_is_named(tmp_path, text, what):
    config = tmp_path / "broker.conf"
    config.write_text(text)
    result = subprocess.run([BROKER, "-c", config], capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 2 and what in result.stderr


def test_what_takes_a_restart_is_said_and_changes_nothing(start, tmp_path):
    text = "listener {port} 127.0.0.1\nallow_anonymous true\n"
    ours = start("ours", text)
    config, users = ours.config, tmp_path / "users"
    passwd(users, "alice", "a")
    own = config.read_text()
    for more, words in [(f"password_file {users}\n", "a first password_file"),
                        (f"listener 0 {tmp_path}/s\n", "other listeners take a restart"),
                        ("max_qos 5\n", "max_qos takes 0 to 2")]:
        config.write_text(own + more)
        ours.process.send_signal(signal.SIGHUP)
        ours.wait_for_log(words)
        assert Peer(ours.port, "c", "alice", "wrong").code == 0
    assert ours.log.read_text().count("all stays as it was") == 3


def ask_at_a_terminal(path, *answers):
    """Exit code and what the terminal has shown."""
    pid, terminal = pty.fork()
    if not pid:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which a shell's background jobs have off
        os.execv(BROKER, [str(BROKER), "passwd", str(path), "alice"])
    shown, deadline = b"", time.monotonic() + LIMIT_S

    def read():
        assert select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0], shown
        return os.read(terminal, 1000)
    for answer in answers:
        prompts = shown.count(b": ")
        while shown.count(b": ") == prompts:
            shown += read()
        while termios.tcgetattr(terminal)[3] & termios.ECHO:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.write(terminal, answer)
    try:
        while more := read():
            shown += more
    except OSError:
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_a_password_is_asked_for_without_showing_it(tmp_path):
    path = tmp_path / "users"
    code, shown = ask_at_a_terminal(path, b"Opensesame\n", b"Opensesame\n")
    assert code == 0 and "sesame" not in shown and path.read_text().startswith("alice:$7$")
    before = path.read_text()
    code, shown = ask_at_a_terminal(path, b"Opensesame\n", b"Closesesame\n")
    assert code == 1 and "the two are not the same" in shown
    code, shown = ask_at_a_terminal(path, b"Open\x03")
    assert code == -signal.SIGINT
    assert path.read_text() == before
