#!/usr/bin/python3
"""Hold the include lines and the link lines of every part against the edges that the design allows.

Exit 1, naming file and line, on any edge that is not in the table below.
"""
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
    "reports": {"record", "spec", "base"},
    "cli": {"reports", "cases", "harness", "record", "spec", "pcap", "base"},
    "mqtt": {"spec", "base"},
    "broker": {"mqtt", "spec", "base"},
    "client": {"mqtt", "spec", "base"},
    "targets": set(),
}
ONLY_HEADER = {"cases/server": "harness/case.h", "cases/client": "harness/client_case.h",
               "cases/agent": "harness/client_case.h", "cases/common": "harness/case.h"}
COMMON = "cases/common/"
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
            elif folder in ONLY_HEADER and header != ONLY_HEADER[folder] and not header.startswith(COMMON):
                yield f"{where}: a case file includes {ONLY_HEADER[folder]} and {COMMON}, and nothing else"


def link_faults(part, allowed):
    """The USES of each library that a folder makes; a library's part is its name up to the first _."""
    for path in sorted((ROOT / part).rglob("CMakeLists.txt")):
        for name, body in PART.findall(path.read_text(encoding="utf-8")):
            uses = re.search(r"\bUSES\b([^A-Z)]*)", body)
            for used in uses.group(1).split() if uses else []:
                other = used.split("_")[0]
                if other != part and other not in allowed:
                    yield f"{path.relative_to(ROOT)}: {name} must not link {used}"


def main():
    faults, files = [], 0
    for part, allowed in EDGES.items():
        files += len(sources(part))
        faults += include_faults(part, allowed)
        faults += link_faults(part, allowed)
    for fault in faults:
        print(fault)
    print(f"{files} files, {len(faults)} faults")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
