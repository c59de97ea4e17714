"""mqttspec random: nothing is found on the included broker, from a seed that is always the same and from a new one, over
all transports; what a deviant breaks is found, made short, played again and reported; a target that dies is launched
again, and what killed it is a find; mistakes.
"""
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
MQTTSPEC, DEVIANT = BUILD / "cli/mqttspec", BUILD / "deviants/mqttspec-deviant"
BROKER = BUILD / "broker/mqttspec-broker"
LIMIT_S = 120
OK, FOUND, USAGE, NOTHING, INTERRUPTED = 0, 1, 2, 3, 130
STEPS = 2000
# What shows a session that outlives a Clean Start, and more than that takes.
CLIENTS = "client 1 5.0\nclient 2 5.0\nclient 3 3.1.1\n"
SHOWS = ("1 connect clean\n2 connect clean keep 300\n3 connect\n3 subscribe a/# q2\n2 subscribe +/b q0\n"
         "3 publish a/b q2 retain\n2 connect clean\n1 subscribe b q1 id 3\n1 publish /b q0 size 20\n3 leave\n"
         "1 publish b q1\n")


def play(*arguments):
    return subprocess.run([MQTTSPEC, "random", *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT_S,
                          cwd=ROOT, env=os.environ | {"PATH": f"{BUILD / 'broker'}:{os.environ['PATH']}"})


def report(*arguments):
    return subprocess.run([MQTTSPEC, "report", *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT_S)


class Server:
    """A program whose first line ends with its port."""

    def __init__(self, *words):
        self.program = subprocess.Popen([*map(str, words)], stdout=subprocess.PIPE, text=True)
        self.url = f"mqtt://127.0.0.1:{re.findall(r'[0-9]+', self.program.stdout.readline())[-1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.terminate()
        self.program.communicate(timeout=LIMIT_S)


@pytest.fixture(scope="module")
def broker():
    with Server(BROKER, "-p", "0", "-q") as server:
        yield server


@pytest.mark.parametrize("seed", [["--seed", "1"], []], ids=["the same seed", "a new seed"])
def test_nothing_is_found_on_the_included_broker(broker, seed, tmp_path):
    out = play(broker.url, "--steps", STEPS, "--out", tmp_path / "out", *seed)
    assert out.returncode == OK, out.stdout + out.stderr
    steps = int(re.search(r"(\d+) steps in", out.stdout)[1])
    assert steps >= STEPS and "0 finds" in out.stdout


def test_connections_travel_over_every_transport(tmp_path):
    """The included broker, launched with all its listeners: the scenarios name them, and nothing is found."""
    listed = play("mqttspec-broker", "--seed", 3, "--list")
    ways = set(re.findall(r"connect over (\w+)", listed.stdout))
    assert ways == {"tcp", "tls", "ws", "wss", "unix"}, listed.stdout + listed.stderr
    plain = play("mqttspec-broker", "--seed", 3, "--transports", "tcp", "--list")
    assert plain.stdout == re.sub(r" over \w+", "", listed.stdout)
    out = play("mqttspec-broker", "--seed", 3, "--steps", 1000, "--out", tmp_path / "out")
    assert out.returncode == OK, out.stdout + out.stderr


def test_a_connection_over_another_transport_is_captured(tmp_path):
    scenario = tmp_path / "scenario.txt"
    scenario.write_text("client 1 5.0\nclient 2 3.1.1\n1 connect over wss clean\n2 connect over tls clean\n"
                        "1 subscribe a q1\nsettle\n2 publish a q1\nsettle\n")
    out = play("mqttspec-broker", "--play", scenario, "--out", tmp_path / "out")
    assert out.returncode == OK, out.stdout + out.stderr
    scenario.write_text(scenario.read_text().replace("over wss", "over smoke"))
    out = play("mqttspec-broker", "--play", scenario, "--out", tmp_path / "bad")
    assert out.returncode == USAGE
    assert f"{scenario}: line 3: no transport is called so" in out.stderr


def mortal(folder, mode):
    target = folder / "mortal.ini"
    target.write_text("[target]\nname = mortal\ncommand = "
                      f"{sys.executable} {HERE}/mortal_broker.py {BROKER} {{port_2}} {{port}} {mode}\n")
    return target


@pytest.mark.parametrize("mode, cause", [
    ("killed", "died of signal 6"),
    pytest.param("mute", "went mute", marks=pytest.mark.nightly),  # silence is waited for, again and again
])
def test_a_target_that_dies_is_launched_again(mode, cause, tmp_path):
    target, scenario = mortal(tmp_path, mode), tmp_path / "scenario.txt"
    scenario.write_text("client 1 5.0\nclient 2 3.1.1\n1 connect clean\n2 connect clean\n1 subscribe a/# q1\n"
                        "2 publish a/b q1\n1 unsubscribe a/#\nsettle\n2 publish a/b q1\n")
    out = play(target, "--play", scenario, "--timeout", 1000, "--out", tmp_path / "out")
    assert out.returncode == FOUND, out.stdout + out.stderr
    assert f"the target {cause}" in out.stdout
    assert "find 1: no statement crash, after" in out.stdout, out.stdout + out.stderr
    shortest = (tmp_path / "out/find_1/scenario.txt").read_text()
    steps = [line for line in shortest.splitlines() if re.match(r"[0-9]", line)]
    assert steps == ["1 connect clean", "1 unsubscribe a/#"], shortest
    record = [json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines()]
    assert [r["verdict"] for r in record if r["type"] == "case"] == ["crash"]
    assert any(r["type"] == "death" for r in record)


def test_a_target_that_dies_while_another_find_is_made_shorter(tmp_path):
    target, scenario = mortal(tmp_path, "lossy"), tmp_path / "scenario.txt"
    scenario.write_text("client 1 5.0\nclient 2 3.1.1\n1 connect clean\n2 connect clean\n1 subscribe a/# q1\n"
                        "1 unsubscribe a/#\n2 publish a/b q1\nsettle\n")
    out = play(target, "--play", scenario, "--timeout", 1000, "--out", tmp_path / "out")
    assert out.returncode == FOUND, out.stdout + out.stderr
    assert "the target died of signal 6 (Aborted), while these were played" in out.stdout, out.stdout
    assert "find 1: 5.0:MQTT-4.5.0-1 missing, after" in out.stdout, out.stdout
    assert "find 2: no statement crash, after" in out.stdout, out.stdout


@pytest.mark.nightly
@pytest.mark.parametrize("profile", ["messages", "sessions", "retained", "wills", "shared"])
def test_each_profile_finds_nothing_on_it(broker, profile, tmp_path):
    out = play(broker.url, "--profile", profile, "--steps", 40000, "--out", tmp_path / "out")
    assert out.returncode == OK, out.stdout + out.stderr


@pytest.mark.nightly
def test_clocks_find_nothing_on_it(broker, tmp_path):
    out = play(broker.url, "--profile", "clocks", "--length", 80, "--time", 60, "-j", 24, "--out", tmp_path / "out")
    assert out.returncode == OK, out.stdout + out.stderr


def test_a_find_is_made_short_and_kept(broker, tmp_path):
    scenario = tmp_path / "scenario.txt"
    scenario.write_text(CLIENTS + SHOWS)
    with Server(DEVIANT, "--target", broker.url, "--listen", "0", "--deviation", "session_kept") as deviant:
        folder = tmp_path / "out"
        out = play(deviant.url, "--play", scenario, "--minimise", 20, "--out", folder)
        assert out.returncode == FOUND, out.stdout + out.stderr
        assert re.search(r"^find 1: 5.0:MQTT-3.1.2-4 extra", out.stdout, re.M), out.stdout
        shortest = (folder / "find_1/scenario.txt").read_text()
        steps = [line for line in shortest.splitlines() if re.match(r"[0-9]|settle", line)]
        assert 1 < len(steps) <= 6, shortest
        assert "CASE(random_find_1" in (folder / "find_1/case.c").read_text()
        assert "CONNECT" in (folder / "find_1/transcript.txt").read_text()
        assert (folder / "pcap/find_1.pcapng").stat().st_size
        record = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
        assert [(r["verdict"], r["version"]) for r in record if r["type"] == "case"] == [("fail", "5.0")], record
        again = play(deviant.url, "--play", folder / "find_1/scenario.txt", "--minimise", 1, "--out", tmp_path / "again")
        assert again.returncode == FOUND, again.stdout + again.stderr
        told = report(folder)
        assert "random/find_1" in told.stdout and "\n1 find in 1 scenario, " in told.stdout, told.stdout + told.stderr
        command = shlex.split(re.search(r"again  (.*)", told.stdout)[1])
        assert command[1:] == ["random", deviant.url, "--play", str(folder / "find_1/scenario.txt")]
        typed = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, cwd=tmp_path)
        assert typed.returncode == FOUND, typed.stdout + typed.stderr
    good = play(broker.url, "--play", folder / "find_1/scenario.txt", "--out", tmp_path / "good")
    assert good.returncode == OK, good.stdout + good.stderr
    told = report(tmp_path / "good", "--exit-code", "--markdown", "-")
    assert told.returncode == OK and "**0 finds in 1 scenario, " in told.stdout, told.stdout + told.stderr
    dead = tmp_path / "dead"
    dead.mkdir()
    run, end = (tmp_path / "good/run.jsonl").read_text().splitlines()
    death = {"type": "death", "signal": 6, "exit_code": 0, "stderr_tail": "", "during": ""}
    (dead / "run.jsonl").write_text("\n".join([run, json.dumps(death), end, ""]))
    assert report(dead, "--exit-code", "--badge", dead / "badge.svg").returncode == FOUND
    assert "the target died" in (dead / "badge.svg").read_text()
    badge = tmp_path / "badge.svg"
    assert report(tmp_path / "good", "--badge", badge).returncode == OK and "no finds in 1 scenario<" in badge.read_text()


def test_what_was_not_looked_into_to_the_end_is_not_acquitted(broker, tmp_path):
    scenario, folder = tmp_path / "scenario.txt", tmp_path / "out"
    scenario.write_text(CLIENTS + SHOWS * 15)
    with Server(DEVIANT, "--target", broker.url, "--listen", "0", "--deviation", "session_kept") as deviant:
        running = subprocess.Popen([MQTTSPEC, "random", deviant.url, "--play", scenario, "--out", folder],
                                   stdout=subprocess.PIPE, text=True, cwd=ROOT)
        end_s = time.monotonic() + LIMIT_S
        while not (folder / "find_1/first_transcript.txt").exists():
            assert running.poll() is None and time.monotonic() < end_s, running.stdout.read()
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        told = running.communicate(timeout=LIMIT_S)[0]
    assert running.returncode == INTERRUPTED
    assert "not confirmed before the run was stopped: 5.0:MQTT-3.1.2-4 " in told and "no find" not in told, told


@pytest.mark.parametrize("arguments, sentence", [
    (["--profile", "wild"], "--profile takes all, messages, sessions, retained, wills, shared or clocks, not \"wild\""),
    (["--clients", "1"], "--clients takes a number from 2 to 8, not \"1\""),
    (["--steps", "many"], "--steps takes a number from 1 to"),
    (["mqtt://127.0.0.1:1", "will"], "it takes one TARGET, a broker"),
    (["--segment", "bytes"], "--segment"),
])
def test_mistakes(arguments, sentence):
    out = play(*arguments)
    assert out.returncode == USAGE
    assert sentence in out.stderr


def test_a_scenario_that_cannot_be_read(broker, tmp_path):
    path = tmp_path / "scenario.txt"
    path.write_text("client 1 5.0\n1 jump\n")
    out = play(broker.url, "--play", path, "--out", tmp_path / "out")
    assert out.returncode == USAGE
    assert f"mqttspec random: {path}: line 2: there is no such step" in out.stderr


def test_nobody_is_there(tmp_path):
    out = play("mqtt://127.0.0.1:1", "--out", tmp_path / "out")
    assert out.returncode == NOTHING
    assert "mqttspec random:" in out.stderr
