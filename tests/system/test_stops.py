"""A machine that is late accuses nobody: the target, or the harness, is stopped for a while in the middle of cases
that judge by the standard's clocks. What they find then may be anything but a breach.
"""
import collections
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
BROKER = BUILD / "broker/mqttspec-broker"
TIMED = ["keep_alive", "will_delay", "session_expiry", "message_expiry", "will_on_keep_alive_expiry"]
STOP_S = 0.75
EVERY_S = 2.4
PHASES_S = [0.1, 1.3]  # of the first stop, so that each moment of a case is met by one
NIGHTLY_PHASES_S = [0.4, 0.7, 1.0, 1.6, 1.9, 2.2]
LIMIT_S = 120


class Run:
    """The timed cases against a broker of their own, while somebody is stopped again and again."""

    def __init__(self, folder, phase_s, find_stopped):
        self.broker = subprocess.Popen([BROKER, "-p", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        port = int(self.broker.stdout.readline().split()[1])
        self.out = folder / f"phase-{phase_s}"
        self.program = subprocess.Popen(
            [PROGRAM, "run", f"mqtt://127.0.0.1:{port}", *TIMED, "-j", "16", "--out", self.out, "--pcap", "none"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.stops = 0
        self.thread = threading.Thread(target=self.stop_again_and_again, args=(phase_s, find_stopped))
        self.thread.start()

    def stop_again_and_again(self, phase_s, find_stopped):
        time.sleep(phase_s)
        while self.program.poll() is None:
            self.stop(find_stopped(self))
            time.sleep(EVERY_S - STOP_S)

    def stop(self, pids):
        self.stops += bool(pids)
        for pid in pids:
            send(pid, signal.SIGSTOP)
        time.sleep(STOP_S)
        for pid in pids:
            send(pid, signal.SIGCONT)

    def end(self):
        try:
            _, errors = self.program.communicate(timeout=LIMIT_S)
        finally:
            self.program.kill()
            self.thread.join()
            self.broker.kill()
            self.broker.wait()
            self.broker.stdout.close()
        assert self.program.returncode in (0, 1), errors.decode()

    def cases(self):
        lines = [json.loads(line) for line in (self.out / "run.jsonl").read_text().splitlines()]
        return [line for line in lines if line["type"] == "case"]


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # a case run that has ended meanwhile


def target(run):
    return [run.broker.pid]


def case_runs(run):
    """The processes that play cases: children of the program, which itself goes on."""
    try:
        path = pathlib.Path(f"/proc/{run.program.pid}/task/{run.program.pid}/children")
        return [int(pid) for pid in path.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


@pytest.mark.long
@pytest.mark.parametrize("phases_s", [PHASES_S, pytest.param(NIGHTLY_PHASES_S, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("find_stopped", [target, case_runs])
def test_a_stop_accuses_nobody(tmp_path, find_stopped, phases_s):
    runs = [Run(tmp_path, phase_s, find_stopped) for phase_s in phases_s]
    for run in runs:
        run.end()
    counts = collections.Counter()
    for run in runs:
        assert run.stops >= 3
        for case in run.cases():
            counts[case["verdict"]] += 1
            assert case["verdict"] in ("pass", "nonstrict", "info", "inapplicable", "inconclusive"), \
                (run.out.name, case["id"], case["version"], case.get("note"), case.get("failure"))
    # Most of them have room for it, and are judged.
    assert counts["pass"] > sum(counts.values()) / 2, counts
