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
        said = refused(tmp_path, url)
    assert 'looks like HTTP: "HTTP/1.1 400 Bad Request"' in said and "but" not in said


def test_a_port_for_tls(tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout",
                    tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    def serve(peer):
        with contextlib.suppress(ssl.SSLError):
            context.wrap_socket(peer, server_side=True)

    with served(serve) as url:
        assert refused(tmp_path, url).count("TLS") == 1


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


def server(version, **ways):
    """A broker for one client at a time, which is asked for little: it refuses what `ways` say, and how.

    The keys are qos1, qos2, retain, wildcard, shared; the values a Reason Code, "close", or "forget" for what is
    accepted and never heard of again.
    """
    kept = {}
    five = version == "5.0"

    def serve(peer):
        filters, data = [], b""

        def send(topic, payload, retain):
            name = len(topic).to_bytes(2, "big") + topic
            body = name + (b"\0" if five else b"") + payload
            peer.sendall(bytes([0x30 | retain, len(body)]) + body)

        def acknowledge(kind, number, code):
            if five:
                peer.sendall(bytes([kind, 3]) + number + bytes([code]))
            else:
                peer.sendall(bytes([kind, 2]) + number)

        def subscribe(body):
            number, body = body[:2], body[3 if five else 2:]
            name = body[2:2 + body[1]]
            what = "shared" if name.startswith(b"$share/") else "wildcard" if b"+" in name or b"#" in name else None
            way = ways.get(what)
            if way == "close":
                return False
            peer.sendall(bytes([0x90, 4 if five else 3]) + number + (b"\0" if five else b"") + bytes([way or body[-1] & 3]))
            if not way:
                filters.append(name)
                if name in kept:
                    send(name, kept[name], 1)
            return True

        def publish(flags, body):
            qos, retain, size = flags >> 1 & 3, flags & 1, body[1]
            topic, rest = body[2:2 + size], body[2 + size:]
            number, rest = (rest[:2], rest[2:]) if qos else (b"", rest)
            payload = rest[1:] if five else rest
            ways_in = [ways.get(f"qos{qos}"), ways.get("retain") if retain else None]
            way = next((way for way in ways_in if way), 0)
            if way == "close":
                return False
            if qos:
                acknowledge(0x40 if qos == 1 else 0x50, number, way if way != "forget" else 0)
            if not way and retain:
                kept[topic] = payload
                if not payload:
                    del kept[topic]
            if (not way or way == "forget") and topic in filters:
                send(topic, payload, 0)
            return True

        while chunk := peer.recv(4096):
            data += chunk
            while len(data) >= 2 and len(data) >= 2 + data[1]:
                first, body, data = data[0], data[2:2 + data[1]], data[2 + data[1]:]
                kind, open_still = first >> 4, True
                if kind == 1 and (body[6] == 5) != five:
                    peer.sendall(b"\x20\x02\x00\x01" if not five else b"\x20\x03\x00\x84\x00")
                elif kind == 1:
                    peer.sendall(b"\x20\x03\x00\x00\x00" if five else b"\x20\x02\x00\x00")
                elif kind == 8:
                    open_still = subscribe(body)
                elif kind == 3:
                    open_still = publish(first, body)
                elif kind == 6:
                    acknowledge(0x70, body[:2], 0)
                elif kind == 12:
                    peer.sendall(b"\xd0\x00")
                if kind == 14 or not open_still:
                    return
    return serve


@pytest.mark.parametrize("version, ways, case, said", [
    ("5.0", {"retain": 0x9A}, "retained_replaced", "a retained message is refused (PUBACK id 11 0x9A"),
    ("5.0", {"retain": "close"}, "retained_replaced", "a retained message is refused (it closes the connection"),
    ("3.1.1", {"retain": "close"}, "will_retained", "a retained message is refused (it closes the connection"),
    ("3.1.1", {"qos2": "close"}, "qos2_received_once", "QoS 2 is refused (it closes the connection without a word)"),
    ("5.0", {"qos2": 0x97}, "qos2_received_once", "QoS 2 is refused (PUBREC id 12 0x97"),
    ("5.0", {"wildcard": 0xA2}, "retained_for_wildcards", "a filter with a wildcard is refused (SUBACK id 1: 0xA2"),
    ("3.1.1", {"wildcard": "close"}, "retained_for_wildcards", "a filter with a wildcard is refused (it closes"),
    ("5.0", {"shared": 0x9E}, "shared_no_retained", "a shared subscription is refused (SUBACK id 1: 0x9E"),
])
def test_the_servers_own_word_for_what_it_refuses(tmp_path, version, ways, case, said):
    with served(server(version, **ways)) as url:
        done, cases = judge(tmp_path, url, case, "--versions", version)
    assert said in " ".join(done.stderr.split()) and "inapplicable" in done.stderr, done
    assert [c["verdict"] for c in cases] == ["inapplicable"]
    word = said.split("(")[1].rstrip(")")
    assert cases[0]["note"].startswith("the target refuses ") and word in cases[0]["note"]


def test_who_forgets_retained_messages_is_judged_as_ever(tmp_path):
    with served(server("5.0", retain="forget")) as url:
        done, cases = judge(tmp_path, url, "retained_for_late_subscriber", "--versions", "5.0", "--patience", "0")
    assert "a retained message is accepted, and no later subscription brings it" in done.stderr
    assert [c["verdict"] for c in cases] == ["fail"]


def test_who_has_everything_is_told_nothing(tmp_path):
    with served(server("5.0")) as url:
        done, cases = judge(tmp_path, url, "pingreqs_one_by_one", "--versions", "5.0")
    assert done.stderr == "" and [c["verdict"] for c in cases] == ["pass"]


def test_a_program_of_ones_own_has_no_policy(tmp_path):
    """Where mqttspec launches the broker, a connection that ends is a fault, and not a refusal."""
    script = tmp_path / "closes.py"
    script.write_text("import sys\nsys.path.insert(0, %r)\nimport socket, threading\nimport test_entry\n"
                      "serve = test_entry.server('5.0', retain='close')\n"
                      "listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=50)\n"
                      "def attend(peer):\n    with peer:\n        serve(peer)\n"
                      "while True:\n    threading.Thread(target=attend, args=(listener.accept()[0],)).start()\n"
                      % str(pathlib.Path(__file__).parent))
    target = tmp_path / "closes.ini"
    target.write_text(f"[target]\nname = Closes\ncommand = /usr/bin/python3 {script} {{port}}\nversions = 5.0\n")
    done, cases = judge(tmp_path, target, "retained_replaced", "--versions", "5.0", "--patience", "0")
    assert "is refused" not in done.stderr
    assert [c["verdict"] for c in cases] == ["inconclusive"]
