"""tests/layers.py finds file pairs that include each other."""
import importlib.util
import pathlib

import pytest

LAYERS = pathlib.Path(__file__).resolve().parents[1] / "layers.py"


@pytest.fixture
def layers(tmp_path, monkeypatch):
    """The module, over a tree of its own; `.tree` writes files: name -> what each includes."""
    loader = importlib.util.spec_from_file_location("layers", LAYERS)
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)

    def tree(files):
        for name, used in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f'#include "{header}"\n' for header in used))

    module.tree = tree
    return module


def test_a_circle_through_sources_is_one(layers):
    layers.tree({"base/a.h": [], "base/a.c": ["base/a.h", "base/b.h"],
                 "base/b.h": ["base/c.h"], "base/c.h": [], "base/c.c": ["base/c.h", "base/a.h"],
                 "base/d.c": ["base/a.h"]})
    assert layers.circles(layers.pairs_used("base")) == [("base/a", "base/b", "base/c")]
    assert list(layers.circle_faults("base")) == ["base: a circle of file pairs: base/a, base/b, base/c"]


def test_a_pair_is_no_circle(layers):
    layers.tree({"base/a.h": [], "base/a.c": ["base/a.h", "base/b.h"], "base/b.h": []})
    assert list(layers.circle_faults("base")) == []


def test_circles_are_told_apart(layers):
    layers.tree({"base/a.h": ["base/b.h"], "base/b.h": ["base/a.h"],
                 "base/c.h": ["base/a.h", "base/d.h"], "base/d.h": ["base/c.h"]})
    assert layers.circles(layers.pairs_used("base")) == [("base/a", "base/b"), ("base/c", "base/d")]


def test_a_part_that_has_circles_may_keep_them_until_it_is_free(layers):
    layers.CIRCULAR = {"base"}
    layers.tree({"base/a.h": ["base/b.h"], "base/b.h": ["base/a.h"]})
    assert list(layers.circle_faults("base")) == []
    layers.tree({"base/b.h": []})
    assert list(layers.circle_faults("base")) == [
        "base is free of circles now: it leaves the list of parts that have some"]


def test_circles_are_printed_with_what_ties_them(layers, capsys):
    layers.tree({"base/a.h": ["base/b.h"], "base/b.h": ["base/a.h"]})
    layers.circles_print()
    out = capsys.readouterr().out
    assert "base: 2 file pairs, 2 of them in 1 circles" in out
    assert "base/a includes base/b" in out
