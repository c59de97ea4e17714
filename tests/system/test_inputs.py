"""Wrong inputs: each is answered as the table of inputs.py says, in one sentence and with the right exit code."""
import os
import pathlib

import pytest

import inputs

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
ALL = [one for group in inputs.INPUTS.values() for one in group]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    return inputs.install(tmp_path_factory.mktemp("installed") / "bin", ROOT, BUILD)


@pytest.fixture(scope="module")
def numbers():
    with inputs.ports() as numbers:
        yield numbers


@pytest.mark.parametrize("one", ALL, ids=[one.command for one in ALL])
def test_a_mistake_is_answered(one, programs, numbers, tmp_path):
    inputs.write_files(tmp_path)
    code, said = inputs.play(one.command, tmp_path, numbers, programs)
    assert (code, inputs.is_said(one.said, said, numbers)) == (one.code, True), said
    assert len(said.splitlines()) == 1 and "secret" not in said


def test_the_table_is_a_large_one_and_says_nothing_twice():
    assert len(ALL) >= 50 and len({one.command for one in ALL}) == len(ALL) == len({one.what for one in ALL})


def test_the_page_is_what_the_table_says():
    assert (ROOT / "docs/MISTAKES.md").read_text(encoding="utf-8") == inputs.page(), "run script/mistakes"
