"""Users and rights: what the chapters about them find in a broker that keeps to its file, and in one that does not."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
CHAPTERS = ("authentication", "authorisation")
PASSWORDS = ("sees everything", "sees little")

# Everybody may do everything, whatever the file says.
LAX = """
[target]
name = mosquitto without a care
command = mosquitto -c {config}

[file mosquitto.conf]
content =
  listener {port} {host}
  allow_anonymous true
  persistence false
  log_dest stderr
"""
USERS = """
[users]
anonymous = no
user = watcher
password = sees everything
user = limited
password_file = password
user = banned
password = sees nothing
refused = yes
"""
ACCESS = """
[access]
user = limited
publish = open
no_publish = shut
subscribe = open
no_subscribe = shut
receive = open
no_receive = shut $SYS/broker/version
"""
# What a broker that refuses nothing cannot fail.
UNTOUCHED = {"users_let_in": "pass", "refusing_pubrec_frees_identifier": "inapplicable",
             "refusing_pubrec_is_not_kept": "inapplicable", "publish_without_right/to_server_topic": "inapplicable"}
ACCUSED = {
    "bad_credentials": {"3.1.1:U311-AUTH-FAIL", "5.0:MQTT-3.1.4-2"},
    "wrong_password": {"3.1.1:U311-AUTH-FAIL", "5.0:MQTT-3.1.4-2"},
    "pipelined": {"3.1.1:U311-AUTH-FAIL", "5.0:MQTT-3.1.4-2"},
    "publish_without_right": {"3.1.1:MQTT-3.3.5-2", "5.0:UALL-RIGHTS"},
    "": {"3.1.1:UALL-RIGHTS", "5.0:UALL-RIGHTS"},
}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "password").write_text("sees little\n")

    def call(target, *arguments):
        path = target
        if "\n" in target:
            path = tmp_path / "broker.ini"
            path.write_text(target)
        done = subprocess.run([PROGRAM, "run", "--out", "out", str(path), *(arguments or CHAPTERS)], cwd=tmp_path,
                              capture_output=True, text=True, timeout=240)
        lines = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
        done.cases = [c for c in lines if c["type"] == "case"]
        return done
    return call


def accused(case_id):
    return next(statements for prefix, statements in ACCUSED.items() if case_id.startswith(prefix))


def test_a_broker_that_keeps_to_nothing_fails_every_case(run):
    done = run(LAX + USERS + ACCESS)
    assert done.returncode == 1 and len(done.cases) > 100, done
    for case in done.cases:
        expected = UNTOUCHED.get(case["id"], "fail")
        assert case["verdict"] == expected, case
        if expected == "fail":
            assert case["failure"]["statement"] in accused(case["id"]), case


def test_without_users_or_rights_it_is_said_what_is_missing(run):
    for target, cases, says in (
            (LAX, len(run(LAX, *CHAPTERS, "--anyway").cases), "no [users]"),
            (LAX + USERS, None, "nobody with both `publish` and `no_publish` in [access]")):
        done = run(target, "publish_without_right" if cases is None else "authentication")
        assert {c["verdict"] for c in done.cases} == {"inapplicable"}
        assert any(says in c["note"] and "docs/TARGETS.md" in c["note"] for c in done.cases), done.cases


def test_nothing_shows_a_password(run, tmp_path):
    done = run("mosquitto", *CHAPTERS, "--segment", "whole,bytes,split:30,batch", "--pcap", "all", "--strict")
    assert done.returncode == 1 and len(list((tmp_path / "out/pcap").iterdir())) > 400, done
    for path in (tmp_path / "out").rglob("*"):
        if not path.is_file():
            continue
        text = path.read_bytes().lower()
        for password in PASSWORDS:
            # A byte less than the password is as good as the password.
            bare = password[:-1].encode()
            assert not any(form in text for form in (bare, bare.hex().encode(), bare.hex(" ").encode())), path


def test_each_transport_finds_the_same(run):
    done = run("mosquitto", *CHAPTERS, "--transports", "all")
    assert done.returncode == 0, done
    found = {}
    for case in done.cases:
        found.setdefault((case["id"], case["version"]), {})[case["transport"]] = case["verdict"]
    assert all(len(verdicts) == 5 for verdicts in found.values())
    # Over WebSocket mosquitto goes on with the frame of a CONNECT that it has refused.
    differs = {key for key, v in found.items() if len(set(v.values())) > 1}
    assert {(case_id.split("/")[0], version) for case_id, version in differs} <= {("pipelined_without_password", "5.0")}


@pytest.mark.skipif(os.geteuid() != 0, reason="a live capture needs root")
def test_a_live_capture_gets_no_password(run):
    done = run("mosquitto", "users_let_in", "--capture", "lo")
    assert {c["verdict"] for c in done.cases} == {"inapplicable"}
    assert all("--capture" in c["note"] for c in done.cases)
