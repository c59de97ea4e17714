"""`mqttspec targets`: what is known by name, what of it is there, and recipes that are run when somebody asks for it."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
LIMIT_S = 60
GOOD = 'echo "fetching $0"; mkdir -p "$MQTTSPEC_INSTALLED/good"; echo 1.2.3 >"$MQTTSPEC_INSTALLED/good/version"'
FILES = {
    "good.ini": "[target]\nname = Good one\ninstall = good\ncommand = {installed}/good\nversions = 3.1.1\n",
    "good-too.ini": "[target]\nname = Good client\ninstall = good\nagent = /bin/false {installed}\n",
    "packaged.ini": "[target]\nname = Packaged\npackage = some-package\ncommand = no-such-program-anywhere\n",
    "shell.ini": "[target]\nname = Shell\ncommand = sh -c true\nversion_command = echo shell 4.5\n"
                 "version_pattern = shell ([0-9.]+)\nversions = 5.0\n",
    "mute.ini": "[target]\nname = Mute agent\npackage = its-library\nagent = /bin/false\n",
    "elsewhere.ini": "[target]\nname = Elsewhere\nurl = mqtt://127.0.0.1:9\n",
    "lazy.ini": "[target]\nname = Lazy\ninstall = lazy\ncommand = {installed}/lazy\n",
    "failing.ini": "[target]\nname = Failing\ninstall = failing\ncommand = {installed}/failing\n",
    "slow.ini": "[target]\nname = Slow\ninstall = slow\ncommand = {installed}/slow\n",
    "unwritten.ini": "[target]\nname = Unwritten\ninstall = unwritten\ncommand = {installed}/unwritten\n",
}
RECIPES = {"good": GOOD, "lazy": "exit 0", "failing": "echo no registry >&2; exit 1",
           "slow": 'echo $$ >"$MQTTSPEC_INSTALLED/slow.pid"; echo begun; sleep 600'}


@pytest.fixture
def desk(tmp_path):
    """A folder of target files with recipes, and one to install into."""
    (tmp_path / "targets/install").mkdir(parents=True)
    (tmp_path / "installed").mkdir()
    for name, text in FILES.items():
        (tmp_path / "targets" / name).write_text(text)
    for name, script in RECIPES.items():
        recipe = tmp_path / "targets/install" / name
        recipe.write_text(f"#!/bin/sh\n{script}\n")
        recipe.chmod(0o755)
    return tmp_path


def environment(desk):
    return os.environ | {"MQTTSPEC_TARGETS": str(desk / "targets"), "MQTTSPEC_INSTALLED": str(desk / "installed")}


def targets(desk, *words):
    return subprocess.run([PROGRAM, "targets", *words], capture_output=True, text=True, timeout=LIMIT_S,
                          env=environment(desk), stdin=subprocess.DEVNULL)


def test_what_is_known_what_is_there_and_how_to_get_the_rest(desk):
    done = targets(desk)
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines() if line.startswith("  ")}
    assert lines == {
        "good": "broker 3.1.1 - Good one: mqttspec targets install good",
        "good-too": "client 3.1.1 5.0 - Good client: mqttspec targets install good-too",
        "packaged": "broker 3.1.1 5.0 - Packaged: install the package some-package",
        "shell": "broker 5.0 4.5 Shell",
        "mute": "client 3.1.1 5.0 - Mute agent: install the package its-library",
        "elsewhere": "broker 3.1.1 5.0 yes Elsewhere",
        "lazy": "broker 3.1.1 5.0 - Lazy: mqttspec targets install lazy",
        "failing": "broker 3.1.1 5.0 - Failing: mqttspec targets install failing",
        "slow": "broker 3.1.1 5.0 - Slow: mqttspec targets install slow",
        "unwritten": "broker 3.1.1 5.0 - Unwritten: mqttspec targets install unwritten",
    }
    assert done.stdout.endswith("\n10 targets, of which 2 are there\n")


def test_the_same_for_programs(desk):
    assert json.loads(targets(desk, "--json", "s*l*").stdout) == [
        {"name": "shell", "title": "Shell", "judged": "broker", "versions": ["5.0"], "there": True, "version": "4.5"},
        {"name": "slow", "title": "Slow", "judged": "broker", "versions": ["3.1.1", "5.0"], "there": False,
         "how": "mqttspec targets install slow"}]


@pytest.mark.parametrize("words, sentence", [
    (["targets"], "mqttspec targets: there is no target: no folder of target files lies beside the program, and "
                  "MQTTSPEC_TARGETS names none\n"),
    (["targets", "install", "good"], 'there is no target "good": no folder of target files lies beside'),
    (["run", "good"], "there is no target file mqttspec-broker.ini: no folder of target files lies beside"),
    (["bench", "good"], '"good" is no target (a URL, HOST:PORT or a file)\n')])
def test_a_program_without_its_folders_says_so(tmp_path, words, sentence):
    lone = shutil.copy(PROGRAM, tmp_path)
    done = subprocess.run([lone, *words], capture_output=True, text=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL,
                          env={name: value for name, value in os.environ.items() if name != "MQTTSPEC_TARGETS"})
    assert (done.returncode, done.stdout) == (2, "") and sentence in done.stderr


def test_a_folder_without_target_files_is_named(tmp_path):
    (tmp_path / "targets").mkdir()
    done = targets(tmp_path)
    assert (done.returncode, done.stdout) == (2, "") and f"there is no target in {tmp_path}/targets\n" in done.stderr


def test_a_file_that_cannot_be_read_hides_no_other(desk):
    (desk / "targets/broken.ini").write_text("[target]\nname = x\nsurprise = 1\n")
    done = targets(desk, "broken", "shell")
    assert done.returncode == 2 and "broken.ini:3: " in done.stderr and "shell" in done.stdout
    done = targets(desk, "install", "broken")
    assert done.returncode == 2 and "broken.ini:3: " in done.stderr and not done.stdout


def test_a_recipe_is_run_when_it_is_asked_for(desk):
    done = targets(desk, "install", "good-too")  # the name of a target leads to its recipe
    recipe = desk / "targets/install/good"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"good: {recipe}\nfetching {recipe}\n"
    assert "good      broker  3.1.1      1.2.3  Good one\n" in targets(desk, "good*").stdout
    assert (targets(desk, "install", "good", "good-too")).returncode == 0


@pytest.mark.parametrize("words, code, sentence", [
    (["install"], 2, "mqttspec targets: install takes the name of a target"),
    (["install", "good", "goood"], 2, 'there is no target "goood" in '),
    (["install", "packaged"], 2, "mqttspec targets: packaged has no recipe: install the package some-package"),
    (["install", "shell"], 2, "mqttspec targets: shell has no recipe"),
    (["install", "unwritten"], 3, "mqttspec targets: there is no recipe "),
    (["install", "failing", "good"], 3, "mqttspec targets: failing is not installed: the recipe ended with exit code 1"),
    (["install", "lazy"], 3, "mqttspec targets: Lazy is not installed: there is nothing in "),
    (["install", "slow", "--deadline", "1"], 3, "mqttspec targets: slow is not installed: the recipe took more than 1 s"),
    (["install", "slow", "--deadline", "0"], 2, 'mqttspec targets: --deadline takes a number of seconds'),
    (["shel"], 2, 'did you mean "shell"?'),
])
def test_mistakes_and_failures_are_told(desk, words, code, sentence):
    done = targets(desk, *words)
    assert done.returncode == code and sentence in done.stderr, done.stderr
    assert not (desk / "installed/good").exists()


def test_what_a_recipe_says_is_seen(desk):
    assert "\nno registry\n" in targets(desk, "install", "failing").stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_recipe_too(desk, number):
    with subprocess.Popen([PROGRAM, "targets", "install", "slow"], stdout=subprocess.PIPE, text=True,
                          env=environment(desk)) as running:
        assert running.stdout.readline().startswith("slow: ") and running.stdout.readline() == "begun\n"
        recipe = int((desk / "installed/slow.pid").read_text())
        running.send_signal(number)
        assert running.wait(LIMIT_S) == 130
    deadline = time.monotonic() + LIMIT_S
    while pathlib.Path(f"/proc/{recipe}/cmdline").exists() and time.monotonic() < deadline:
        time.sleep(0.01)  # whoever inherits it has to reap it
    assert not pathlib.Path(f"/proc/{recipe}").exists()


def test_a_client_that_is_not_installed_names_its_recipe(desk):
    for command in ("run", "agent-check"):
        done = subprocess.run([PROGRAM, command, "good-too", "--out", desk / "out"], capture_output=True, text=True,
                              timeout=LIMIT_S, env=environment(desk))
        assert done.returncode == 3
        assert f"Good client is not installed: there is nothing in {desk}/installed/good; run {desk}/targets/install/good" \
            in done.stderr
