"""Peers that others wrote, at the broker's TLS and WebSocket listeners: python3-websockets, openssl, mosquitto's clients.
What testssl.sh thinks of the TLS is in test_broker_testssl.py."""
import asyncio
import contextlib
import os
import ssl
import subprocess

import pytest

from mqtt_peer import packet, text
from test_access import LIMIT_S
from test_broker_tls import MUTUAL, SERVER, pki, start  # noqa: F401: fixtures

websockets = pytest.importorskip("websockets")
PLAIN = "listener {port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
SCHEMES = {"ws": PLAIN, "wss": SERVER + "protocol websockets\n"}
CONNECT = b"\x10\x0d\0\4MQTT\4\2\0\0\0\1c"
CONNACK = b"\x20\2\0\0"
DISCONNECT = b"\xE0\0"


def connect_of(client_id):
    return packet(0x10, text("MQTT") + b"\4\2\0\0" + text(client_id))


# ---- python3-websockets ---------------------------------------------------------------------------


class Socket:
    """A connection of python3-websockets, and the bytes of MQTT that have come over it."""

    def __init__(self, websocket):
        self.websocket, self.data = websocket, b""

    async def take(self, length):
        while len(self.data) < length:
            message = await self.websocket.recv()
            assert isinstance(message, bytes)
            self.data += message
        taken, self.data = self.data[:length], self.data[length:]
        return taken


def opened(server, scheme, pki, **how):  # noqa: F811
    tls = ssl.create_default_context(cafile=pki.folder / "ca.pem") if scheme == "wss" else None
    return websockets.connect(f"{scheme}://localhost:{server.port}/mqtt", ssl=tls, subprotocols=["mqtt"], max_size=1 << 26,
                              open_timeout=LIMIT_S, ping_interval=None, close_timeout=LIMIT_S, **how)


def within_limit(work):
    asyncio.run(asyncio.wait_for(work, 3 * LIMIT_S))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_python_websockets_come_in(start, pki, scheme):  # noqa: F811
    ours = start(SCHEMES[scheme])

    async def play():
        # Its offer of permessage-deflate is to be declined, not misunderstood.
        async with opened(ours, scheme, pki) as first, opened(ours, scheme, pki, compression=None) as second:
            assert first.subprotocol == "mqtt" and first.extensions == []
            sub, pub = Socket(first), Socket(second)
            for who, name in (sub, "sub"), (pub, "pub"):
                await who.websocket.send(connect_of(name))
                assert await who.take(4) == CONNACK
            await first.send(packet(0x82, b"\0\1" + text("t") + b"\0"))
            assert await sub.take(5) == b"\x90\3\0\1\0"
            for size in 0, 125, 126, 65535, 65536, 1000000:
                publish = packet(0x30, text("t") + b"x" * size)
                await second.send(publish)
                assert await sub.take(len(publish)) == publish
            # A packet over several frames, with a ping between them that is answered.
            publish = packet(0x30, text("t") + b"in fragments")

            async def fragments():
                for at in range(0, len(publish), 5):
                    yield publish[at:at + 5]
                    await (await second.ping())
            await second.send(fragments())
            assert await sub.take(len(publish)) == publish
            await first.send(DISCONNECT)
            with pytest.raises(websockets.ConnectionClosedOK):
                await first.recv()
            assert first.close_code == 1000
            await second.close(1001, "leaving")
            assert second.close_code == 1001
    within_limit(play())


def test_python_websockets_that_send_text_or_offer_no_subprotocol_are_refused(start, pki):  # noqa: F811
    ours = start(PLAIN)

    async def play():
        async with opened(ours, "ws", pki) as websocket:
            await websocket.send("this is text")
            with pytest.raises(websockets.ConnectionClosedError):
                await websocket.recv()
            assert websocket.close_code == 1003
        with pytest.raises(websockets.InvalidStatusCode) as refused:
            await websockets.connect(f"ws://localhost:{ours.port}/mqtt", open_timeout=LIMIT_S)
        assert refused.value.status_code == 400
    within_limit(play())


# ---- openssl s_client -----------------------------------------------------------------------------


