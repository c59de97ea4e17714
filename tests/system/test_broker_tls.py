"""TLS on the broker's side of the wire, with clients that others wrote."""
import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from mqtt_peer import Peer
from pki import Pki
from ports import free_port
from test_access import BROKER, LIMIT_S, Server, passwd

SERVER = "listener {port} 127.0.0.1\nallow_anonymous true\ncertfile {pki}/server.pem\nkeyfile {pki}/server.key\n"
MUTUAL = SERVER + "cafile {pki}/ca.pem\nrequire_certificate true\n"


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    made = Pki(tmp_path_factory.mktemp("pki") / "ca")
    made.issue("server", san="DNS:localhost,IP:127.0.0.1")
    made.issue("other", san="DNS:localhost,IP:127.0.0.1")
    made.issue("good")
    made.issue("revoked")
    made.issue("slashed", subject="/O=mqttspec/CN=a\\/b")
    made.issue("nameless", subject="/O=mqttspec")
    made.issue("expired", start="20200101000000Z", end="20200102000000Z")
    made.issue("early", start="20900101000000Z", end="20900102000000Z")
    made.revoke("revoked")
    made.crl()
    made.crl("stale", "20200102000000Z")
    foreign = Pki(made.folder.parent / "foreign", "Foreign CA")
    foreign.issue("stranger")
    f = made.folder
    made.run("ec", "-in", f / "server.key", "-aes128", "-passout", "pass:x", "-out", f / "encrypted.key")
    return made


@pytest.fixture
def start(tmp_path, pki):
    started = []

    def call(text, kind="ours"):
        text = text.replace("{pki}", str(pki.folder))
        started.append(Server(kind, tmp_path, text, free_port()))
        return started[-1]
    yield call
    for server in started:
        server.end()


def dial(server, pki, name=None, folder=None, version=None, tune=None):
    """A socket over TLS, as the client NAME of the PKI."""
    context = ssl.create_default_context(cafile=pki.folder / "ca.pem")
    if name:
        folder = folder or pki.folder
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    if version:
        context.minimum_version = context.maximum_version = version
    if tune:
        tune(context)
    plain = socket.create_connection(("127.0.0.1", server.port), LIMIT_S)
    return context.wrap_socket(plain, server_hostname="localhost")


def join(server, pki, client_id="c", user=None, **how):
    return Peer(None, client_id, user, "p" if user else None, 5, stream=dial(server, pki, **how))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_messages_of_all_sizes_go_through(start, pki, version):
    ours = start(SERVER)
    sub, pub = join(ours, pki, "sub", version=version), join(ours, pki, "pub", version=version)
    assert sub.subscribe("t", qos=1) == [1]
    sizes = [0, 1, 100, 16000, 16384, 16385, 70000, 1000000]
    for size in sizes:
        assert pub.publish("t", "x" * size, size % 3) in (0, None)
    for size in sizes:
        while not sub.messages:
            sub.keep(*sub.read())
        assert len(sub.messages.pop(0)[1]) == size
    stream = pub.socket
    pub.send(b"\xE0\0")
    assert stream.recv(10) == b""  # the close_notify: without it, this would be an error
    sub.leave()


def test_many_small_messages_share_records_and_none_is_lost(start, pki):
    ours = start(SERVER)
    sub, pub = join(ours, pki, "sub"), join(ours, pki, "pub")
    sub.subscribe("t")
    pub.publish_all(["t"] * 20000, "small")
    pub.ping()
    while len(sub.messages) < 20000:
        sub.keep(*sub.read())


def test_bytes_one_by_one_and_records_one_by_one(start, pki):
    ours = start(SERVER)
    connect = b"\x10\x0d\0\4MQTT\4\2\0\0\0\1c"
    stream = dial(ours, pki)
    for byte in connect:
        stream.sendall(bytes([byte]))  # a record each
    assert stream.recv(4) == b"\x20\2\0\0"
    # The same with the records themselves cut into bytes.
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context(cafile=pki.folder / "ca.pem").wrap_bio(incoming, outgoing,
                                                                            server_hostname="localhost")
    plain = socket.create_connection(("127.0.0.1", ours.port), LIMIT_S)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def pump(act):
        while True:
            try:
                result = act()
            except ssl.SSLWantReadError:
                result = None
            for byte in outgoing.read():
                plain.sendall(bytes([byte]))
            if result is not None:
                return result
            incoming.write(plain.recv(65536))
    pump(lambda: tls.do_handshake() or True)
    pump(lambda: tls.write(connect))
    assert pump(lambda: tls.read(4)) == b"\x20\2\0\0"
    plain.close()


