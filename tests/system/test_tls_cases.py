"""The chapter `tls`: who keeps the rules passes, and who breaks one is accused of that one and no other."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

from pki import Pki

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
SERVER = ROOT / "tests/system/odd_tls.py"
OTHERS = {"3.1.1": "U311-TRANSIENT-OTHERS", "5.0": "U50-TLS-OTHERS"}
WILL = {"3.1.1": "MQTT-3.1.2-8", "5.0": "MQTT-3.1.2-8"}
CASES = 15
CERTIFICATES = {"3.1.1": "UALL-CERTIFICATES", "5.0": "UALL-CERTIFICATES"}
BAD = ["missing", "expired", "not_valid_yet", "of_another_ca", "revoked"]


@pytest.fixture(scope="module")
def broker():
    process = subprocess.Popen([BUILD / "broker/mqttspec-broker", "-p", "0", "-q"], stdout=subprocess.PIPE, text=True)
    yield int(process.stdout.readline().split()[1])
    process.terminate()
    process.wait(10)
    process.stdout.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2"],
                   cwd=folder, check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """A folder as [certificates] wants it."""
    made = Pki(tmp_path_factory.mktemp("pki") / "ca")
    made.issue("server", san="DNS:localhost,IP:127.0.0.1")
    made.issue("client")
    made.issue("client-expired", start="20200101000000Z", end="20200102000000Z")
    made.issue("client-early", start="20900101000000Z", end="20900102000000Z")
    made.issue("client-revoked")
    foreign = Pki(made.folder.parent / "foreign", "Foreign CA")
    foreign.issue("client-foreign")
    for end in "pem", "key":
        (foreign.folder / f"client-foreign.{end}").rename(made.folder / f"client-foreign.{end}")
    made.revoke("client-revoked")
    made.crl()
    return made.folder


@pytest.fixture
def odd(broker):
    """Starts the odd server; returns its port."""
    servers = []

    def call(mode, certificate, key, *files):
        servers.append(subprocess.Popen([sys.executable, SERVER, str(broker), certificate, key, mode, *files],
                                        stdout=subprocess.PIPE, text=True))
        return int(servers[-1].stdout.readline())

    yield call
    for server in servers:
        server.terminate()
        server.wait(10)
        server.stdout.close()


def cases_of(tmp_path, *arguments):
    done = subprocess.run([PROGRAM, "run", "--out", "out", *map(str, arguments), "-j", "1", "--patience", "2"],
                          cwd=tmp_path, capture_output=True, text=True, timeout=240)
    lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
    return [c for c in lines if c["type"] == "case"], done


def judged(cases, besides=("pass", "info", "inapplicable")):
    """Of what went wrong: case and version, verdict, and whom it accuses."""
    return {(c["id"], c["version"]): (c["verdict"], ((c.get("failure") or {}).get("statement") or ":").split(":")[1])
            for c in cases if c["verdict"] not in besides}


def in_both(verdict, statements, *cases):
    return {(case, version): (verdict, statements[version]) for case in cases for version in ("3.1.1", "5.0")}


@pytest.mark.parametrize("mode, expected", [
    ("good", {}),
    ("queue", in_both("nonstrict", OTHERS, "slow_handshake")),
    ("panic", in_both("nonstrict", OTHERS, "no_tls/mqtt", "no_tls/http", "no_tls/noise", "cut_handshake",
                       "lowest_tls_version")),
    ("clinging", in_both("fail", WILL, "will_without_close_notify", "will_on_broken_tls")),
])
def test_a_breach_is_found(odd, tmp_path, certificate, mode, expected):
    port = odd(mode, certificate / "cert.pem", certificate / "key.pem")
    cases, done = cases_of(tmp_path, f"mqtts://localhost:{port}", "tls", "--insecure")
    assert len(cases) == 2 * CASES, done
    assert judged(cases) == expected
    told = {c["id"]: c for c in cases if c["version"] == "5.0"}
    assert told["lowest_tls_version"]["verdict"] == ("nonstrict" if mode == "panic" else "info")
    assert all(c["verdict"] == "inapplicable" for c in cases if "certificate" in c["id"])


@pytest.mark.parametrize("mode, expected", [
    ("strict", {}),
    ("forgetful", in_both("fail", CERTIFICATES, "bad_certificates/revoked")),
    ("lax", in_both("fail", CERTIFICATES, *(f"bad_certificates/{bad}" for bad in BAD))),
    ("shut", in_both("fail", CERTIFICATES, "certificate_let_in", *(f"bad_certificates/{bad}" for bad in BAD))),
])
def test_certificates_are_looked_at(odd, tmp_path, certificate, pki, mode, expected):
    """strict: as it should be. The others do not know of lists, look at none, and take none."""
    port = odd(mode, pki / "server.pem", pki / "server.key", pki / "ca.pem", pki / "crl.pem")
    anybody = odd("good", pki / "server.pem", pki / "server.key")
    (tmp_path / "target.ini").write_text(f"""[target]
name = Odd
url = mqtts://localhost:{anybody}

[certificates]
url = mqtts://localhost:{port}
refused = missing expired early foreign revoked
folder = {pki}
""")
    cases, done = cases_of(tmp_path, "./target.ini", "certificate_let_in", "bad_certificates", "--ca", pki / "ca.pem")
    assert len(cases) == 12, done
    assert judged(cases, ["pass"]) == expected


@pytest.mark.parametrize("mode, verdict", [("good", "info"), ("polite", "pass")])
def test_close_notify_is_told(odd, tmp_path, certificate, mode, verdict):
    port = odd(mode, certificate / "cert.pem", certificate / "key.pem")
    cases, done = cases_of(tmp_path, f"mqtts://localhost:{port}", "close_notify", "--insecure")
    assert [c["verdict"] for c in cases] == [verdict] * 2, done


def test_what_is_missing_is_said(tmp_path, pki):
    """A folder without a good certificate, a URL without TLS: before anything starts."""
    for url, folder, words in ("mqtts://localhost:1", tmp_path, f"{tmp_path}/client.pem: No such file"), \
            ("mqtt://localhost:1", pki, "mqtt://localhost:1: [certificates] are for TLS"):
        (tmp_path / "target.ini").write_text("[target]\nname = Odd\nurl = mqtts://localhost:1\n"
                                             f"[certificates]\nurl = {url}\nfolder = {folder}\n")
        done = subprocess.run([PROGRAM, "run", "./target.ini", "tls"], cwd=tmp_path, capture_output=True, text=True,
                              timeout=60)
        assert done.returncode in (2, 3) and words in done.stderr, done
