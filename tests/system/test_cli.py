"""The program's commands that need no target: help, list, explain."""
import collections
import csv
import fcntl
import hashlib
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import termios

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MQTTSPEC_BUILD", ROOT / "build/dev"))
PROGRAM = BUILD / "cli/mqttspec"
CATALOGUE = ["statements-3.1.1.tsv", "statements-5.0.tsv", "unnumbered.tsv", "properties-5.0.tsv",
             "reason-codes-5.0.tsv", "receivers-5.0.tsv", "evidence.tsv", "blame.tsv"]
VERDICTS = ["pass", "fail", "nonstrict", "info", "inapplicable", "inconclusive", "crash", "error"]


def mqttspec(*args, **more):
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=30, **more)


def answer(*args):
    """What the program prints, when all is well."""
    run = mqttspec(*args)
    assert (run.returncode, run.stderr) == (0, ""), run
    return run.stdout


def complaint(*args):
    """What it says of bad usage."""
    run = mqttspec(*args)
    assert (run.returncode, run.stdout) == (2, ""), run
    return run.stderr


def rows(name):
    with open(ROOT / "spec" / name, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def on_a_terminal(*args, columns=60, **environment):
    """The output as a terminal of so many columns gets it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | environment
    with subprocess.Popen([PROGRAM, *args], stdout=slave, stdin=slave, env=env) as process:
        os.close(slave)
        out = b""
        try:
            while chunk := os.read(master, 65536):
                out += chunk
        except OSError:  # the other side is closed
            pass
        os.close(master)
        assert process.wait(30) == 0
    return out.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def cases():
    return json.loads(answer("list", "--json"))


def unfolded(text):
    """A page as one line, whatever its width."""
    return " ".join(text.split())


# ---- the program as a whole


def test_version_names_the_catalogue():
    sha = hashlib.sha256(b"".join((ROOT / "spec" / name).read_bytes() for name in CATALOGUE))
    assert re.fullmatch(r"mqttspec \d+\.\d+\.\d+, catalogue " + sha.hexdigest()[:12] + "\n", answer("--version"))


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["help"]])
def test_help_names_every_command(args):
    out = answer(*args)
    for word in ("mqttspec run", "mqttspec list", "mqttspec explain", "Exit codes"):
        assert word in out


def test_without_a_command_help_is_a_complaint():
    assert "Usage: mqttspec COMMAND" in complaint()


@pytest.mark.parametrize("wrong, right", [("lsit", "list"), ("explian", "explain"), ("hepl", "help")])
def test_unknown_commands_are_guessed(wrong, right):
    assert f'no command "{wrong}"; did you mean "{right}"' in complaint(wrong)


def test_unknown_commands_without_a_guess():
    assert complaint("frobnicate") == 'mqttspec: there is no command "frobnicate"\nTry: mqttspec --help\n'


@pytest.mark.parametrize("command", ["run", "list", "explain"])
def test_every_command_teaches(command):
    out = answer(command, "--help")
    for word in (f"Usage: mqttspec {command} ", "Options:", "Examples:", "Exit codes:"):
        assert word in out
    assert out == answer("help", command) == answer(command, "-h")
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("command", ["list", "explain"])
def test_the_examples_of_the_help_work(command):
    for line in answer(command, "--help").split("Examples:\n")[1].split("\n\n")[0].splitlines():
        example = re.sub(r"\s{2,}.*| \|.*", "", line.strip())
        run = mqttspec(*example.split()[1:])
        unwritten = command == "list" and "nothing matches" in run.stderr  # its case is not there yet
        assert run.returncode == 0 or unwritten, run


def test_a_full_disk_is_noticed():
    with open("/dev/full", "wb") as full:
        run = subprocess.run([PROGRAM, "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert run.returncode == 3 and "No space left" in run.stderr


# ---- list


def test_list_shows_each_case_on_one_line(cases):
    out = answer("list")
    lines = {line.split()[0]: line for line in out.splitlines() if line.startswith("  ")}
    for case in cases:
        pattern = rf"  {re.escape(case['id'])} +{' '.join(case['versions'])} +{case['level']} .*"
        assert re.fullmatch(pattern + re.escape(case["title"]), lines[case["id"]]), case
    by_version = collections.Counter(v for c in cases for v in c["versions"])
    assert re.search(rf"^{len(cases)} cases?: {by_version['3.1.1']} in 3\.1\.1, {by_version['5.0']} in 5\.0\n\Z",
                     out, re.M)


def test_ids_are_unique_and_refs_exist(cases):
    assert max(collections.Counter(c["id"] for c in cases).values()) == 1
    known = {f"{v}:{r.get('id') or r['key']}" for v, names in (("3.1.1", (0, 2)), ("5.0", (1, 2)))
             for i in names for r in rows(CATALOGUE[i]) if r.get("version", v) in (v, "both")}
    for case in cases:
        if case["role"] == "agent":  # held against docs/AGENT.md, not against the standard
            assert not case["statements"]
            continue
        assert case["statements"] and set(case["statements"]) <= known, case
        assert {name.split(":")[0] for name in case["statements"]} == set(case["versions"]), case


def test_patterns_select(cases):
    first = cases[0]
    assert json.loads(answer("list", first["id"], "--json")) == [first]
    assert json.loads(answer("list", first["id"][:-1] + "?", "--json")) == [first]
    chapter = json.loads(answer("list", "--json", first["chapter"]))
    assert chapter == [c for c in cases if c["chapter"] == first["chapter"]]
    assert json.loads(answer("list", "--json", first["id"], first["chapter"])) == chapter


def test_what_is_left_out_is_not_shown(cases):
    first = cases[0]
    chapter = [c for c in cases if c["chapter"] == first["chapter"]]
    left = json.loads(answer("list", "--json", first["chapter"], "--not", first["id"], "--not", "no_will*"))
    assert left == [c for c in chapter if c["id"] != first["id"] and not c["id"].startswith("no_will")]
    name = next(s for c in cases for s in c["statements"] if s.startswith("5.0:"))
    rest = json.loads(answer("list", "--json", "--versions", "5.0", "--not", name))
    assert {c["id"] for c in cases if "5.0" in c["versions"]} - {c["id"] for c in rest} == {
        c["id"] for c in cases if name in c["statements"]}
    assert name not in answer("list", "--statements", "--not", name).split()
    assert 'nothing matches "no_such_case"' in complaint("list", "--not", "no_such_case")


def test_statements_select_cases_in_their_version(cases):
    name = next(s for c in cases for s in c["statements"] if s.startswith("5.0:"))
    selected = json.loads(answer("list", "--json", name))
    assert [c["id"] for c in selected] == [c["id"] for c in cases if name in c["statements"]]
    assert all(c["versions"] == ["5.0"] for c in selected)


@pytest.mark.parametrize("version", ["3.1.1", "5.0"])
def test_versions_select(cases, version):
    selected = json.loads(answer("list", "--json", "--versions", version))
    assert [c["id"] for c in selected] == [c["id"] for c in cases if version in c["versions"]]
    for case in selected:
        assert case["versions"] == [version]
        assert all(s.startswith(version + ":") for s in case["statements"])
    assert json.loads(answer("list", "--json", "--versions", "both")) == cases


def test_a_pattern_that_matches_nothing_is_an_error(cases):
    assert 'nothing matches "no_such_case"' in complaint("list", "no_such_case")
    assert 'nothing matches "no_such_case"' in complaint("list", cases[0]["id"], "no_such_case")
    wrong = cases[0]["id"][1:] + "x"
    assert f'nothing matches "{wrong}"; did you mean "' in complaint("list", wrong)


@pytest.mark.parametrize("args, words", [
    (["--jsno"], "there is no option --jsno"),
    (["-x"], "there is no option -x"),
    (["--versions"], "--versions needs a value"),
    (["--versions", "6"], '--versions takes 3.1.1, 5.0 or both, not "6"'),
    (["--json=yes"], "--json takes no value"),
    (["--role", "peer"], '--role takes server, client or agent, not "peer"'),
    (["--role", "agent", "--statements"], "no statement of the standard binds an agent"),
])
def test_bad_options_of_list(args, words):
    assert complaint("list", *args) == f"mqttspec list: {words}\nTry: mqttspec list --help\n"


def observable(role):
    """Names of all statements that can be seen in the packets of a server, or of a client."""
    for version, names in (("3.1.1", CATALOGUE[0::2][:2]), ("5.0", CATALOGUE[1:3])):
        for name in names:
            for row in rows(name):
                if row.get("version", version) in (version, "both") and f"{role}-wire" in row["testable"]:
                    yield f"{version}:{row.get('id') or row['key']}"


def test_roles_select(cases):
    roles = {role: json.loads(answer("list", "--json", "--role", role)) for role in ("server", "client", "agent")}
    assert sorted(sum(roles.values(), []), key=cases.index) == cases
    assert all(case["role"] == role for role, of_role in roles.items() for case in of_role)
    assert all(case["chapter"].startswith("client_") for case in roles["client"])


@pytest.mark.parametrize("role", ["server", "client"])
def test_statements_are_counted(role, cases):
    listed = json.loads(answer("list", "--statements", "--json", "--role", role))
    assert {s["name"] for s in listed} == set(observable(role)) and len(listed) == len(set(observable(role)))
    for statement in listed:
        assert statement["cases"] == [c["id"] for c in cases
                                      if c["role"] == role and statement["name"] in c["statements"]]
    lines = answer("list", "--statements", "--role", role).splitlines()
    covered = sum(1 for s in listed if s["cases"])
    assert lines[-1].startswith(f"{covered} of {len(listed)} statements have a case (3.1.1: ")
    for statement, line in zip(listed, lines):
        count = len(statement["cases"])
        assert re.match(rf"{re.escape(statement['name'])} +{statement['level']} +{count} case", line)


def test_uncovered_statements(cases):
    referred = {s for c in cases if c["role"] == "server" for s in c["statements"]}
    listed = json.loads(answer("list", "--uncovered", "--json", "--versions", "5.0"))
    assert {s["name"] for s in listed} == {n for n in observable("server") if n.startswith("5.0")} - referred
    for s in listed:
        assert s["watched"] or s["permission"] or s["untested"].endswith("."), s["name"]
    by_name = {s["name"]: s for s in listed}
    assert by_name["5.0:MQTT-3.9.3-2"]["watched"] and not by_name["5.0:MQTT-3.6.2-2"]["watched"]
    assert by_name["5.0:U50-ERR-MULTI"]["permission"]
    shown = unfolded(answer("list", "--uncovered", "--versions", "5.0"))
    assert "5.0:MQTT-3.9.3-2 MUST 0 cases, watched" in shown and "5.0:U50-ERR-MULTI MAY 0 cases, permission" in shown
    assert "No case: " + by_name["5.0:MQTT-3.6.2-2"]["untested"] in shown


def test_statements_by_section_and_by_case(cases):
    names = [s["name"] for s in json.loads(answer("list", "--statements", "--json", "5.0:3.12"))]
    assert {"5.0:MQTT-3.12.4-1", "5.0:U50-PING-LEN"} <= set(names)
    of_case = json.loads(answer("list", "--statements", "--json", cases[0]["id"]))
    assert {s["name"] for s in of_case} == set(cases[0]["statements"]) & set(observable("server"))


# ---- explain


def test_a_statement_in_both_versions():
    out = unfolded(answer("explain", "MQTT-3.1.2-24"))
    for row, version in ((rows(CATALOGUE[0]), "3.1.1"), (rows(CATALOGUE[1]), "5.0")):
        statement = next(r for r in row if r["id"] == "MQTT-3.1.2-24")
        assert f"{version}:MQTT-3.1.2-24 {unfolded(statement['summary'])} level {statement['level']}" in out
        assert unfolded(statement["note"]) in out
        assert f"section {statement['section']} {statement['section_title']}" in out
    assert "binds server" in out and "observed in the packets of a server" in out
    assert "in 5.0 MQTT-3.1.2-22: " in out  # the statement that took its place


def test_a_statement_in_one_version():
    out = answer("explain", "5.0:mqtt-3.1.2-22")
    assert out.startswith("5.0:MQTT-3.1.2-22\n") and "\n3.1.1:" not in out
    assert "in 3.1.1    MQTT-3.1.2-24: " in out


def test_a_statement_without_a_number():
    assert "none in the standard; the key is ours" in answer("explain", "U50-PROP-ORDER")
    out = answer("explain", "UALL-LEVELS")
    assert "3.1.1:UALL-LEVELS\n" in out and "5.0:UALL-LEVELS\n" in out


def test_a_statement_names_its_cases(cases):
    case = cases[0]
    out = unfolded(answer("explain", case["statements"][0]))
    assert case["id"].split("/")[0] in out.split(" cases ")[1]


def test_every_statement_can_be_explained():
    for name in list(observable("server"))[::25]:
        assert answer("explain", name).startswith(name + "\n")


def test_a_case(cases):
    case = cases[0]
    out = unfolded(answer("explain", case["id"]))
    assert out.startswith(f"{case['id']} {case['title']}")
    for words in (*case["statements"], f"level {case['level']}", f"versions {' '.join(case['versions'])}",
                  f"mqttspec run TARGET {case['id']}", f"/{case['chapter']}.c"):
        assert words in out


def test_tables_and_rows(cases):
    row = next(c for c in cases if "/" in c["id"])
    table, name = row["id"].split("/")
    assert f"{name}: " in unfolded(answer("explain", table)).split(" rows ", 1)[1]
    out = answer("explain", row["id"])
    assert out.startswith(row["id"] + "\n") and "\n  sends " in out


def test_a_chapter(cases):
    out = unfolded(answer("explain", cases[0]["chapter"]))
    assert f"{cases[0]['chapter']}: a chapter of cases" in out and cases[0]["id"].split("/")[0] in out


@pytest.mark.parametrize("name", [["0x8E"], ["0x8e"], ["Session taken over"], ["session", "TAKEN", "over"]])
def test_a_reason_code(name):
    out = unfolded(answer("explain", *name))
    assert out.startswith("0x8E Session taken over: Reason Code of 5.0 packets DISCONNECT means failure "
                          "sent by server, in DISCONNECT see 5.0:MQTT-3.1.4-3: ")


def test_every_reason_code_can_be_explained():
    for row in rows("reason-codes-5.0.tsv"):
        for name in (row["code"], row["name"]):
            out = unfolded(answer("explain", name))
            packets = re.sub(r"\s*\(.*?\)", "", row["packets"])
            assert f"{row['code']} {row['name']}: Reason Code of 5.0 packets {packets} means" in out


@pytest.mark.parametrize("name", [["Session Expiry Interval"], ["session", "expiry", "interval"]])
def test_a_property(name):
    out = unfolded(answer("explain", *name))
    assert out.startswith("0x11 Session Expiry Interval: property of 5.0 type number of four bytes "
                          "packets CONNECT, CONNACK, DISCONNECT repeats in no packet values ")
    assert "5.0:U50-SESSION-EXPIRY-DEFAULT" in out


def test_every_property_can_be_explained():
    for row in rows("properties-5.0.tsv"):
        for name in (row["id"], row["name"]):
            out = unfolded(answer("explain", name))
            assert f"{row['id']} {row['name']}: property of 5.0" in out
            assert unfolded(row["error"]) in out


def test_a_number_with_several_meanings():
    out = answer("explain", "0x05")
    assert out == answer("explain", "not authorized").split("\n\n")[-1]
    assert "return code of CONNACK in 3.1.1" in out
    out = answer("explain", "0x11")
    assert "No subscription existed: Reason Code" in out and "Session Expiry Interval: property" in out


@pytest.mark.parametrize("word", VERDICTS + ["must", "STATED", "should", "MAY", "exit codes"])
def test_words_of_the_suite(word):
    assert re.match(rf"{word}: a (verdict|level of a case)\n|exit codes of mqttspec\n", answer("explain", word), re.I)


def test_exit_codes_are_those_of_the_documentation():
    told = dict(re.findall(r"^  (\d+) +(\S.*)$", answer("explain", "exit", "codes"), re.M))
    text = (ROOT / "docs/VERDICTS.md").read_text().split("## Exit codes")[1]
    assert list(told) == re.findall(r"^\| (\d+) \|", text, re.M)


@pytest.mark.parametrize("wrong, right", [
    ("MQTT-4.3.3-19", "MQTT-4.3.3-1"), ("5.0:MQTT-3.12.4-2", "5.0:MQTT-3.12.4-1"), ("U50-PROP-ORDR", "U50-PROP-ORDER"),
    ("Sesion taken over", "Session taken over"), ("Receive Maxmum", "Receive Maximum"), ("nonstrct", "nonstrict"),
    ("0xFE", "0x9E"),
])
def test_unknown_names_are_guessed(wrong, right):
    said = complaint("explain", wrong)
    assert f'nothing is called "{wrong}"; did you mean ' in said and f'"{right}"' in said


def test_a_mistyped_case_is_guessed(cases):
    wrong = cases[0]["id"].replace("_", "-", 1)
    assert f'"{cases[0]["id"]}"' in complaint("explain", wrong)


@pytest.mark.parametrize("args, words", [
    ([], "it takes the name of a statement, a case, a Reason Code, a property or a verdict"),
    (["--foo"], "there is no option --foo"),
    (["zzzzzzzzzzzz"], 'nothing is called "zzzzzzzzzzzz"'),
    ([""], 'nothing is called ""'),
])
def test_bad_usage_of_explain(args, words):
    assert complaint("explain", *args) == f"mqttspec explain: {words}\nTry: mqttspec explain --help\n"


# ---- pipes and terminals


def test_pages_are_eighty_columns_wide_in_a_pipe():
    out = answer("explain", "0x81")
    assert 70 < max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out


@pytest.mark.parametrize("columns", [60, 120])
def test_pages_are_as_wide_as_the_terminal(columns):
    out = on_a_terminal("explain", "MQTT-3.1.2-24", columns=columns)
    assert "\x1b[1m5.0:MQTT-3.1.2-24\x1b[0m" in out
    plain = re.sub(r"\x1b\[\d*m", "", out)
    words = [line for line in plain.splitlines() if "https://" not in line]   # an address is not broken
    assert columns - 20 < max(map(len, words)) <= columns
    assert unfolded(plain) == unfolded(answer("explain", "MQTT-3.1.2-24"))


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_refused(environment):
    assert "\x1b" not in on_a_terminal("explain", "MQTT-3.1.2-24", **environment)


def test_lists_are_wrapped_on_terminals_only(cases):
    wide = answer("list", cases[0]["id"])
    narrow = on_a_terminal("list", cases[0]["id"], columns=90)
    assert narrow.count("\n") > wide.count("\n")
    assert unfolded(narrow) == unfolded(wide)
