"""The records that the program writes, its schema, its reader and its documentation agree."""
import copy
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MQTTSPEC_BUILD", ROOT / "build/dev"))
PROGRAM = BUILD / "tests/system/record_lines"
SCHEMA = json.loads((ROOT / "record/record.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# Values of every JSON type; put in place of each field in turn.
STRANGE = [None, True, -1, 2 ** 31, 1.5, "", "no such word", [], [None], ["text"], {}]


def written():
    out = subprocess.run([PROGRAM, "write"], capture_output=True, check=True, timeout=20)
    return [json.loads(line) for line in out.stdout.decode().splitlines()]


def answers(records):
    lines = "".join(json.dumps(r) + "\n" for r in records)
    out = subprocess.run([PROGRAM, "read"], input=lines.encode(), capture_output=True, check=True, timeout=60)
    return out.stdout.decode().splitlines()


def places(value, path=()):
    """The path of every field and element within a record, outermost first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from places(each, (*path, key))


def changed(record, path, change):
    record = copy.deepcopy(record)
    holder = record
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return record


def variants(record):
    """The record with each field and element left out, and with each replaced by strange values."""
    for path in places(record):
        yield changed(record, path, lambda holder, key: holder.pop(key))
        for value in STRANGE:
            yield changed(record, path, lambda holder, key, value=value: holder.__setitem__(key, value))


def test_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_what_is_written_fits_the_schema():
    records = written()
    assert [r["type"] for r in records] == ["run", "run", "case", "case", "death", "death", "end", "end"]
    for record in records:
        VALIDATOR.validate(record)


def named(schema):
    """The schema's own fields, and for each the name of the object type it leads to, if any."""
    for field, what in schema["properties"].items():
        text = json.dumps(what)
        found = re.search(r"#/\$defs/(foreseen|statement|event|measurement|failure|death|unseen|topic|times|silence)", text)
        yield field, found and found.group(1)


def undocumented(record, schema):
    for field, inner in named(schema):
        for each in record[field] if isinstance(record.get(field), list) else [record.get(field)]:
            if inner and each is not None:
                yield from undocumented(each, SCHEMA["$defs"][inner])
    yield from set(record) - set(schema["properties"])


def test_the_schema_knows_every_field_that_is_written():
    for record in written():
        assert list(undocumented(record, SCHEMA["$defs"][record["type"]])) == []


def test_the_full_samples_use_every_field_of_the_schema():
    run, _, case, _, death, _, end, _ = written()
    defs = SCHEMA["$defs"]
    assert set(run) == set(defs["run"]["properties"])
    assert set(case) == set(defs["case"]["properties"])
    assert set(death) == set(defs["death"]["properties"])
    assert set(end) == set(defs["end"]["properties"])
    for record, field, inner in [(case, *f) for f in named(defs["case"])] + [(end, *f) for f in named(defs["end"])]:
        if inner:
            each = record[field][0] if isinstance(record[field], list) else record[field]
            optional = {"type"} | ({"hex"} if inner == "event" else set())
            assert set(defs[inner]["properties"]) - set(each) <= optional, field


@pytest.mark.parametrize("index", range(8))
def test_reader_and_schema_refuse_the_same(index):
    records = list(variants(written()[index]))
    for record, answer in zip(records, answers(records), strict=True):
        assert (answer == "ok") == VALIDATOR.is_valid(record), f"{answer}: {json.dumps(record)}"


def test_unknown_fields_are_welcome():
    for record in written():
        record["later"] = {"than": ["this", "version"]}
        VALIDATOR.validate(record)
        assert answers([record]) == ["ok"]


def documented():
    """Of docs/RECORDS.md: for each object type, its fields and whether they are always there."""
    titles = {"`foreseen`:": "foreseen", "An element of `statements`:": "statement",
              "An element of `transcript`:": "event", "An element of `measurements`:": "measurement",
              "`failure`:": "failure", "An element of `unseen`:": "unseen", "An element of `topics`:": "topic",
              "An element of `times`:": "times", "An element of `silences`:": "silence"}
    found, current = {}, None
    for line in (ROOT / "docs/RECORDS.md").read_text().splitlines():
        if line.startswith("## "):
            current = line[3:]
        current = titles.get(line, current)
        row = re.match(r"\| `(\w+)`( \*)? \|", line)
        if row:
            found.setdefault(current, {})[row.group(1)] = bool(row.group(2))
    return found


@pytest.mark.parametrize("kind", ["run", "case", "death", "end", "foreseen", "statement", "event",
                                  "measurement", "failure", "unseen", "topic", "times", "silence"])
def test_the_documentation_describes_every_field(kind):
    schema = SCHEMA["$defs"][kind]
    fields = documented()[kind]
    assert set(fields) == set(schema["properties"])
    assert {f for f, always in fields.items() if always} - {"type"} == set(schema["required"]) - {"type"}


def test_the_documentation_has_every_word_for_a_difference():
    listed = (ROOT / "docs/RECORDS.md").read_text().split("The words of `difference`:\n")[1].split("\n\n")[0]
    documented = {word for line in listed.splitlines() for word in re.findall(r"`(\w+)`", line.split(":")[0])}
    names = (ROOT / "spec/spec.c").read_text().split("const char *spec_difference_name")[1].split("}")[0]
    known = set(re.findall(r'"(\w+)"', names)) | set(re.findall(r'{ "(\w+)", ', (ROOT / "record/difference.c").read_text()))
    assert documented == known
