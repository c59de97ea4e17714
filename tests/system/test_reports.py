"""Reports read back by readers that we did not write: xmllint, two consumers of TAP, a JSON reader."""
import base64
import collections
import html
import json
import os
import pathlib
import re
import subprocess
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zlib

import jsonschema
import pytest

import sample_runs

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MQTTSPEC_BUILD", ROOT / "build/dev"))
PROGRAM = BUILD / "cli/mqttspec"
SCHEMA = ROOT / "tests/schemas/junit.xsd"
GOOD = {"pass", "nonstrict", "info", "inapplicable"}


def mqttspec(*args, code=0):
    run = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=120)
    assert run.returncode == code, run
    return run.stdout


def complaint(*args, code):
    run = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=60)
    assert run.returncode == code and run.stderr, run
    return run.stderr


def write(path, lines):
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def record(folder):
    """A run with every verdict, hostile texts and measurements."""
    return write(folder / "run.jsonl", sample_runs.lines("--runs", 360))


@pytest.fixture(scope="module")
def cases(record):
    return [r for r in map(json.loads, record.read_text().splitlines()) if r["type"] == "case"]


def test_the_samples_are_records(record):
    validator = jsonschema.Draft202012Validator(json.loads((ROOT / "record/record.schema.json").read_text()))
    for line in record.read_text().splitlines():
        validator.validate(json.loads(line))


# ---- JUnit ----

def junit(record, folder):
    path = folder / "junit.xml"
    mqttspec("report", record, "--junit", path)
    check = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA, path], capture_output=True, text=True, timeout=60)
    assert check.returncode == 0, check.stderr[-2000:]
    return ElementTree.parse(path).getroot()


def tags(case):
    return {child.tag for child in case} & {"skipped", "failure", "error"}


def test_junit_fits_the_schema_and_its_totals_are_right(record, folder):
    root = junit(record, folder)
    for element in [root, *root.iter("testsuite")]:
        found = collections.Counter(tag for case in element.iter("testcase") for tag in tags(case))
        assert int(element.get("tests")) == len(list(element.iter("testcase")))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(attribute)) == found[tag]


def test_junit_is_red_where_the_record_is_unexpected_and_nowhere_else(record, folder, cases):
    root = junit(record, folder)
    by_key = {}
    for case in root.iter("testcase"):
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        by_key[case.get("name"), case.get("classname")] = (tags(case), properties, case)
    for each in cases:
        cut = "" if each["segmentation"] == "whole" else " " + each["segmentation"]
        key = f"{each['id']} {each['version']}{cut}", f"mqtt_{each['version'].replace('.', '_')}.{each['chapter']}"
        found, properties, element = by_key[key]
        assert bool(found & {"failure", "error"}) == (not each["expected"]), key
        assert properties["verdict"] == each["verdict"]
        for statement in each["statements"]:
            assert statement["name"] in properties
        assert "CONNACK success" in element.find("system-out").text


def test_the_schema_is_not_blind(record, folder):
    junit(record, folder)
    sound = (folder / "junit.xml").read_text()
    for wrong in (sound.replace("<skipped message=", "<skipped massage=", 1), sound.replace(' time="', ' time="-', 1),
                  sound.replace("</testcase>", "<failure type='a' message='b'/></testcase>", 1),
                  sound.replace("T00:00:00", " 00:00:00", 1)):
        assert wrong != sound
        path = write(folder / "wrong.xml", [wrong])
        run = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA, path], capture_output=True, timeout=60)
        assert run.returncode == 3


# ---- TAP ----

def test_tap_read_by_tappy(record, cases):
    parser = pytest.importorskip("tap.parser")
    lines = list(parser.Parser().parse_text(mqttspec("report", record, "--tap", "-")))
    assert lines[0].category == "version" and lines[0].version == 14
    assert next(line for line in lines if line.category == "plan").expected_tests == len(cases)
    tests = [line for line in lines if line.category == "test"]
    assert [line.number for line in tests] == list(range(1, len(cases) + 1))
    red = [line for line in tests if not line.ok and not line.todo]
    assert len(red) == sum(not case["expected"] for case in cases)
    assert sum(bool(line.todo) for line in tests) == sum(c["expected"] and c["verdict"] not in GOOD for c in cases)
    assert sum(line.skip for line in tests) == sum(c["expected"] and c["verdict"] == "inapplicable" for c in cases)
    assert all(line.yaml_block and line.yaml_block["message"] for line in red)


def prove(tap, folder):
    """Perl's consumer, which on Debian 12 knows TAP up to version 13; 14 differs in its first line only."""
    path = write(folder / "run.tap", [tap.replace("TAP version 14", "TAP version 13", 1)])
    return subprocess.run(["prove", "--exec", "cat", path], capture_output=True, text=True, timeout=60)


