"""`mqttspec run` against targets good and bad: verdicts, exit codes, and nothing left behind."""
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import jsonschema
import pytest

from ports import free_port, wait_for_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "record/record.schema.json").read_text()))
CASE = "qos2_duplicate_publish"

# A broker as small as can be, launched by a target file. One that "dies" does so of a PUBLISH with the payload
# of CASE, a "frail" one of any PUBLISH.
FAKE = """
[target]
name = Fake
command = /usr/bin/python3 {config} {port} MODE
versions = 3.1.1
ready_ms = 10000

[file fake.py]
content =
| import os, signal, socket, sys, threading
| print("fake says hello", flush=True)
| if sys.argv[2] == "exits":
|     sys.exit(4)
| def serve(peer):
|     try:
|         while data := peer.recv(4096):
|             if data[0] >> 4 == 1:
|                 peer.send(bytes([0x20, 2, 0, 0]))
|             if data[0] >> 4 == 8:
|                 peer.send(bytes([0x90, 3, data[2], data[3], data[-1]]))
|             if data[0] >> 4 == 3 and (sys.argv[2] == "frail" or (sys.argv[2] == "dies" and b"once" in data)):
|                 os.kill(os.getpid(), signal.SIGSEGV)
|     except OSError:
|         pass
|     peer.close()
| listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
| while True:
|     threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


class Out:
    """What a run has written."""

    def __init__(self, folder):
        self.folder = folder
        self.lines = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
        for line in self.lines:
            VALIDATOR.validate(line)

    def of(self, kind):
        return [line for line in self.lines if line["type"] == kind]

    @property
    def end(self):
        assert self.lines[-1]["type"] == "end" and len(self.of("end")) == 1
        return self.lines[-1]

    def verdicts(self):
        return {(c["id"], c["version"]): c["verdict"] for c in self.of("case")}


@pytest.fixture
def env(tmp_path):
    """An environment whose temporary folder must be empty in the end."""
    (tmp_path / "tmp").mkdir()
    yield os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_temporary_folder_with_a_blank_is_passed_over(tmp_path):
    """A broker cuts off the path of its socket there."""
    (tmp_path / "x y").mkdir()
    done = subprocess.run([PROGRAM, "run", "mosquitto", "pingreq_answered", "--transports", "unix"], cwd=tmp_path,
                          env=os.environ | {"TMPDIR": str(tmp_path / "x y")}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "2 passed, 0 failed" in done.stdout, done
    assert not list((tmp_path / "x y").iterdir()) and not (tmp_path / "x").exists()


@pytest.fixture
def run(tmp_path, env):
    """Runs mqttspec in a folder of its own."""
    def call(*args, limit_s=60, **more):
        return subprocess.run([PROGRAM, "run", "--anyway", "--out", "out", *args], cwd=tmp_path, env=env, capture_output=True, text=True,
                              timeout=limit_s, **more)
    yield call
    assert strays(tmp_path) == []


def strays(tmp_path):
    """Processes that this test's temporary folder appears in the environment of."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={tmp_path}/tmp\0".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" "))
        except OSError:
            pass
    return found


def fake(tmp_path, mode, extra=""):
    path = tmp_path / "fake.ini"
    path.write_text(FAKE.replace("MODE", mode) + extra)
    return str(path)


class Server:
    """Something that listens, and does `behave(peer)` with each connection."""

    def __init__(self, behave):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = "mqtt://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.behave, self.peers = behave, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                peer = self.listener.accept()[0]
                self.peers.append(peer)
                self.behave(peer)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for peer in self.peers:
            peer.close()


def wait_until(condition, limit_s=10):
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


# ---- a good target


def test_a_good_broker_passes(run, tmp_path):
    done = run("mosquitto", CASE)
    assert done.returncode == 0, done
    assert done.stdout.endswith("2 passed, 0 failed\n") and done.stderr == ""
    out = Out(tmp_path / "out")
    assert out.verdicts() == {(CASE, "3.1.1"): "pass", (CASE, "5.0"): "pass"}
    assert out.of("run")[0]["planned"] == 2 and out.end["not_run"] == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+", out.of("run")[0]["target_version"])
    assert "mosquitto version" in (tmp_path / "out/target.log").read_text()
    assert list((tmp_path / "out/pcap").iterdir()) == []


