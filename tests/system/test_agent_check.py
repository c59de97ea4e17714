"""mqttspec agent-check against agents that break one rule each (deviant_agent.py): the check of that rule fails."""
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.bulk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM, CLIENT = BUILD / "cli/mqttspec", BUILD / "client/mqttspec-client"
WRAPPER = ROOT / "tests/system/deviant_agent.py"
Deviation = collections.namedtuple("Deviation", "name sentence check version transport verdict")
TABLE = [Deviation(name, *rest) for name, rest in json.loads(
    subprocess.run([sys.executable, WRAPPER, "--list"], capture_output=True, text=True, check=True).stdout).items()]
SIDE_BY_SIDE = 6  # most wait


def agent(name):
    return f"/usr/bin/python3 -S -E {WRAPPER} '{CLIENT} agent' {name}"


def agent_check(name, *arguments, out):
    done = subprocess.run([PROGRAM, "agent-check", agent(name), *arguments, "--out", out], capture_output=True, text=True,
                          timeout=300, stdin=subprocess.DEVNULL)
    lines = [json.loads(line) for line in (out / "run.jsonl").read_text().splitlines()] if out.exists() else []
    done.cases = [line for line in lines if line["type"] == "case"]
    return done


def checks():
    listed = subprocess.run([PROGRAM, "list", "agent*", "--json"], capture_output=True, text=True, check=True)
    return {case["id"].split("/")[0] for case in json.loads(listed.stdout)}


def plain(check):
    return check.split("/")[0]


def unnoticed(d, tmp_path):
    """What is wrong with how this deviation was noticed; nothing, if all is well."""
    done = agent_check(d.name, d.check, "--versions", d.version, "--transports", d.transport, "--timeout", "1000",
                       "--patience", "1", out=tmp_path / d.name)
    verdicts = [case["verdict"] for case in done.cases]
    wanted = [d.verdict] if d.verdict == "nonstrict" else ["fail", "crash"]
    if len(verdicts) == 1 and verdicts[0] in wanted and done.returncode == (d.verdict != "nonstrict"):
        return []
    return [f"{d.name} ({d.sentence}): {d.check} says {verdicts}, status {done.returncode}\n{done.stdout}{done.stderr}"]


def all_unnoticed(table, tmp_path):
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return [said for one in pool.map(lambda d: unnoticed(d, tmp_path), table) for said in one]


# One for each second check.
SAMPLE = list({plain(d.check): d for d in reversed(TABLE)}.values())[::2]


@pytest.mark.long
def test_some_deviants_are_noticed(tmp_path):
    assert not all_unnoticed(SAMPLE, tmp_path)


@pytest.mark.nightly
def test_all_other_deviants_are_noticed(tmp_path):
    assert not all_unnoticed([d for d in TABLE if d not in SAMPLE], tmp_path)


def test_the_wrapper_alone_changes_nothing(tmp_path):
    done = agent_check("idle", "--shard", "1/8", "-j", "8", out=tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.cases) > 20 and {case["verdict"] for case in done.cases} == {"pass"}


def test_the_table_is_whole():
    assert len(TABLE) >= 40 and all(d.sentence.endswith(".") for d in TABLE)
    assert {plain(d.check) for d in TABLE} == checks()


def test_the_page_names_each_check():
    """docs/AGENT.md says which check notices the breach of which rule."""
    page = (ROOT / "docs/AGENT.md").read_text()
    named = set(re.findall(r"`(agent_\w+)`", page.split("## The checks")[1].split("\n## ")[0]))
    assert named == checks()