def test_tap_read_by_perl(record, folder, cases):
    run = prove(mqttspec("report", record, "--tap", "-"), folder)
    bad = sum(not case["expected"] for case in cases)
    assert f"Failed {bad}/{len(cases)} subtests" in run.stdout
    assert "Parse errors" not in run.stdout


def test_a_green_run_is_green_for_perl(folder):
    lines = [line for line in sample_runs.lines("--runs", 60) if '"expected": false' not in line]
    lines[0] = lines[0].replace('"planned": 60', f'"planned": {len(lines) - 2}')
    run = prove(mqttspec("report", write(folder / "green.jsonl", lines), "--tap", "-"), folder)
    assert run.returncode == 0 and "Result: PASS" in run.stdout, run.stdout


# ---- the rest of the formats ----

def test_the_badge_is_an_image(record, folder):
    path = folder / "badge.svg"
    mqttspec("report", record, "--badge", path)
    assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_markdown_has_no_html_but_its_own(record):
    text = re.sub(r"^(`{3,})\n.*?^\1$", "", mqttspec("report", record, "--markdown", "-"), flags=re.S | re.M)
    assert set(re.findall(r"<(/?\w+)", text)) <= {"details", "/details", "summary", "/summary"}
    assert len(text) < 1 << 20


def links(markdown):
    """(text, address) of each link, as CommonMark's own program reads them."""
    run = subprocess.run(["cmark"], input=markdown, capture_output=True, text=True, timeout=60, check=True)
    return [(html.unescape(re.sub("<.*?>", "", text)), html.unescape(address))
            for address, text in re.findall(r'<a href="([^"]*)">(.*?)</a>', run.stdout, re.S)]


def test_links_of_markdown_lead_somewhere(record, cases):
    """To the section of each statement that is accused, and to the report of each fault that is known; no others."""
    sections = {(row[0], row[2]) for row in (line.split("\t") for line in
                                             (ROOT / "spec/sections.tsv").read_text().splitlines()[1:])}
    found = links(mqttspec("report", record, "--markdown", "-"))
    reported = [address for text, address in found if text == "reported"]
    assert reported and set(reported) == {"https://example.org/bugs/1234"}   # not javascript:alert(1)
    rules = [(text, address) for text, address in found if text != "reported"]
    accused = {case["failure"]["statement"] for case in cases if not case["expected"] and case["verdict"] == "fail"}
    assert {text.split()[0] for text, _ in rules} == accused
    for text, address in rules:
        version = text.split(":")[0]
        page, _, anchor = address.partition("#")
        assert page == f"https://docs.oasis-open.org/mqtt/mqtt/v{version}/os/mqtt-v{version}-os.html"
        assert (version, anchor) in sections


def test_several_reports_at_once(record, folder):
    names = {"--html": "a.html", "--junit": "a.xml", "--tap": "a.tap", "--markdown": "a.md", "--badge": "a.svg"}
    mqttspec("report", record, *[word for option, name in names.items() for word in (option, folder / name)])
    assert all((folder / name).stat().st_size for name in names.values())


def test_without_options_it_is_shown(record, folder):
    def last_line(path):
        return mqttspec("report", path).splitlines()[-1]
    assert last_line(record) == "3 case runs ended in an error of the suite itself: please report it"
    whole = write(folder / "whole.jsonl", sample_runs.lines("--runs", 100))
    bad = sum(not json.loads(line).get("expected", True) for line in whole.read_text().splitlines())
    assert last_line(whole) == f"{100 - bad - 1} passed, {bad} failed, 1 not applicable"
    lines = whole.read_text().splitlines()
    sentence = "60 of 100 case runs could not be judged"
    write(whole, [line + "\n" for line in [*lines[:-1], json.dumps({**json.loads(lines[-1]), "unjudged": sentence})]])
    assert last_line(whole) == f"incomplete: {sentence}"
    assert f"**Incomplete:** {sentence}" in mqttspec("report", whole, "--markdown", "-", "--exit-code", code=3)


# ---- exit codes, and what is wrong with a file ----

def test_the_folder_of_a_run_will_do(record, tmp_path):
    assert mqttspec("report", record.parent) == mqttspec("report", record)
    assert f"{tmp_path}/run.jsonl: No such file" in complaint("report", tmp_path, code=2)


def test_exit_code_is_that_of_the_run_when_asked(record, folder):
    mqttspec("report", record, "--markdown", "-")
    lines = list(sample_runs.lines("--runs", 7))
    green = write(folder / "seven.jsonl", lines)
    assert mqttspec("report", green, "--markdown", "-", "--exit-code").startswith("## MQTT")
    mqttspec("report", record, "--markdown", "-", "--exit-code", code=3)   # it has an error
    red = write(folder / "red.jsonl", sample_runs.lines("--runs", 8))
    mqttspec("report", red, "--markdown", "-", "--exit-code", code=1)
    mqttspec("report", write(folder / "cut.jsonl", lines[:-1]), "--markdown", "-", "--exit-code", code=3)


