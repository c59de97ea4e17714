"""What a job of continuous integration runs: script/ci, and the files that lead to it."""
import os
import pathlib
import re
import subprocess

import pytest

import sample_runs

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MQTTSPEC_BUILD", ROOT / "build/dev"))
PROGRAM = BUILD / "cli/mqttspec"
REPORTS = ["run.jsonl", "report.html", "junit.xml", "run.tap", "summary.md", "badge.svg"]

# Plays no case: it lays down a made-up record, and exits as it is told to.
FAKE = """#!/bin/sh
[ "$1" = run ] || exec {program} "$@"
while [ $# -gt 1 ]; do [ "$1" = --out ] && out=$2; shift; done
[ -z "$RECORD" ] || cp "$RECORD" "$out/run.jsonl"
exit "$CODE"
"""


@pytest.fixture
def ci(tmp_path):
    fake = tmp_path / "mqttspec"
    fake.write_text(FAKE.format(program=PROGRAM))
    fake.chmod(0o755)
    for name, arguments in (("good", ["--runs", 120]), ("worse", ["--runs", 120, "--worse", 40])):
        (tmp_path / f"{name}.jsonl").write_text("".join(sample_runs.lines(*arguments)), encoding="utf-8")

    def run(record, code, **more):
        environment = {**os.environ, "MQTTSPEC": str(fake), "OUT": str(tmp_path / "out"), "CODE": str(code),
                       "RECORD": str(tmp_path / record) if record else "", **more}
        return subprocess.run([ROOT / "script/ci", "mosquitto", "will"], env=environment, capture_output=True, text=True,
                              timeout=60, cwd=tmp_path)
    run.folder = tmp_path
    return run


@pytest.mark.parametrize("code", [0, 1, 3])
def test_reports_are_made_whatever_the_run_says(ci, code):
    summary = ci.folder / "summary"
    run = ci("good.jsonl", code, GITHUB_STEP_SUMMARY=str(summary))
    assert run.returncode == code, run
    assert all((ci.folder / "out" / name).stat().st_size for name in REPORTS)
    assert summary.read_text().startswith("## MQTT conformance of")


def test_a_run_that_left_no_record(ci):
    run = ci(None, 3)
    assert run.returncode == 3 and not (ci.folder / "out/report.html").exists()


def test_the_record_of_an_earlier_run_is_kept_and_not_taken_for_this_one(ci):
    summary = ci.folder / "summary"
    assert ci("good.jsonl", 0).returncode == 0
    before = [(ci.folder / "out" / name).stat().st_mtime_ns for name in REPORTS]
    run = ci(None, 2, GITHUB_STEP_SUMMARY=str(summary))
    assert run.returncode == 2 and not summary.exists()
    assert before == [(ci.folder / "out" / name).stat().st_mtime_ns for name in REPORTS]
    assert ci("worse.jsonl", 1).returncode == 1
    assert (ci.folder / "out/run.jsonl").read_bytes() == (ci.folder / "worse.jsonl").read_bytes()
    assert not (ci.folder / "out/run.jsonl.before").exists()


def test_a_baseline_decides_instead(ci):
    baseline = str(ci.folder / "good.jsonl")
    assert ci("good.jsonl", 1, BASELINE=baseline).returncode == 0
    run = ci("worse.jsonl", 1, BASELINE=baseline)
    assert run.returncode == 1
    assert "### Broke (3)" in (ci.folder / "out/summary.md").read_text()
    assert ci("good.jsonl", 3, BASELINE=baseline).returncode == 3


def test_the_real_program(tmp_path):
    environment = {**os.environ, "MQTTSPEC": str(PROGRAM), "OUT": str(tmp_path / "out")}
    run = subprocess.run([ROOT / "script/ci", "mqttspec-broker", "will", "--versions", "5.0", "-q"], env=environment,
                         capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert run.returncode == 0, run
    assert all((tmp_path / "out" / name).stat().st_size for name in REPORTS)


def test_help():
    run = subprocess.run([ROOT / "script/ci", "--help"], capture_output=True, text=True, timeout=10)
    assert run.returncode == 0 and run.stdout.startswith("script/ci TARGET")
    assert subprocess.run([ROOT / "script/ci"], capture_output=True, timeout=10).returncode == 2


def test_action_and_include_are_what_they_should_be():
    yaml = pytest.importorskip("yaml")
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(action["inputs"])
    job = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text())[".mqttspec"]
    assert job["artifacts"]["reports"]["junit"] == job["variables"]["OUT"] + "/junit.xml"


