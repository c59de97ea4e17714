"""The user name and password of a run: where they come from, who gets them, and that nothing shows the password."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
USER, PASSWORD = "tester", "Sesame, open 0815!"
CASE = "qos2_duplicate_publish"
# A bit of everything: what join makes, the witness, rows and templates of CONNECT, sessions and retained
# messages to be cleared after them, a CONNECT that the case builds by itself.
CASES = [CASE, "malformed_connect", "will_retained", "will_of_kept_session", "no_will_of_refused_connect",
         "binary_password", "connect_with_credentials", "auth_not_sent_unasked", "pipelined_packets"]

MOSQUITTO = """
[target]
name = mosquitto with a password
command = mosquitto -c {config}
environment = SEEN={dir}
LOGIN

[file mosquitto.conf]
content =
  listener {port} {host}
  user root
  ACCESS
  persistence false
  log_dest stderr

[file users]
content =
| USERS
"""


@pytest.fixture(scope="module")
def users(tmp_path_factory):
    path = tmp_path_factory.mktemp("users") / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", path, USER, PASSWORD], check=True, capture_output=True)
    return path.read_text().strip()


@pytest.fixture
def broker(tmp_path, users):
    """Makes a target file."""
    def make(login="", access="password_file {dir}/users"):
        path = tmp_path / "broker.ini"
        path.write_text(MOSQUITTO.replace("LOGIN", login).replace("ACCESS", access).replace("USERS", users))
        return str(path)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    return make


@pytest.fixture
def run(tmp_path):
    def call(*arguments, **variables):
        done = subprocess.run([PROGRAM, "run", "--out", "out", *arguments], cwd=tmp_path, env=os.environ | variables,
                              capture_output=True, text=True, timeout=240)
        path = tmp_path / "out/run.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        done.cases = {(c["id"], c["version"], c["segmentation"]): c for c in lines if c["type"] == "case"}
        return done
    return call


def verdicts(done):
    return {key: case["verdict"] for key, case in done.cases.items()}


def shown_passwords(folder):
    """Files that have the password, as text or as hexadecimal digits."""
    digits = PASSWORD.encode().hex()
    spaced = PASSWORD.encode().hex(" ")
    return [path for path in folder.rglob("*") if path.is_file()
            for text in [path.read_bytes().lower()]
            if any(form.encode().lower() in text for form in (PASSWORD, digits, spaced))]


# ---- what is played


def test_the_verdicts_are_those_without_a_password(run, broker):
    free = run(broker(access="allow_anonymous true"), *CASES, "--strict")
    assert free.returncode in (0, 1) and len(free.cases) > 60, free
    bound = run(broker(f"user = {USER}\npassword_file = password"), *CASES, "--strict")
    other = {key for key, verdict in verdicts(bound).items() if verdict != verdicts(free)[key]}
    # The password of this case is none that a broker would know.
    assert {key[0] for key in other} == {"binary_password"}, other
    assert {bound.cases[key]["verdict"] for key in other} == {"inapplicable"}
    # What is spelt out byte by byte says it, too: the only thing wrong with it is what the row is about.
    row = bound.cases["malformed_connect/reserved_flag", "5.0", "whole"]
    assert any(f'user "{USER}", password ({len(PASSWORD)} bytes), reserved flag' in event["text"]
               for event in row["transcript"])


def test_all_its_errands_are_let_in(run, broker, tmp_path):
    done = run(broker(f"user = {USER}\npassword_file = password"), "will_retained", "will_of_kept_session")
    assert done.returncode == 0, done
    assert "not authorised" not in (tmp_path / "out/target.log").read_text()


# ---- evidence


def test_nothing_shows_the_password(run, broker, tmp_path):
    run(broker(f"user = {USER}\npassword_file = password"), *CASES, "--segment", "whole,bytes,split:30,batch",
        "--pcap", "all", "--strict")
    out = tmp_path / "out"
    captures = list(out.glob("pcap/*"))
    assert len(captures) > 200
    assert shown_passwords(out) == []
    live = run(broker(f"user = {USER}\npassword = {PASSWORD}"), CASE, "--transcript")
    assert live.returncode == 0 and PASSWORD not in live.stdout and "password (18 bytes)" in live.stdout
    assert shown_passwords(out) == []


@pytest.mark.parametrize("cut", ["whole", "bytes", "split:30", "batch"])
def test_captures_have_a_masked_one_of_the_same_length(run, broker, tmp_path, cut):
    done = run(broker(f"user = {USER}\npassword_file = password"), CASE, "--segment", cut, "--pcap", "all")
    assert done.returncode == 0, done
    for case in done.cases.values():
        port = json.loads((tmp_path / "out/run.jsonl").read_text().splitlines()[0])["target_url"].split(":")[-1]
        command = ["tshark", "-r", tmp_path / "out" / case["pcap"], "-d", f"tcp.port=={port},mqtt",
                   "-Y", "mqtt.passwd", "-T", "fields", "-e", "mqtt.username", "-e", "mqtt.passwd"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        assert shown and set(shown) == {f"{USER}\t{'*' * len(PASSWORD)}"}


def environment_of_another_program(pid):
    """None of our own, or of one that has just ended."""
    try:
        ours = os.path.samefile(f"/proc/{pid}/exe", PROGRAM)
        return None if ours else pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    except FileNotFoundError:
        return None


def test_the_launched_program_does_not_inherit_it(run, broker, tmp_path):
    """mosquitto cannot tell its environment, so /proc does while it runs."""
    process = subprocess.Popen([PROGRAM, "run", "--out", "out", broker(), "--serve"], cwd=tmp_path, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True,
                               env=os.environ | {"MQTTSPEC_USER": USER, "MQTTSPEC_PASSWORD": PASSWORD})
    try:
        assert json.loads(process.stdout.readline())["type"] == "plan"
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        environments = [e for e in map(environment_of_another_program, children) if e]
        assert any(b"SEEN=" in e for e in environments)
        assert not any(PASSWORD.encode() in e for e in environments)
    finally:
        process.stdin.close()
        assert process.wait(20) == 0
        process.stdout.close()


# ---- where it comes from

RIGHT = {"MQTTSPEC_USER": USER, "MQTTSPEC_PASSWORD": PASSWORD}
WRONG = {"MQTTSPEC_USER": "nobody", "MQTTSPEC_PASSWORD": "wrong"}


@pytest.mark.parametrize("login, arguments, variables, code", [
    ("", [], {}, 3),
    (f"user = {USER}\npassword = {PASSWORD}", [], {}, 0),
    ("", ["--user", USER, "--password-file", "password"], {}, 0),
    ("", [], RIGHT, 0),
    ("", ["--user", USER], {"MQTTSPEC_PASSWORD": PASSWORD}, 0),
    ("", ["--password-file", "password"], {"MQTTSPEC_USER": USER}, 0),
    # The command line before the environment before the file.
    ("", ["--user", USER, "--password-file", "password"], WRONG, 0),
    ("user = nobody\npassword = wrong", [], RIGHT, 0),
    (f"user = {USER}\npassword = {PASSWORD}", [], WRONG, 3),
    # The file's password is for the file's user, but another one may be given for him.
    (f"user = nobody\npassword = {PASSWORD}", ["--user", USER], {}, 3),
    (f"user = {USER}\npassword = wrong", ["--password-file", "password"], {}, 0),
    (f"user = {USER}", [], {"MQTTSPEC_PASSWORD": PASSWORD}, 0),
    (f"user = {USER}", [], {}, 3),
    (f"user = {USER}\npassword = {PASSWORD}", [], {"MQTTSPEC_USER": "", "MQTTSPEC_PASSWORD": ""}, 0),
])
def test_it_comes_from_three_places(run, broker, login, arguments, variables, code):
    done = run(broker(login), CASE, "--versions", "5.0", *arguments, **variables)
    assert done.returncode == code, done
    if code:
        assert "it answers a CONNECT of MQTT 5.0 with CONNACK 0x87" in done.stderr and not done.cases


@pytest.mark.parametrize("arguments, variables, words", [
    (["--password-file", "password"], {}, "a password needs a user name: --user NAME, or MQTTSPEC_USER"),
    ([], {"MQTTSPEC_PASSWORD": PASSWORD}, "a password needs a user name"),
    (["--user", USER, "--password-file", "nowhere"], {}, "nowhere: No such file"),
    (["--user", USER, "--password-file", "."], {}, ".: Is a directory"),
    (["--user", USER, "--password-file", "two"], {}, "two: the password must be one line of text"),
    (["--user", USER, "--password-file", "binary"], {}, "binary: the password must be one line of text"),
    (["--user", USER, "--password-file", "long"], {}, "long: a password has at most 65535 bytes"),
    (["--user", b"\xff"], {}, "the user name must be UTF-8"),
    (["--user", USER, "--password-file", "password", "--capture", "lo"], {}, "--capture records the real packets"),
    (["--user", USER, "--client", "true"], {}, "--user and a client do not go together"),
])
def test_mistakes_are_named(run, tmp_path, broker, arguments, variables, words):
    broker()
    (tmp_path / "two").write_text("a\nb\n")
    (tmp_path / "binary").write_bytes(b"a\0b\n")
    (tmp_path / "long").write_text("x" * 65536 + "\n")
    done = run(*([] if "--client" in arguments else ["mosquitto"]), CASE, *arguments, **variables)
    assert done.returncode == 2 and done.stdout == "" and words in done.stderr, done
    assert PASSWORD not in done.stderr


def test_a_broker_that_refuses_an_unknown_user_is_not_judged_by_that(run, broker):
    done = run(broker(access="password_file {dir}/users\n  allow_anonymous true"), "auth_not_sent_unasked",
               "connect_with_credentials", "connect_with_everything")
    assert done.returncode == 0 and set(verdicts(done).values()) == {"inapplicable"}, done


def test_a_client_gets_none(run):
    done = run("mqttspec-client", "published_as_told/q1", "--versions", "5.0", **RIGHT)
    assert done.returncode == 0, done
    done = run("mqttspec-client", "published_as_told/q1", "--user", USER)
    assert done.returncode == 2 and "--user is for brokers, not for a client" in done.stderr
