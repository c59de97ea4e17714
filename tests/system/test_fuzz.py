"""mqttspec fuzz: each oracle sees a server that has its fault (fragile.py), and none sees one that has not."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
HERE = pathlib.Path(__file__).resolve().parent


def fuzz(*args, **kwargs):
    kwargs.setdefault("timeout", 240)
    return subprocess.run([PROGRAM, "fuzz", *map(str, args)], capture_output=True, text=True, **kwargs)


def fragile(folder, fault, more=""):
    path = folder / f"fragile-{fault}.ini"
    path.write_text(f"[target]\nname = fragile\ncommand = {sys.executable} {HERE}/fragile.py {{port}} {fault}\n"
                    f"versions = 3.1.1, 5.0\nready_ms = 20000\n{more}")
    return path


def exchange(folder):
    """A PUBLISH with both QoS bits set, after a CONNECT: what brings each fault of fragile.py about."""
    path = folder / "trigger"
    path.write_text("open 1 5.0\n"
                    "send 1 10 14 00 04 4D 51 54 54 05 02 00 00 00 00 07 66 7A 30 30 30 30 61\n"
                    "await 1 CONNACK\n"
                    "send 1 damaged 36 06 00 01 61 00 01 00\n")
    return path


def folders(out):
    return sorted(p.name for p in (out / "finds").iterdir())


@pytest.mark.parametrize("fault, word", [
    ("crash", "death: "), ("hang", "harm: "), ("busy", "busy: "), ("harm", "harm: "),
    ("illegal", "illegal: "), ("astray", "illegal: to a client that keeps every rule: "), ("report", "report: ")])
def test_a_played_exchange_shows_the_fault(tmp_path, fault, word):
    done = fuzz(fragile(tmp_path, fault), "--play", exchange(tmp_path), "--out", tmp_path / "out", "--answer", 3)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(f"^{word}", done.stdout, re.M), done.stdout


def test_a_played_exchange_shows_nothing_of_a_good_server(tmp_path):
    done = fuzz(fragile(tmp_path, "none"), "--play", exchange(tmp_path), "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing is shown" in done.stdout
    assert "CONNACK" in done.stdout


def test_a_crash_is_found_cut_down_and_kept(tmp_path):
    out, life = tmp_path / "out", tmp_path / "life"
    target = fragile(tmp_path, "crash", f"environment = FRAGILE_LIFE={life}\n")
    done = fuzz(target, "--time", "60s", "--finds", 1, "--seed", 1, "--out", out, "--corpus", tmp_path / "corpus")
    assert done.returncode == 1, done.stdout + done.stderr
    assert life.read_text().splitlines()[-1] == "aborts", "it was launched once more, though nothing was played any more"
    assert folders(out) == ["01-death"]
    found = out / "finds/01-death"
    steps = [line for line in (found / "exchange").read_text().splitlines() if not line.startswith("#")]
    assert len(steps) <= 4, steps
    assert "replayed: 3 of 3 times" in (found / "about").read_text()
    assert "signal 6" in (found / "about").read_text()
    assert (found / "capture.pcapng").stat().st_size > 200
    assert "PUBLISH" in (found / "transcript").read_text() or "malformed" in (found / "transcript").read_text()
    assert (found / "connection-1").exists() or (found / "connection-2").exists()
    assert list((tmp_path / "corpus").glob("*.exchange"))
    again = fuzz(target, "--play", found / "exchange", "--out", tmp_path / "again")
    assert again.returncode == 1, again.stdout
    assert "death: signal 6" in again.stdout


# Of the others, "report" and "illegal" are also those of the next tests, and "crash" that of the one before.
CHEAP = [("astray", "illegal")]
LONG = [("illegal", "illegal"), ("report", "report"), ("harm", "harm"), ("hang", "harm"), ("busy", "busy"),
        ("memory", "memory"), ("descriptors", "descriptors")]


@pytest.mark.parametrize("fault, word", CHEAP + [pytest.param(*case, marks=pytest.mark.nightly) for case in LONG])
def test_each_fault_is_found_cut_down_and_shown_again(tmp_path, fault, word):
    out = tmp_path / "out"
    done = fuzz(fragile(tmp_path, fault), "--time", "3m", "--finds", 1, "--out", out, "--answer", 5,
                "--memory", 1, "--look", 2, timeout=900)
    assert done.returncode == 1, done.stdout + done.stderr
    assert folders(out) == [f"01-{word}"]
    about = (out / f"finds/01-{word}/about").read_text()
    assert "replayed: 3 of 3 times" in about
    steps, before = map(int, re.search(r"steps: (\d+), of (\d+) before", about).groups())
    assert steps <= min(before, 6), about


def test_what_is_told_only_at_the_end_is_found(tmp_path):
    """LeakSanitizer reports when a program ends; which exchange it was, is found by ending it after each."""
    out = tmp_path / "out"
    done = fuzz(fragile(tmp_path, "leak"), "--time", 2, "--out", out)
    assert done.returncode == 1, done.stdout + done.stderr
    assert folders(out) == ["01-report"]
    about = (out / "finds/01-report/about").read_text()
    assert "LeakSanitizer" in about and "replayed: 3 of 3 times" in about
    again = fuzz(fragile(tmp_path, "leak"), "--play", out / "finds/01-report/exchange", "--out", tmp_path / "again")
    assert again.returncode == 1 and "LeakSanitizer" in again.stdout, again.stdout + again.stderr


def test_a_login_is_given_and_never_kept(tmp_path):
    """The trigger of the fault needs a connection that was let in."""
    out = tmp_path / "out"
    target = fragile(tmp_path, "illegal", "user = me\npassword = s3cret-of-mine\n")
    target.write_text(target.read_text().replace("{port} illegal", "{port} illegal me s3cret-of-mine"))
    done = fuzz(target, "--time", "60s", "--finds", 1, "--out", out)
    assert done.returncode == 1, done.stdout + done.stderr
    assert folders(out) == ["01-illegal"]
    kept = [path for path in out.rglob("*") if path.is_file()]
    assert len(kept) >= 6
    assert [path.name for path in kept if b"s3cret" in path.read_bytes()] == []
    assert "password (14 bytes)" in (out / "finds/01-illegal/transcript").read_text()
    again = fuzz(target, "--play", out / "finds/01-illegal/exchange", "--out", tmp_path / "again")
    assert again.returncode == 1 and "illegal: a second CONNACK" in again.stdout
    assert "s3cret" not in again.stdout + done.stdout


@pytest.mark.parametrize("scheme, words", [
    ("wss", ["mqttspec-broker"]), ("tls", ["--client", f"{BUILD}/client/mqttspec-client agent"])])
def test_damage_goes_over_any_transport(tmp_path, scheme, words):
    done = fuzz(*words, "--transport", scheme, "--versions", "5.0", "--time", 3, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"exchanges, [1-9]\d* packets", done.stdout), done.stdout


def test_finds_of_an_earlier_run_stay(tmp_path):
    target, out = fragile(tmp_path, "report"), tmp_path / "out"
    (out / "finds/07-death").mkdir(parents=True)
    done = fuzz(target, "--time", "60s", "--finds", 1, "--out", out)
    assert done.returncode == 1, done.stdout + done.stderr
    assert folders(out) == ["07-death", "08-report"]


def test_a_signal_ends_it_while_a_target_hangs(tmp_path):
    log = tmp_path / "out/target.log"
    process = subprocess.Popen([PROGRAM, "fuzz", fragile(tmp_path, "hang"), "--play", exchange(tmp_path), "--answer", "600",
                                "--out", tmp_path / "out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not (log.exists() and "hanging" in log.read_text()):
        assert process.poll() is None and time.monotonic() < until, "it has not come to hang"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err


def test_a_corpus_is_for_one_side(tmp_path):
    corpus = tmp_path / "corpus"
    done = fuzz(fragile(tmp_path, "none"), "--time", 1, "--corpus", corpus, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (corpus / "about").read_text().startswith("a corpus of exchanges with a server\n")
    done = fuzz("--client", f"{BUILD}/client/mqttspec-client agent", "--corpus", corpus, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert f"{corpus}/about does not say: a corpus of exchanges with a client" in done.stderr


def test_it_ends_well_when_it_is_interrupted(tmp_path):
    process = subprocess.Popen([PROGRAM, "fuzz", fragile(tmp_path, "none"), "--time", "0", "--out", tmp_path / "out"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "seed" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "exchanges" in out


def test_a_rate_is_kept(tmp_path):
    started = time.monotonic()
    done = fuzz(fragile(tmp_path, "none"), "--time", "2", "--rate", "50", "--seed", "4", "--out", tmp_path / "out")
    packets = int(re.search(r"(\d+) packets", done.stdout).group(1))
    # What had begun when the rate was reached is played to its end, and each slot has begun one.
    assert packets < 50 * (time.monotonic() - started) + 16 * 20


@pytest.mark.parametrize("args, sentence", [
    (["nowhere"], "is no target"), (["mosquitto", "--time", "1d"], "--time takes"),
    (["mosquitto", "--not", "MQTT-0.0.0-0"], "there is no statement"),
    (["mosquitto", "--jobs", "0"], "--jobs takes a number from 1 to 64"), ([], "it takes one TARGET"),
    (["mosquitto", "--client", "agent"], "without a TARGET")])
def test_bad_usage_is_told(tmp_path, args, sentence):
    done = fuzz(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_bad_exchange_is_told_with_its_line(tmp_path):
    bad = tmp_path / "bad"
    bad.write_text("open 1 5.0\nsend 1 1G\n")
    done = fuzz(fragile(tmp_path, "none"), "--play", bad, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert f"{bad}: line 2: \"1G\" is no byte of two hexadecimal digits" in done.stderr


def test_a_bad_file_in_the_corpus_is_told(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/00000000000000ff.exchange").write_text("open 1\n")
    done = fuzz(fragile(tmp_path, "none"), "--corpus", tmp_path / "corpus", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "00000000000000ff.exchange: line 1: here goes a version" in done.stderr


def test_the_included_client_bears_damaged_packets(tmp_path):
    done = fuzz("--client", f"{BUILD}/client/mqttspec-client agent", "--time", "4", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"exchanges, [1-9]\d* packets", done.stdout)) == 2
