"""MQTT.js in headless Chromium at the included broker: over WebSocket, and over TLS, from a page served on loopback."""
import base64
import functools
import hashlib
import http.server
import pathlib
import shutil
import subprocess
import threading

import pytest

from mqtt_peer import Peer
from test_access import LIMIT_S
from test_broker_tls import SERVER, pki, start  # noqa: F401: fixtures

webdriver = pytest.importorskip("selenium.webdriver")
from selenium.webdriver.chrome.service import Service   # noqa: E402
from test_reports_html import ARGUMENTS                 # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MQTT_JS = ROOT / "targets/agents/node_modules/mqtt/dist/mqtt.min.js"
pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.long,
              pytest.mark.skipif(not MQTT_JS.exists(), reason="MQTT.js is not installed")]
SCRIPT_S = 60
PAGE = """<!doctype html><meta charset="utf-8"><title>MQTT.js</title><link rel="icon" href="data:,">
<script src="mqtt.min.js"></script>
<script>
"use strict";
// Each of these is called with what it takes and a function for its outcome: what it returns, or an error as text.
const clients = {}, got = {};
function begin(name, url, version, done) {
	const client = mqtt.connect(url, { clientId: name, protocolVersion: version, reconnectPeriod: 0, keepalive: 60 });
	clients[name] = client;
	got[name] = [];
	let reason = "closed";
	client.on("message", (topic, payload, packet) => got[name].push([topic, payload.toString(), packet.qos]));
	client.on("error", error => reason = String(error));
	client.on("close", () => done(reason));
	client.on("connect", packet => done(packet.reasonCode || packet.returnCode || 0));
}
function outcome(promise, done) {
	promise.then(result => done(result === undefined ? null : result), error => done(String(error)));
}
function subscribe(name, topic, qos, done) {
	outcome(clients[name].subscribeAsync(topic, { qos }).then(grants => grants.map(g => g.qos)), done);
}
function publish(name, topic, payload, qos, done) {
	outcome(clients[name].publishAsync(topic, payload, { qos }).then(() => 0), done);
}
function messages(name, count, done) {
	if (got[name].length >= count)
		done(got[name].splice(0));
	else
		clients[name].once("message", () => messages(name, count, done));
}
function end(name, done) {
	outcome(clients[name].endAsync().then(() => 0), done);
}
</script>
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text(PAGE)
    shutil.copy(MQTT_JS, folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(LIMIT_S)


def pin(certificate):
    """What Chromium calls a certificate's key: the only one that it is to take without knowing its CA."""
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True,
                         timeout=LIMIT_S).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key, check=True, capture_output=True,
                         timeout=LIMIT_S).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory, pki):  # noqa: F811
    options = webdriver.ChromeOptions()
    for argument in [*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
                     f"--ignore-certificate-errors-spki-list={pin(pki.folder / 'server.pem')}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_page_load_timeout(SCRIPT_S)
    driver.set_script_timeout(SCRIPT_S)
    yield driver
    driver.quit()


@pytest.fixture
def page(chromium, origin):
    """Calls a function of the page and returns its outcome."""
    chromium.get(origin + "/index.html")
    chromium.get_log("browser")
    return lambda name, *what: chromium.execute_async_script(f"{name}(...arguments)", *what)


PLAIN = "listener {port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
SCHEMES = {"ws": PLAIN, "wss": SERVER + "protocol websockets\n"}
BESIDE = "listener {second} 127.0.0.1\n"
SIZES = [1, 125, 126, 4096, 65535, 65536, 300000]


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_publishes_and_subscribes(start, chromium, page, origin, scheme, version):  # noqa: F811
    ours = start(SCHEMES[scheme] + f"websockets_origin {origin}\n" + BESIDE)
    url = f"{scheme}://127.0.0.1:{ours.port}/mqtt"
    for name in "sub", "pub":
        assert page("begin", name, url, version) == 0
    assert page("subscribe", "sub", "page/#", 2) == [2]
    sent = [[f"page/{size}", "x" * size, qos] for size in SIZES for qos in (0, 1, 2)]
    for message in sent:
        assert page("publish", "pub", *message) == 0
    assert page("messages", "sub", len(sent)) == sent
    # Somebody else's client, over TCP, in both directions.
    peer = Peer(ours.second, "peer", version=version)
    assert peer.subscribe("plain", qos=1) == [1]
    assert peer.publish("page/plain", "from TCP", 1) == 0
    assert page("messages", "sub", 1) == [["page/plain", "from TCP", 1]]
    assert page("publish", "pub", "plain", "from the page", 1) == 0
    while not peer.messages:
        peer.keep(*peer.read())
    assert peer.messages[0][1] == "from the page"
    for name in "sub", "pub":
        assert page("end", name) == 0
    assert chromium.get_log("browser") == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_from_elsewhere_does_not_get_in(start, chromium, page, scheme):  # noqa: F811
    ours = start(SCHEMES[scheme] + "websockets_origin http://elsewhere.example\n")
    assert page("begin", "c", f"{scheme}://127.0.0.1:{ours.port}/mqtt", 5) != 0
    assert "Unexpected response code: 403" in str(chromium.get_log("browser"))


def test_a_browser_does_not_trust_just_any_certificate(start, chromium, page):  # noqa: F811
    ours = start((SERVER + "protocol websockets\n").replace("{pki}/server", "{pki}/other"))
    assert page("begin", "c", f"wss://127.0.0.1:{ours.port}/mqtt", 5) != 0
    assert "ERR_CERT_AUTHORITY_INVALID" in str(chromium.get_log("browser"))
    ours.wait_for_log("TLS: ")