def test_mosquitto_clients_come_in(start, pki):
    ours = start(MUTUAL)
    trust = ["-h", "localhost", "-p", str(ours.port), "--cafile", pki.folder / "ca.pem",
             "--cert", pki.folder / "good.pem", "--key", pki.folder / "good.key"]
    subprocess.run(["mosquitto_pub", *trust, "-t", "t", "-m", "hello", "-q", "2", "-r", "--tls-version", "tlsv1.2"],
                   check=True, timeout=LIMIT_S)
    sub = subprocess.run(["mosquitto_sub", *trust, "-t", "t", "-C", "1"], capture_output=True, text=True,
                         timeout=LIMIT_S)
    assert (sub.returncode, sub.stdout) == (0, "hello\n")


REASONS = {"expired": "certificate has expired", "early": "certificate is not yet valid",
           "revoked": "certificate revoked", "stranger": "unable to get local issuer certificate",
           None: "peer did not return a certificate"}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_certificates_are_looked_at(start, pki, version):
    ours = start(MUTUAL + "crlfile {pki}/crl.pem\n")
    assert join(ours, pki, name="good", version=version).code == 0
    for name, reason in REASONS.items():
        folder = pki.folder.parent / "foreign" if name == "stranger" else None
        with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
            peer = join(ours, pki, name=name, folder=folder, version=version)
            assert peer.code is not None
        ours.wait_for_log(f"TLS: {reason}")
    assert join(ours, pki, name="good", version=version).code == 0


@pytest.mark.parametrize("kind", ["ours", "mosquitto"])
def test_the_certificate_is_the_name(start, pki, tmp_path, kind):
    (tmp_path / "acl").write_text("user good\ntopic a/#\nuser O=mqttspec,CN=good\ntopic b/#\n")
    for directive, topic in ("use_identity_as_username", "a/1"), ("use_subject_as_username", "b/1"):
        server = start(MUTUAL + f"{directive} true\n" "acl_file {dir}/acl\n", kind)
        peer = join(server, pki, "c", user="root", name="good")  # what CONNECT says does not count
        assert peer.code == 0
        allowed = [t for t in ("a/1", "b/1") if peer.publish(t, qos=1) < 0x80]
        assert allowed == [topic]
        nameless = join(server, pki, "d", name="nameless")
        assert (nameless.code == 0) == ("subject" in directive)
        server.end()


def test_versions_ciphers_and_alpn(start, pki):
    ours = start(SERVER + "tls_version tlsv1.3\nciphers_tls1.3 TLS_CHACHA20_POLY1305_SHA256\n")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        dial(ours, pki, version=ssl.TLSVersion.TLSv1_2)
    ours.wait_for_log("TLS: unsupported protocol")
    stream = dial(ours, pki, tune=lambda c: c.set_alpn_protocols(["x", "mqtt"]))
    assert stream.cipher()[0] == "TLS_CHACHA20_POLY1305_SHA256" and stream.selected_alpn_protocol() == "mqtt"
    assert dial(ours, pki, tune=lambda c: c.set_alpn_protocols(["x"])).selected_alpn_protocol() is None
    ours.end()
    ours = start(SERVER + "ciphers ECDHE-ECDSA-CHACHA20-POLY1305\n")
    stream = dial(ours, pki, version=ssl.TLSVersion.TLSv1_2)
    assert stream.cipher()[0] == "ECDHE-ECDSA-CHACHA20-POLY1305"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        dial(ours, pki, version=ssl.TLSVersion.TLSv1_2, tune=lambda c: c.set_ciphers("AES128-SHA"))


def test_there_is_no_renegotiation(start, pki):
    ours = start(SERVER)
    with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{ours.port}", "-tls1_2", "-CAfile",
                           pki.folder / "ca.pem"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as client:
        seen = b""
        while b"Extended master secret" not in seen:
            seen += os.read(client.stdout.fileno(), 65536)
        client.stdin.write(b"R\n")
        client.stdin.flush()
        rest = client.stdout.read()
        client.stdin.close()
    assert b"no renegotiation" in rest, rest


def test_noise_slow_and_half_handshakes_disturb_nobody(start, pki):
    ours = start(SERVER + "connect_timeout 1\n")
    witness = join(ours, pki, "witness")
    noise = [b"\x10\x0d\0\4MQTT\4\2\0\0\0\1c", b"GET / HTTP/1.1\r\n\r\n", os.urandom(5000), b"\x16\x03\x01\x02\0" + b"x" * 512]
    for bytes_ in noise:
        peer = socket.create_connection(("127.0.0.1", ours.port), LIMIT_S)
        peer.sendall(bytes_)
        while True:
            try:
                if not peer.recv(4096):
                    break
            except ConnectionError:
                break
    # Whoever says nothing, half of a hello, or hello and no more: the time for CONNECT is that for all before it.
    hello = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = hello.read()
    for part in b"", hello[:100], hello:
        peer = socket.create_connection(("127.0.0.1", ours.port), LIMIT_S)
        peer.sendall(part)
        while peer.recv(65536):
            pass
    stream = dial(ours, pki)  # shaken hands, and no CONNECT
    assert stream.recv(1) == b""
    assert witness.ping()


