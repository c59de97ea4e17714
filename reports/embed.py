#!/usr/bin/python3
"""embed.py OUT.c NAME=FILE[,FILE...] ... - turn text files into C arrays of characters.

For each NAME the array html_NAME, and html_NAME_hash: its SHA-256 as a Content Security Policy wants
it, so that a page can forbid every script and style but its own. Comments and indentation are left
out of what goes into a page. Scripts are joined into one function, in strict mode.
"""
import base64
import hashlib
import pathlib
import re
import sys


def squeezed(text):
    text = re.sub(r"^\s*/\*.*?\*/\s*$", "", text, flags=re.S | re.M)
    return "".join(line.strip() + "\n" for line in text.splitlines() if line.strip())


def joined(paths):
    text = "".join(squeezed(pathlib.Path(path).read_text(encoding="utf-8")) for path in paths)
    if paths[0].endswith(".js"):
        text = f'(() => {{\n"use strict";\n{text}}})();\n'
    if "</" in text and not paths[0].endswith(".html"):
        sys.exit(f"{paths}: an end tag would end the element that this is put into")
    return text.encode()


def array(name, data):
    numbers = ",".join(str(byte if byte < 128 else byte - 256) for byte in data + b"\0")
    rows = re.sub(r"((?:[^,]*,){24})", r"\1\n", numbers)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return (f"const char html_{name}[] = {{\n{rows}\n}};\n"
            f'const char html_{name}_hash[] = "sha256-{digest}";\n')


def main():
    out, *parts = sys.argv[1:]
    text = '#include "reports/html_parts.h"\n\n'
    for part in parts:
        name, paths = part.split("=")
        text += array(name, joined(paths.split(",")))
    pathlib.Path(out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
