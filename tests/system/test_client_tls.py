"""mqttspec-client over TLS: beside mosquitto's clients at Debian's mosquitto, and at servers that are not what they
should be."""
import contextlib
import os
import re
import socket
import subprocess

import pytest

from ports import free_port, wait_for_port
from test_client import EXAMPLES, LIMIT_S, Broker, rest_of, same, subscriber
from test_client_tools import Listener, run
from throwaway_pki import Pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@contextlib.contextmanager
def mosquitto(tmp_path, pki, server="server", *lines):
    broker = Broker(tmp_path, "mosquitto", None, f"certfile {pki.cert(server)}", f"keyfile {pki.key(server)}",
                    "user root", "allow_anonymous true", *lines)
    try:
        yield broker
    finally:
        broker.end()


@contextlib.contextmanager
def s_server(pki, *arguments, server="server"):
    """`openssl s_server`, which shows what arrives; nobody answers there."""
    port = free_port()
    process = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", pki.cert(server), "-key",
                                pki.key(server), "-naccept", "2", *map(str, arguments)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_for_port(port, process)
    process.port = port
    try:
        yield process
    finally:
        process.terminate()
        process.stdin.close()
        process.shown = process.stdout.read().decode(errors="replace")
        process.wait(LIMIT_S)
        process.stdout.close()


def publish(port, *arguments, host="localhost", **more):
    return run("pub", "-h", host, "-p", port, "-t", "a", "-m", "x", "-q", "1", "-W", 20, *arguments, **more)


def says(result):
    """The sentence of a command that failed."""
    code, out, errors = result
    assert code == 1 and not out and errors.count("\n") == 1, result
    return re.sub(r"^mqttspec-client pub: (\S+ port \d+: )?", "", errors).rstrip("\n")


# ---- with mosquitto

def test_both_programs_do_the_same(tmp_path, pki):
    with mosquitto(tmp_path, pki) as broker:
        tls = ["--cafile", str(pki.cert("ca"))]
        sub = subscriber("mqttspec", broker, "-t", "a", "-C", "2", "-q", "1", "-W", "20", *tls, "-h", "localhost")
        assert same("pub", "-p", str(broker.port), "-h", "localhost", "-t", "a", "-m", "x", "-q", "1", *tls)[0] == 0
        assert rest_of(sub)[1].splitlines()[-2:] == [b"x", b"x"]
        for bad in (["--tls-version", "tlsv9"], ["--cert", str(pki.cert("client"))], ["--ciphers", "nonsense"]):
            assert same("pub", "-p", str(broker.port), "-h", "localhost", "-t", "a", "-m", "x", *tls, *bad,
                        output=False)[0] == 1


def test_a_directory_of_authorities_and_a_url(tmp_path, pki):
    authorities = tmp_path / "authorities"
    authorities.mkdir()
    (authorities / "one.pem").write_bytes(pki.cert("ca").read_bytes())
    subprocess.run(["openssl", "rehash", authorities], check=True, timeout=LIMIT_S)
    with mosquitto(tmp_path, pki) as broker:
        assert publish(broker.port, "--capath", authorities) == (0, "", "")
        url = f"mqtts://localhost:{broker.port}/a"
        trusted = {"SSL_CERT_FILE": pki.cert("ca")}
        assert run("pub", "-L", url, "-m", "x", "-q", "1", "-W", 20, **trusted) == (0, "", "")
        assert publish(broker.port, "--tls-use-os-certs", **trusted) == (0, "", "")
        assert "not trusted" in says(run("pub", "-L", url, "-m", "x", "-W", 20))


def test_a_large_message_goes_through(tmp_path, pki):
    data = os.urandom(3 << 20)
    (tmp_path / "data").write_bytes(data)
    with mosquitto(tmp_path, pki) as broker:
        tls = ["--cafile", pki.cert("ca"), "-h", "localhost"]
        sub = subscriber("mqttspec", broker, "-t", "a", "-C", "1", "-W", "20", "-N", *tls)
        assert run("pub", "-p", broker.port, "-t", "a", "-f", tmp_path / "data", "-W", 20, *tls) == (0, "", "")
        code, out = rest_of(sub)
    assert code == 0 and out.endswith(data)


@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_certificates_of_clients(tmp_path, pki, version):
    with mosquitto(tmp_path, pki, "server", f"cafile {pki.cert('ca')}", "require_certificate true",
                   f"tls_version {version}") as broker:
        ca = ["--cafile", pki.cert("ca")]
        with_client = lambda name: publish(broker.port, *ca, "--cert", pki.cert(name), "--key", pki.key(name))
        assert with_client("client") == (0, "", "")
        text = says(publish(broker.port, *ca))
        assert "demands a certificate" in text, text
        text = says(with_client("foreign-client"))
        assert "does not trust the issuer of this client's certificate" in text, text


