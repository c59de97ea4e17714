#!/usr/bin/python3 -SE
"""mqttspec as the commands of the pages call it (page_commands.py): with a broker and a client that are there, and as
little to do as shows that the command works. BROKER and REAL in the environment are the URL of a broker and the program.
"""
import os
import re
import subprocess
import sys

REAL = os.environ["REAL"]
CASE_RUNS = 4       # of a command that would play hundreds
SERVERS = {"mosquitto", "artemis", "mochi-badger", "mqttspec-broker"}
CLIENTS = {"libmosquitto", "mqttspec-client"}


def there(word):
    """The target that stands for the one on the page."""
    if word in SERVERS:
        return "mqttspec-broker"
    if word in CLIENTS:
        return "mqttspec-client"
    return os.environ["BROKER"] if re.match(r"(mqtts?|wss?)://", word) else word


def without(words, *options):
    """All but these options and their values."""
    kept, skip = [], False
    for word in words:
        if not skip and word not in options:
            kept.append(word)
        skip = word in options and not skip
    return kept


def listed(words):
    return subprocess.run([REAL, *words, "--list"], capture_output=True, check=False).stdout.splitlines()


def fewer(words):
    """A part of what `mqttspec run` would play, where that is much."""
    if "--shard" in words or "--list" in words:
        return words
    lines = listed(words)
    parts = len(lines) // CASE_RUNS
    wanted = b"3.1.1" if any(b" 3.1.1 " in line for line in lines) else b""    # which each target speaks
    for part in range(1, parts + 1):
        shard = [*words, "--shard", f"{part}/{parts}"]
        if parts > 1 and any(wanted in line for line in listed(shard)):
            return shard
    return words


def shortened(words):
    command = words[0]
    if command in ("run", "agent-check"):
        return [*fewer(words), "--patience", "0"]
    if command == "bench" and "--list" not in words:
        return [*without(words, "--time"), "--messages", "100"] + (["--rounds", "1"] if "--compare" in words else [])
    if command == "random" and "--list" not in words and "--play" not in words:
        return [*without(words, "--time", "--steps"), "--steps", "100"]
    if command == "fuzz" and "--play" not in words:
        return [*without(words, "--time", "--rate"), "--time", "1", "--rate", "200"]
    return words


def main():
    words = [there(word) for word in sys.argv[1:]]
    os.execv(REAL, [REAL, *(shortened(words) if words else words)])


main()