def test_the_default_target_is_the_included_broker(run):
    done = run(CASE, "--versions", "5.0")
    assert done.returncode == 0 and "judges mqttspec-broker" in done.stdout


def test_a_url_is_judged_like_a_launched_target(run, tmp_path):
    port = free_port()
    (tmp_path / "m.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", tmp_path / "m.conf"], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, broker)
        for target in (f"mqtt://127.0.0.1:{port}", f"127.0.0.1:{port}"):
            done = run(target, CASE)
            assert done.returncode == 0 and done.stdout.endswith("2 passed, 0 failed\n"), done
    finally:
        broker.terminate()
        broker.wait(10)


def test_captures_are_kept_as_asked(run, tmp_path):
    """Only what an earlier run wrote is removed: a capture of the user's own stays."""
    theirs = {"theirs.pcapng", "notes.txt"}
    (tmp_path / "out/pcap").mkdir(parents=True)
    for name in theirs:
        (tmp_path / "out/pcap" / name).write_text("not ours")
    run("mosquitto", CASE, "--pcap", "all")
    names = {p.name for p in (tmp_path / "out/pcap").iterdir()}
    assert names == {f"{CASE}-3.1.1-tcp.pcapng", f"{CASE}-5.0-tcp.pcapng", *theirs}
    for record in Out(tmp_path / "out").of("case"):
        assert (tmp_path / "out" / record["pcap"]).stat().st_size > 500
    run("mosquitto", CASE, "--pcap", "none")
    assert {p.name for p in (tmp_path / "out/pcap").iterdir()} == theirs


def test_a_run_has_a_folder_of_its_own(tmp_path, env):
    """Two runs in the same minute, and what was in out/ before: nothing is lost; out/latest leads to the last."""
    (tmp_path / "out/pcap").mkdir(parents=True)
    (tmp_path / "out/run.jsonl").write_text("precious")
    for pattern in (CASE, "pingreq_answered"):
        subprocess.run([PROGRAM, "run", "mosquitto", pattern, "--versions", "5.0"], cwd=tmp_path, env=env, check=True,
                       capture_output=True, timeout=60)
    assert (tmp_path / "out/run.jsonl").read_text() == "precious"
    own = sorted(p for p in (tmp_path / "out").glob("20*") if not p.is_symlink())
    assert len(own) == 2 and all(re.fullmatch(r"20\d\d-\d\d-\d\d-\d{4}-mosquitto(-2)?", p.name) for p in own)
    assert {c["id"] for p in own for c in Out(p).of("case")} == {CASE, "pingreq_answered"}
    assert [c["id"] for c in Out(tmp_path / "out/latest").of("case")] == ["pingreq_answered"]
    assert not os.path.isabs(os.readlink(tmp_path / "out/latest"))