# ---- trust, name, time, protocol

@pytest.mark.parametrize("server, text", [
    ("foreign", "the server's certificate is not trusted: nothing here vouches for its issuer, \"other-ca\""),
    ("elsewhere", "the server has another name: its certificate is for elsewhere.example, *.wild.example, not for "
                  "localhost"),
    ("expired", "the server's time is over: its certificate expired on "),
])
def test_what_is_wrong_with_a_certificate(tmp_path, pki, server, text):
    with mosquitto(tmp_path, pki, server) as broker:
        assert says(publish(broker.port, "--cafile", pki.cert("ca"))).startswith(text)


def test_names(tmp_path, pki):
    with mosquitto(tmp_path, pki) as broker:
        ca = ["--cafile", pki.cert("ca")]
        assert publish(broker.port, *ca, host="127.0.0.1") == (0, "", "")
        assert publish(broker.port, *ca, "--sni", "localhost", host="127.0.0.1") == (0, "", "")
        assert "another name" in says(publish(broker.port, *ca, "--sni", "elsewhere.example"))
        assert "not for 127.0.0.2" in says(publish(broker.port, *ca, "--sni", "127.0.0.2", host="127.0.0.1"))
    with mosquitto(tmp_path, pki, "elsewhere") as broker:
        assert publish(broker.port, *ca, "--insecure") == (0, "", "")
        assert publish(broker.port, *ca, "--sni", "a.wild.example") == (0, "", "")
        assert publish(broker.port, *ca, "--sni", "a.wild.example.") == (0, "", "")
        assert "another name" in says(publish(broker.port, *ca, "--sni", "a.b.wild.example"))
    with mosquitto(tmp_path, pki, "foreign") as broker:
        assert "not trusted" in says(publish(broker.port, *ca, "--insecure"))


def test_the_name_that_is_asked_for(pki):
    """Never an address."""
    for host, sni, asked in (("localhost", [], '"localhost"'), ("127.0.0.1", [], None),
                             ("127.0.0.1", ["--sni", "elsewhere.example"], '"elsewhere.example"')):
        with s_server(pki, "-tlsextdebug") as server:
            run("pub", "-h", host, "-p", server.port, "-t", "a", "-m", "x", "-W", 1, "--cafile", pki.cert("ca"), *sni)
        assert ("server name" in server.shown) == (asked is not None), server.shown
        assert not asked or asked.strip('"').encode().hex(" ").split()[0] in server.shown


def test_versions_of_tls(pki):
    low = ["--ciphers", "DEFAULT@SECLEVEL=0"]
    for version, offered, text in (("-tls1_2", ["tlsv1.3"], "none of the versions"), ("-tls1_2", ["tlsv1.2"], None),
                                   ("-tls1_3", ["tlsv1.2"], None), ("-tls1_1", ["tlsv1.1", *low], None),
                                   ("-tls1_1", ["tlsv1.2", *low], "none of the versions")):
        with s_server(pki, version, "-quiet", "-cipher", "DEFAULT@SECLEVEL=0") as server:
            code, _, errors = publish(server.port, "--cafile", pki.cert("ca"), "--tls-version", *offered, "-W", 1)
        assert (text in errors if text else code == 27), (version, offered, errors)


def test_the_protocol_that_is_asked_for(pki):
    ca = ["--cafile", pki.cert("ca")]
    with s_server(pki, "-alpn", "mqtt") as server:
        assert publish(server.port, *ca, "--tls-alpn", "mqtt", "-W", 1)[0] == 27
    assert "ALPN protocols selected: mqtt" in server.shown or "ALPN protocol: mqtt" in server.shown
    with s_server(pki, "-alpn", "http/1.1") as server:
        assert "ALPN" in says(publish(server.port, *ca, "--tls-alpn", "mqtt"))


