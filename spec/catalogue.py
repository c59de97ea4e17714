#!/usr/bin/python3
"""Read the catalogue beside this file, check it, and print its C tables.

catalogue.py check           report every fault in form, vocabulary and cross-references; exit 1 on any
catalogue.py tables OUTPUT   write the C source of the tables
"""
import csv
import hashlib
import pathlib
import re
import sys
from collections import Counter

HERE = pathlib.Path(__file__).resolve().parent
ACTORS = {"server": "ACTOR_SERVER", "client": "ACTOR_CLIENT", "both": "ACTOR_BOTH",
          "sender": "ACTOR_SENDER", "receiver": "ACTOR_RECEIVER"}
TESTABLE = {"server-wire": "TESTABLE_SERVER", "client-wire": "TESTABLE_CLIENT",
            "config": "TESTABLE_CONFIG", "not-observable": "0"}
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "STATED"}
PACKETS = ["CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
           "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"]
TYPES = {"Byte": "PROPERTY_BYTE", "Two Byte Integer": "PROPERTY_TWO_BYTES",
         "Four Byte Integer": "PROPERTY_FOUR_BYTES", "Variable Byte Integer": "PROPERTY_VARIABLE",
         "Binary Data": "PROPERTY_BINARY", "UTF-8 Encoded String": "PROPERTY_STRING",
         "UTF-8 String Pair": "PROPERTY_STRING_PAIR"}
VERSIONS = {"3.1.1": ["3.1.1"], "5.0": ["5.0"], "both": ["3.1.1", "5.0"]}
RECEIVERS = {"server": "RECEIVER_SERVER", "client": "RECEIVER_CLIENT",
             "both": "RECEIVER_SERVER | RECEIVER_CLIENT"}
# What can differ from what was due: enum spec_difference of spec.h, SPEC_MISSING and so on.
DIFFERENCES = ["missing", "extra", "repeated", "order", "dup", "retain", "qos", "topic", "payload", "property",
               "identifier", "code", "session", "packet", "open", "closed", "time"]
ENDS = {"server": "TESTABLE_SERVER", "client": "TESTABLE_CLIENT"}  # columns of evidence.tsv
FILES = ["statements-3.1.1.tsv", "statements-5.0.tsv", "unnumbered.tsv", "properties-5.0.tsv",
         "reason-codes-5.0.tsv", "receivers-5.0.tsv", "evidence.tsv", "blame.tsv"]
SECTIONS = "sections.tsv"  # where to read; it judges nothing, so the digest of a run leaves it out
UNTESTED = "untested.tsv"  # why there is no case; the same