JOBS = [ROOT / "action.yml", ROOT / "ci/gitlab.yml", ROOT / "packages/container/Containerfile",
        *sorted((ROOT / ".github/workflows").glob("*.yml"))]


@pytest.mark.parametrize("job", JOBS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_job_names_is_there(job):
    named = re.findall(r"(?<![\w./-])(?:\.\./|/opt/mqttspec/|\$HOME_OF_ACTION/)?((?:ci|docs|packages|script|targets|tests)/[\w/.-]*\w)",
                       job.read_text())
    assert named or job.name == "Containerfile"
    for name in named:
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("job", [path for path in JOBS if path.suffix == ".yml"], ids=lambda path: path.name)
def test_every_script_of_a_job_is_one(job):
    yaml = pytest.importorskip("yaml")

    def scripts(node):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            if key in ("run", "script", "before_script"):
                yield "\n".join(value) if isinstance(value, list) else value
            else:
                yield from scripts(value)
    found = list(scripts(yaml.safe_load(job.read_text())))
    assert found
    for script in found:
        assert "${{" not in script    # what comes from outside is data, never part of a script
        checked = subprocess.run(["bash", "-n"], input=script, text=True, timeout=10, capture_output=True)
        assert checked.returncode == 0, checked.stderr


# ARCHIVES as the action and the job of GitLab make it of their settings.
@pytest.mark.parametrize("said, means", [
    ("", "https://example.org/a/b/releases/download/v{version}"), ("none", ""), ("https://m/{version}", "https://m/{version}")])
def test_the_action_knows_where_archives_lie(said, means, tmp_path):
    assert archives_of("action.yml", tmp_path, ARCHIVES=said, REPOSITORY="https://example.org/a/b",
                       HOME_OF_ACTION=str(tmp_path), GITHUB_OUTPUT=str(tmp_path / "output"), TARGET="t", ARGUMENTS="") == means


@pytest.mark.parametrize("said, means", [
    ("", "https://example.org/a/b/-/releases/v{version}/downloads"), ("none", ""), ("https://m/{version}", "https://m/{version}")])
def test_the_job_of_gitlab_knows_where_archives_lie(said, means, tmp_path):
    assert archives_of("ci/gitlab.yml", tmp_path, MQTTSPEC_ARCHIVES=said, MQTTSPEC_REPOSITORY="https://example.org/a/b.git",
                       MQTTSPEC_TARGET="t", MQTTSPEC_ARGUMENTS="") == means


def archives_of(job, folder, **environment):
    yaml = pytest.importorskip("yaml")
    job = yaml.safe_load((ROOT / job).read_text())
    script = job["runs"]["steps"][0]["run"] if "runs" in job else "\n".join(job[".mqttspec"]["script"])
    show = folder / "script/ci"
    show.parent.mkdir()
    show.write_text('#!/bin/sh\nprintf %s "${ARCHIVES:-}"\n')
    show.chmod(0o755)
    run = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script.replace("/opt/mqttspec", str(folder))],
                         text=True, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, timeout=10)
    assert run.returncode == 0, run
    return run.stdout


def test_the_action_runs_its_words(tmp_path):
    """The script of the first step, with a script/ci that shows what it gets."""
    yaml = pytest.importorskip("yaml")
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    (tmp_path / "script").mkdir()
    show = tmp_path / "script/ci"
    show.write_text("#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 1\n")
    show.chmod(0o755)
    output = tmp_path / "output"
    for arguments, shown in (("", "<t>"), ("will\n\n--versions=5.0\na b; $(c)\n", "<t><will><--versions=5.0><a b; $(c)>")):
        run = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps[0]["run"]], text=True,
                             env={**os.environ, "TARGET": "t", "ARGUMENTS": arguments, "OUT": "o", "BASELINE": "",
                                  "HOME_OF_ACTION": str(tmp_path), "GITHUB_OUTPUT": str(output)},
                             capture_output=True, timeout=10)
        assert (run.returncode, run.stdout) == (0, shown), run
    assert output.read_text() == "exit-code=1\n" * 2


def test_examples_of_the_documentation_take_options_that_exist():
    text = (ROOT / "docs/CI.md").read_text()
    helps = "".join(subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, timeout=10).stdout
                    for command in ("run", "report", "diff", "matrix"))
    used = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", text))
    foreign = {"--rsyncdir", "--dist", "--tx", "--mqtt-target", "--lf", "--junitxml"}   # of pytest
    assert {option for option in used - foreign if option not in helps} == set()
