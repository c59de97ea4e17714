#!/usr/bin/python3
"""embed.py OUT.c NAME=FILE ... - each file as a text in C, `completion_NAME`."""
import pathlib
import sys

out, *parts = sys.argv[1:]
text = '#include "cli/completion.h"\n'
for part in parts:
    name, path = part.split("=")
    lines = pathlib.Path(path).read_text(encoding="ascii").splitlines()
    quoted = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    text += f"\nconst char completion_{name}[] =\n" + "\n".join(f'\t"{line}\\n"' for line in quoted) + ";\n"
pathlib.Path(out).write_text(text, encoding="ascii")