BAD = [
    ("certfile {tmp}/none.pem", "none.pem: No such file or directory"),
    ("certfile {pki}/server.key", "server.key: there is no certificate in it"),
    ("certfile {pki}", "it is a folder"),
    ("certfile {pki}/expired.pem", "expired.pem: the certificate has expired: 2020-01-02 00:00:00 UTC"),
    ("certfile {pki}/early.pem", "early.pem: the certificate is not valid before 2090-01-01"),
    ("keyfile {pki}/other.key", "other.key: the key is not that of the certificate in"),
    ("keyfile {pki}/encrypted.key", "encrypted.key: the key is encrypted"),
    ("keyfile {pki}/server.pem", "server.pem: there is no key in it"),
    ("cafile {tmp}/empty", "empty: there is no certificate in it"),
    ("capath {pki}/ca.pem", "ca.pem: it is no folder"),
    ("crlfile {pki}/ca.pem", "ca.pem: there is no list of revoked certificates in it"),
    ("crlfile {pki}/stale.pem", "stale.pem: the list has expired"),
    ("ciphers nonsense", 'ciphers: OpenSSL knows none of "nonsense"'),
    ("ciphers_tls1.3 nonsense", "ciphers_tls1.3: OpenSSL does not know all"),
]


@pytest.mark.parametrize("line, what", BAD)
def test_files_that_cannot_be_used_are_named_before_anything_starts(pki, tmp_path, line, what):
    (tmp_path / "empty").write_text("")
    name = line.split()[0]
    lines = [each for each in (MUTUAL + line + "\n").splitlines() if not each.startswith(name + " ")] + [line]
    text = "\n".join(lines).replace("{pki}", str(pki.folder)).replace("{tmp}", str(tmp_path)).replace("{port}", "0")
    config = tmp_path / "broker.conf"
    config.write_text(text + "\n")
    for more, code in (["--check-config"], 2), ([], 1):
        result = subprocess.run([BROKER, "-c", config, *more], capture_output=True, text=True, timeout=LIMIT_S)
        assert (result.returncode, result.stdout) == (code, "")
        assert what in result.stderr and "error:" not in result.stderr


def test_a_reload_takes_new_certificates_or_keeps_the_old_ones(start, pki, tmp_path):
    for name in "pem", "key":
        shutil.copy(pki.folder / f"server.{name}", tmp_path / f"own.{name}")
    shutil.copy(pki.folder / "crl.pem", tmp_path / "crl.pem")
    ours = start(MUTUAL.replace("{pki}/server", "{dir}/own") + "crlfile {dir}/crl.pem\n")

    def serial():
        with dial(ours, pki, name="good") as stream:
            return stream.getpeercert()["serialNumber"]

    def reload(words, count=1):
        ours.process.send_signal(signal.SIGHUP)
        ours.wait_for_log(words, count)
    old, stays = serial(), join(ours, pki, "stays", name="good")
    shutil.copy(pki.folder / "other.pem", tmp_path / "own.pem")  # and the key of the former
    reload("all stays as it was: " + str(tmp_path / "own.key") + ": the key is not that of")
    assert serial() == old
    shutil.copy(pki.folder / "other.key", tmp_path / "own.key")
    reload("read again")
    assert serial() != old and stays.ping()
    # A certificate that has been revoked meanwhile.
    pki.issue("later")
    assert join(ours, pki, "later", name="later").code == 0
    pki.revoke("later")
    shutil.copy(pki.crl("newer"), tmp_path / "crl.pem")
    reload("read again", 2)
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        assert join(ours, pki, "later", name="later").code is not None
    assert join(ours, pki, "c", name="good").code == 0


def test_plain_and_tls_side_by_side(start, pki):
    ours = start(SERVER + "listener {second} 127.0.0.1\n")
    plain, tls = Peer(ours.second, "plain"), join(ours, pki, "tls")
    plain.subscribe("t")
    tls.publish("t", "hello", 1)
    assert [m[1] for m in plain.drain()] == ["hello"]


def test_the_password_goes_no_further_than_over_tcp(start, pki, tmp_path):
    passwd(tmp_path / "users", "alice", "Opensesame")
    ours = start(SERVER.replace("allow_anonymous true\n", "") + "password_file {dir}/users\n")
    peer = Peer(None, "c", "alice", "Opensesame", 5, stream=dial(ours, pki))
    assert peer.code == 0
    with open(f"/proc/{ours.process.pid}/maps") as maps, open(f"/proc/{ours.process.pid}/mem", "rb") as memory:
        for line in maps:
            low, high = (int(x, 16) for x in line.split()[0].split("-"))
            if line.split()[1][:2] != "rw" or high - low > 1 << 30:
                continue
            try:
                memory.seek(low)
                assert b"Opensesame" not in memory.read(high - low), line
            except OSError:
                continue