class Catalogue:
    """The rows of every file, and the faults found in them."""

    def __init__(self, folder=HERE):
        self.folder = pathlib.Path(folder)
        self.faults = []
        (self.v311, self.v5, self.unnumbered, self.properties, self.reasons, self.receivers, self.evidence,
         self.blame) = (
            self.rows(name, {"counterpart"} if name == "statements-5.0.tsv" else set()) for name in FILES)
        self.check_statements("statements-3.1.1.tsv", "id", self.v311, r"MQTT-\d+\.\d+\.\d+-\d+")
        self.check_statements("statements-5.0.tsv", "id", self.v5, r"MQTT-\d+(\.\d+)+-\d+")
        self.check_statements("unnumbered.tsv", "key", self.unnumbered, r"U(311|50|ALL)-[A-Z0-9-]+")
        self.check_versions()
        self.check_counterparts()
        self.check_tables()
        self.check_receivers()
        self.check_evidence()
        self.check_blame()
        self.sections = self.rows(SECTIONS, set())
        self.check_sections()
        self.untested = self.rows(UNTESTED, set())
        self.check_untested()

    def rows(self, name, may_be_empty):
        found = []
        try:
            with open(self.folder / name, encoding="utf-8", newline="") as f:
                for n, row in enumerate(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE), 2):
                    row["line"] = n
                    if None in row or None in row.values():
                        self.faults.append(f"{name}:{n}: wrong number of columns")
                        continue
                    for column, value in row.items():
                        if column != "line" and not value.strip() and column not in may_be_empty:
                            self.faults.append(f"{name}:{n}: {column} is empty")
                    found.append(row)
        except (OSError, UnicodeDecodeError) as e:
            self.faults.append(f"{name}: {e}")
        return found

    def check_statements(self, name, key, table, form):
        for i, count in Counter(r[key] for r in table).items():
            if count > 1:
                self.faults.append(f"{name}: {i} stands {count} times")
        for r in table:
            where = f"{name}:{r['line']}: {r[key]}"
            if not re.fullmatch(form, r[key]):
                self.faults.append(f"{where}: not the form of an id")
            if r["actor"] not in ACTORS:
                self.faults.append(f"{where}: unknown actor {r['actor']}")
            for t in r["testable"].split(","):
                if t not in TESTABLE:
                    self.faults.append(f"{where}: unknown testable {t}")
            for level in r["level"].split("/"):
                if level not in LEVELS:
                    self.faults.append(f"{where}: unknown level {level}")

    def check_versions(self):
        for r in self.unnumbered:
            where = f"unnumbered.tsv:{r['line']}: {r['key']}"
            if r["version"] not in VERSIONS:
                self.faults.append(f"{where}: unknown version {r['version']}")
            elif r["key"].split("-")[0] != {"3.1.1": "U311", "5.0": "U50", "both": "UALL"}[r["version"]]:
                self.faults.append(f"{where}: its key and its version {r['version']} disagree")

    def check_counterparts(self):
        known = {r["id"] for r in self.v311}
        for r in self.v5:
            for c in filter(None, r["counterpart"].split(";")):
                if c not in known:
                    self.faults.append(f"statements-5.0.tsv:{r['line']}: {r['id']}: "
                                       f"counterpart {c} is no 3.1.1 statement")

    def check_tables(self):
        for r in self.properties:
            where = f"properties-5.0.tsv:{r['line']}: {r['id']}"
            if not re.fullmatch(r"0x[0-9A-F]{2}", r["id"]):
                self.faults.append(f"{where}: not the form of an id")
            if r["type"] not in TYPES:
                self.faults.append(f"{where}: unknown type {r['type']}")
            for p in packet_names(r["packets"]):
                if p not in PACKETS and p != "Will Properties":
                    self.faults.append(f"{where}: unknown packet {p}")
        for r in self.reasons:
            where = f"reason-codes-5.0.tsv:{r['line']}: {r['code']}"
            if not re.fullmatch(r"0x[0-9A-F]{2}", r["code"]):
                self.faults.append(f"{where}: not the form of a code")
            for p in packet_names(r["packets"]):
                if p not in PACKETS:
                    self.faults.append(f"{where}: unknown packet {p}")

    def check_receivers(self):
        known = {r["id"] for r in self.v5}
        for i, count in Counter(r["id"] for r in self.receivers).items():
            if count > 1:
                self.faults.append(f"receivers-5.0.tsv: {i} stands {count} times")
        for r in self.receivers:
            where = f"receivers-5.0.tsv:{r['line']}: {r['id']}"
            if r["id"] not in known:
                self.faults.append(f"{where}: no numbered 5.0 statement")
            if r["binds"] not in RECEIVERS:
                self.faults.append(f"{where}: unknown receiver {r['binds']}")

    def check_evidence(self):
        """One row for each statement that can be observed, in their order, and words that are known."""
        due = [version + ":" + r["key"] for version, r, _ in self.statements() if r["testable"] != "not-observable"]
        there = [r["statement"] for r in self.evidence]
        self.faults += [f"evidence.tsv: {name} is missing" for name in due if name not in there]
        for name, count in Counter(there).items():
            if count > 1:
                self.faults.append(f"evidence.tsv: {name} stands {count} times")
            if name not in due:
                self.faults.append(f"evidence.tsv: {name} is no statement that can be observed")
        known = [name for name in there if name in due]
        if known != sorted(known, key=due.index):
            self.faults.append("evidence.tsv: the rows are not in the order of the statements")
        for r in self.evidence:
            for end in ENDS:
                where = f"evidence.tsv:{r['line']}: {r['statement']}: {end}"
                found = list(differences(r[end]))
                for word, packets, properties in found:
                    if word not in DIFFERENCES:
                        self.faults.append(f"{where}: unknown difference {word}")
                    self.faults += [f"{where}: unknown packet {p}" for p in packets if p not in PACKETS]
                    if properties and word != "property":
                        self.faults.append(f"{where}: {word} is of no property")
                    self.faults += [f"{where}: unknown property {p}" for p in properties
                                    if p not in {q["id"] for q in self.properties}]
                words = [word for word, _, _ in found if word in DIFFERENCES]
                if words != sorted(words, key=DIFFERENCES.index):
                    self.faults.append(f"{where}: its words are not in the order of {', '.join(DIFFERENCES)}")

    def check_blame(self):
        """Each row once, of known ends and words, naming statements that the difference contradicts."""
        known = {version + ":" + r["key"] for version, r, _ in self.statements()}
        evidence = {r["statement"]: r for r in self.evidence}
        for row, count in Counter((r["judged"], r["difference"], r["about"]) for r in self.blame).items():
            if count > 1:
                self.faults.append(f"blame.tsv: {' '.join(row)} stands {count} times")
        for r in self.blame:
            where = f"blame.tsv:{r['line']}: {r['difference']} {r['about']}"
            if r["judged"] not in ENDS:
                self.faults.append(f"{where}: unknown end {r['judged']}")
            if r["difference"] not in DIFFERENCES:
                self.faults.append(f"{where}: unknown difference")
            for version in ("3.1.1", "5.0"):
                name = version + ":" + r[version]
                if r[version] == "-":
                    continue
                if name not in known:
                    self.faults.append(f"{where}: there is no {name}")
                elif not contradicts(evidence.get(name), r["judged"], r["difference"], r["about"]):
                    self.faults.append(f"{where}: is no evidence against {name} of a {r['judged']}")

    def check_untested(self):
        """Each row once, of statements that can be observed at that end."""
        known = {version + ":" + r["key"]: r["testable"] for version, r, _ in self.statements()}
        for row, count in Counter((r["statement"], r["end"]) for r in self.untested).items():
            if count > 1:
                self.faults.append(f"{UNTESTED}: {' '.join(row)} stands {count} times")
        for r in self.untested:
            if r["end"] not in ENDS or f"{r['end']}-wire" not in known.get(r["statement"], ""):
                self.faults.append(f"{UNTESTED}:{r['line']}: {r['statement']} is not seen in a {r['end']}")

    def check_sections(self):
        """One row for each section that a statement is in, in their order, with the name of a place in the document."""
        due = {(version, r["section"]) for version, r, _ in self.statements()}
        there = [(r["version"], r["section"]) for r in self.sections]
        self.faults += [f"{SECTIONS}: {version} {section} is missing" for version, section in sorted(due - set(there))]
        for (version, section), count in Counter(there).items():
            if count > 1:
                self.faults.append(f"{SECTIONS}: {version} {section} stands {count} times")
            if (version, section) not in due:
                self.faults.append(f"{SECTIONS}: no statement is in {version} {section}")
        if there != sorted(there, key=lambda row: (row[0], section_number(row[1]))):
            self.faults.append(f"{SECTIONS}: the rows are not in the order of the sections")
        last = {}
        for r in self.sections:
            where = f"{SECTIONS}:{r['line']}: {r['version']} {r['section']}"
            if not re.fullmatch(r"_[A-Za-z0-9._-]+", r["anchor"]):
                self.faults.append(f"{where}: not the form of an anchor")
            # The word processor numbered the headings of an edition as they stand, in a few series.
            series = r["version"], r["anchor"][:-3]
            if last.get(series, "") > r["anchor"] and r["anchor"].startswith("_Toc"):
                self.faults.append(f"{where}: {r['anchor']} stands before {last[series]} in the document")
            last[series] = r["anchor"]

    def statements(self):
        """(version, row, numbered) of every statement; one that holds for both versions comes twice."""
        for version, table in (("3.1.1", self.v311), ("5.0", self.v5)):
            for r in table:
                yield version, r | {"key": r["id"]}, True
            for r in self.unnumbered:
                if version in VERSIONS[r["version"]]:
                    yield version, r, False

    def digest(self):
        sha = hashlib.sha256()
        for name in FILES:
            sha.update((self.folder / name).read_bytes())
        return sha.hexdigest()


