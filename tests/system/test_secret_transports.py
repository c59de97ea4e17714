"""`mqttspec run` over TLS and WebSocket: the same verdicts and evidence as over TCP, and what is said where there is no connection."""
import json
import os
import pathlib
import subprocess

import pytest

from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
CASES = ("pingreq_answered", "qos2_duplicate_publish")
NEW = ("tls", "ws", "wss")


@pytest.fixture
def run(tmp_path):
    (tmp_path / "tmp").mkdir()
    env = os.environ | {"TMPDIR": str(tmp_path / "tmp")}

    def call(*args, **more):
        done = subprocess.run([PROGRAM, "run", *map(str, args), "--out", "out"], cwd=tmp_path, env=env | more,
                              capture_output=True, text=True, timeout=120)
        record = tmp_path / "out/run.jsonl"
        done.lines = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
        done.cases = {(c["id"], c["version"], c["transport"], c["segmentation"]): c["verdict"]
                      for c in done.lines if c["type"] == "case"}
        return done

    yield call
    assert not list((tmp_path / "tmp").iterdir())


def openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A CA, a server of it called localhost, a client of it, and another CA: made by another program than ours."""
    folder = tmp_path_factory.mktemp("certificates")
    for ca in ("ca", "other"):
        openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={ca}",
                "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-days", "2")
    for name, ext in (("server", "subjectAltName=DNS:localhost"), ("client", "extendedKeyUsage=clientAuth")):
        (folder / "ext").write_text(ext)
        openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", "req.pem")
        openssl(folder, "x509", "-req", "-in", "req.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-extfile", "ext", "-out", f"{name}.pem", "-days", "2")
    for path in folder.iterdir():
        path.chmod(0o644)
    return folder


@pytest.fixture
def broker(tmp_path, certificates):
    """mosquitto with these listeners: `tls`, `strict` (it wants a certificate), `wss`, `plain`."""
    ports = {name: free_port() for name in ("tls", "strict", "wss", "plain")}
    secret = f"cafile {certificates}/ca.pem\ncertfile {certificates}/server.pem\nkeyfile {certificates}/server.key\n"
    (tmp_path / "m.conf").write_text(
        f"user root\nallow_anonymous true\nlistener {ports['plain']} 127.0.0.1\n"
        f"listener {ports['tls']} 127.0.0.1\n{secret}"
        f"listener {ports['strict']} 127.0.0.1\n{secret}require_certificate true\n"
        f"listener {ports['wss']} 127.0.0.1\nprotocol websockets\n{secret}")
    process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", tmp_path / "m.conf"], stderr=subprocess.PIPE)
    while b"running" not in process.stderr.readline():
        assert process.poll() is None
    yield ports
    process.terminate()
    process.wait(10)
    process.stderr.close()


def verdicts(cases, transports, segmentations=("whole",)):
    return {(case, version, transport, segmentation): "pass" for case in cases for version in ("3.1.1", "5.0")
            for transport in transports for segmentation in segmentations}


def tshark(path, *args):
    return subprocess.run(["tshark", "-r", path, *args], capture_output=True, text=True, timeout=60).stdout.split()


@pytest.mark.parametrize("asked", ["tls", "ws", "wss", "all"])
def test_a_launched_broker_gets_ports_and_certificates(run, tmp_path, asked):
    done = run("mosquitto", *CASES, "--transports", asked, "--pcap", "all")
    expected = ("tcp", *NEW, "unix") if asked == "all" else (asked,)
    assert done.returncode == 0 and done.cases == verdicts(CASES, expected), done
    for path in (tmp_path / "out/pcap").glob("*s.pcapng"):  # tls, ws, wss: the evidence is above them
        assert tshark(path, "-Y", "mqtt.msgtype == 1", "-T", "fields", "-e", "mqtt.clientid"), path


def test_segments_are_frames_and_records(run):
    # One after the other: where mosquitto 2.0.11 ends a connection whose peer's records it has not read, OpenSSL's
    # queue keeps the error ("application data after close notify"), and the next connection that it reads pays.
    done = run("mosquitto", "qos2_duplicate_publish", "--transports", "tls,ws,wss", "--segment", "bytes,split:3,batch",
               "-j", "1")
    assert done.returncode == 0, done
    assert done.cases == verdicts(("qos2_duplicate_publish",), NEW, ("bytes", "split:3", "batch"))


def test_a_url_is_enough(run, broker, certificates):
    done = run(f"mqtts://localhost:{broker['tls']}", *CASES, "--ca", certificates / "ca.pem")
    assert done.returncode == 0 and done.cases == verdicts(CASES, ["tls"]), done
    done = run(f"wss://127.0.0.1:{broker['wss']}/anywhere", CASES[0], "--insecure")
    assert done.returncode == 0 and done.cases == verdicts(CASES[:1], ["wss"]), done
    done = run(f"wss://127.0.0.1:{broker['wss']}", CASES[0], "--ca", certificates / "ca.pem", "--sni", "localhost",
               "--ws-path", "/other")
    assert done.returncode == 0 and done.cases == verdicts(CASES[:1], ["wss"]), done


def test_a_certificate_of_ours_is_shown(run, broker, certificates):
    url, ca = f"mqtts://localhost:{broker['strict']}", certificates / "ca.pem"
    done = run(url, CASES[0], "--ca", ca, "--cert", certificates / "client.pem", "--key", certificates / "client.key")
    assert done.returncode == 0 and done.cases == verdicts(CASES[:1], ["tls"]), done
    again = [line for line in done.lines if line["type"] == "run"][0]["again"]
    assert f"--cert {certificates}/client.pem" in again, again


@pytest.mark.parametrize("url, options, says", [
    ("mqtts://localhost:{tls}", ("--ca", "other.pem"), 'its certificate goes back to "ca", who is not trusted'),
    ("mqtts://localhost:{tls}", (), 'its certificate goes back to "ca", who is not trusted'),
    ("mqtts://127.0.0.1:{tls}", ("--ca", "ca.pem"), "its certificate is for localhost, not for 127.0.0.1"),
    ("mqtts://localhost:{plain}", ("--ca", "ca.pem"), "the connection during the TLS handshake"),
    ("wss://localhost:{tls}", ("--ca", "ca.pem"), "it ended the connection before the WebSocket was open"),
    ("ws://localhost:{wss}", (), "it ended the connection before the WebSocket was open"),
    ("mqtts://localhost:{strict}", ("--ca", "ca.pem"), "TLS: it wants a certificate from us"),
])
def test_one_sentence_says_what_is_wrong(run, broker, certificates, url, options, says):
    options = [certificates / word if word.endswith(".pem") else word for word in options]
    done = run(url.format(**broker), CASES[0], *options)
    assert done.returncode == 3 and says in done.stderr, done
    assert len(done.stderr.splitlines()) == 1 and not done.cases


def test_files_that_do_not_belong_together(run, certificates):
    done = run("mqtts://localhost", CASES[0], "--cert", certificates / "client.pem", "--key", certificates / "server.key")
    assert done.returncode == 2 and "server.key: is not the key of the certificate in" in done.stderr, done
    openssl(certificates, "pkey", "-in", "client.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key")
    done = run("mqtts://localhost", CASES[0], "--cert", certificates / "client.pem", "--key", certificates / "locked.key")
    assert done.returncode == 2 and "locked.key: the key is encrypted" in done.stderr, done


def target(tmp_path, certificate, more=""):
    """A target file for mosquitto with a listener for TLS alone."""
    path = tmp_path / "secret.ini"
    path.write_text("[target]\nname = Mosquitto\ncommand = /usr/sbin/mosquitto -c {config}\nready_ms = 3000\n\n"
                    "[file m.conf]\ncontent =\n| listener {tls_port} {host}\n| cafile {ca}\n"
                    f"| certfile {{pki}}/{certificate}.pem\n| keyfile {{pki}}/{certificate}.key\n| allow_anonymous true\n"
                    + "".join(f"| {line}\n" for line in more.splitlines()))
    return path


def test_a_launched_broker_may_want_our_certificate(run, tmp_path):
    """As root, mosquitto becomes another user before it reads its key, which is in a folder that it can enter."""
    done = run(target(tmp_path, "server", "require_certificate true\ncrlfile {crl}"), CASES[0], TMPDIR="/tmp")
    assert done.returncode == 0 and done.cases == verdicts(CASES[:1], ["tls"]), done


@pytest.mark.parametrize("certificate, says", [
    ("server-expired", "its certificate expired on 20"),
    ("server-early", "its certificate is not valid before 20"),
    ("server-elsewhere", "its certificate is for elsewhere.test, not for 127.0.0.1"),
    ("server-foreign", "who is not trusted"),
])
def test_a_launched_broker_with_a_certificate_of_no_use(run, tmp_path, certificate, says):
    done = run(target(tmp_path, certificate, "user root"), CASES[0])
    assert done.returncode == 3 and "took no connections within 3000 ms: mqtts://127.0.0.1:" in done.stderr, done
    assert says in done.stderr and not done.cases, done
    assert run(target(tmp_path, certificate, "user root"), CASES[0], "--insecure").returncode == 0
