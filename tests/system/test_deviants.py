"""Deviants: the idle one changes nothing, others break one rule, and script/mutation says what was noticed."""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.bulk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
MQTTSPEC, DEVIANT = BUILD / "cli/mqttspec", BUILD / "deviants/mqttspec-deviant"
MUTATION = [sys.executable, ROOT / "script/mutation", "--build", BUILD, "-j", "2"]
AGENT = BUILD / "client/mqttspec-client"
LIMIT_S = 300


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=LIMIT_S, **more)


@pytest.fixture
def broker():
    process = subprocess.Popen([BUILD / "broker/mqttspec-broker", "-q", "-p", "0"], stdout=subprocess.PIPE, text=True)
    yield "mqtt://127.0.0.1:" + re.search(r"port (\d+)", process.stdout.readline()).group(1)
    process.terminate()
    assert process.wait(timeout=60) == 0
    process.stdout.close()


@pytest.fixture
def stand(broker):
    """Starts a deviant before the broker; it has to end in order, too."""
    processes = []

    def start(*options):
        processes.append(subprocess.Popen([DEVIANT, "--target", broker, *options], stdout=subprocess.PIPE, text=True))
        return processes[-1].stdout.readline().strip()

    yield start
    for process in processes:
        process.terminate()
        assert process.wait(timeout=60) == 0
        process.stdout.close()


def verdicts(folder):
    lines = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
    return {(c["id"], c["version"]): c["verdict"] for c in lines if c["type"] == "case"}




@pytest.mark.parametrize("segment", ["whole", "bytes"])
def test_the_idle_one_changes_nothing(stand, tmp_path, segment):
    chapters = ("fixed_header", "qos2", "will", "sessions")
    done = run(MQTTSPEC, "run", stand(), *chapters, "--segment", segment, "--shard", "1/6", "--quiet", "--out",
               tmp_path / "out")
    found = verdicts(tmp_path / "out")
    assert done.returncode == 0 and len(found) > 20 and set(found.values()) <= {"pass", "info"}, done


@pytest.mark.parametrize("name, accused", [
    ("thousandth_message_lost", "MQTT-4.5.0-1"),
    ("thousandth_message_lost_by_share", "MQTT-4.5.0-1"),
    ("messages_swapped_under_load", "MQTT-4.6.0-5"),
])
def test_what_breaks_under_load_alone_is_seen(stand, tmp_path, name, accused):
    run(MQTTSPEC, "run", stand("--deviation", name), "load", "--versions", "5.0", "--anyway", "--quiet",
        "--out", tmp_path / "out")
    lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
    failed = [line for line in lines if line["type"] == "case" and line["verdict"] == "fail"]
    assert {line["failure"]["statement"] for line in failed} == {f"5.0:{accused}"}


@pytest.mark.parametrize("deviation, case, accused", [
    ("identifier_lost", "overlapping_ids/only_first", "MQTT-3.3.4-3"),
    ("unsuback_without_codes", "identifiers_of_both_directions", "MQTT-3.11.3-2"),
])
def test_what_is_broken_alone_is_accused(stand, tmp_path, deviation, case, accused):
    run(MQTTSPEC, "run", stand("--deviation", deviation), case, "--versions", "5.0", "--quiet", "--out", tmp_path / "out")
    lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
    judged = [s for line in lines if line["type"] == "case" for s in line["statements"]]
    assert {s["name"] for s in judged if s["verdict"] == "fail"} == {f"5.0:{accused}"}, judged


def test_the_idle_one_around_a_client_changes_nothing(tmp_path):
    done = run(MQTTSPEC, "run", "--client", f"'{DEVIANT}' --agent '{AGENT} agent'", "client_qos2", "client_connect",
               "--shard", "1/4", "--quiet", "--out", tmp_path / "out")
    found = verdicts(tmp_path / "out")
    assert done.returncode == 0 and len(found) > 10 and set(found.values()) == {"pass"}, done


@pytest.fixture
def layered(tmp_path):
    """URLs of a broker with WebSocket and TLS, whose certificates are in tmp_path."""
    assert run(DEVIANT, "--pki", tmp_path).returncode == 0
    conf = tmp_path / "broker.conf"
    conf.write_text("per_listener_settings true\nlistener 0 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
                    f"listener 0 127.0.0.1\ncertfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\n"
                    "allow_anonymous true\n")
    process = subprocess.Popen([BUILD / "broker/mqttspec-broker", "-q", "-c", conf], stdout=subprocess.PIPE, text=True)
    ports = [re.search(r"port (\d+)", process.stdout.readline()).group(1) for _ in range(2)]
    yield {"ws": f"ws://127.0.0.1:{ports[0]}/mqtt", "mqtts": f"mqtts://127.0.0.1:{ports[1]}"}
    process.terminate()
    assert process.wait(timeout=60) == 0
    process.stdout.close()


