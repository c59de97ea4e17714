"""The broker is killed, loses its power, and its store fails below it: tests/crash, in short. All of it is left to
script/nightly.
"""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
BROKER = BUILD / "broker" / "mqttspec-broker"
SHIM = BUILD / "tests" / "crash" / "libcrash_faults.so"
LIMIT_S = 600
KILLS = ("grow:1,random,SIGTERM,put:40,removal:15,commit-begin:10,journal-write:10,commit-change:20,commit-applied:1,"
         "commit-done:10,load-pair:20,load-done,checkpoint:1,checkpoint-done:1,close")
SEEDS = 100  # of ten rounds each


def play(name, *arguments, limit_s=LIMIT_S):
    run = subprocess.run([ROOT / "tests" / "crash" / name, "--broker", BROKER, *map(str, arguments)],
                         capture_output=True, text=True, timeout=limit_s)
    return run.returncode, run.stdout + run.stderr


def test_nothing_is_lost_at_any_point(tmp_path):
    code, said = play("crash.py", "--folder", tmp_path, "--seed", "7", "--kill", KILLS)
    assert code == 0, said
    for kill in [*KILLS.split(","), "made"]:
        assert f" kill {kill.split(':')[0]}\n" in said, said


def test_a_point_is_waited_for(tmp_path):
    code, said = play("crash.py", "--folder", tmp_path, "--seed", "7", "--kill", "checkpoint:50")
    assert code == 0 and " 1 kill checkpoint\n" in said, said


def test_nothing_is_lost_with_the_power(tmp_path):
    code, said = play("crash.py", "--folder", tmp_path, "--power", "--shim", SHIM, "--seed", "7", "--kill",
                      "sync-call:20,write-call:60,sync-call:30,random")
    assert code == 0, said
    assert int(said.split(" sectors lost")[0].split()[-1]) > 0, said


def test_a_loss_is_noticed(tmp_path):
    """What is acknowledged before it is on the disk does not outlive the power."""
    code, said = play("crash.py", "--folder", tmp_path, "--power", "--shim", SHIM, "--seed", "7", "--kill",
                      "random,random,random,random", "--line", "persistence_sync none")
    assert code == 1, said
    assert "again: " in said and "--seed 7" in said


@pytest.mark.parametrize("kind, error, number", [("write", "ENOSPC", 12), ("sync", "EIO", 9), ("grow", "ENOSPC", 1)])
def test_a_call_that_fails(tmp_path, kind, error, number):
    code, said = play("faults.py", "--folder", tmp_path, "--shim", SHIM, "--kind", kind, "--error", error, "--first",
                      str(number), "--once", "--jobs", "1")
    assert code == 0, said
    assert " × goes on, says: " in said, said


def test_a_file_that_is_damaged(tmp_path):
    code, said = play("damage.py", "--folder", tmp_path, "--pages", "5", "--step", "30")
    assert code == 0, said
    assert " refused, " in said and " read " in said, said


def test_a_full_store_is_killed_and_starts(tmp_path):
    code, said = play("full.py", "--folder", tmp_path, "--seed", "7", "--seeds", "2")
    assert code == 0, said
    assert "16 kills\n" in said and " refused\n" in said, said


@pytest.mark.parametrize("arguments, sentence", [
    (["--kill", "random,nowhere"], "there is no kill nowhere"),
    (["--broker", "/dev/null/none"], "there is no broker /dev/null/none"),
    (["--broker", "/bin/true"], "/bin/true has no points to be killed at"),
    (["--power", "--shim", "/dev/null/none"], "there is no library /dev/null/none")])
def test_what_is_wrong_with_the_command_line(arguments, sentence):
    code, said = play("crash.py", *arguments)
    assert code == 2 and sentence in said and "Traceback" not in said


@pytest.mark.nightly
@pytest.mark.parametrize("arguments", [
    ["crash.py", "--seeds", str(SEEDS)],
    ["crash.py", "--seed", "1000", "--seeds", "20", "--power", "--shim", SHIM],
    ["faults.py", "--shim", SHIM],
    ["full.py", "--seed", "1000", "--seeds", "40"],
    ["full.py", "--seed", "2000", "--seeds", "20", "--power", "--shim", SHIM],
    ["damage.py", "--pages", "200"]], ids=["kills", "power", "faults", "full", "full-power", "damage"])
def test_all_of_it(tmp_path, arguments):
    code, said = play(*arguments, "--folder", tmp_path, limit_s=7200)
    assert code == 0, said
