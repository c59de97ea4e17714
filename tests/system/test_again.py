"""The `again` line of a failure is pasted into a shell as it stands, and plays the same failure."""
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev") / "cli/mqttspec"
IMPATIENT = ("--timeout", "500", "--patience", "0")


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def failures(path):
    return [(r["id"], r["version"], r["transport"], r["segmentation"], r["verdict"], r["failure"]["expected"])
            for r in records(path) if r["type"] == "case" and r["verdict"] == "fail"]


def pasted(line, cwd):
    """What a shell makes of the line."""
    return subprocess.run(["sh", "-c", line], cwd=cwd, capture_output=True, text=True, timeout=120)


def again_lines(stdout):
    return [line.split("again  ", 1)[1] for line in stdout.splitlines() if "again  " in line]


def judge(tmp_path, *args):
    done = subprocess.run([PROGRAM, *args, *IMPATIENT, "--out", "first"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done
    return done.stdout


def check(tmp_path, stdout):
    first = tmp_path / "first/run.jsonl"
    before = first.read_bytes(), sorted(p.name for p in (tmp_path / "first/pcap").iterdir())
    shown = again_lines(stdout)
    failed = failures(first)
    assert shown and len(shown) == len(failed)
    for line in shown:
        done = pasted(line, tmp_path)
        assert done.returncode == 1, (line, done)
        one, = failures(tmp_path / "out/latest/run.jsonl")
        assert one in failed, line
        failed.remove(one)
    assert before == (first.read_bytes(), sorted(p.name for p in (tmp_path / "first/pcap").iterdir()))


def test_a_target_file_with_an_odd_name_and_options_with_blanks(tmp_path):
    folder = tmp_path / "it's $mine; all"
    folder.mkdir()
    (folder / "my broker.ini").write_text(
        "[target]\nname = Mosquitto\ncommand = mosquitto -c {config}\n\n[file m.conf]\ncontent =\n"
        "| listener {port} 127.0.0.1\n| listener 0 {socket}\n| allow_anonymous true\n| user root\n")
    (tmp_path / "the password").write_text("se cret\n")
    stdout = judge(tmp_path, "run", "it's $mine; all/my broker.ini", "bad_flags/pingreq_1", "--versions", "3.1.1", "--transports", "all",
                   "--segment", "whole,split:1", "--user", "a 'name'", "--password-file", "the password")
    assert len(again_lines(stdout)) == 4
    check(tmp_path, stdout)


def test_a_command_line_of_a_client(tmp_path):
    (tmp_path / "bad client.py").write_text(
        "import socket, sys\ns = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "s.sendall(b'\\x10\\x0e\\x00\\x04MQTT\\x04\\x03\\x00\\x00\\x00\\x02me')\nwhile s.recv(100): pass\n")  # a reserved flag
    stdout = judge(tmp_path, "run", "--exec", "/usr/bin/python3 'bad client.py' {host} {port}", "connect_comes_first", "--versions", "3.1.1")
    check(tmp_path, stdout)
