#!/usr/bin/python3
"""Write the tables of damaged packets as C: vectors.py server|client OUTPUT."""
import pathlib
import sys

import damage


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def c_row(row):
    versions = {"V311": ["3.1.1"], "V50": ["5.0"], "BOTH": ["3.1.1", "5.0"]}[row.versions]
    refs = [r for r in row.refs if r.split(":")[0] in versions]
    ends = "is not accepted" if row.what.startswith("A CONNECT") else "ends the connection"
    parts = [quoted(row.id), quoted(row.template), "{ " + ", ".join(map(quoted, refs)) + " }",
             ".title = " + quoted(f"{row.what} {ends}"), f".versions = {row.versions}"]
    if row.codes:
        parts.append(".codes = { " + ", ".join(f"0x{c:02X}" for c in row.codes) + " }")
    if row.return_code:
        parts.append(f'.extra = "\\x{row.return_code:02X}"')
    if row.in_pieces:
        parts.append(".in_pieces = true")
    return "\t{ " + ", ".join(parts) + " },\n"


def main(role, output):
    tables = {}
    for row in damage.rows(role):
        tables.setdefault(row.table, []).append(row)
    text = "/* Made by cases/vectors/vectors.py. */\n#include \"harness/case.h\"\n"
    for name, rows in tables.items():
        text += f"\nstatic const struct vector damaged_{name}[] = {{\n" + "".join(map(c_row, rows)) + "};\n"
    pathlib.Path(output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