@pytest.mark.parametrize("damage, said", [
    (lambda lines: lines[:3] + ["{\"type\":\"case\"}\n"] + lines[3:], ":4: `id` is missing"),
    (lambda lines: [lines[0].replace('"format": 1', '"format": 2')] + lines[1:], ":1: `format`"),
    (lambda lines: lines[1:], ":1: the first record must be a \"run\""),
    (lambda lines: [], ": no whole record in it"),
    (lambda lines: ["<html>\n"], ": no whole record in it"),
])
def test_a_damaged_record_is_refused_with_its_place(folder, damage, said):
    path = write(folder / "damaged.jsonl", damage(list(sample_runs.lines("--runs", 5))))
    for command in (["report", path], ["diff", path, path], ["matrix", path, path]):
        assert f"{path}{said}" in complaint(*command, code=2)


def test_lines_that_are_no_records_are_read_around(folder):
    """A line torn by a full disk, and the word of another program: the rest is shown, and that it is not all."""
    lines = list(sample_runs.lines("--runs", 5))
    path = write(folder / "torn.jsonl", lines[:2] + [lines[2][:40] + lines[3], "killed by signal 9\n"] + lines[4:])
    said = f"{path}:3 is no record, and was left out, as were 1 more lines"
    assert said.replace("_", "\\_") in mqttspec("report", path, "--markdown", "-").replace("\\.", ".")
    assert said in mqttspec("report", path)


