"""`mqttspec run --client` and --exec, and `mqttspec agent-check`: clients good and bad, agents with faults."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "record/record.schema.json").read_text()))
CASE = "published_as_told/q1"  # any that has the client connect and do one thing
ODD = f"/usr/bin/python3 {ROOT}/tests/system/odd_agent.py"
INCLUDED = "mqttspec-client agent"


def mqttspec(*arguments, out, timeout=60):
    done = subprocess.run([str(PROGRAM), *map(str, arguments), "--out", str(out)], capture_output=True,
                          text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    lines = [json.loads(line) for line in (out / "run.jsonl").read_text().splitlines()] if out.exists() else []
    for line in lines:
        VALIDATOR.validate(line)
    done.cases = [line for line in lines if line["type"] == "case"]
    done.run = lines[0] if lines else None
    done.shown = done.stdout + done.stderr
    return done


def odd(fault, tmp_path, *arguments):
    return mqttspec("run", "--client", f"{ODD} {fault}", CASE, "--versions", "5.0", "--timeout", 1000,
                    *arguments, out=tmp_path)


def strays():
    return subprocess.run(["pgrep", "-f", "odd_agent.py stays"], capture_output=True, text=True).stdout


# ---- agents with a fault ----------------------------------------------------------------------------


@pytest.mark.parametrize("fault, says", [
    ("silent", "the agent did not say hello in time"),
    ("ends_at_once", "is judged with --exec; its last words: no configuration file"),
    ("strange_hello", "the first line of the agent is no hello"),
    ("contract_of_tomorrow", "this program knows contract 1"),
])
def test_an_agent_without_hello_ends_the_run_before_it_begins(fault, says, tmp_path):
    done = odd(fault, tmp_path)
    assert done.returncode == 3
    assert says in done.stderr
    assert not done.cases


@pytest.mark.parametrize("fault, verdict, says", [
    ("never_connects", "inconclusive", "the client did not connect"),
    ("hangs", "inconclusive", "the client did not connect"),
    ("lies", "inconclusive", "the client did not connect"),
    ("garbage", "inconclusive", "what is not in its contract: no JSON"),
    ("unknown_event", "inconclusive", "there is no event \"rejoiced\""),
    ("floods", "inconclusive", "a line of more than 16 MiB"),
    ("none", "inapplicable", "the client cannot: connect"),
])
def test_a_fault_of_the_agent_accuses_no_client(fault, verdict, says, tmp_path):
    began = time.monotonic()
    done = odd(fault, tmp_path, "--patience", 0)
    assert time.monotonic() - began < 20
    case, = done.cases
    assert case["verdict"] == verdict
    assert says in json.dumps(case, ensure_ascii=False).replace("\\\"", "\"")
    assert all(statement["verdict"] == verdict for statement in case["statements"])
    assert done.returncode == (0 if verdict == "inapplicable" else 1)


def test_a_client_that_dies_is_a_crash_with_its_last_words(tmp_path):
    done = odd("dies", tmp_path)
    case, = done.cases
    assert done.returncode == 1
    assert case["verdict"] == "crash"
    assert case["death"]["signal"] == 11
    assert case["death"]["stderr_tail"] == "about to die"
    assert "about to die" in done.stdout


@pytest.mark.parametrize("fault, status, words", [("raises", 1, "no such option"), ("ends", 0, "")])
def test_a_client_that_ends_by_itself_is_a_crash(fault, status, words, tmp_path):
    case, = odd(fault, tmp_path).cases
    assert case["verdict"] == "crash"
    assert case["death"]["exit_code"] == status
    assert words in case["death"]["stderr_tail"]


def test_an_agent_that_outlives_its_input_is_killed(tmp_path):
    began = time.monotonic()
    done = odd("stays", tmp_path)
    assert time.monotonic() - began < 20
    assert "was killed" in json.dumps(done.cases)
    assert not strays()


NEEDS_KEEP_ALIVE = """#!/usr/bin/python3
import json, subprocess, sys
agent = subprocess.Popen([sys.argv[1], "agent"], stdin=subprocess.PIPE, text=True)
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "connect" and command["keep_alive"] == 0:
        print(json.dumps({"event": "unsupported", "id": command["id"], "text": "keep_alive 0"}), flush=True)
    else:
        agent.stdin.write(line)
        agent.stdin.flush()
