"""What the pages say, held against the program: every command is understood, every case, statement, file and name is
there. The pages are README.md, CONTRIBUTING.md, docs/, the manual and the texts of --help.
"""
import functools
import os
import pathlib
import re
import shlex
import struct
import subprocess

import pytest

import sample_runs
from subcommands import SUBCOMMANDS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAMS = {"mqttspec": BUILD / "cli/mqttspec", "mqttspec-client": BUILD / "client/mqttspec-client",
            "mqttspec-broker": BUILD / "broker/mqttspec-broker"}
PAGES = sorted(p for p in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
               if p.name != "MISTAKES.md")  # whose commands are wrong: test_inputs.py plays them
MANUAL = sorted((ROOT / "docs/man").iterdir())
LIMIT_S = 60

# What a page says for something of the reader's own.
PLACEHOLDERS = {"ID": "MQTT-3.1.2-24", "PATTERN": "will", "TARGET": "mosquitto", "OLD": "run.jsonl", "NEW": "run.jsonl",
                "RUN": "run.jsonl", "F": "f", "FILE": "expected.ini", "$i/3": "1/3", "out-$i": "out-1"}


def call(program, *arguments, cwd=None):
    return subprocess.run([PROGRAMS[program], *arguments], capture_output=True, text=True, timeout=LIMIT_S, cwd=cwd,
                          stdin=subprocess.DEVNULL)


def read(page):
    text = page.read_text(encoding="utf-8")
    if page.parent.name != "man":
        return text
    text = re.sub(r"\\f[A-Z]|\\-", lambda m: "-" if m.group(0) == r"\-" else "", text)
    return re.sub(r"^\.nf\n(.*?)^\.fi$", r"```\n\1```", text.replace(r"\e", "\\").replace(r"\(aq", "'"), flags=re.M | re.S)


def helps():
    yield "mqttspec --help", call("mqttspec", "--help").stdout
    for command in SUBCOMMANDS:
        yield f"mqttspec {command} --help", call("mqttspec", command, "--help").stdout
    for command in ("pub", "sub"):
        yield f"mqttspec-client {command} --help", call("mqttspec-client", command, "--help").stdout


@functools.cache
def texts():
    """Where something is said, and what."""
    pages = {str(page.relative_to(ROOT)): read(page) for page in [*PAGES, *MANUAL]}
    return {**pages, **{name: re.sub(r"^Examples:\n((?:  .*\n)+)", r"```\n\1```\n", text, flags=re.M) for name, text in helps()}}


def fences(text, language=r"[^\n]*"):
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.M | re.S)


def spans(text):
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S))


# script/conformance and script/ci take what `mqttspec run` takes.
START = re.compile(r"(?:^|[\s(`\"'&;/])(mqttspec(?:-client|-broker)?|script/conformance|script/ci) +(?=[\w./'\"-])")
END = re.compile(r"   +|  (?=[a-z])| &&| \|\|?| >| #|[;\"]|$|\)\"?$")


def commands_of(text):
    """Program and words of each command that is shown."""
    shown = [line for block in fences(text) for line in block.replace("\\\n", " ").splitlines()]
    for line, is_span in [*((line, False) for line in shown), *((span, True) for span in spans(text))]:
        match = START.match(line) if is_span else START.search(line)
        if not match:
            continue
        around = line[match.start()]
        rest = line[match.end():].split(around)[0] if around in "'\"`(" else line[match.end():]
        try:
            words = [PLACEHOLDERS.get(word, word) for word in shlex.split(rest[:END.search(rest).start()])]
        except ValueError as e:
            raise AssertionError(f"{line}: {e}") from e
        if is_span and words in [[command] for command in SUBCOMMANDS]:
            continue    # the command is only named
        if match.group(1).startswith("script/"):
            yield "mqttspec", ["run", *words]
        elif words and not re.match(r"\d|judges", words[0]):
            yield match.group(1), words


def all_commands():
    for where, text in texts().items():
        for program, words in commands_of(text):
            yield pytest.param(program, words, id=f"{where}: {program} {' '.join(words)}")