def test_a_record_cut_anywhere_still_makes_reports(folder):
    """A run killed at any byte: what was written before is shown, and that it is not all is said."""
    text = "".join(sample_runs.lines("--runs", 6)).encode()
    first = text.index(b"\n") + 1
    for size in [first, first + 1, *range(first + 97, len(text) - 1, len(text) // 12), len(text) - 2]:
        path = folder / "short.jsonl"
        path.write_bytes(text[:size])
        assert "**Incomplete:**" in mqttspec("report", path, "--markdown", "-")
        assert "class=\"gap\"><strong>Incomplete" in mqttspec("report", path, "--html", "-")


def test_files_that_cannot_be(record, folder):
    assert "No such file" in complaint("report", folder / "none.jsonl", code=2)
    assert "No such file" in complaint("report", record, "--html", folder / "no/such/folder.html", code=3)
    assert "which record?" in complaint("report", code=2)
    assert "two records" in complaint("diff", record, code=2)
    assert "two records or more" in complaint("matrix", record, code=2)
    if pathlib.Path("/dev/full").exists():
        assert "No space left" in complaint("report", record, "--tap", "/dev/full", code=3)


def test_help_of_each(record):
    for command in ("report", "diff", "matrix", "site"):
        shown = mqttspec(command, "--help")
        assert shown.startswith(f"Usage: mqttspec {command}") and "Exit codes:" in shown
        assert all(len(line) <= 92 for line in shown.splitlines())


# ---- diff, matrix, shards ----

def test_diff_tells_by_its_exit_code(folder):
    old = write(folder / "old.jsonl", sample_runs.lines("--runs", 120))
    new = write(folder / "new.jsonl", sample_runs.lines("--runs", 120, "--worse", 40))
    assert mqttspec("diff", old, new, code=1).splitlines()[-1].startswith("3 broke, 0 mended")
    assert mqttspec("diff", new, old).splitlines()[-1].startswith("0 broke, 3 mended")
    assert "0 broke, 0 mended, 0 changed, 0 new, 0 gone, 120 the same" in mqttspec("diff", old, old)
    path = folder / "diff.md"
    mqttspec("diff", old, new, "--markdown", path, code=1)
    assert "### Broke (3)" in path.read_text()


def test_diff_of_strangers(folder):
    lines = list(sample_runs.lines("--runs", 5))
    others = write(folder / "others.jsonl", [line.replace('"id": "', '"id": "other_') for line in lines])
    assert "no case run in common" in complaint("diff", write(folder / "five.jsonl", lines), others, code=3)


def test_shards_are_merged_by_cat_or_by_name(folder):
    lines = list(sample_runs.lines("--runs", 40))
    parts = []
    for i in (1, 2):
        mine = lines[1 + (i - 1) * 20:1 + i * 20]
        head = json.loads(lines[0]) | {"shard": f"{i}/2", "planned": 20}
        end = {"type": "end", "counts": {}, "unexpected": 0, "not_run": 0, "duration_us": 5}
        parts.append([json.dumps(head) + "\n", *mine, json.dumps(end) + "\n"])
    one, two = (write(folder / f"shard{i}.jsonl", part) for i, part in enumerate(parts))
    both = write(folder / "both.jsonl", parts[0] + parts[1])
    named = mqttspec("report", one, two, "--tap", "-")
    assert named == mqttspec("report", both, "--tap", "-") == mqttspec("report", two, one, "--tap", "-")
    assert "shard 2/2 is not among the records" in mqttspec("report", one, "--markdown", "-")
    assert "side by side" in complaint("report", one, write(folder / "else.jsonl", sample_runs.lines(
        "--runs", 3, "--target", "NanoMQ", "0.21")), code=2)


def test_matrix_has_a_column_for_each(folder):
    a = write(folder / "a.jsonl", sample_runs.lines("--runs", 120))
    b = write(folder / "b.jsonl", sample_runs.lines("--runs", 120, "--worse", 30, "--target", "NanoMQ", "0.21"))
    text = mqttspec("matrix", a, b)
    assert "Eclipse Mosquitto 2.0.11 | NanoMQ 0.21 |" in text
    headings = re.findall(r"^### (.*)$", text, re.M)
    assert headings[0].startswith("Where they differ (")
    assert len(headings) == len(set(headings))
    mqttspec("matrix", a, b, "--markdown", folder / "matrix.md")
    without = re.compile(r"\]\(\S+\)")   # the way to the record is another one from there
    assert without.sub("]", (folder / "matrix.md").read_text()) == without.sub("]", text)


def leads_to(page, address):
    """The file that a link of a page leads to, and what stands after #."""
    path, _, fragment = address.partition("#")
    return (page.parent / urllib.parse.unquote(path)).resolve(), urllib.parse.parse_qs(fragment)


def test_each_cell_of_the_matrix_leads_to_its_evidence(folder):
    """To report.html beside the record; else to the record."""
    for name, more in (("one run", []), ("two", ["--worse", 30, "--target", "NanoMQ", "0.21"])):
        (folder / name).mkdir()
        write(folder / name / "run.jsonl", sample_runs.lines("--runs", 60, *more))
    records = [folder / name / "run.jsonl" for name in ("one run", "two")]
    mqttspec("report", records[0], "--html", folder / "one run/report.html")
    (folder / "beside").mkdir()
    text = folder / "beside/matrix.md"
    mqttspec("matrix", *records, "--markdown", text)
    cells = [leads_to(text, address) for _, address in links(text.read_text()) if not address.startswith("https://docs.oasis")]
    assert {path for path, _ in cells} == {(folder / "one run/report.html").resolve(), records[1].resolve()}
    named = [fragment for _, fragment in cells if fragment]
    assert named and all(f["view"] == ["statements"] and f["q"] == f["open"] for f in named)


def test_the_way_to_captures(folder):
    """The link leads from the page to the folder of the record, wherever both are."""
    (folder / "out").mkdir()
    (folder / "www").mkdir()
    record = write(folder / "out/run.jsonl", sample_runs.lines("--runs", 8))
    for page, way in (("out/a.html", '"folders":[""]'), ("a.html", '"folders":["out"]'),
                      ("www/a.html", '"folders":["../out"]')):
        mqttspec("report", record, "--html", folder / page)
        assert way in (folder / page).read_text()


def unpacked(text):
    return zlib.decompress(base64.b64decode(text), wbits=-15).decode()


def held(page, name):
    return re.search(rf'<script type="[^"]*" id="{name}">(.*?)</script>', page, re.S).group(1)


def test_a_page_holds_all_that_the_record_does(record, folder, cases):
    """What is deflated in it comes back whole: all details, those of failures first."""
    mqttspec("report", record, "--html", folder / "whole.html")
    page = (folder / "whole.html").read_text()
    index = json.loads(unpacked(held(page, "index")))
    blocks = [unpacked(block).split("\n") for block in held(page, "details").split("\n")]
    size = json.loads(held(page, "head"))["block"]
    assert [len(block) for block in blocks] == [size] * (len(cases) // size) + [len(cases) % size]
    details = [json.loads(line) for block in blocks for line in block]

    def is_failure(case):
        return not case["expected"] or case["verdict"] not in GOOD

    wanted = [[event["text"] for event in case["transcript"]]
              for case in sorted(cases, key=is_failure, reverse=True)]
    texts = [[event[3] for event in d["transcript"]] for d in details]
    failures = sum(map(is_failure, cases))
    assert sorted(texts[:failures]) == sorted(wanted[:failures]) and sorted(texts) == sorted(wanted)
    assert {row[0] + row[3] for row in index["cases"]} == {case["id"] + case["version"] for case in cases}


def test_five_thousand_case_runs_are_rendered(folder):
    record = write(folder / "big.jsonl", sample_runs.lines("--runs", 5000))
    mqttspec("report", record, "--html", folder / "big.html", "--junit", folder / "big.xml")
    assert (folder / "big.html").stat().st_size < 5 << 20