def s_client(server, pki, *options, send=CONNECT, answer=CONNACK):  # noqa: F811
    """What s_client prints, and whether `answer` was in it; its standard input stays open until then."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-CAfile",
               pki.folder / "ca.pem", "-verify_return_error", "-verify_hostname", "localhost", "-nocommands", *options]
    with subprocess.Popen(["timeout", str(LIMIT_S), *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, bufsize=0) as client:
        with contextlib.suppress(BrokenPipeError):  # it may have been refused, and be gone
            client.stdin.write(send)
        seen = b""
        while answer not in seen and (more := os.read(client.stdout.fileno(), 65536)):
            seen += more
        came = answer in seen
        if came:
            client.stdin.write(DISCONNECT)
        seen += client.stdout.read()
        client.stdin.close()
        assert client.wait(LIMIT_S) != 124, seen
    return seen, came


@pytest.mark.parametrize("version, name", [("-tls1_2", b"TLSv1.2"), ("-tls1_3", b"TLSv1.3")])
def test_openssl_speaks_with_the_broker(start, pki, version, name):  # noqa: F811
    ours = start(SERVER)
    seen, came = s_client(ours, pki, version, "-alpn", "mqtt")
    assert came, seen
    for words in b"Verification: OK", b"Verified peername: localhost", b"ALPN protocol: mqtt", b"New, " + name:
        assert words in seen, seen
    assert b"No client certificate CA names sent" in seen
    # The name of the certificate is that of another.
    seen, came = s_client(ours, pki, version, "-verify_hostname", "elsewhere.example")
    assert not came and b"hostname mismatch" in seen


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_openssl_with_an_old_version_is_refused(start, pki, version):  # noqa: F811
    ours = start(SERVER)
    seen, came = s_client(ours, pki, version, "-cipher", "ALL:@SECLEVEL=0")
    assert not came and b"alert protocol version" in seen


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_with_and_without_a_client_certificate(start, pki, version):  # noqa: F811
    ours = start(MUTUAL)
    own = ["-cert", pki.folder / "good.pem", "-key", pki.folder / "good.key"]
    seen, came = s_client(ours, pki, version, *own)
    assert came and b"CN = Test CA" in seen.partition(b"Acceptable client certificate CA names")[2], seen
    seen, came = s_client(ours, pki, version)
    assert not came
    ours.wait_for_log("TLS: peer did not return a certificate")


# ---- mosquitto_pub and mosquitto_sub --------------------------------------------------------------


def mosquitto(program, server, *arguments):
    run = subprocess.run(["mosquitto_" + program, "-h", "localhost", "-p", str(server.port), *map(str, arguments)],
                         capture_output=True, text=True, timeout=LIMIT_S)
    return run.returncode, run.stdout, run.stderr


@pytest.mark.parametrize("tls_version", ["tlsv1.2", "tlsv1.3"])
@pytest.mark.parametrize("mqtt_version", ["311", "5"])
def test_mosquitto_clients_without_a_certificate(start, pki, tls_version, mqtt_version):  # noqa: F811
    ours = start(SERVER)
    trust = ["--cafile", pki.folder / "ca.pem", "--tls-version", tls_version, "-V", mqtt_version]
    large = "x" * 100000
    for topic, payload, qos in ("small", "hello", 1), ("large", large, 2):
        assert mosquitto("pub", ours, *trust, "-t", topic, "-m", payload, "-q", qos, "-r") == (0, "", "")
        assert mosquitto("sub", ours, *trust, "-t", topic, "-C", 1, "-W", LIMIT_S // 2) == (0, payload + "\n", "")


@pytest.mark.parametrize("tls_version", ["tlsv1.2", "tlsv1.3"])
def test_mosquitto_clients_are_let_in_by_their_certificates(start, pki, tls_version):  # noqa: F811
    ours = start(MUTUAL + "crlfile {pki}/crl.pem\n")
    trust = ["--cafile", pki.folder / "ca.pem", "--tls-version", tls_version, "-t", "t", "-m", "x", "-q", "1"]

    def by(name, folder=pki.folder):
        return [*trust, "--cert", folder / f"{name}.pem", "--key", folder / f"{name}.key"]
    foreign = pki.folder.parent / "foreign"
    assert mosquitto("pub", ours, *by("good"))[0] == 0
    for arguments, reason in [(trust, "peer did not return a certificate"), (by("revoked"), "certificate revoked"),
                              (by("stranger", foreign), "unable to get local issuer certificate"),
                              (by("expired"), "certificate has expired")]:
        assert mosquitto("pub", ours, *arguments)[0] != 0
        ours.wait_for_log(f"TLS: {reason}")
    assert mosquitto("pub", ours, *by("good"))[0] == 0
