#!/usr/bin/python3
"""An agent with one fault, named by its first argument, to see that a run ends in time and tells the truth.

Without a fault it says hello, and answers every command by `unsupported`.
"""
import json
import os
import signal
import sys
import time

FAULT = sys.argv[1] if len(sys.argv) > 1 else "none"
PATIENCE_S = 60  # of a fault that hangs: longer than any limit of the harness


def say(**event):
    print(json.dumps(event), flush=True)


def hang():
    time.sleep(PATIENCE_S)


def before_hello():
    if FAULT == "silent":
        hang()
    if FAULT == "ends_at_once":
        print("no configuration file", file=sys.stderr)
        sys.exit(4)
    if FAULT == "strange_hello":
        print("Welcome to the agent!", flush=True)
    if FAULT == "contract_of_tomorrow":
        say(event="hello", contract=2, name="odd", version="1", versions=["5.0"])


def on_connect(command):
    if FAULT == "dies":
        print("about to die", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if FAULT == "raises":
        raise RuntimeError("no such option")
    if FAULT == "ends":
        sys.exit(0)
    if FAULT == "hangs":
        hang()
    if FAULT == "garbage":
        print("\x1b[31m{not json", flush=True)
        return
    if FAULT == "floods":
        while True:
            sys.stdout.write("x" * 65536)
    if FAULT == "unknown_event":
        say(event="rejoiced", id=command["id"])
        return
    if FAULT == "never_connects":
        return
    if FAULT == "lies":
        say(event="connected", id=command["id"], session_present=False)
        return
    say(event="unsupported", id=command["id"], text="connect")


def main():
    before_hello()
    versions = ["3.1.1"] if FAULT == "only_311" else ["3.1.1", "5.0"]
    say(event="hello", contract=1, name="odd agent", version="0", versions=versions)
    for line in sys.stdin:
        on_connect(json.loads(line))
    if FAULT == "stays":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        hang()


main()
