#!/usr/bin/python3
"""Hold the include lines and the link lines of every part against the edges that the design allows.

Exit 1, naming file and line, on any edge that is not in the table below, and on file pairs (x.c and
x.h) that include each other in a circle, in a part that is free of circles. --circles prints those
of all parts instead.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# part: the parts that it may use. A case file sees the language of cases and what both roles have in common, and
# nothing else.
EDGES = {
    "base": set(),
    "spec": {"base"},
    "pcap": {"base"},
    "record": {"spec", "base"},
    "harness": {"record", "spec", "pcap", "base"},
    "cases": {"harness"},
    "check": {"harness", "record", "spec", "pcap", "base"},
    "reports": {"record", "spec", "base"},
    "random": {"harness", "record", "spec", "base"},
    "fuzz": {"harness", "record", "spec", "pcap", "base"},
    "bench": {"harness", "reports", "record", "spec", "pcap", "base"},
    "cli": {"bench", "reports", "cases", "check", "harness", "record", "spec", "pcap", "base", "fuzz", "random"},
    "deviants": {"harness", "spec", "base"},
    "mqtt": {"spec", "base"},
    "broker": {"mqtt", "spec", "base"},
    "client": {"mqtt", "spec", "base"},
    "targets": set(),
}
CASE, CLIENT_CASE = "harness/case.h", "harness/client_case.h"
ONLY_HEADER = {"cases/server": (CASE,), "cases/client": (CLIENT_CASE,), "cases/agent": (CLIENT_CASE,),
               "cases/common": (CASE, CLIENT_CASE)}
COMMON = "cases/common/"
# Parts that still have circles of file pairs: one that gets rid of them leaves this list for good.
CIRCULAR = {"pcap", "harness", "client"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
PART = re.compile(r"\bpart\((\w+)(.*?)\)", re.S)


def sources(part):
    return sorted(p for p in (ROOT / part).rglob("*") if p.suffix in (".c", ".h"))


def include_faults(part, allowed):
    for path in sources(part):
        folder = str(path.relative_to(ROOT).parent)
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            m = INCLUDE.match(line)
            if not m:
                continue
            header, used = m.group(1), m.group(1).split("/")[0]
            where = f"{path.relative_to(ROOT)}:{n}"
            if used not in EDGES:
                yield f"{where}: {header} is not named from the root of the tree"
            elif used != part and used not in allowed:
                yield f"{where}: {part} must not use {used} ({header})"
            elif folder in ONLY_HEADER and header not in ONLY_HEADER[folder] and not header.startswith(COMMON):
                yield f"{where}: a case file includes {' or '.join(ONLY_HEADER[folder])} and {COMMON}, and nothing else"


def link_faults(part, allowed):
    """The USES of each library that a folder makes; a library's part is its name up to the first _."""
    for path in sorted((ROOT / part).rglob("CMakeLists.txt")):
        for name, body in PART.findall(path.read_text(encoding="utf-8")):
            uses = re.search(r"\bUSES\b([^A-Z)]*)", body)
            for used in uses.group(1).split() if uses else []:
                other = used.split("_")[0]
                if other != part and other not in allowed:
                    yield f"{path.relative_to(ROOT)}: {name} must not link {used}"


def pair_of(path):
    return str(pathlib.PurePath(path).with_suffix(""))


def pairs_used(part):
    """What each file pair of a part includes: pair -> pair -> the line that says so."""
    pairs = {}
    for path in sources(part):
        pair = pair_of(path.relative_to(ROOT))
        used = pairs.setdefault(pair, {})
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            m = INCLUDE.match(line)
            if m and pair_of(m.group(1)) != pair:
                used.setdefault(pair_of(m.group(1)), f"{path.relative_to(ROOT)}:{n}")
    return pairs


def reached(pairs, start):
    seen, ahead = set(), list(pairs[start])
    while ahead:
        pair = ahead.pop()
        if pair in pairs and pair not in seen:
            seen.add(pair)
            ahead += pairs[pair]
    return seen


def circles(pairs):
    """Sets of pairs that reach one another."""
    reach = {pair: reached(pairs, pair) for pair in pairs}
    found = {tuple(sorted(other for other in reach[pair] if pair in reach[other]))
             for pair in pairs if pair in reach[pair]}
    return sorted(found, key=lambda circle: (-len(circle), circle))


def circle_faults(part):
    found = circles(pairs_used(part))
    if part in CIRCULAR:
        if not found:
            yield f"{part} is free of circles now: it leaves the list of parts that have some"
        return
    for circle in found:
        yield f"{part}: a circle of file pairs: {', '.join(circle)}"


def circles_print():
    total = 0
    for part in EDGES:
        pairs = pairs_used(part)
        found = circles(pairs)
        total += sum(map(len, found))
        print(f"{part}: {len(pairs)} file pairs, {sum(map(len, found))} of them in {len(found)} circles")
        for circle in found:
            print(f"    circle of {len(circle)}")
            for pair in circle:
                inside = {used: where for used, where in pairs[pair].items() if used in circle}
                print(f"        {pair} includes {', '.join(sorted(inside))}")
    print(f"{total} file pairs in circles")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--circles", action="store_true",
                        help="print the file pairs that include each other, part by part")
    if parser.parse_args().circles:
        circles_print()
        return 0
    faults, files = [], 0
    for part, allowed in EDGES.items():
        files += len(sources(part))
        faults += include_faults(part, allowed)
        faults += link_faults(part, allowed)
        faults += circle_faults(part)
    for fault in faults:
        print(fault)
    print(f"{files} files, {len(faults)} faults")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
