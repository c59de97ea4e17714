"""The first look at a server: what cannot be judged ends the run with one sentence, and accuses nobody."""
import contextlib
import http.server
import json
import os
import pathlib
import socket
import ssl
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"


def judge(tmp_path, *args):
    done = subprocess.run([PROGRAM, "run", *args, "--timeout", "2000", "--out", tmp_path / "out"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=120)
    lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
    return done, [line for line in lines if line["type"] == "case"]


def refused(tmp_path, *args):
    """The sentence of a run that ended before its first case."""
    done, cases = judge(tmp_path, *args)
    assert done.returncode == 3 and done.stdout == "" and cases == [], done
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


@contextlib.contextmanager
def served(serve):
    """A server on a free port that gives each connection to `serve`, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=attend, args=(listener.accept()[0],), daemon=True).start()

        def attend(peer):
            with contextlib.suppress(OSError), peer:
                serve(peer)

        threading.Thread(target=accept, daemon=True).start()
        yield f"mqtt://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def mosquitto(tmp_path, more, **files):
    """A target file for a mosquitto with these lines of configuration and files beside it."""
    path = tmp_path / "mosquitto.ini"
    documents = "".join(f"\n[file {name}]\ncontent =\n" + "".join(f"| {line}\n" for line in text.splitlines())
                        for name, text in files.items())
    path.write_text("[target]\nname = Mosquitto\ncommand = /usr/sbin/mosquitto -c {config}\nversions = 3.1.1 5.0\n\n"
                    "[file m.conf]\ncontent =\n| listener {port} 127.0.0.1\n| user root\n"
                    + "".join(f"| {line}\n" for line in more) + documents)
    return path


def test_an_http_server_that_waits_for_a_line(tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = refused(tmp_path, f"mqtt://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert "did not answer CONNECT in time; but the server speaks HTTP" in said


def test_an_http_server_that_answers_at_once(tmp_path):
    with served(lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        assert 'looks like HTTP: "HTTP/1.1 400 Bad Request"' in refused(tmp_path, url)


def test_a_port_for_tls(tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout",
                    tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    def serve(peer):
        with contextlib.suppress(ssl.SSLError):
            context.wrap_socket(peer, server_side=True)

    with served(serve) as url:
        assert "but the server speaks TLS" in refused(tmp_path, url)


def test_bytes_that_mean_nothing_are_shown(tmp_path):
    with served(lambda peer: peer.sendall(b"SSH-2.0-x\r\n")) as url:
        said = refused(tmp_path, url)
    assert 'no CONNACK: 53 53 48 2D 32 2E 30 2D 78 0D 0A ("SSH-2.0-x")' in said


@pytest.mark.parametrize("serve, said", [
    (lambda peer: peer.recv(1000), "closed the connection without an answer"),
    (lambda peer: [peer.recv(1000) for _ in range(3)], "did not answer CONNECT in time"),
], ids=["closes", "silent"])
def test_nothing_that_is_said(tmp_path, serve, said):
    with served(serve) as url:
        assert said in refused(tmp_path, url)


def test_who_wants_a_user_name(tmp_path):
    said = refused(tmp_path, mosquitto(tmp_path, ["allow_anonymous false"]))
    assert "it wants a user name and a password (--user, --password-file)" in said


@pytest.mark.parametrize("acl, said", [
    ("topic read #", "publishing to "),
    ("topic write #", "/echo"),
    ("topic readwrite mqttspec/#", "rights to all topics"),  # where no case run has its topics
])
def test_an_access_list_is_not_the_brokers_fault(tmp_path, acl, said):
    target = mosquitto(tmp_path, ["allow_anonymous true", "acl_file {dir}/acl"], acl=acl)
    assert said in refused(tmp_path, target, "--versions", "5.0")


def answers(first, topic_codes):
    """A 5.0 server that grants all, gives QoS 0 back, and answers PUBLISH as `topic_codes` has it by QoS."""
    def serve(peer):
        data = b""
        while chunk := peer.recv(4096):
            data += chunk
            while len(data) >= 2 and len(data) >= 2 + data[1]:
                packet, data = data[:2 + data[1]], data[2 + data[1]:]
                kind, qos = packet[0] >> 4, packet[0] >> 1 & 3
                if kind == 1:
                    peer.sendall(b"\x20\x03\x00\x00\x00")
                if kind == 8:
                    peer.sendall(bytes([0x90, 4]) + packet[2:4] + bytes([0, first]))
                if kind == 3 and qos in topic_codes:
                    at = 4 + packet[3]
                    peer.sendall(bytes([0x40 if qos == 1 else 0x50, 3]) + packet[at:at + 2] + bytes([topic_codes[qos]]))
                elif kind == 3 and qos == 0:
                    peer.sendall(packet)
                if kind == 12:
                    peer.sendall(b"\xd0\x00")
    return serve


def test_what_a_policy_refuses_is_inapplicable(tmp_path):
    with served(answers(1, {1: 0x97, 2: 0x9B})) as url:
        done, cases = judge(tmp_path, url, "qos2_received_once", "--versions", "5.0")
    assert "MQTT 5.0: QoS 1 is refused (PUBACK" in done.stderr and "inapplicable" in done.stderr
    assert [c["verdict"] for c in cases] == ["inapplicable"]


def test_a_refused_subscription(tmp_path):
    with served(answers(0x87, {})) as url:
        assert "subscribing to " in refused(tmp_path, url, "--versions", "5.0")


def test_it_can_be_played_anyway(tmp_path):
    with served(answers(0x87, {1: 0})) as url:
        done, cases = judge(tmp_path, url, "pingreqs_one_by_one", "--versions", "5.0", "--anyway")
    assert done.returncode == 0 and [c["verdict"] for c in cases] == ["pass"]
