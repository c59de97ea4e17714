"""The included broker and Debian's mosquitto, judged in some chapters, reported, and compared: files to look at.

They are left in build/.../shown/. Every reader that we did not write reads them back.
"""
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import jsonschema
import pytest

pytestmark = [pytest.mark.xdist_group("reports_shown"), pytest.mark.long, pytest.mark.bulk]
ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MQTTSPEC_BUILD", ROOT / "build/dev"))
PROGRAM = BUILD / "cli/mqttspec"
SHOWN = BUILD / "shown"
TARGETS = ["mqttspec-broker", "mosquitto"]
CHAPTERS = ["connack", "keep_alive", "qos1", "qos2", "retained", "sessions", "subscribe", "will"]
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "record/record.schema.json").read_text()))


def mqttspec(*args, codes=(0,)):
    run = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=240, cwd=ROOT)
    assert run.returncode in codes, run
    return run


@pytest.fixture(scope="module")
def shown():
    """A folder for each target with run.jsonl and all reports of it; made by the first of several workers."""
    this_run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    with open(BUILD / "shown.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_by = SHOWN / "made-by"
        if not made_by.exists() or made_by.read_text() != this_run:
            shutil.rmtree(SHOWN, ignore_errors=True)
            judge_all()
            made_by.write_text(this_run)
    return SHOWN


def judge_all():
    for target in TARGETS:
        folder = SHOWN / target
        folder.mkdir(parents=True)
        mqttspec("run", target, *CHAPTERS, "--out", folder, "-q", codes=(0, 1))
        mqttspec("report", folder / "run.jsonl", "--html", folder / "report.html", "--junit", folder / "junit.xml",
                 "--tap", folder / "run.tap", "--markdown", folder / "summary.md", "--badge", folder / "badge.svg")


def cases_of(folder):
    records = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
    return [r for r in records if r["type"] == "case"]


@pytest.mark.parametrize("target", TARGETS)
def test_each_report_is_read_back(shown, target):
    folder = shown / target
    cases = cases_of(folder)
    for line in (folder / "run.jsonl").read_text().splitlines():
        VALIDATOR.validate(json.loads(line))
    check = subprocess.run(["xmllint", "--noout", "--schema", ROOT / "tests/schemas/junit.xsd", folder / "junit.xml"],
                           capture_output=True, text=True, timeout=60)
    assert check.returncode == 0, check.stderr[-2000:]
    root = ElementTree.parse(folder / "junit.xml").getroot()
    bad = sum(not case["expected"] for case in cases)
    assert int(root.get("failures")) + int(root.get("errors")) == bad
    assert int(root.get("tests")) == len(cases) + 1
    places = [(ROOT / case.get("file"), int(case.get("line", 1))) for case in root.iter("testcase") if case.get("file")]
    assert len(places) >= len(cases) - 4   # findings of the run are in no case
    assert all(len(path.read_text().splitlines()) >= line for path, line in places)
    parser = pytest.importorskip("tap.parser")
    tests = [line for line in parser.Parser().parse_file(folder / "run.tap") if line.category == "test"]
    assert sum(not test.ok and not test.todo for test in tests) == bad
    assert f"of {len(cases)} case runs" in (folder / "summary.md").read_text() or not bad


@pytest.mark.parametrize("target", TARGETS)
def test_every_failure_has_its_capture(shown, target):
    for case in cases_of(shown / target):
        if case["verdict"] in ("fail", "crash"):
            assert (shown / target / case["pcap"]).stat().st_size > 0


def test_side_by_side(shown):
    old, new = (shown / target / "run.jsonl" for target in TARGETS)
    mqttspec("matrix", old, new, "--markdown", shown / "matrix.md")
    assert "Eclipse Mosquitto" in (shown / "matrix.md").read_text()
    mqttspec("site", old.parent, new.parent, "--out", shown / "site")
    run = mqttspec("diff", old, new, codes=(0, 1))
    (shown / "diff.txt").write_text(run.stdout)
    mqttspec("diff", old, new, "--markdown", shown / "diff.md", codes=(run.returncode,))
    assert (" 0 broke" in "\n " + run.stdout.splitlines()[-1]) == (run.returncode == 0)


def test_the_pages_open(shown):
    webdriver = pytest.importorskip("selenium.webdriver")
    import test_reports_html as html
    options = webdriver.ChromeOptions()
    for argument in html.ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=html.Service("/usr/bin/chromedriver"))
    try:
        for target in TARGETS:
            for size, name in ((html.DESKTOP, "desktop"), (html.PHONE, "phone")):
                html.look(driver, size)
                driver.get((shown / target / "report.html").as_uri() + "#view=cases")
                assert html.found(driver).endswith(f"{len(cases_of(shown / target))} case runs")
                driver.save_screenshot(str(shown / f"{target}-{name}.png"))
        assert driver.get_log("browser") == []
    finally:
        driver.quit()