agent.stdin.close()
sys.exit(agent.wait())
"""


def test_a_client_that_needs_a_keep_alive_gets_one(tmp_path):
    agent = tmp_path / "agent.py"
    agent.write_text(NEEDS_KEEP_ALIVE)
    agent.chmod(0o755)
    done = mqttspec("run", "--client", f"{agent} {BUILD}/client/mqttspec-client", CASE, "keep_alive_off",
                    "connect_keep_alive_as_asked", "--versions", "5.0", out=tmp_path / "out")
    assert "over tcp a Keep Alive of 0 cannot be had; all have 60 s instead" in done.stderr
    verdicts = {case["id"]: case["verdict"] for case in done.cases}
    about_it = {"keep_alive_off", "connect_keep_alive_as_asked/0"}
    assert {id for id, verdict in verdicts.items() if verdict == "inapplicable"} == about_it, done.shown
    assert verdicts[CASE] == "pass" and verdicts["connect_keep_alive_as_asked/5"] == "pass"
    assert all("cannot switch its Keep Alive off" in case["note"] for case in done.cases if case["id"] in about_it)
    assert "keep alive 60" in str(next(case for case in done.cases if case["id"] == CASE)["transcript"])


def test_a_transport_that_the_client_does_not_speak_is_refused(tmp_path):
    done = mqttspec("run", "--client", f"{ODD} none", CASE, "--transports", "tcp,wss", out=tmp_path / "out")
    assert done.returncode == 2 and not done.cases
    assert done.stderr == "mqttspec run: the client does not speak wss; what it does: --transports tcp\n"


def test_all_transports_are_those_that_the_agent_names(tmp_path):
    done = mqttspec("run", "--client", f"{ODD} none", CASE, "--transports", "all", "--versions", "5.0", out=tmp_path)
    assert [case["transport"] for case in done.cases] == ["tcp"], done.shown


@pytest.mark.parametrize("transport, line", [
    ("tls", "mosquitto_pub -L mqtts://{host}:{port}/a --cafile {ca} -V mqttv{v} -i me -m b -q 1"),
    ("wss", "mqttspec-client pub -L {url} --cafile {ca} -V mqttv{v} -i me -t a -m b -q 1"),
    ("unix", "mosquitto_pub --unix {host} -V mqttv{v} -i me -t a -m b -q 1"),
])
def test_a_command_line_is_told_how_to_connect(transport, line, tmp_path):
    line = line.replace("mqttspec-client", str(BUILD / "client/mqttspec-client"))
    case, = mqttspec("run", "--exec", line, "qos1_published", "--transports", transport, "--versions", "5.0",
                     out=tmp_path / "out").cases
    assert (case["verdict"], case["transport"]) == ("pass", transport), case


def test_a_target_file_says_what_its_command_line_can_use(tmp_path):
    path = tmp_path / "line.ini"
    path.write_text("[target]\nname = Line\nexec = mosquitto_pub -h {host} -p {port} -t a -m b\ntransports = tcp,unix\n")
    done = mqttspec("run", path, CASE, "--transports", "all", "--list", out=tmp_path / "out")
    assert {line.split()[2] for line in done.stdout.splitlines()} == {"whole", "unix"}
    done = mqttspec("run", path, CASE, "--transports", "tls", out=tmp_path / "out")
    assert done.returncode == 2
    assert "the client does not speak tls; what it does: --transports tcp,unix" in done.stderr


NEEDS_KEEP_ALIVE_OVER_TLS = NEEDS_KEEP_ALIVE.replace(
    'command["keep_alive"] == 0:', 'command["keep_alive"] == 0 and command.get("transport") == "tls":')


def test_a_keep_alive_that_one_transport_needs_is_for_that_one(tmp_path):
    agent = tmp_path / "agent.py"
    agent.write_text(NEEDS_KEEP_ALIVE_OVER_TLS)
    agent.chmod(0o755)
    done = mqttspec("run", "--client", f"{agent} {BUILD}/client/mqttspec-client", CASE, "keep_alive_off",
                    "--transports", "tcp,tls", "--versions", "5.0", out=tmp_path / "out")
    assert "over tls a Keep Alive of 0 cannot be had; all have 60 s instead" in done.stderr
    verdicts = {(case["id"], case["transport"]): case["verdict"] for case in done.cases}
    assert verdicts == {(CASE, "tcp"): "pass", (CASE, "tls"): "pass", ("keep_alive_off", "tcp"): "pass",
                        ("keep_alive_off", "tls"): "inapplicable"}, done.shown


def test_nothing_is_left_of_the_certificates(tmp_path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("PATH", f"{BUILD}/client:{os.environ['PATH']}")
    done = mqttspec("run", "--client", INCLUDED, CASE, "--transports", "tls", "--versions", "5.0", out=tmp_path / "out")
    assert [case["verdict"] for case in done.cases] == ["pass"], done.shown
    assert not list((tmp_path / "tmp").iterdir())


def test_what_an_agent_writes_to_stderr_is_kept(tmp_path):
    agent = tmp_path / "talks.sh"
    agent.write_text(f"#!/bin/sh\necho 'careful now' >&2\nexec {ODD} never_connects\n")
    agent.chmod(0o755)
    done = mqttspec("run", "--client", agent, CASE, "--versions", "5.0", "--timeout", 500, out=tmp_path / "out")
    case, = done.cases
    assert case["client_said"] == "careful now"
    assert "stderr  careful now" in done.stdout


def test_a_version_that_the_client_does_not_speak_is_inapplicable(tmp_path):
    done = mqttspec("run", "--client", f"{ODD} only_311", CASE, "--timeout", 1000, out=tmp_path)
    verdicts = {case["version"]: case for case in done.cases}
    assert verdicts["5.0"]["verdict"] == "inapplicable"
    assert verdicts["5.0"]["note"] == "the client does not speak MQTT 5.0"
    assert verdicts["3.1.1"]["note"] == "the client cannot: connect"


def test_a_program_that_is_not_there(tmp_path):
    done = mqttspec("run", "--client", "no-such-agent --now", CASE, out=tmp_path)
    assert done.returncode == 3
    assert "there is no program `no-such-agent`" in done.stderr


@pytest.mark.parametrize("arguments, says", [
    (["run", "--client", "a 'b", CASE], "a quote is left open"),
    (["run", "--client", "", CASE], "the client's command line is empty"),
    (["run", "--client", "a", "--exec", "b"], "--client and --exec do not go together"),
    (["agent-check"], "the command line of an agent is missing"),
])
def test_bad_command_lines(arguments, says, tmp_path):
    done = mqttspec(*arguments, out=tmp_path / "out")
    assert done.returncode == 2
    assert says in done.stderr


def test_cases_of_servers_are_not_played_against_a_client(tmp_path):
    done = mqttspec("run", "--client", INCLUDED, "pingreq_answered", out=tmp_path / "out")
    assert done.returncode == 2
    assert "\"pingreq_answered\" judges brokers, and " in done.stderr


# ---- evidence ---------------------------------------------------------------------------------------


def test_a_run_names_its_client_and_can_be_repeated(tmp_path):
    done = mqttspec("run", "--client", INCLUDED, CASE, "--pcap", "all", out=tmp_path)
    assert done.returncode == 0, done.shown
    assert done.run["role"] == "client"
    assert done.run["target"] == f"--client={INCLUDED}"
    assert done.run["target_name"] == "mqttspec-client"
    assert {case["verdict"] for case in done.cases} == {"pass"}
    again = mqttspec("run", done.run["target"], CASE, out=tmp_path / "again")
    assert again.returncode == 0


def test_the_transcript_holds_commands_events_and_packets(tmp_path):
    done = mqttspec("run", "--client", INCLUDED, CASE, "--versions", "5.0", out=tmp_path)
    lines = [(event["peer"], event["direction"], event["text"]) for event in done.cases[0]["transcript"]]
    assert ("server", "-", "connected") in lines
    assert any(peer == "agent" and way == ">" and "\"do\":\"connect\"" in text for peer, way, text in lines)
    assert any(peer == "agent" and way == "<" and "\"event\":\"connected\"" in text for peer, way, text in lines)
    assert any(peer == "server" and way == "<" and text.startswith("CONNECT ") for peer, way, text in lines)
    assert ("server", ">", "CONNACK success") in lines


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_the_capture_has_the_client_open_the_connection(tmp_path):
    done = mqttspec("run", "--client", INCLUDED, CASE, "--versions", "5.0", "--pcap", "all", out=tmp_path)
    capture = tmp_path / done.cases[0]["pcap"]
    fields = ["-T", "fields", "-e", "tcp.flags.syn", "-e", "tcp.flags.ack", "-e", "tcp.srcport",
              "-e", "tcp.dstport", "-e", "mqtt.msgtype"]
    port = json.loads(next(event["text"] for event in done.cases[0]["transcript"]
                           if event["peer"] == "agent" and event["direction"] == ">"))["port"]
    lines = subprocess.run(["tshark", "-r", capture, "-d", f"tcp.port=={port},mqtt", *fields],
                           capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    rows = [line.split("\t") for line in lines]
    assert rows[0][:2] in (["1", "0"], ["True", "False"]) and rows[0][3] == str(port)
    types = [(row[3] == str(port), int(kind)) for row in rows for kind in row[4].split(",") if kind]
    assert types[:2] == [(True, 1), (False, 2)]  # CONNECT to the port, CONNACK from it


# ---- the contract -----------------------------------------------------------------------------------


def test_the_included_client_keeps_the_contract(tmp_path):
    done = mqttspec("agent-check", INCLUDED, out=tmp_path)
    assert done.returncode == 0, done.shown
    assert done.run["role"] == "agent"
    assert len(done.cases) > 40


def test_an_agent_that_breaks_the_contract_is_told_how(tmp_path):
    done = mqttspec("agent-check", f"{ODD} garbage", "agent_connects", "--timeout", 1000, out=tmp_path)
    assert done.returncode == 1
    assert {case["verdict"] for case in done.cases} == {"fail"}
    assert "the agent said what is not in its contract" in done.stdout
    assert re.search(r"again  \S*mqttspec agent-check '", done.stdout)


def test_an_agent_that_does_not_answer_nonsense_is_found(tmp_path):
    agent = tmp_path / "deaf.py"
    agent.write_text("import sys\nprint('{\"event\":\"hello\",\"contract\":1,\"name\":\"deaf\",\"version\":\"1\","
                     "\"versions\":[\"5.0\"]}', flush=True)\nfor line in sys.stdin: pass\n")
    done = mqttspec("agent-check", f"/usr/bin/python3 {agent}", "agent_bears_nonsense", "agent_answers_sync",
                    "agent_ends_with_its_input", "--timeout", 500, out=tmp_path / "out")
    verdicts = {case["id"]: case["verdict"] for case in done.cases if case["version"] == "5.0"}
    assert len(verdicts) > 10 and set(verdicts.values()) == {"fail"}


# ---- a plain command line ---------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("mosquitto_sub"), reason="mosquitto-clients is not installed")
def test_a_plain_command_line_is_judged_by_what_it_does(tmp_path):
    command = "mosquitto_sub -h {host} -p {port} -V mqttv{v} -t a -q 1"
    done = mqttspec("run", "--exec", command, "client_qos1", "client_lengths", "--versions", "3.1.1", out=tmp_path, timeout=300)
    verdicts = [case["verdict"] for case in done.cases]
    assert "pass" in verdicts and "inapplicable" in verdicts
    assert "inconclusive" not in verdicts and "error" not in verdicts, done.shown[-3000:]
    needs = [case["note"] for case in done.cases if case["verdict"] == "inapplicable"]
    assert "a command line is not enough for it: it needs an agent" in needs


@pytest.mark.skipif(not shutil.which("mosquitto_sub"), reason="mosquitto-clients is not installed")
def test_what_a_command_line_never_does_is_waited_for_a_few_times(tmp_path):
    command = "mosquitto_sub -h {host} -p {port} -V mqttv{v} -t a -q 1"
    done = mqttspec("run", "--exec", command, "client_unknown_codes", "client_bad_flags",
                    "--versions", "5.0", "-j", 1, "--timeout", 700, out=tmp_path)
    waiting = [case for case in done.cases if "sends no PUBLISH" in case.get("note", "")]
    known = [case for case in waiting
             if any("have waited for PUBLISH in vain" in event["text"] for event in case["transcript"])]
    assert len(waiting) > 6
    assert len(known) >= len(waiting) - 2 * 3  # the SUBSCRIBE may have come before the wait, or after
    assert {case["verdict"] for case in waiting} == {"inapplicable"}


def test_a_command_line_that_speaks_no_mqtt_ends_the_run(tmp_path):
    done = mqttspec("run", "--exec", "sleep 60", "--timeout", 500, out=tmp_path)
    assert done.returncode == 3
    assert "the command line sent no CONNECT in time" in done.stderr


def test_a_command_line_may_be_slow_to_start(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import socket, sys, time\ntime.sleep(2)\ns = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "s.sendall(bytes.fromhex('100e00044d5154540402000000026d65'))\ns.recv(100)\n")
    command = f"/usr/bin/python3 {tmp_path}/slow.py {{host}} {{port}}"
    done = mqttspec("run", "--exec", command, "connect_comes_first", "--versions", "3.1.1", "--timeout", 1000, out=tmp_path)
    assert "sent no CONNECT in time" not in done.stderr and done.cases


@pytest.mark.parametrize("command, said", [
    ("true", "the command line ended with status 0 and never connected"),
    ("sh -c 'echo there is no broker >&2; echo; echo Try --help; exit 3'",
     "ended with status 3 and never connected; its last words: there is no broker"),
    ("sh -c 'kill -SEGV $$'", "died of signal 11 (Segmentation fault) and never connected"),
    ("/usr/bin/python3 -c 'import socket; socket.create_connection((\"{host}\", {port}))'",
     "closed its connection without a CONNECT"),
])
def test_a_command_line_that_ends_at_once_is_not_waited_for(tmp_path, command, said):
    done = mqttspec("run", "--exec", command, "--timeout", 600000, out=tmp_path, timeout=60)  # less than one of those
    assert done.returncode == 3 and said in done.stderr, done.stderr


def test_expectations_by_the_name_of_a_target(tmp_path):
    done = mqttspec("run", "--exec", "mosquitto_sub -h {host} -p {port} -t a", "stray_acknowledgement", "--expect", "libmosquitto",
                    "--list", out=tmp_path / "no")
    assert done.returncode == 0, done.stderr
    done = mqttspec("run", "--exec", "true", "--expect", "libmosquito", "--list", out=tmp_path / "no")
    assert done.returncode == 2 and "--expect libmosquito: there is no such file, and no target of that name" in done.stderr
