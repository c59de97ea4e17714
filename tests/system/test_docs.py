"""What the pages say, held against the program: every command of a block is played, every other one is understood; every
case, statement, file and name is there. The pages are README.md, CONTRIBUTING.md, docs/, the manual and the texts of
--help.
"""
import functools
import json
import os
import pathlib
import re
import shlex
import shutil
import struct
import subprocess

import pytest

import page_commands
import sample_runs
from subcommands import SUBCOMMANDS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAMS = {"mqttspec": BUILD / "cli/mqttspec", "mqttspec-client": BUILD / "client/mqttspec-client",
            "mqttspec-broker": BUILD / "broker/mqttspec-broker"}
PAGES = sorted(p for p in [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
               if p.name != "MISTAKES.md")  # whose commands are wrong: test_inputs.py plays them
MANUAL = sorted((ROOT / "docs/man").iterdir())
LIMIT_S = 60

# What a page says for something of the reader's own.
PLACEHOLDERS = {"ID": "MQTT-3.1.2-24", "PATTERN": "will", "TARGET": "mosquitto", "OLD": "run.jsonl", "NEW": "run.jsonl",
                "RUN": "run.jsonl", "F": "f", "FILE": "expected.ini", "$i/3": "1/3", "out-$i": "out-1", "COMMAND": "run"}


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
    """Program and words of each command that is shown, but those that are played."""
    shown = [line for language, _, block in page_commands.blocks(text) if language not in ("sh", "console") for line in block.replace("\\\n", " ").splitlines()]
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


# ---- commands that are played

PLAYED = [page for page in PAGES if list(page_commands.commands(read(page))) and page.name != "README.zh-CN.md"]    # as README.md
HERE = pathlib.Path(__file__).parent
# Exit codes besides 0: what is found in a capture, what differs, what a client that is not ours breaks.
ENDS = [(r"mqttspec (?:check|diff|bench) ", 1), (r"mqttspec run .*my-(?:agent|client)", 1)]


@pytest.fixture(scope="module")
def broker():
    """The URL of a broker, which serves for all pages."""
    process = subprocess.Popen([PROGRAMS["mqttspec-broker"], "-p", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield f"mqtt://127.0.0.1:{process.stdout.readline().split()[1]}"
    process.terminate()
    process.wait(LIMIT_S)


def programs(folder):
    """A folder of programs under the names that the pages give them."""
    folder.mkdir()
    (folder / "mqttspec").symlink_to(HERE / "page_program.py")
    for name, line in {"my-broker": f'[ "$1" = --version ] && echo my-broker 1.0 || exec {PROGRAMS["mqttspec-broker"]} "$@"',
                       "my-agent": f'exec {PROGRAMS["mqttspec-client"]} agent',
                       "mosquitto_sub": f'exec {PROGRAMS["mqttspec-client"]} sub "$@"',
                       "mosquitto_pub": f'exec {PROGRAMS["mqttspec-client"]} pub "$@"',
                       "tcpdump": "exec cat field.pcap"}.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return folder


def surroundings(folder, url):
    """What the commands of a page find: programs, captures, records and files that are their readers'."""
    places = [programs(folder / "bin"), *(BUILD / part for part in ("broker", "client", "deviants", "targets/agents"))]
    shutil.copy(folder / "bin/my-agent", folder / "my-agent")
    for name in ("my-broker.ini", "ci/my-broker.ini"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("[target]\nname = Mine\ncommand = my-broker -p {port}\n")
    for name in ("field.pcap", "before.pcap", "after.pcap"):
        (folder / name).write_bytes(CAPTURE)
    (folder / "run.jsonl").write_text("".join(sample_runs.lines("--runs", 20)))
    (folder / "find_1").mkdir()
    (folder / "find_1/scenario.txt").write_text("client 1 5.0\n1 connect\n")
    path = os.pathsep.join([*map(str, places), os.environ["PATH"]])
    program = str(folder / "bin/mqttspec")
    return {**os.environ, "PATH": path, "MQTTSPEC": program, "REAL": str(PROGRAMS["mqttspec"]), "BROKER": url}


def keep_file(folder, body):
    """A block that begins with a comment that is the name of a file is that file from there on."""
    name = re.match(r"[;#] ([\w./-]+\.\w+)$", body.partition("\n")[0])
    if name:
        (folder / name.group(1)).write_text(body + "\n")


def play(command, folder, environment):
    command = re.sub(r"(?<![\w./-])(?=(?:script|targets/install|docs/skeletons)/)", f"{ROOT}/", command)
    command = command.replace("build/dev/cli/mqttspec", "mqttspec").replace("out/latest/find_1/", "find_1/")
    result = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True,
                            timeout=3 * LIMIT_S, stdin=subprocess.DEVNULL, check=False)
    codes = {0, *(code for pattern, code in ENDS if re.search(pattern, command))}
    assert result.returncode in codes, (command, result.returncode, result.stdout[-2000:], result.stderr)


@pytest.mark.bulk
@pytest.mark.parametrize("page", PLAYED, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_are_played(page, broker, tmp_path):
    """In their order, in one folder, as somebody does who follows the page."""
    environment = surroundings(tmp_path, broker)
    for language, _, body in page_commands.blocks(read(page)):
        keep_file(tmp_path, body)
        for command in page_commands.commands(f"```{language}\n{body}\n```\n"):
            if not page_commands.reason_not_to_play(command):
                play(command, tmp_path, environment)


def test_what_is_not_played_has_a_reason():
    shown = [command for page in PAGES for command in page_commands.commands(read(page))]
    used = {page_commands.reason_not_to_play(command) for command in shown}
    assert len(shown) > 70 and sum(page_commands.reason_not_to_play(command) is None for command in shown) > 40
    for each in page_commands.NOT_PLAYED:
        assert each in used, f"no page has {each.pattern}"
        assert len(each.reason.split()) > 5, each


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_block_of_commands_says_so(page):
    assert not page_commands.unmarked(read(page))


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


def test_a_case_that_is_shown_is_that_of_the_source():
    source = " ".join(" ".join(p.read_text() for p in sorted((ROOT / "cases").rglob("*.c"))).split())
    shown = [" ".join(case.split()) for text in texts().values() for block in fences(text, "c")
             for case in re.findall(r"^CASE\(.*?^}", block, re.M | re.S)]
    there = [case for case in shown if re.match(r"CASE\(\w+,", case)[0] in source]
    assert there and not [case for case in there if case not in source]


def test_the_page_has_every_key_of_a_target_file():
    page = (ROOT / "docs/TARGETS.md").read_text()
    keys = {key for path in (ROOT / "harness/runner").glob("target_*.c")
            for key in re.findall(r'strcmp\(s->name, "(\w+)"\)', path.read_text())}
    assert len(keys) > 20 and not {key for key in keys if not re.search(rf"`{key}\b", page)}


def test_the_failure_of_the_readme_is_one_of_today(tmp_path):
    """But for what differs from one run to the next: names, times, the seed, the date."""
    shown, = (block for block in fences(read(ROOT / "README.md")) if block.startswith("FAIL "))
    played = call("mqttspec", "run", "mosquitto", "--expect", "none", "disconnect_with_will/0x80", "--versions", "5.0",
                  "--patience", "0", cwd=tmp_path).stdout.replace(" --patience 0", "")
    alike = [(r'"\w{3}\d{4}', '"..'), (r"\d+\.\d{3} ", "0.000 "), (r" *(0\.000)", r" \1"), (r"for \d+ ms", "for 0 ms"),
             (r"--seed \d+", "--seed 0"), (r"out/[\d-]+", "out/"), (r"again  \S*mqttspec", "again  mqttspec")]
    for pattern, same in alike:
        shown, played = re.sub(pattern, same, shown), re.sub(pattern, same, played)
    assert shown in played, played


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


# ---- the README in two languages

OTHER_WAY = {"README.md": "README.zh-CN.md", "README.zh-CN.md": "README.md"}


def skeleton(name):
    """What does not depend on the language, section by section: depth, blocks without comments, code, links, rows."""
    sections, prose = [], re.sub(r"^```.*?^```$", lambda m: m.group(0).replace("\n#", "\n ##"), (ROOT / name).read_text(), flags=re.M | re.S)
    for section in re.split(r"^(?=#+ )", prose, flags=re.M)[1:]:
        blocks = [(language, list(page_commands.lines_of(re.sub(r"(?<=\S) +# .*", "", body)))) for language, _, body in page_commands.blocks(section)]
        links = [link for link in re.findall(r"\]\(([^)\s]+)\)", section) if link != OTHER_WAY[name]]
        sections.append({"depth": len(section) - len(section.lstrip("#")), "blocks": blocks, "links": sorted(links),
                         "code": sorted(set(spans(section))), "rows": len(re.findall(r"^\|", section, re.M))})
    return sections


def test_the_readme_says_the_same_in_both_languages():
    english, chinese = map(skeleton, OTHER_WAY)
    assert len(english) == len(chinese) > 10
    for one, other in zip(english, chinese):
        assert one == other
    for name, other in OTHER_WAY.items():
        assert f"]({other})" in (ROOT / name).read_text().partition("\n## ")[0]


def test_chinese_text_has_chinese_punctuation():
    text = re.sub(r"^```.*?^```$|`[^`\n]+`|\]\([^)]*\)", "", (ROOT / "README.zh-CN.md").read_text(), flags=re.M | re.S)
    assert not re.findall(r".{6}[\u4e00-\u9fff] ?[,.;:!?()].{6}", text)


# ---- the book

CONTENTS = ROOT / "docs/README.md"


def test_the_pages_of_the_book_lead_to_one_another():
    """In the order of its contents; the reference leads back."""
    book, _, rest = CONTENTS.read_text().partition("## Reference")
    names = re.findall(r"^\| \d+ \| \[[^]]*\]\(([^)]*)\)", book, re.M)
    assert len(names) > 10
    for before, name, after in zip([None, *names], names, [*names[1:], None]):
        last = (ROOT / "docs" / name).read_text().splitlines()[-1]
        ways = re.findall(r"(previous|next): \[[^]]*\]\(([^)]*)\)|(\[Contents\]\(README.md\))", last)
        assert [way for kind, way, _ in ways if kind] == [way for way in (before, after) if way], name
        assert "[Contents](README.md)" in last, name
    listed = {CONTENTS.name, *names, *re.findall(r"\]\((\w[\w-]*\.md)\)", rest)}
    assert listed == {page.name for page in CONTENTS.parent.glob("*.md")}


def test_the_catalogue_names_every_chapter():
    table = {name for name in re.findall(r"`([a-z_0-9]+)`", (ROOT / "docs/CATALOGUE.md").read_text())}
    chapters = {case["chapter"] for case in json.loads(call("mqttspec", "list", "--json", "--role", "server").stdout)}
    assert len(chapters) > 40 and chapters <= table, chapters - table


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
