"""What testssl.sh thinks of the broker's TLS: nothing that it finds is worse than its notice level."""
import json
import shutil
import subprocess
import time

import pytest

from pki import Pki
from test_broker_tls import SERVER, start, pki as common_pki  # noqa: F401: `start` is a fixture, and wants `pki`

pytestmark = pytest.mark.skipif(not shutil.which("testssl"), reason="testssl.sh is not installed")
LIMIT_S = {"short": 480, "whole": 1800}  # it is a shell script: some ten seconds of work, and minutes
HARMLESS = {"OK", "INFO", "DEBUG"}
# Of what testssl.sh could not look at, this is its own fault: its openssl lacks an engine, and ends before a ticket has
# come where the machine is busy.
CANNOT_LOOK = {"engine_problem", "sessionresumption_ticket", "sessionresumption_ID"}
OPTIONS = {"short": ["--protocols", "--standard"],
           "whole": ["--protocols", "--standard", "--pfs", "--server-defaults", "--server-preference",
                     "--vulnerable"]}
VARIETIES = [pytest.param("short", False, id="short"), pytest.param("whole", False, id="ec", marks=pytest.mark.nightly),
             pytest.param("whole", True, id="rsa", marks=pytest.mark.nightly)]


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """Certificates as a real server would have them: not about to end, and with a place of their CRL."""
    made = Pki(tmp_path_factory.mktemp("pki") / "ca")
    now = time.time()
    for name in "ec", "rsa":
        made.issue(name, subject="/O=mqttspec/CN=localhost", san="DNS:localhost,IP:127.0.0.1", rsa=name == "rsa",
                   start=time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now - 86400)),
                   end=time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + 200 * 86400)),
                   extensions=["crlDistributionPoints=URI:http://localhost/crl.pem", "keyUsage=digitalSignature",
                               "extendedKeyUsage=serverAuth"])
    return made


def findings_of(server, pki, folder, extent):
    out = folder / "findings.json"
    command = ["timeout", "-k", "5", LIMIT_S[extent], "testssl", "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none",
               "--ip", "127.0.0.1", "--add-ca", pki.folder / "ca.pem", "--jsonfile", out,
               *OPTIONS[extent], f"localhost:{server.port}"]
    run = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                         cwd=folder, timeout=LIMIT_S[extent] + 20)
    assert out.exists() and run.returncode not in (124, 137), run.stdout + run.stderr
    return {each["id"]: each for each in json.loads(out.read_text())}


def worse_of(found):
    return [each for name, each in found.items() if each["severity"] not in HARMLESS and
            not (each["severity"] == "WARN" and name in CANNOT_LOOK)]


@pytest.mark.parametrize("extent, rsa", VARIETIES)
def test_testssl_finds_nothing(start, pki, tmp_path, extent, rsa):  # noqa: F811
    ours = start(SERVER.replace("/server.", "/rsa." if rsa else "/ec."))
    found = findings_of(ours, pki, tmp_path, extent)
    assert worse_of(found) == []
    # It has indeed looked: what is offered, and what is not.
    offered = {name: found[name]["finding"].split()[0] for name in ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3")}
    assert offered == {"SSLv2": "not", "SSLv3": "not", "TLS1": "not", "TLS1_1": "not", "TLS1_2": "offered", "TLS1_3": "offered"}
    assert found["cipherlist_STRONG"]["finding"] == "offered" and found["cipherlist_NULL"]["severity"] == "OK"
    if extent == "whole":
        assert found["heartbleed"]["severity"] == found["ROBOT"]["severity"] == "OK"
        assert found["cert_chain_of_trust"]["severity"] == "OK"


@pytest.mark.nightly
def test_testssl_finds_what_is_weak(start, pki, tmp_path):  # noqa: F811
    ours = start(SERVER.replace("/server.", "/rsa.") + "ciphers ALL:aNULL:eNULL:@SECLEVEL=0\n")
    found = findings_of(ours, pki, tmp_path, "short")
    assert {"cipherlist_NULL", "cipherlist_aNULL"} <= {each["id"] for each in worse_of(found)}, found
