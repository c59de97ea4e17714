#!/usr/bin/python3
"""The layout is a machine's job: every C file must be as clang-format leaves it, every text file clean.

Exit 1, naming the files, otherwise. `clang-format -i FILE` mends a C file.
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tracked():
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).is_file()]


def main():
    files = tracked()
    c = [str(p) for p in files if p.suffix in (".c", ".h")]
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", *c], capture_output=True, text=True)
    bad = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "error:" in line})
    for path in files:
        if path.suffix in (".c", ".h", ".py", ".md", ".txt", ".cmake", ".json", ".ini", ".tsv"):
            text = path.read_text(encoding="utf-8")
            if text and not text.endswith("\n") or "\r" in text:
                bad.append(f"{path}: line endings")
    for name in bad:
        print(f"{name}: not in the project's format")
    print(f"{len(files)} files, {len(bad)} faults")
    return 1 if bad or run.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
