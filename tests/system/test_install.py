"""What `cmake --install` leaves below a prefix: programs that run, pages, completion, and what AGENT.md tells to use.
The library has tests of its own (test_library.py).
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from subcommands import SUBCOMMANDS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
MANUAL = sorted((ROOT / "docs/man").glob("*.[18]"))
LIMIT_S = 300


def run(*command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=LIMIT_S, **more)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """As packagers do it: for one prefix, into another folder."""
    root = tmp_path_factory.mktemp("root")
    result = run("cmake", "--install", BUILD, "--prefix", "/usr", env={**os.environ, "DESTDIR": str(root)})
    assert result.returncode == 0, result.stderr
    assert [p.name for p in root.iterdir()] == ["usr"]
    return root / "usr"


def test_programs_run_from_there(prefix):
    for program in ("mqttspec", "mqttspec-broker", "mqttspec-client"):
        assert run(prefix / "bin" / program, "--version").returncode == 0
    listed = run(prefix / "bin/mqttspec", "run", "mosquitto", "will_on_close", "--list", cwd="/")
    assert listed.returncode == 0 and "will_on_close" in listed.stdout


def test_pages_are_there(prefix):
    for page in MANUAL:
        assert (prefix / f"share/man/man{page.suffix[1]}" / page.name).read_text() == page.read_text()
    for name in ("AGENT.md", "TARGETS.md", "VERDICTS.md", "RECORDS.md", "CI.md", "skeletons/agent.py", "skeletons/agent.c",
                 "skeletons/go/agent.go"):
        assert (prefix / "share/doc/mqttspec" / name).read_text() == (ROOT / "docs" / name).read_text()
    assert not (prefix / "share/doc/mqttspec/man").exists()
    for page in (prefix / "share/doc/mqttspec").rglob("*.md"):
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            assert link.startswith("http") or (page.parent / link).exists(), (page, link)


def test_completion_is_there(prefix):
    for program in ("mqttspec", "mqttspec-client", "mqttspec-broker"):
        script = prefix / "share/bash-completion/completions" / program
        result = run("bash", "-c", f". {script} && complete -p {program}")
        assert result.returncode == 0 and "_mqttspec" in result.stdout
    assert (prefix / "share/zsh/site-functions/_mqttspec").read_text().startswith("#compdef mqttspec ")


def test_the_skeleton_in_c_compiles_with_what_is_there(prefix, tmp_path):
    if not pathlib.Path("/usr/include/MQTTClient.h").exists():
        pytest.skip("libpaho-mqtt-dev is not installed")
    source = prefix / "share/doc/mqttspec/skeletons/agent.c"
    command = next(line[3:].strip() for line in source.read_text().splitlines() if " *\tcc " in line)
    command = command.replace("MQTTSPEC", f"{prefix}/share/mqttspec").replace("agent.c ", f"{source} ", 1)
    result = run("sh", "-c", f"{command} -o {tmp_path}/agent")
    assert result.returncode == 0, result.stderr
    assert '"contract":1' in run(tmp_path / "agent", stdin=subprocess.DEVNULL).stdout


# ---- the manual

def test_the_page_says_what_the_help_says(tmp_path):
    written = run(sys.executable, "-c", "import runpy, sys; print(runpy.run_path(sys.argv[1])['page'](sys.argv[2]), end='')",
                  ROOT / "script/manual", BUILD / "cli/mqttspec")
    assert written.returncode == 0, written.stderr
    assert written.stdout == (ROOT / "docs/man/mqttspec.1").read_text(), "run script/manual"
    assert "\n\n" not in written.stdout, "an entry that says nothing"


def test_the_page_has_every_option_and_every_variable():
    page = (ROOT / "docs/man/mqttspec.1").read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
    for command in SUBCOMMANDS:
        part = page.split(f".SS mqttspec {command}\n")[1].split("\n.S")[0]
        offered = run(BUILD / "cli/mqttspec", "completion", "words", command, "--").stdout
        options = {line.split("\t")[0] for line in offered.splitlines()}
        if command == "agent-check":
            options &= {"--versions", "--transcript", "--timeout", "--out"}   # those of `run` are taken, too
        assert options and not {option for option in options if option not in part}, command
    sources = "".join(p.read_text() for folder in ("cli", "harness") for p in (ROOT / folder).rglob("*.c"))
    for name in set(re.findall(r'getenv\("(\w+)"\)|"(MQTTSPEC_(?:USER|PASSWORD))"', sources)):
        name = next(filter(None, name))
        assert name == "PATH" or name in page, name


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.name)
def test_mandoc_has_nothing_to_complain_of(page):
    result = run("mandoc", "-Tlint", "-W", "warning", page)
    assert result.returncode == 0 and not result.stdout, result.stdout


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.name)
def test_man_has_nothing_to_complain_of(page):
    result = run("man", "--warnings", "-l", page, env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    assert result.returncode == 0 and not result.stderr, result.stderr