@pytest.mark.parametrize("scheme, chapter", [("ws", "websocket"), ("mqtts", "tls")])
def test_the_idle_one_changes_nothing_below_a_layer(layered, tmp_path, scheme, chapter):
    process = subprocess.Popen([DEVIANT, "--target", layered[scheme]], stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    trusted = ["--ca", tmp_path / "ca.pem"] if scheme == "mqtts" else []
    done = run(MQTTSPEC, "run", url, chapter, "--versions", "5.0", *trusted, "--quiet", "--out", tmp_path / "out")
    found = verdicts(tmp_path / "out")
    process.terminate()
    assert process.wait(timeout=60) == 0 and url.startswith(f"{scheme}://127.0.0.1:")
    process.stdout.close()
    assert done.returncode == 0 and len(found) > 6 and set(found.values()) <= {"pass", "info", "inapplicable"}, done


def test_layers_are_broken_too(tmp_path):
    path, names = tmp_path / "found.jsonl", ["ws_fragments_lost", "ws_wrong_accept", "tls_stranger_ends_all",
                                             "certificate_not_wanted", "client_ws_one_mask", "client_trusts_anybody"]
    done = run(*MUTATION, *names, "--json", path)
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert done.returncode == 0 and {r["deviation"] for r in found} == set(names), done
    assert all(r["outcome"] == "killed" and r["accused"] for r in found), found


def test_one_rule_is_broken(stand, tmp_path):
    run(MQTTSPEC, "run", stand("--deviation", "qos1_resent_without_dup"), "qos1_sent_again", "qos1_acknowledged",
        "--versions", "5.0", "--quiet", "--out", tmp_path / "out")
    assert verdicts(tmp_path / "out") == {("qos1_sent_again", "5.0"): "fail", ("qos1_acknowledged", "5.0"): "pass"}


def test_script_says_what_was_noticed(tmp_path):
    path = tmp_path / "found.jsonl"
    done = run(*MUTATION, "pingresp_flags", "client_qos3", "--sample", "1", "--json", path)
    found = {(r["deviation"], r["version"]): r for r in map(json.loads, path.read_text().splitlines())}
    assert set(found) == {(d, v) for d in ("pingresp_flags", "client_qos3") for v in ("3.1.1", "5.0")}
    assert all(r["outcome"] == "killed" and r["killers"] for r in found.values()), found
    assert done.returncode == 0 and "2 deviants" in done.stdout.splitlines()[-1]


def test_each_is_listed_and_explained():
    listed = run(DEVIANT, "--list").stdout.splitlines()
    name, role, chapter, statements = re.split(r"\s{2,}", listed[0], maxsplit=3)
    assert role == "s" and chapter == "connect" and statements.startswith("3.1.1:MQTT-")
    told = run(DEVIANT, "--explain", name).stdout
    assert told.startswith(f"{name}: a server of chapter connect") and all(s in told for s in statements.split())


@pytest.mark.parametrize("words, says", [
    ((), "give either --target or --agent"),
    (("--target", "mqtt://127.0.0.1:1", "--agent", "true"), "give either --target or --agent"),
    (("--target", "mqtt://127.0.0.1:1", "--deviation", "nonsense"), "there is no deviation nonsense"),
    (("--explain", "nonsense"), "there is no deviation nonsense"),
    (("--target", "mqtt://127.0.0.1:1", "--deviation", "client_qos3"), "goes with --agent: client_qos3"),
    (("--agent", "true", "--deviation", "qos3"), "goes with --target: qos3"),
    (("--target", "mqtt://127.0.0.1:1", "--deviation", "certificate_not_wanted"), "needs --pki: certificate_not"),
    (("--target", "mqtts://127.0.0.1:1", "--pki", ".", "--deviation", "certificate_not_wanted"), "before mqtt://"),
    (("--target", "mqtt://127.0.0.1:1", "--pki", "/nowhere", "--deviation", "certificate_not_wanted"), "/nowhere"),
    (("--pki", "/nowhere"), "/nowhere"),
    (("--target", "mqtt://127.0.0.1:1", "--listen", "99999"), "--listen takes a port from 0 to 65535, not 99999"),
    (("--target", "pigeon://1"), "pigeon"),
    (("--target", "mqtt://127.0.0.1:1", "more"), "what is this? more"),
])
def test_mistakes_are_told(words, says):
    done = run(DEVIANT, *words)
    assert done.returncode == 2 and says in done.stderr and "--help" in done.stderr, done


def test_help_teaches():
    assert "--deviation NAME" in run(DEVIANT, "--help").stdout
    assert "--quick" in run(*MUTATION, "--help").stdout
    assert "there is no deviation nonsense" in run(*MUTATION, "nonsense").stderr


def test_the_cases_without_a_deviant_are_named():
    text = (ROOT / "docs/DEVIANTS.md").read_text().split("## Cases that no deviant shows")[1]
    named = set(re.findall(r"`(\w+)`", text)) - {"client_forgets_session"}
    done = run(MQTTSPEC, "list", "--json")
    assert done.returncode == 0, done.stderr
    cases = {row["id"].split("/")[0] for row in json.loads(done.stdout)}
    assert len(named) > 10 and named <= cases, named - cases