def capture_of_mqtt():
    """A CONNECT, whose Will has a topic that pages ask for."""
    fields = [b"me", b"plant/hall/level", b"gone"]
    body = b"\x00\x04MQTT\x04\x06\x00\x00" + b"".join(struct.pack(">H", len(f)) + f for f in fields)
    connect = bytes([0x10, len(body)]) + body
    frame = (b"\x45\x00" + struct.pack(">H", 40 + len(connect))
             + bytes.fromhex("000000004006000001020304010203050bb8075b00000001000000005018ffff00000000") + connect)
    return struct.pack("<IHHiIIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101, 1700000000, 0, len(frame),
                       len(frame)) + frame


CAPTURE = capture_of_mqtt()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with what the examples need."""
    folder = tmp_path_factory.mktemp("desk")
    target = (ROOT / "targets/mosquitto.ini").read_text()
    for name in ("my-broker.ini", "my.ini", "ci/my-broker.ini", "expected.ini"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(target)
    (folder / "record").write_text("".join(sample_runs.lines("--runs", 20)))
    for name in ("field.pcap", "before.pcap", "after.pcap"):
        (folder / name).write_bytes(CAPTURE)
    scenario = folder / "out/latest/find_1/scenario.txt"
    scenario.parent.mkdir(parents=True)
    scenario.write_text("client 1 5.0\n1 connect\n")
    for name in ("before", "after", "found"):
        assert call("mqttspec", "check", "field.pcap", "--out", name, cwd=folder).returncode == 0
    return folder


def expanded(words, folder):
    """Records are there, under whatever name a page gives them."""
    for word in words:
        if word.endswith(".jsonl") and not word.startswith("-"):
            word = word.replace("*", "1")
            (folder / word).parent.mkdir(parents=True, exist_ok=True)
            (folder / word).write_text((folder / "record").read_text())
        yield word


@pytest.mark.parametrize("program, words", all_commands())
def test_a_command_is_understood(program, words, desk):
    if program != "mqttspec" or words[0] == "fuzz":    # what listens here, or goes on for minutes
        before = words[:1] if program != "mqttspec-broker" or words[0] == "passwd" else []
        offered = {line.split("\t")[0] for line in call(program, "completion", "words", *before, "-").stdout.splitlines()}
        unknown = {word for word in words if re.match(r"--?[a-zA-Z]", word)} - offered - {"--help", "--version"}
        assert not unknown, unknown
        return
    words = list(expanded(words, desk))
    if words[0] in ("run", "agent-check"):
        words = [word for word in words if word not in ("--serve", "--transcript", "--no-fork", "...")] + ["--list"]
    if words[:2] == ["targets", "install"]:
        words = ["targets", *words[2:]]    # tests fetch nothing
    if words[0] in ("bench", "random"):
        words.append("--list")
    if words[0] == "check" and ("-i" in words or "-" in words or len(words) == 1):
        words = ["check", "--help"]    # nobody listens here, and nothing is piped
    result = call(program, *words, cwd=desk)
    assert result.returncode in ((0, 1) if words[0] in ("report", "diff") else (0,)), (words, result.stderr)
    assert result.stdout or result.stderr or words[0] in ("report", "matrix", "diff", "site")


def test_commands_were_found():
    found = [words[0] for text in texts().values() for _, words in commands_of(text)]
    assert len(found) > 60 and {*SUBCOMMANDS, "pub", "sub"} <= set(found)


# ---- names

@functools.cache
def statements():
    """3.1.1:MQTT-..., 5.0:MQTT-..., of both roles, and of neither."""
    lines = (line.split("\t") for path in (ROOT / "spec").glob("*.tsv") for line in path.read_text().splitlines())
    return {name for fields in lines for name in re.findall(r"^(?:3\.1\.1|5\.0):\S+$", fields[0])}


def test_every_statement_is_in_the_catalogue():
    known = statements()
    assert len(known) > 300
    both = known | {name.split(":")[1] for name in known}
    for where, text in texts().items():
        for version, name in re.findall(r"(?:\b(3\.1\.1|5\.0):)?\b(MQTT-\d+\.\d+\.\d+-\d+|U(?:311|50|ALL)-[A-Z0-9-]*[A-Z0-9])\b(?!\*)", text):
            assert (f"{version}:{name}" if version else name) in both, (where, version, name)


def test_every_failure_that_is_shown_is_of_a_case_that_exists():
    shown = [(where, *found) for where, text in texts().items() for block in fences(text)
             for found in re.findall(r"^(?:FAIL|CRASH|ok|pass|fail|nonstrict)  (\S+)  (3\.1\.1|5\.0)\b", block, re.M)]
    assert shown
    for where, case, version in shown:
        assert call("mqttspec", "list", case, "--versions", version).returncode == 0, (where, case)
    for where, text in texts().items():
        for name, line in re.findall(r"\b(cases/\w+/\w+\.c):(\d+)", text):
            assert int(line) <= len((ROOT / name).read_text().splitlines()), (where, name, line)


INI = [(where, block) for where, text in texts().items() for block in fences(text, "ini")]


@pytest.mark.parametrize("where, block", INI, ids=[where for where, _ in INI])
def test_every_target_file_is_read(where, block, tmp_path):
    for case, version in re.findall(r"^case = (\S+)(?: (3\.1\.1|5\.0))?", block, re.M):
        assert call("mqttspec", "list", case, *(["--versions", version] if version else [])).returncode == 0, (where, case)
    path = tmp_path / "shown.ini"
    path.write_text(block)
    arguments = [str(path)] if "[target]" in block else ["mosquitto", "--expect", str(path)]
    result = call("mqttspec", "run", *arguments, "--list")
    assert result.returncode == 0, (where, result.stderr)


# ---- files

FOLDERS = "base|bench|broker|cases|ci|cli|client|cmake|deviants|docs|driver|harness|mqtt|packages|pcap|record|reports|script|spec|targets|tests"


def test_every_file_is_there():
    for where, text in texts().items():
        for name in re.findall(rf"(?<![\w./@*-])((?:{FOLDERS})/[\w./-]*\w)(?![\w*?\[-])", text):
            if where == "CONTRIBUTING.md" or not name.startswith(("ci/my", "ci/baseline")):
                assert (ROOT / name).exists() or list(ROOT.glob(f"{name}.*")) or list((ROOT / "docs").glob(name)), (where, name)


def anchors(page):
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        to = (page.parent / name).resolve() if name else page
        assert to.exists(), link
        assert not anchor or anchor in anchors(to), link


@functools.cache
def source_words():
    words = set()
    for suffix in ("c", "h", "py", "js", "tsv", "ini", "txt", "in", "map", "json", "sh", "yml", "yaml", "cmake"):
        for path in ROOT.rglob(f"*.{suffix}"):
            if not {"build", "out", "node_modules", ".git"} & set(path.relative_to(ROOT).parts):
                words.update(re.findall(r"[A-Za-z]\w*", path.read_text(encoding="utf-8", errors="replace")))
    for folder in ("script", "bench", "ci"):
        for path in (ROOT / folder).iterdir():
            if path.is_file():
                words.update(re.findall(r"[A-Za-z]\w*", path.read_text(encoding="utf-8", errors="replace")))
    return words


def test_every_name_in_code_is_one_of_the_source():
    """Names with a low line: functions, fields, cases, verdicts. A glob stands for at least one."""
    forms = {"noun_verb", "x_init", "x_fini", "x_new", "x_free", "test_17"}   # of names, good and bad
    missing = []
    for where, text in texts().items():
        for span in spans(text):
            for name, more in re.findall(r"(?<![\w.$/{-])([a-z]\w*_\w*)(\*?)", span):
                found = any(word.startswith(name) for word in source_words()) if more or name.endswith("_") else \
                    name.removesuffix("_hex") in source_words()
                missing += [] if found or name in forms else [(where, span, name)]
    assert not missing