def section_number(section):
    return [int(n) for n in re.findall(r"\d+", section)]


def packet_names(cell):
    return [re.sub(r"\s*\(.*?\)", "", p).strip() for p in cell.split(",")]


def differences(cell):
    """(word, packets, properties) of each: "missing:PUBACK+PUBREC,property:0x26"; of any where none is named."""
    for entry in [] if cell == "-" else cell.split(","):
        word, _, of = entry.partition(":")
        of = of.split("+") if of else []
        yield word, [p for p in of if not p.startswith("0x")], [p for p in of if p.startswith("0x")]


def contradicts(row, end, word, about):
    """Whether that row of evidence.tsv has the word, of what a row of blame.tsv is about."""
    about = about.split("/")[0]
    for shown, packets, properties in differences(row[end]) if row and end in ENDS else []:
        of = properties if about.startswith("0x") else packets if about in PACKETS else []
        if shown == word and (not of or about in of):
            return True
    return False


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def mask(names):
    bits = ["SPEC_WILL_PROPERTIES" if n == "Will Properties" else f"SPEC_PACKET({n})" for n in names]
    return " | ".join(bits) or "0"


def repeat_mask(row):
    """User Property may repeat everywhere, a Subscription Identifier in PUBLISH, nothing else anywhere."""
    cell = row["may_repeat"]
    if cell.startswith("yes"):
        return mask(packet_names(row["packets"]))
    return mask(re.findall(r"([A-Z]+): yes", cell))


