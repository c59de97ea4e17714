"""script/field: which targets it plays, what it says of them, and its exit code. What is played is made up."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Lays down the record that lies in the test's folder for the target, and exits as that says.
FAKE = """#!/bin/sh
echo "$@" >>{folder}/called
case $1 in
site)
	while [ "$1" != --out ]; do shift; done
	mkdir -p "$2" && exec touch "$2/index.html" ;;
targets)
	exit "${{RECIPE:-0}}" ;;
run)
	name=$2
	while [ "$1" != --out ]; do shift; done
	[ -e {folder}/$name.jsonl ] || {{ echo "mqttspec run: $name is not installed"; exit 3; }}
	mkdir -p "$2" && cp {folder}/$name.jsonl "$2/run.jsonl"
	exit $(cat {folder}/$name.code) ;;
esac
"""
CASE = {"type": "case", "id": "will_qos/0", "version": "5.0", "verdict": "fail", "expected": False,
        "failure": {"statement": "5.0:MQTT-3.1.2-8", "difference": "missing"}}
END = {"type": "end", "not_run": 0}


@pytest.fixture
def field(tmp_path):
    fake = tmp_path / "mqttspec"
    fake.write_text(FAKE.format(folder=tmp_path))
    fake.chmod(0o755)
    targets = tmp_path / "targets"
    targets.mkdir()
    for name, launched in (("one", "command"), ("two", "exec"), ("three", "agent"), ("mqttspec-broker", "command"),
                           ("mqttspec-client", "agent"), ("remote", "url")):
        recipe = "install = one\n" if name == "one" else ""
        (targets / f"{name}.ini").write_text(f"[target]\nname = {name}\n{launched} = {name}\n{recipe}")

    def record(name, code=0, *lines):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines or [END]))
        (tmp_path / f"{name}.code").write_text(str(code))

    def run(*words, **more):
        environment = {**os.environ, "MQTTSPEC": str(fake), "MQTTSPEC_TARGETS": str(targets), **more}
        return subprocess.run([ROOT / "script/field", "--out", tmp_path / "out", *words], env=environment, timeout=60,
                              capture_output=True, text=True)

    for name in ("one", "two", "three"):
        record(name)
    run.folder, run.record = tmp_path, record
    run.called = lambda: [line.split()[:2] for line in (tmp_path / "called").read_text().splitlines()]
    return run


def test_all_but_the_included_ones_are_played(field):
    done = field()
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 as foreseen, 0 not, 0 not played to the end")
    assert field.called()[:3] == [["run", "one"], ["run", "three"], ["run", "two"]]
    assert (field.folder / "out/site/index.html").exists()


@pytest.mark.parametrize("role,names", [("broker", ["one"]), ("client", ["three", "two"])])
def test_a_role_is_played_alone(field, role, names):
    assert field("--role", role, "--no-site").returncode == 0
    assert field.called() == [["run", name] for name in names]


def test_shards_are_apart_and_complete(field):
    for nth in ("1/2", "2/2"):
        assert field("--shard", nth, "--no-site").returncode == 0
    assert field.called() == [["run", "one"], ["run", "two"], ["run", "three"]]


def test_what_differs_is_told_by_cause(field):
    field.record("two", 1, CASE, {**CASE, "id": "will_qos/1"}, {**END, "unseen": [{"cause": "MQTT-3.3.1-1 dup"}]})
    done = field("two", "one")
    assert done.returncode == 1
    assert "    2 x fail, 5.0:MQTT-3.1.2-8 missing (will_qos/0 5.0)\n" in done.stdout
    assert "    foreseen but not seen: MQTT-3.3.1-1 dup\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 as foreseen, 1 not, 0 not played to the end"


@pytest.mark.parametrize("code,lines,sentence", [
    (3, None, "mqttspec run: three is not installed"),
    (1, [CASE], "fail, 5.0:MQTT-3.1.2-8 missing"),
    (1, [{**END, "not_run": 5}], "not played to the end"),
    (139, [END], "not played to the end"),
])
def test_what_was_not_played_to_its_end_is_no_success(field, code, lines, sentence):
    (field.folder / "three.jsonl").unlink()
    if lines:
        field.record("three", code, *lines)
    done = field()
    assert done.returncode == 3 and sentence in done.stdout, done.stdout
    assert done.stdout.splitlines()[-1] == "2 as foreseen, 0 not, 1 not played to the end"


def test_recipes_are_called_when_asked_for(field):
    assert field("one", "--install", "--no-site").returncode == 0
    assert field.called() == [["targets", "install"], ["run", "one"]]
    assert field("two", "--install", "--no-site").returncode == 0   # which needs none
    assert field.called()[2:] == [["run", "two"]]
    done = field("one", "--install", RECIPE="1")
    assert done.returncode == 3 and "its recipe failed" in done.stdout


@pytest.mark.parametrize("words,sentence", [
    (["remote"], "remote is no target file of what can be launched; there are mqttspec-broker, mqttspec-client, one, "
     "three, two"),
    (["--role", "peer"], "invalid choice: 'peer'"),
    (["--shard", "3/2"], "3/2: a shard is K/N"),
    (["--time", "soon"], "soon: a time is 90, 90s, 30m or 2h"),
])
def test_mistakes_are_told_before_anything_is_played(field, words, sentence):
    done = field(*words)
    assert done.returncode == 2 and sentence in done.stderr and not (field.folder / "called").exists()


def test_the_nightly_jobs_play_every_shard_and_keep_the_records():
    jobs = (ROOT / "ci/nightly.yml").read_text()
    for line in ('  parallel: 8\n', '--shard "$CI_NODE_INDEX/$CI_NODE_TOTAL" --out field\n', "    when: always\n",
                 "      - field/\n", "    - script/results field/*/ --out site\n"):
        assert line in jobs
