"""`mqttspec run` over each transport: the same verdicts, and nothing left behind."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
CASES = ("pingreq_answered", "qos2_duplicate_publish")
ASKED = "published_as_told/q1"
BOTH = """
[target]
name = mosquitto
command = mosquitto -c {config}

[file mosquitto.conf]
content =
  listener {port} {host}
  listener 0 {socket}
  user root
  allow_anonymous true
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "tmp").mkdir()
    env = os.environ | {"TMPDIR": str(tmp_path / "tmp"), "PATH": f"{BUILD}/client:{os.environ['PATH']}"}

    def call(*args):
        done = subprocess.run([BUILD / "cli/mqttspec", "run", *map(str, args), "--out", "out"], cwd=tmp_path, env=env,
                              capture_output=True, text=True, timeout=60)
        record = tmp_path / "out/run.jsonl"
        lines = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
        done.cases = {(c["id"], c["version"], c["transport"]): c["verdict"] for c in lines if c["type"] == "case"}
        return done

    yield call
    assert not list((tmp_path / "tmp").iterdir())


def all_pass(cases, transports):
    return {(case, version, transport): "pass" for case in cases for version in ("3.1.1", "5.0")
            for transport in transports}


@pytest.fixture
def both(tmp_path):
    (tmp_path / "both.ini").write_text(BOTH)
    return tmp_path / "both.ini"


@pytest.mark.parametrize("asked, transports", [
    ((), ["tcp"]), (("--transports", "unix"), ["unix"]), (("--transports", "all"), ["tcp", "unix"]),
    (("--transports", "unix,tcp"), ["unix", "tcp"]),
])
def test_a_server_is_judged_over_what_it_offers(run, both, tmp_path, asked, transports):
    done = run(both, *CASES, "--pcap", "all", *asked)
    assert done.returncode == 0, done
    assert done.cases == all_pass(CASES, transports)
    captures = {path.name for path in (tmp_path / "out/pcap").iterdir()}
    assert captures == {f"{case}-{v}-{t}.pcapng" for case, v, t in done.cases}
    for path in (tmp_path / "out/pcap").glob("*-unix.pcapng"):  # at an address that is made up
        shown = subprocess.run(["tshark", "-r", path, "-Y", "mqtt.msgtype == 1", "-T", "fields", "-e", "mqtt.clientid"],
                               capture_output=True, text=True, timeout=60)
        assert shown.stdout.strip(), path


@pytest.mark.parametrize("asked, transports", [((), ["tcp"]), (("--transports", "all"), ["tcp", "tls", "ws", "wss", "unix"])])
def test_a_client_is_told_where_to_connect(run, asked, transports):
    done = run("--client", "mqttspec-client agent", ASKED, *asked)
    assert done.returncode == 0, done
    assert done.cases == all_pass([ASKED], transports)


def test_a_url_says_its_transport(run, tmp_path):
    (tmp_path / "m.conf").write_text(f"listener 0 {tmp_path}/socket\nuser root\nallow_anonymous true\n")
    broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", tmp_path / "m.conf"], stderr=subprocess.PIPE)
    try:
        while b"running" not in broker.stderr.readline():
            pass
        done = run(f"unix://{tmp_path}/socket", *CASES)
        assert done.returncode == 0 and done.cases == all_pass(CASES, ["unix"]), done
    finally:
        broker.terminate()
        broker.wait(10)
        broker.stderr.close()


@pytest.mark.parametrize("args, says", [
    (("./both.ini", "--transports", "wss"), "both.ini does not offer the transport wss"),
    (("mqtt://127.0.0.1:1", "--transports", "unix"), "does not offer the transport unix"),
    (("mosquitto", "--transports", "pigeon"), "--transports takes tcp, tls, ws, wss, unix or all"),
])
@pytest.mark.usefixtures("both")
def test_what_is_not_offered_is_refused_before_anything_starts(run, args, says):
    done = run(*args)
    assert done.returncode == 2 and says in done.stderr, done
    assert not done.cases


def test_the_command_that_plays_it_again_has_the_transport(run, both):
    done = run(both, "bad_flags/pingreq_*", "--transports", "unix", "--versions", "3.1.1")
    assert done.returncode == 1 and "--versions 3.1.1 --transports unix" in done.stdout, done