def test_runs_that_begin_at_once_have_folders_of_their_own(tmp_path, env):
    started = [subprocess.Popen([PROGRAM, "run", "mosquitto", CASE, "--versions", "5.0"], cwd=tmp_path, env=env,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [(run.communicate(timeout=60)[1], run.returncode) for run in started] == [("", 0)] * 4
    own = [p for p in (tmp_path / "out").glob("20*") if not p.is_symlink()]
    assert len(own) == 4 and all([c["id"] for c in Out(p).of("case")] == [CASE] for p in own)


def test_a_full_disk_tears_nothing(run, tmp_path):
    """No room for captures: the verdicts stand. No room for the record: the whole lines are read, the rest is counted.
    Whether there is room for the line at its end is chance.
    """
    limit = 60000  # bytes of any one file

    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = run("mosquitto", "qos2", "--pcap", "all", "--versions", "5.0", preexec_fn=small)
    assert "File too large; the run goes on without captures" in done.stdout
    said = re.search(r"(\d+) lines? (is|are) missing in out/run.jsonl: File too large", done.stdout + done.stderr)
    assert done.returncode == 3 and said, done
    text = (tmp_path / "out/run.jsonl").read_text()
    cases = Out(tmp_path / "out").of("case")
    assert text.endswith("\n") and len(text) <= limit and cases
    assert "error" not in {c["verdict"] for c in cases}
    shown = subprocess.run([PROGRAM, "report", tmp_path / "out/run.jsonl"], capture_output=True, text=True, timeout=60)
    ended = '"type":"end"' in text.replace(" ", "")
    assert (f"lacks {said[1]} of its lines" if ended else "has no end") in shown.stdout
    assert "is no record" not in shown.stdout


def test_segmentation_and_repeats_are_in_the_record(run, tmp_path):
    done = run("mosquitto", CASE, "--segment", "bytes,split:3", "--repeat", "2", "--versions", "5.0")
    assert done.returncode == 0
    cases = Out(tmp_path / "out").of("case")
    assert sorted((c["segmentation"], c["repeat"]) for c in cases) == [
        ("bytes", 0), ("bytes", 1), ("split:3", 0), ("split:3", 1)]


def test_until_failure_goes_on_until_the_deadline(run, tmp_path):
    done = run("mosquitto", CASE, "--until-failure", "--deadline", "3", "--versions", "5.0")
    assert done.returncode == 0, done
    out = Out(tmp_path / "out")
    repeats = [c["repeat"] for c in out.of("case")]
    assert len(repeats) > 1 and repeats == sorted(repeats) and out.end["stopped"] == "deadline"


def test_the_transcript_is_printed_live(run):
    done = run("mosquitto", CASE, "--transcript", "--versions", "5.0")
    assert re.search(r"publisher +> PUBLISH .* q2 id 7 dup", done.stdout)


def test_without_a_fork_it_is_the_same(run, tmp_path):
    done = run("mosquitto", CASE, "--no-fork")
    assert done.returncode == 0 and done.stdout.endswith("2 passed, 0 failed\n")


def test_quiet_shows_the_counts_alone(run):
    done = run("mosquitto", CASE, "-q")
    assert len(done.stdout.splitlines()) == 2 and done.stdout.endswith("2 passed, 0 failed\n")


def test_what_was_foreseen_is_a_line_for_each_reason(run):
    """More than 40 case runs, of which those of two reasons fail as the file of mosquitto has it."""
    what = ["mosquitto", "bad_flags", "--versions", "5.0,3.1.1"]
    folded = run(*what)
    lines = folded.stdout.splitlines()
    assert folded.returncode == 0 and not [line for line in lines if re.match("ok|fail|nonstrict", line)]
    stages = [int(line.split()[0]) for line in lines if re.match(r"\d+ of 52: ", line)]
    assert stages == sorted(stages) and len(stages) == 9
    told = [re.match(r"(\d+) case runs? fails? as foreseen: .+ \((\S+?)(, for example)?\)$", line) for line in lines]
    told = [match for match in told if match]
    full = run(*what, "-v").stdout
    foreseen = re.findall(r"^fail  (\S+) .* as foreseen: ", full, re.M)
    assert len(told) > 1 and sum(int(match.group(1)) for match in told) == len(foreseen)
    assert {match.group(2) for match in told} <= set(foreseen)
    assert len(re.findall("^ok    ", full, re.M)) > 20 and "case runs fail as foreseen" not in full
    assert folded.stdout.splitlines()[-1] == full.splitlines()[-1]
    assert not re.search("as foreseen|^[0-9]+ of", run(*what, "-q").stdout, re.M)


# ---- expectations


def test_an_expected_failure_that_passes_is_news(run, tmp_path):
    ini = (ROOT / "targets/mosquitto.ini").read_text()
    mine = tmp_path / "mine.ini"
    mine.write_text(ini + f"\n[expected]\ncase = {CASE} 5.0\nverdict = fail\nreason = it was so\n")
    done = run(str(mine), CASE)
    assert done.returncode == 1 and done.stdout.endswith("1 passed, 1 failed\n")
    assert "PASS  qos2_duplicate_publish  5.0" in done.stdout and "it was so" in done.stdout
    by_version = {c["version"]: c for c in Out(tmp_path / "out").of("case")}
    assert by_version["5.0"]["foreseen"] == {"as": "fail", "reason": "it was so"}
    assert by_version["3.1.1"]["expected"] is True

    for option in (["--strict"], ["--expect", "none"]):
        assert run(str(mine), CASE, *option).returncode == 0
    assert run("mosquitto", CASE, "--expect", str(mine)).returncode == 1


def test_an_expectation_without_a_case_is_an_error(run, tmp_path):
    path = fake(tmp_path, "good", "[expected]\ncase = no_such_case\nverdict = fail\nreason = none\n")
    line = pathlib.Path(path).read_text().splitlines().index("case = no_such_case") + 1
    done = run(path)
    assert (done.returncode, done.stderr) == (
        2, f"mqttspec run: {path}:{line}: no case run is ever met by `no_such_case`\n")


def test_lost_indentation_is_told(run, tmp_path):
    path = tmp_path / "b.ini"
    path.write_text("[target]\nname = B\ncommand = b\n[file b.yaml]\ncontent =\n  listen:\n    port: {port}\n")
    done = run(str(path), CASE, "--list")
    assert (done.returncode, done.stderr) == (
        0, f"mqttspec run: warning: {path}:7: the lines of b.yaml lose their indentation; put a bar and a blank, "
        "`| `, before each of them\n")


@pytest.mark.parametrize("target", sorted(p.stem for p in (ROOT / "targets").glob("*.ini")))
def test_the_target_files_are_sound(run, target):
    done = run(target, "--list")
    assert (done.returncode, done.stderr) == (0, ""), done


# ---- what could not be judged

WITHOUT_SHARED = """
[target]
name = without shared subscriptions
command = mqttspec-broker -p {port}
versions = VERSIONS

[features]
shared = no
"""


def without_shared(tmp_path, versions="3.1.1, 5.0", more=""):
    path = tmp_path / "unshared.ini"
    path.write_text(WITHOUT_SHARED.replace("VERSIONS", versions) + more)
    return str(path)


def test_a_run_that_judges_hardly_anything_is_no_success(run, tmp_path):
    done = run(without_shared(tmp_path), "shared", CASE)
    out = Out(tmp_path / "out")
    lost = sum(verdict == "inapplicable" for verdict in out.verdicts().values())
    assert lost >= 20 and set(out.verdicts().values()) == {"pass", "inapplicable"}
    sentence = f"{lost} of {lost + 2} case runs could not be judged, {lost} of them for this reason: the target has no " \
        "shared subscriptions"
    assert done.returncode == 3 and done.stdout.splitlines()[-1].startswith(sentence), done
    assert " passed" not in done.stdout and out.end["unjudged"].startswith(sentence)


def test_what_does_not_apply_is_counted_apart(run, tmp_path):
    done = run(without_shared(tmp_path), "shared", "unsubscribe", "topics")
    counts = Out(tmp_path / "out").end["counts"]
    passed = sum(counts.values()) - counts["inapplicable"]
    assert done.stdout.splitlines()[-1] == f"{passed} passed, 0 failed, {counts['inapplicable']} not applicable", done
    assert done.returncode == 0
    few = run(without_shared(tmp_path), "shared_resubscribe_counts_once", CASE)  # somebody has asked for it
    assert few.returncode == 0 and few.stdout.endswith("2 passed, 0 failed, 1 not applicable\n"), few


def test_what_a_file_foresees_is_no_loss(run, tmp_path):
    done = run(without_shared(tmp_path, "3.1.1"), "shared", CASE)
    assert done.returncode == 0 and re.search(r"\n1 passed, 0 failed, \d\d not applicable\n\Z", done.stdout), done
    foreseen = "[expected]\ncase = shared\nverdict = inapplicable\nreason = we have none\n"
    done = run(without_shared(tmp_path, more=foreseen), "shared", CASE)
    assert done.returncode == 0 and re.search(r"\n2 passed, 0 failed, \d\d not applicable\n\Z", done.stdout), done


# ---- selection


def test_what_is_left_out_is_not_played(run, tmp_path):
    done = run("mosquitto", "will", "--not", "will_*", "--not", "3.1.1:MQTT-3.1.2-8", "--list")
    whole = run("mosquitto", "will", "--list").stdout.splitlines()
    left = done.stdout.splitlines()
    assert done.returncode == 0 and left and set(left) < set(whole)
    assert "no_will_of_refused_connect 5.0 whole" in left  # the statement is one of 3.1.1 alone
    assert not any(line.startswith("will_") or line == "no_will_of_refused_connect 3.1.1 whole" for line in left)


def test_shards_together_are_the_whole(run):
    def listed(*more):
        done = run("mosquitto", "--list", *more)
        assert done.returncode == 0, done
        return done.stdout.splitlines()
    whole = listed()
    assert len(whole) == len(set(whole)) > 1
    parts = [listed("--shard", f"{i}/2") for i in (1, 2)]
    assert sorted(parts[0] + parts[1]) == sorted(whole)
    assert all(parts)
    shuffled = listed("--shuffle", "--seed", "5")
    assert shuffled == listed("--shuffle", "--seed", "5") != whole and sorted(shuffled) == sorted(whole)


@pytest.mark.parametrize("args, code, words", [
    (["mosqito"], 2, ['"mosqito" is no target', "no case matches it", 'did you mean "mosquitto"?']),
    (["mosquitto", "qos2", "nothing_like_it"], 2, ['no case matches "nothing_like_it"']),
    (["mosquitto", "--not", "nothing_like_it"], 2, ['no case matches "nothing_like_it"']),
    (["mosquitto", CASE, "--not", "qos2"], 3, ["--not leaves nothing of the selected cases"]),
    (["mqtt://me:secret@127.0.0.1", CASE], 2, ["--user and --password-file"]),
    (["ssl://127.0.0.1:8883"], 2, ["MQTT over TLS is mqtts://; the scheme must be mqtt://, mqtts://, ws://"]),
    (["mqtts://127.0.0.1:8883", "--cert", "a.pem"], 2, ["--cert and --key need each other"]),
    (["mqtts://127.0.0.1:8883", "--ca", "nowhere.pem"], 2, ["nowhere.pem: No such file"]),
    (["mqtts://127.0.0.1:8883", "--ca", "/dev/null"], 2, ["/dev/null: there is no certificate in PEM form"]),
    (["mqtts://127.0.0.1:8883", "--ca", "a", "--insecure"], 2, ["--insecure and --ca do not go together"]),
    (["mqtts://127.0.0.1:8883", "--ws-path", "/a"], 2, ["--ws-path is for WebSocket"]),
    (["ws://127.0.0.1", "--sni", "a"], 2, ["--sni is for TLS"]),
    (["ws://127.0.0.1", "--ws-path", "a"], 2, ["--ws-path a: a path begins with a slash"]),
    (["wss://127.0.0.1/a", "--ws-path", "/b"], 2, ["--ws-path /b, and /a in the URL: which is it?"]),
    (["mqttspec-client", "--ca", "a"], 2, ["--ca is for brokers, not for a client"]),
    (["mqttspec-client", "--capture", "lo"], 2, ["--capture is for brokers, not for a client"]),
    (["mqttspec-client", "--ws-path", "/a"], 2, ["--ws-path is for brokers, not for a client"]),
    (["--exec", "true", "--transports", "all"], 2, ["a command line does not say what it speaks; name the transports"]),
    (["mqtt://127.0.0.1/mqtt"], 2, ["leave out /mqtt"]),
    (["mosquitto", CASE[:-3]], 2, ["no case matches", f'"{CASE}"']),
    (["nowhere.ini"], 2, ["nowhere.ini: No such file"]),
    (["--no-such-option"], 2, ["there is no option --no-such-option", "mqttspec run --help"]),
    (["--jobs", "many"], 2, ['--jobs takes a number from 1 to 256, not "many"']),
    (["--jobs"], 2, ["--jobs needs a value"]),
    (["--deadline", "0"], 2, ["--deadline takes a number from 1"]),
    (["--shard", "3/2"], 2, ['--shard takes I/N, where I is at most N, as in 2/4, not "3/2"']),
    (["--segment", "split:0"], 2, ["--segment takes whole,", '"split:0"']),
    (["--versions", "4"], 2, ['--versions takes 3.1.1, 5.0 or both, not "4"']),
    (["--seed", "x"], 2, ['--seed takes a number, not "x"']),
    (["--pcap", "some"], 2, ["--pcap takes failures, all or none"]),
    (["--color", "red"], 2, ["--color takes auto, always or never"]),
    (["-q", "-v"], 2, ["--quiet and --verbose do not go together"]),
    (["--transcript", "-j", "4"], 2, ["--transcript and --jobs do not go together"]),
    (["--no-fork", "-j", "4"], 2, ["--no-fork and --jobs do not go together"]),
    (["--serve", "--until-failure"], 2, ["--serve and --until-failure do not go together"]),
    (["--expect", "a.ini", "--strict"], 2, ["expectations come from one place"]),
    (["--expect", "nowhere.ini", CASE], 2, ["--expect nowhere.ini: there is no such file, and no target"]),
    (["ws://127.0.0.1:80/ä", CASE], 2, ["ws://127.0.0.1:80/ä: a path has visible ASCII characters alone"]),
])
def test_mistakes_are_named(run, tmp_path, args, code, words):
    done = run(*args)
    assert done.returncode == code and done.stdout == "", done
    for word in words:
        assert word in done.stderr
    assert len(done.stderr.splitlines()) <= 2


# ---- the folder for records


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(run, tmp_path):
    path = fake(tmp_path, "good")
    done = run(path, CASE, "--out", "/proc/no-such-folder/out")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"mqttspec run: /proc/no-such-folder/out: .+\n", done.stderr)


def test_two_runs_do_not_share_a_folder(run, tmp_path, env):
    with subprocess.Popen([PROGRAM, "run", "--anyway", "--out", "out", "mosquitto", "--serve"], cwd=tmp_path, env=env, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        first.stdout.readline()
        done = run("mosquitto", CASE)
        assert done.returncode == 2 and "another run writes to it" in done.stderr
        first.stdin.close()
        assert first.wait(20) == 0


# ---- targets that are not there


def test_nothing_listens(run, tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # taken, but nobody listens
        done = run("mqtt://127.0.0.1:%d" % s.getsockname()[1], CASE)
    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(r"mqttspec run: there is no connection to the target: .*: Connection refused\n", done.stderr)
    out = Out(tmp_path / "out")
    assert [line["type"] for line in out.lines] == ["run", "end"]
    assert out.end["not_run"] == 2 and "Connection refused" in out.end["stopped"]


def test_a_broken_target_file_is_named_with_its_line(run, tmp_path):
    (tmp_path / "my.ini").write_text("[target]\nname = Mine\ncomand = x\n")
    done = run("./my.ini")
    assert (done.returncode, done.stderr) == (
        2, "mqttspec run: ./my.ini:3: `comand`: there is no such name in [target]\n")


def test_a_program_that_is_not_installed(run, tmp_path):
    (tmp_path / "my.ini").write_text("[target]\nname = Mine\npackage = my-broker\ncommand = my-broker-x\n")
    done = run("my.ini", CASE)
    assert done.returncode == 3
    assert "Mine is not installed" in done.stderr and "install the package my-broker" in done.stderr


def test_a_program_that_exits_at_once(run, tmp_path):
    done = run(fake(tmp_path, "exits"), CASE)
    assert done.returncode == 3
    assert "Fake exited with status 4 before it was ready; its last words: fake says hello" in done.stderr


def test_a_version_that_is_not_served_is_inapplicable(run, tmp_path):
    done = run(fake(tmp_path, "good"), CASE, "--timeout", "300", "--patience", "0")
    verdicts = Out(tmp_path / "out").verdicts()
    assert verdicts[(CASE, "5.0")] == "inapplicable" and verdicts[(CASE, "3.1.1")] == "fail"
    assert done.returncode == 1


def test_a_version_that_the_file_leaves_out_is_not_asked_for_by_the_other(run, tmp_path):
    """This broker would answer; one that is silent would be waited for in vain."""
    run(without_shared(tmp_path, "5.0"), "between_versions_live", "--versions", "5.0")
    (case,) = Out(tmp_path / "out").of("case")
    assert (case["verdict"], case["note"]) == ("inapplicable", "the target does not serve the other version")


def test_when_no_version_is_served_nothing_was_played(run, tmp_path):
    done = run(fake(tmp_path, "good"), CASE, "--versions", "5.0")
    assert done.returncode == 3
    assert done.stdout.endswith("\nnothing was played: Fake does not serve MQTT 5.0, by its file\n"), done


# A broker that lets nobody in without a Keep Alive, which 3.1.4 leaves to it, and tells whom it has sent away.
WANTS_KEEP_ALIVE = """
[target]
name = wants a Keep Alive
command = /usr/bin/python3 {config} {port} HOW
versions = 3.1.1
ready_ms = 10000

[file broker.py]
content =
| import socket, sys, threading
| def serve(peer):
|     while data := peer.recv(4096):
|         kind = data[0] >> 4
|         if kind == 1 and data[10:12] == bytes(2):
|             print("sent away:", data[14:], flush=True)
|             if sys.argv[2] == "refuses":
|                 peer.send(bytes([0x20, 2, 0, 5]))
|             break
|         if kind == 1:
|             peer.send(bytes([0x20, 2, 0, 0]))
|         if kind == 8:
|             peer.send(bytes([0x90, 3, data[2], data[3], data[-1]]))
|         if kind == 3:
|             peer.send(data)
|         for _ in range(data.count(bytes([0xC0, 0]))):
|             peer.send(bytes([0xD0, 0]))
|     peer.close()
| listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
| while True:
|     threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


@pytest.mark.parametrize("how", ["closes", "refuses"])
def test_who_wants_a_keep_alive_gets_one(run, tmp_path, how):
    path = tmp_path / "broker.ini"
    path.write_text(WANTS_KEEP_ALIVE.replace("HOW", how))
    done = run(str(path), "pingreqs_one_by_one", "keep_alive_0", "bad_flags/pingreq_1", "malformed_connect/reserved_flag",
               "--timeout", "1000", "--patience", "0")
    assert done.stderr == "mqttspec run: MQTT 3.1.1: a Keep Alive of 0 is not accepted; all have 60 s instead\n", done
    cases = {c["id"]: c for c in Out(tmp_path / "out").of("case")}
    assert cases["keep_alive_0"]["verdict"] == "inapplicable"
    assert "refuses a Keep Alive of 0, which it may" in cases["keep_alive_0"]["note"]
    assert cases["pingreqs_one_by_one"]["verdict"] != "inconclusive", cases
    assert cases["bad_flags/pingreq_1"]["verdict"] == "fail"  # joined, and with a witness
    assert cases["malformed_connect/reserved_flag"]["verdict"] == "fail"  # let in
    sent_away = [line for line in (tmp_path / "out/target.log").read_text().splitlines() if "sent away" in line]
    assert sent_away and all("mqttspecprobe" in line for line in sent_away)


# ---- targets that misbehave


@pytest.mark.parametrize("behave, warned, code", [
    (lambda peer: None, "it did not answer CONNECT in time", 3),
    (lambda peer: peer.close(), "it closed the connection without an answer", 3),
    (lambda peer: peer.sendall(b"\xff" * 100), "is no CONNACK", 1),
    (lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "looks like HTTP", 3),  # half a PUBACK
], ids=["silent", "closing", "garbage", "http"])
def test_strange_targets_are_judged_in_bounded_time(run, tmp_path, behave, warned, code):
    with Server(behave) as server:
        done = run(server.url, "qos2", "--timeout", "1000", "--anyway")
    assert done.returncode == code, done
    assert ("could not be judged" in done.stdout.splitlines()[-1]) == (code == 3)
    assert warned in done.stderr and "warning" in done.stderr
    assert set(Out(tmp_path / "out").verdicts().values()) <= {"inconclusive", "fail"}


@pytest.mark.parametrize("jobs", ["1", "8"])
def test_a_target_that_dies_is_a_crash_and_is_launched_again(run, tmp_path, jobs):
    done = run(fake(tmp_path, "dies"), CASE, "--versions", "3.1.1", "--repeat", "3", "-j", jobs, "--timeout", "1000")
    assert done.returncode == 1, done
    out = Out(tmp_path / "out")
    cases = out.of("case")
    assert [c["verdict"] for c in cases] == ["crash"] * 3
    for c in cases:
        assert c["death"]["signal"] == signal.SIGSEGV and "fake says hello" in c["death"]["stderr_tail"]
        assert any("PUBLISH" in e["text"] for e in c["transcript"])
    assert len(out.of("death")) >= 3 and out.of("death")[0]["during"].startswith(CASE)
    assert "CRASH" in done.stdout


def test_what_our_own_questions_do_is_blamed_on_no_case_run(run, tmp_path):
    """The first checkup kills it, and is not repeated."""
    done = run(fake(tmp_path, "frail"), CASE, "--versions", "3.1.1", "-j", "1", "--timeout", "1000")
    assert done.returncode == 1, done
    out = Out(tmp_path / "out")
    assert [d["during"] for d in out.of("death")] == ["", CASE]
    assert out.verdicts()[CASE, "3.1.1"] == "crash"


def test_a_target_at_a_url_that_goes_away_ends_the_run(run, tmp_path):
    server = None

    def behave(peer):
        data = peer.recv(4096)
        if data:
            peer.sendall(bytes([0x20, 2, 0, 0]))
        if b"publisher" in data or b"subscriber" in data:
            server.listener.shutdown(socket.SHUT_RDWR)
            server.listener.close()
            peer.close()
    with Server(behave) as server:
        done = run(server.url, CASE, "--versions", "3.1.1", "--repeat", "3", "-j", "1", "--timeout", "1000")
    assert done.returncode == 3, done
    out = Out(tmp_path / "out")
    assert [c["verdict"] for c in out.of("case")] == ["crash"]
    assert out.end["not_run"] == 2
    assert out.end["stopped"] == "the target accepts no connections any more"


# ---- being stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_a_whole_record(run, tmp_path, env, number):
    target = fake(tmp_path, "good")
    with subprocess.Popen([PROGRAM, "run", "--anyway", "--out", "out", target, CASE, "--repeat", "500", "-j", "2"], cwd=tmp_path, env=env,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert "judges Fake" in process.stdout.readline()
        process.send_signal(number)
        stdout, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "stopped early: interrupted" in stdout
    out = Out(tmp_path / "out")
    assert out.end["stopped"] == "interrupted"
    assert out.end["not_run"] + len(out.of("case")) == out.of("run")[0]["planned"]


def test_an_interrupt_while_launching(run, tmp_path, env):
    (tmp_path / "slow.ini").write_text("[target]\nname = Slow\ncommand = sleep 60\nready_ms = 60000\n")
    with subprocess.Popen([PROGRAM, "run", "--anyway", "--out", "out", "slow.ini", CASE], cwd=tmp_path, env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_until(lambda: any(b"sleep 60" in each for each in strays(tmp_path)))
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130 and "interrupted" in stderr
    assert Out(tmp_path / "out").end["stopped"] == "interrupted"


def test_when_the_runner_is_killed_the_target_goes_too(tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    with subprocess.Popen([PROGRAM, "run", "--anyway", "--out", "out", fake(tmp_path, "good"), CASE, "--repeat", "500"], cwd=tmp_path,
                          env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert "judges Fake" in process.stdout.readline()
        assert len(strays(tmp_path)) >= 2
        process.kill()
    wait_until(lambda: strays(tmp_path) == [])


def test_the_deadline_is_kept(run, tmp_path):
    before = time.monotonic()
    done = run(fake(tmp_path, "good"), CASE, "--repeat", "500", "-j", "2", "--deadline", "1")
    assert time.monotonic() - before < 60  # of some minutes
    assert done.returncode == 3
    assert Out(tmp_path / "out").end["stopped"] == "deadline"


def test_fail_fast(run, tmp_path):
    done = run(fake(tmp_path, "good"), CASE, "--repeat", "50", "-j", "1", "--fail-fast", "--timeout", "300", "--patience", "0",
               "--versions", "3.1.1")
    assert done.returncode == 1
    out = Out(tmp_path / "out")
    assert len(out.of("case")) == 1 and out.end["not_run"] == 49


# ---- serving a driver


def test_requests_are_answered(run, tmp_path):
    what = ("mosquitto", CASE, "--segment", "whole,split:2")
    listed = run(*what, "--list").stdout.splitlines()
    assert len(listed) == 4
    requests = "".join(json.dumps({"key": key}) + "\n" for key in [*listed, "no such key", listed[0]])
    done = run(*what, "--serve", input=requests + "this is no JSON\n{}\nquit\n")
    assert done.returncode == 0, done
    plan, *answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["key"] for r in plan["runs"]] == listed
    assert {"id", "version", "segmentation", "title", "statements", "budget_ms"} <= set(plan["runs"][0])
    assert {a["key"] for a in answers if "error" in a} == {"no such key"}
    records = [a for a in answers if "error" not in a]
    assert sorted(r["key"] for r in records) == sorted([*listed, listed[0]])
    assert all(r["verdict"] == "pass" for r in records)
    assert "no JSON" in done.stderr and "without a `key`" in done.stderr
    assert len(Out(tmp_path / "out").of("case")) == len(listed) + 1


def test_a_served_failure_comes_with_its_text(run, tmp_path):
    request = json.dumps({"key": f"{CASE} 3.1.1 whole"})
    done = run(fake(tmp_path, "dies"), CASE, "--serve", "--timeout", "500", input=request)  # and no newline
    plan, answer = [json.loads(line) for line in done.stdout.splitlines()]
    assert plan["type"] == "plan" and answer["verdict"] == "crash" and answer["expected"] is False
    assert answer["text"].startswith("CRASH  " + CASE)
    assert done.returncode == 1
