"""spec/catalogue.py finds what is wrong in the tables of evidence, of blame and of sections."""
import importlib.util
import pathlib
import shutil

import pytest

SPEC = pathlib.Path(__file__).resolve().parents[2] / "spec"
SERVED = "5.0:MQTT-3.12.4-1"


@pytest.fixture(scope="module")
def catalogue():
    loader = importlib.util.spec_from_file_location("catalogue", SPEC / "catalogue.py")
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    return module


@pytest.fixture
def faults(catalogue, tmp_path):
    """The faults of a catalogue of which one table has gone through a function from lines to lines."""

    def found(change, table="evidence.tsv"):
        for name in [*catalogue.FILES, catalogue.SECTIONS, catalogue.UNTESTED]:
            shutil.copy(SPEC / name, tmp_path)
        path = tmp_path / table
        path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
        return catalogue.Catalogue(tmp_path).faults

    return found


def with_row(statement, row):
    """The line of a statement becomes this one, or several, or none."""
    return lambda lines: [new for line in lines
                          for new in (row if line.split("\t")[0] == statement else [line])]


def test_the_table_as_it_is_has_no_fault(faults):
    assert faults(lambda lines: lines) == []


@pytest.mark.parametrize("row, fault", [
    ([], f"{SERVED} is missing"),
    ([f"{SERVED}\tmissing\t-"] * 2, f"{SERVED} stands 2 times"),
    (["5.0:MQTT-9.9.9-9\tmissing\t-"], "5.0:MQTT-9.9.9-9 is no statement that can be observed"),
    ([f"{SERVED}\tabsent\t-"], "server: unknown difference absent"),
    ([f"{SERVED}\t-\tmissing:PONG"], "client: unknown packet PONG"),
    ([f"{SERVED}\tproperty:0x7F\t-"], "server: unknown property 0x7F"),
    ([f"{SERVED}\tmissing:0x26\t-"], "server: missing is of no property"),
    ([f"{SERVED}\tpacket,missing\t-"], "server: its words are not in the order of missing, extra"),
    ([f"{SERVED}\tmissing\t"], "client is empty"),
])
def test_a_bad_row_is_found(faults, row, fault):
    found = faults(with_row(SERVED, row))
    assert any(fault in f for f in found), found


def test_rows_stand_in_the_order_of_the_statements(faults):
    found = faults(lambda lines: lines[:1] + lines[:0:-1])
    assert found == ["evidence.tsv: the rows are not in the order of the statements"]


@pytest.mark.parametrize("row, fault", [
    ("server\tmissing\tPINGREQ\t-\tMQTT-3.12.4-1", "is no evidence against 5.0:MQTT-3.12.4-1 of a server"),
    ("server\tproperty\t0x03\t-\tMQTT-3.3.2-17", "is no evidence against 5.0:MQTT-3.3.2-17 of a server"),
    ("client\tmissing\tPINGRESP\tMQTT-3.12.4-1\t-", "is no evidence against 3.1.1:MQTT-3.12.4-1 of a client"),
    ("client\tmissing\tPINGRESP\tMQTT-9.9.9-9\t-", "there is no 3.1.1:MQTT-9.9.9-9"),
])
def test_blame_needs_evidence(faults, row, fault):
    found = faults(lambda lines: [*lines, row], "blame.tsv")
    assert any(fault in f for f in found), found


def test_every_difference_of_the_table_has_its_member(catalogue):
    header = (SPEC / "spec.h").read_text()
    members = header.split("enum spec_difference {")[1].split("SPEC_DIFFERENCES")[0]
    assert [word.strip().split(",")[0] for word in members.split("SPEC_")[1:]] == \
        [word.upper() for word in catalogue.DIFFERENCES]


@pytest.mark.parametrize("row, fault", [
    ("", "5.0 4.3.3 is missing"),
    ("5.0\t4.3.3\t_Toc3901237\n" * 2, "5.0 4.3.3 stands 2 times"),
    ("5.0\t4.3.3\tToc 3901237\n", "5.0 4.3.3: not the form of an anchor"),
    ("5.0\t4.3.3\t_Toc3901273\n", "5.0 4.4: _Toc3901238 stands before _Toc3901273 in the document"),
    ("5.0\t4.3.3\t_Toc3901237\n5.0\t4.3.4\t_Toc3901237\n", "no statement is in 5.0 4.3.4"),
    ("5.0\t4.3.3\t_Toc3901237\n5.0\t4.3.2\t_Toc3901236\n", "the rows are not in the order of the sections"),
])
def test_every_statement_leads_to_its_section(faults, row, fault):
    found = faults(lambda lines: [new for line in lines for new in (
        row.splitlines() if line.startswith("5.0\t4.3.3\t") else [line])], "sections.tsv")
    assert any(fault in f for f in found), found
