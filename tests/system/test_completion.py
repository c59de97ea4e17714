"""Completion in bash and zsh: the shells ask the programs, which know their options, cases, targets and statements."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from subcommands import SUBCOMMANDS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAMS = {"mqttspec": BUILD / "cli/mqttspec", "mqttspec-client": BUILD / "client/mqttspec-client",
            "mqttspec-broker": BUILD / "broker/mqttspec-broker"}
SCRIPTS = ROOT / "cli/completion"
LIMIT_S = 60

# Cuts the words as bash does, at what COMP_WORDBREAKS has.
BASH = r"""
. "$1"; shift
COMP_LINE=$1 COMP_POINT=${#1}; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_mqttspec
printf '%s\n' "${COMPREPLY[@]}"
"""

ZSH = r"""
compdef() { print -r -- "compdef $*" >&2 }
_describe() { print -rl -- "${(@P)@[-1]}" }
_files() { print -r -- "files $*" }
compset() { : }
source $1; shift
typeset -a words; words=("$@"); CURRENT=$#words; PREFIX=${words[CURRENT]}
_mqttspec
"""

LINES = [
    ("mqttspec ru", {"run"}),
    ("mqttspec help a", {"agent-check"}),
    ("mqttspec compl", {"completion"}),
    ("mqttspec completion z", {"zsh"}),
    ("mqttspec run libm", {"libmosquitto"}),
    ("mqttspec targets ins", {"install"}),
    ("mqttspec targets install aed", {"aedes"}),
    ("mqttspec run mosquitto will_on_c", {"will_on_close"}),
    ("mqttspec run mosquitto bad_flags/ping", {"bad_flags/pingreq_1"}),
    ("mqttspec explain MQTT-3.1.2-2", {"MQTT-3.1.2-2", "MQTT-3.1.2-24"}),
    ("mqttspec explain nonst", {"nonstrict"}),
    ("mqttspec run --patt", set()),
    ("mqttspec run --pati", {"--patience"}),
    ("mqttspec run --pcap ", {"failures", "all", "none"}),
    ("mqttspec run mosquitto --not will_on_c", {"will_on_close"}),
    ("mqttspec list --role c", {"client"}),
    ("mqttspec agent-check libmosquitto agent_bears_n", {"agent_bears_nonsense"}),
    ("mqttspec-client p", {"pub"}),
    ("mqttspec-client sub --retained", {"--retained-only"}),
    ("mqttspec-client sub -V m", {"mqttv311", "mqttv5"}),
    ("mqttspec-client pub -D publish content", {"content-type"}),
    ("mqttspec-client sub --caf", {"--cafile"}),
    ("mqttspec-broker --ver", {"--verbose", "--version"}),
    ("mqttspec-broker -b l", {"localhost"}),
]


def cut(line):
    return [word for part in re.split(r"\s+", line) for word in re.findall(r"[^=:]+|[=:]", part) or [""]]


def bash(line, cwd=None):
    name, _, rest = line.partition(" ")
    result = subprocess.run(["bash", "-c", BASH, "bash", SCRIPTS / "mqttspec.bash", f"{PROGRAMS[name]} {rest}",
                             PROGRAMS[name], *cut(rest)], capture_output=True, text=True, timeout=LIMIT_S, cwd=cwd)
    assert result.returncode == 0 and not result.stderr, result.stderr
    return {word for word in result.stdout.splitlines() if word}


def zsh(line):
    name, *words = line.split(" ")
    result = subprocess.run(["zsh", "-f", "-c", ZSH, "zsh", SCRIPTS / "_mqttspec", PROGRAMS[name], *words],
                            capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 0, result.stderr
    assert result.stderr == "compdef _mqttspec mqttspec mqttspec-client mqttspec-broker\n"
    return dict(re.match(r"((?:[^:\\]|\\.)*):?(.*)", word).groups() for word in result.stdout.splitlines())


needs_zsh = pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")


@pytest.mark.parametrize("line, expected", LINES)
def test_bash_completes(line, expected):
    assert expected <= bash(line) and bool(expected) == bool(bash(line))


@needs_zsh
@pytest.mark.parametrize("line, expected", LINES)
def test_zsh_completes(line, expected):
    found = zsh(line)
    assert expected <= set(found) and bool(expected) == bool(found)


def test_bash_completes_what_it_has_cut():
    """bash replaces only what is after the last = or :."""
    assert bash("mqttspec run --pcap=f") == {"failures"}
    assert bash("mqttspec run --pcap=") == {"failures", "all", "none"}
    assert "MQTT-3.1.2-24" in bash("mqttspec explain 5.0:MQTT-3.1.2-2")


def test_bash_completes_files_where_there_may_be_one(tmp_path):
    (tmp_path / "my-broker.ini").touch()
    (tmp_path / "folder").mkdir()
    assert bash("mqttspec run ./my", tmp_path) == {"./my-broker.ini"}
    assert bash("mqttspec run my", tmp_path) == {"my-broker.ini"}
    assert bash("mqttspec run --out ", tmp_path) == {"folder"}
    assert bash("mqttspec report --html=f", tmp_path) == {"folder"}
    assert bash("mqttspec-broker -c my", tmp_path) == {"my-broker.ini"}


@needs_zsh
def test_zsh_shows_what_words_mean():
    assert zsh("mqttspec ru")["run"] == "judge a broker or a client"
    assert zsh("mqttspec run --pca")["--pcap"].startswith("captures of failures")
    assert zsh("mqttspec run mosquitto will_on_clo")["will_on_close"].startswith("A connection that")
    assert "files " in zsh("mqttspec report x")
    assert "files -/" in zsh("mqttspec run --out ")
    assert r"5.0\:MQTT-3.1.2-24" in zsh("mqttspec explain 5.0:MQTT-3.1.2-2")


@pytest.mark.parametrize("shell, name", [("bash", "mqttspec.bash"), ("zsh", "_mqttspec")])
def test_the_program_prints_the_scripts(shell, name):
    printed = subprocess.run([PROGRAMS["mqttspec"], "completion", shell], capture_output=True, text=True, timeout=LIMIT_S)
    assert printed.returncode == 0 and printed.stdout == (SCRIPTS / name).read_text()


@pytest.mark.parametrize("asked", [["help", "completion"], ["completion", "--help"], ["completion", "-h"]])
def test_the_program_says_what_the_scripts_are_for(asked):
    told = subprocess.run([PROGRAMS["mqttspec"], *asked], capture_output=True, text=True, timeout=LIMIT_S)
    assert told.returncode == 0 and "source <(mqttspec completion bash)" in told.stdout and not told.stderr


def words(program, *typed):
    result = subprocess.run([PROGRAMS[program], "completion", "words", *typed], capture_output=True, text=True,
                            timeout=LIMIT_S)
    assert result.returncode == 0
    return dict(line.partition("\t")[::2] for line in result.stdout.splitlines())


@pytest.mark.parametrize("program, command", [
    *(("mqttspec", c) for c in SUBCOMMANDS),
    ("mqttspec-client", "pub"), ("mqttspec-client", "sub"), ("mqttspec-broker", None)])
def test_every_option_of_the_help_is_offered(program, command):
    command = [command] if command else []
    text = subprocess.run([PROGRAMS[program], *command, "--help"], capture_output=True, text=True, timeout=LIMIT_S).stdout
    found = set(re.findall(r"^ {2,6}(?:-\w(?: \w+)?, )?(--[a-z-]+)", text, re.M))
    offered = words(program, *command, "-")
    assert found and found <= set(offered)
    assert all(offered[option] for option in found if re.search(rf"^ .*{option}\b.*  +\w", text, re.M) and
               program == "mqttspec"), offered


@pytest.mark.parametrize("command, option", [
    ("run", "versions"), ("run", "transports"), ("run", "segment"), ("run", "color"), ("run", "pcap"),
    ("list", "role"), ("list", "versions")])
def test_every_value_that_is_offered_is_taken(command, option):
    for value in words("mqttspec", command, f"--{option}", ""):
        result = subprocess.run([PROGRAMS["mqttspec"], command, f"--{option}={value}",
                                 *(["--list"] if command == "run" else []), "will_on_close"],
                                capture_output=True, text=True, timeout=LIMIT_S)
        assert "takes" not in result.stderr, result.stderr