def senders(cell):
    """Which side may send a code of DISCONNECT or AUTH; both where the table says nothing."""
    return ("Server" in cell or cell == "-", "Client" in cell or cell == "-")


def shows(row, end):
    """The mask of the differences that this end of a statement is broken by."""
    words = dict.fromkeys(word for word, _, _ in differences(row[end]))
    return " | ".join(f"SPEC_SHOWS(SPEC_{w.upper()})" for w in words) or "0"


def evidence_of(row):
    """The members of struct spec_statement that say what contradicts it."""
    if not row:
        return ""
    rows = [f"{{ {name}, SPEC_{word.upper()}, {mask(packets)}, "
            f"{' | '.join(f'UINT64_C(1) << {p}' for p in properties) or '0'} }}"
            for end, name in ENDS.items() for word, packets, properties in differences(row[end])]
    if not rows:
        return ""
    return (f"\t  .evidence = (const struct spec_evidence[]){{ {', '.join(rows)} }},\n"
            f"\t  .evidence_count = {len(rows)},\n"
            f"\t  .shows_server = {shows(row, 'server')}, .shows_client = {shows(row, 'client')},\n")


def tables(c):
    evidence = {r["statement"]: r for r in c.evidence}
    anchors = {(r["version"], r["section"]): r["anchor"] for r in c.sections}
    out = ["/* Generated by spec/catalogue.py from the TSV files; not to be edited. */",
           '#include "spec/spec.h"', "", "const struct spec_statement spec_statements[] = {"]
    bound = {r["id"]: RECEIVERS[r["binds"]] for r in c.receivers}
    untested = {(r["statement"], r["end"]): r["why"] for r in c.untested}
    names = []
    for version, r, numbered in c.statements():
        names.append(version + ":" + r["key"])
        receivers = bound.get(r["key"], "0") if version == "5.0" else RECEIVERS["both"]
        testable = " | ".join(TESTABLE[t] for t in r["testable"].split(","))
        out.append(f"\t{{ .name = {quoted(version + ':' + r['key'])}, .id = {quoted(r['key'])},")
        out.append(f"\t  .version = {'MQTT_50' if version == '5.0' else 'MQTT_311'}, "
                   f".section = {quoted(r['section'])}, .title = {quoted(r.get('section_title', ''))},")
        out.append(f"\t  .anchor = {quoted(anchors[version, r['section']])},")
        out.append(f"\t  .actor = {ACTORS[r['actor']]}, .level = {quoted(r['level'])}, .testable = {testable},")
        out.append(f"\t  .summary = {quoted(r['summary'])},")
        out.append(f"\t  .note = {quoted('' if r['note'] == '-' else r['note'])},")
        out.append(f"\t  .counterpart = {quoted(r.get('counterpart', ''))}, "
                   f".numbered = {'true' if numbered else 'false'},")
        out.append(f"\t  .receivers = {receivers},")
        for end in ENDS:
            if (version + ":" + r["key"], end) in untested:
                out.append(f"\t  .untested_{end} = {quoted(untested[version + ':' + r['key'], end])},")
        out.append(evidence_of(evidence.get(version + ":" + r["key"])) + "\t},")
    by_name = sorted(range(len(names)), key=lambda i: names[i].encode())
    out += ["};", f"const size_t spec_statement_count = {len(names)};",
            f"const uint16_t spec_statements_by_name[] = {{ {', '.join(map(str, by_name))} }};", "",
            "const struct spec_property spec_properties[] = {"]
    for r in c.properties:
        out.append(f"\t{{ .id = {r['id']}, .type = {TYPES[r['type']]}, .name = {quoted(r['name'])},")
        out.append(f"\t  .packets = {mask(packet_names(r['packets']))},")
        out.append(f"\t  .repeats = {repeat_mask(r)},")
        out.append(f"\t  .range = {quoted(r['range'])}, .error = {quoted(r['error'])} }},")
    out += ["};", f"const size_t spec_property_count = {len(c.properties)};", "",
            "const struct spec_reason_code spec_reason_codes[] = {"]
    for r in c.reasons:
        server, client = senders(r["sender_in_disconnect_or_auth"])
        out.append(f"\t{{ .code = {r['code']}, .name = {quoted(r['name'])}, "
                   f".from_server = {str(server).lower()}, .from_client = {str(client).lower()},")
        out.append(f"\t  .packets = {mask(packet_names(r['packets']))} }},")
    out += ["};", f"const size_t spec_reason_code_count = {len(c.reasons)};", "",
            "const struct spec_blame spec_blames[] = {"]
    for r in c.blame:
        name = {v: "NULL" if r[v] == "-" else quoted(f"{v}:{r[v]}") for v in ("3.1.1", "5.0")}
        out.append(f"\t{{ .client = {str(r['judged'] == 'client').lower()}, "
                   f".difference = SPEC_{r['difference'].upper()}, .about = {quoted(r['about'])},")
        out.append(f"\t  .statement_311 = {name['3.1.1']}, .statement_50 = {name['5.0']} }},")
    out += ["};", f"const size_t spec_blame_count = {len(c.blame)};", "",
            f"const char spec_digest[] = {quoted(c.digest())};", ""]
    return "\n".join(out)


def main(args):
    if args[:1] not in (["check"], ["tables"]) or len(args) != {"check": 1, "tables": 2}[args[0]]:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    c = Catalogue()
    for fault in c.faults:
        print(fault, file=sys.stderr)
    if args[0] == "check":
        print(f"{len(c.v311)} + {len(c.v5)} statements, {len(c.unnumbered)} unnumbered, "
              f"{len(c.properties)} properties, {len(c.reasons)} reason codes, "
              f"{len(c.receivers)} duties of receivers, {len(c.faults)} faults")
    elif not c.faults:
        pathlib.Path(args[1]).write_text(tables(c), encoding="utf-8")
    return 1 if c.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