def test_ciphers(pki):
    ca = ["--cafile", pki.cert("ca"), "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"]
    with s_server(pki, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384") as server:
        assert "no ciphers in common" in says(publish(server.port, *ca))
    with s_server(pki, "-tls1_2") as server:
        assert publish(server.port, *ca, "-W", 1)[0] == 27
    assert "CIPHER is ECDHE-ECDSA-AES128-GCM-SHA256" in server.shown


# ---- servers of another kind

@pytest.mark.parametrize("serve, text", [
    (lambda c: (c.recv(1000), c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")), "what the server sends is not TLS"),
    (lambda c: (c.recv(1000), c.sendall(bytes.fromhex("2003000000"))), "what the server sends is not TLS"),
    (lambda c: (c.recv(1000), c.shutdown(socket.SHUT_RDWR)), "connection closed by the server during the TLS handshake"),
    (lambda c: (c.recv(1000), c.sendall(bytes.fromhex("15030300020228"))), "the server broke off the TLS handshake"),
])
def test_a_server_without_tls(pki, serve, text):
    with Listener(serve) as server:
        assert says(publish(server.port, "--cafile", pki.cert("ca"), host="127.0.0.1")).startswith(text)


def test_a_server_that_never_finishes_its_handshake(pki):
    with Listener(lambda c: None) as server:
        assert says(publish(server.port, "--cafile", pki.cert("ca"), host="127.0.0.1")) == "no TLS handshake in time"


def test_a_farewell(pki):
    """DISCONNECT, then close_notify: s_server tells it from a connection that breaks."""
    with s_server(pki) as server:
        run("pub", "-h", "localhost", "-p", server.port, "-t", "a", "-m", "x", "-W", 1, "--cafile", pki.cert("ca"))
    assert server.shown.count("unexpected eof") == 1    # whoever looked whether it listens


# ---- files

@pytest.mark.parametrize("arguments, text", [
    (["--cafile", "{folder}/none.pem"], "{folder}/none.pem: No such file or directory"),
    (["--cafile", "{folder}"], "{folder}: is a directory"),
    (["--cafile", "{folder}/client.key"], "{folder}/client.key: no certificate in PEM format can be read there"),
    (["--capath", "{folder}/ca.pem"], "{folder}/ca.pem: not a directory"),
    (["--cafile", "{folder}/ca.pem", "--cert", "{folder}/client.pem"],
     "{folder}/client.pem: a certificate needs its private key"),
    (["--cafile", "{folder}/ca.pem", "--key", "{folder}/client.key"],
     "{folder}/client.key: a private key needs a certificate"),
    (["--cafile", "{folder}/ca.pem", "--cert", "{folder}/client.key", "--key", "{folder}/client.key"],
     "{folder}/client.key: no certificate in PEM format can be read there"),
    (["--cafile", "{folder}/ca.pem", "--cert", "{folder}/client.pem", "--key", "{folder}/client.pem"],
     "{folder}/client.pem: no private key in PEM format can be read there"),
    (["--cafile", "{folder}/ca.pem", "--cert", "{folder}/client.pem", "--key", "{folder}/server.key"],
     "{folder}/server.key: the private key does not belong to the certificate"),
    (["--cafile", "{folder}/ca.pem", "--cert", "{folder}/client.pem", "--key", "{folder}/encrypted.key"],
     "{folder}/encrypted.key: the private key is encrypted"),
    (["--cafile", "{folder}/ca.pem", "--cert", "{folder}/expired-client.pem", "--key", "{folder}/expired-client.key"],
     "{folder}/expired-client.pem: the certificate expired on "),
    (["--cafile", "{folder}/ca.pem", "--tls-version", "tlsv1"], "tlsv1: a version of TLS is tlsv1.1, tlsv1.2 or tlsv1.3"),
    (["--cafile", "{folder}/ca.pem", "--ciphers", "nonsense"], "nonsense: no list of ciphers for TLS 1.2 and below"),
    (["--cafile", "{folder}/ca.pem", "--tls-alpn", ""], "a protocol for ALPN has 1 to 255 bytes"),
    (["--cert", "{folder}/client.pem"], "TLS needs to know whom to trust: --cafile, --capath or --tls-use-os-certs"),
    (["--insecure"], "TLS needs to know whom to trust: --cafile, --capath or --tls-use-os-certs"),
    (["--cafile", "{folder}/ca.pem", "--unix", "/nonexistent"], "a Unix socket (--unix) and TLS do not go together"),
])
def test_what_is_wrong_before_anything_starts(pki, arguments, text):
    named = lambda words: words.format(folder=pki.folder)
    with Listener(lambda c: None) as server:
        assert says(publish(server.port, *map(named, arguments), host="127.0.0.1")).startswith(named(text))
        assert not server.times


def test_the_usual_ports(pki):
    """Nothing listens there, or something that is no MQTT server: the port is named."""
    tls = ["--cafile", pki.cert("ca")]
    for arguments, port in (([], 1883), (tls, 8883), (["--ws"], 80), (["--ws", *tls], 443)):
        code, _, errors = run("pub", "-h", "127.0.0.1", "-t", "a", "-m", "x", "-q", "1", "-u", "nobody", "-W", 2, *arguments)
        assert code and errors.startswith(f"mqttspec-client pub: 127.0.0.1 port {port}: "), errors


# ---- the library

def test_blocking_examples_over_tls(tmp_path, pki):
    with mosquitto(tmp_path, pki) as broker:
        for trusted, code, text in (("ca", 0, b""), ("other-ca", 1, b"the server did not prove who it is\n")):
            result = subprocess.run([EXAMPLES / "example_publish", f"mqtts://localhost:{broker.port}", "a", "b"],
                                    capture_output=True, timeout=LIMIT_S,
                                    env={**os.environ, "SSL_CERT_FILE": str(pki.cert(trusted))})
            assert (result.returncode, result.stderr) == (code, text)
