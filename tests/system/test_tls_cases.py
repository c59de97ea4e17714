"""The chapter `tls`: who keeps the rules passes, and who breaks one is accused of that one and no other."""
import json
import os
import pathlib
import socket
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
SERVER = ROOT / "tests/system/odd_tls.py"
OTHERS = {"3.1.1": "U311-TRANSIENT-OTHERS", "5.0": "U50-TLS-OTHERS"}
WILL = {"3.1.1": "MQTT-3.1.2-8", "5.0": "MQTT-3.1.2-8"}
CASES = 7


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


@pytest.fixture
def verdicts(tmp_path, broker, certificate):
    """Of what did not pass: case and version, verdict, and whom it accuses."""
    servers = []

    def call(mode):
        servers.append(subprocess.Popen([sys.executable, SERVER, str(broker), certificate / "cert.pem",
                                         certificate / "key.pem", mode], stdout=subprocess.PIPE, text=True))
        port = int(servers[-1].stdout.readline())
        done = subprocess.run([PROGRAM, "run", "--out", "out", f"mqtts://localhost:{port}", "tls", "--insecure", "-j", "1",
                               "--patience", "2"], cwd=tmp_path, capture_output=True, text=True, timeout=240)
        lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
        cases = [c for c in lines if c["type"] == "case"]
        assert len(cases) == 2 * CASES, done
        return {(c["id"], c["version"]): (c["verdict"], ((c.get("failure") or {}).get("statement") or ":").split(":")[1])
                for c in cases if c["verdict"] != "pass"}

    yield call
    for server in servers:
        server.terminate()
        server.wait(10)
        server.stdout.close()


def in_both(verdict, statements, *cases):
    return {(case, version): (verdict, statements[version]) for case in cases for version in ("3.1.1", "5.0")}


@pytest.mark.parametrize("mode, expected", [
    ("good", {}),
    ("queue", in_both("nonstrict", OTHERS, "slow_handshake")),
    ("panic", in_both("nonstrict", OTHERS, "no_tls/mqtt", "no_tls/http", "no_tls/noise", "cut_handshake")),
    ("clinging", in_both("fail", WILL, "will_without_close_notify", "will_on_broken_tls")),
])
def test_a_breach_is_found(verdicts, mode, expected):
    assert verdicts(mode) == expected
