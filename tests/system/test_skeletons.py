"""The skeletons of agents that docs/AGENT.md shows: they keep the contract, and the page shows them as they are."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
SKELETONS = ROOT / "docs/skeletons"
INSTALLED = pathlib.Path(os.environ.get("MQTTSPEC_INSTALLED", pathlib.Path.home() / ".local/share/mqttspec/targets"))
LIMIT_S = 300

NONSENSE = ["", "connect, please", '{"do":"sync","id":900', "[]", "42", "null", '{"id":900}', '{"do":5,"id":900}',
            '{"do":"publish","id":900,"payload":"","qos":0,"retain":false}',
            '{"do":"publish","id":900,"topic":"a","payload":"","qos":"1","retain":false}',
            '{"do":"publish","id":900,"topic":"a","payload_hex":"abc","qos":0,"retain":false}',
            '{"do":"subscribe","id":900}', '{"do":"subscribe","id":900,"filters":"a"}', '{"do":"disconnect","id":900}',
            '{"do":"connect","id":900,"host":"127.0.0.1","version":"3.1.1","client_id":"a","clean_start":true}']


def built(*command, cwd=None):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=LIMIT_S, cwd=cwd)
    return result.returncode == 0, result.stdout + result.stderr


def python(folder):
    return f"/usr/bin/python3 {SKELETONS}/agent.py"


def python_paho2(folder):
    interpreter = INSTALLED / "paho-python2/venv/bin/python3"
    if not interpreter.exists():
        pytest.skip("Paho 2 is not installed: mqttspec targets install paho-python2")
    return f"{interpreter} {SKELETONS}/agent.py"


def c(folder):
    if not pathlib.Path("/usr/include/MQTTClient.h").exists():
        pytest.skip("libpaho-mqtt-dev is not installed")
    command = next(line[3:].strip() for line in (SKELETONS / "agent.c").read_text().splitlines() if " *\tcc " in line)
    command = command.replace("MQTTSPEC", str(ROOT)).replace("agent.c ", f"{SKELETONS}/agent.c ", 1)
    ok, said = built("sh", "-c", f"{command} -std=gnu17 -Wall -Wextra -Werror -o {folder}/agent")
    assert ok, said
    return folder / "agent"


def go(folder):
    if not shutil.which("go"):
        pytest.skip("Go is not installed")
    ok, said = built("go", "mod", "download", cwd=SKELETONS / "go")
    if not ok:
        pytest.skip(f"the modules of the skeleton in Go cannot be had: {said.strip().splitlines()[-1]}")
    ok, said = built("go", "build", "-o", folder / "agent", ".", cwd=SKELETONS / "go")
    assert ok, said
    return folder / "agent"


NOT_OF_DEBIAN = pytest.param(python_paho2, marks=pytest.mark.nightly)
COMPILED_LONG = pytest.param(go, marks=pytest.mark.nightly)  # it compiles its standard library first


@pytest.fixture(scope="module", params=[python, NOT_OF_DEBIAN, c, COMPILED_LONG], ids=lambda make: make.__name__)
def agent(request, tmp_path_factory):
    return str(request.param(tmp_path_factory.mktemp("agent")))


def test_a_skeleton_keeps_the_contract(agent, tmp_path):
    result = subprocess.run([BUILD / "cli/mqttspec", "agent-check", agent, "--versions", "3.1.1", "--out", tmp_path, "-v"],
                            capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 0, result.stdout + result.stderr
    passed, = re.findall(r"^(\d+) passed, 0 failed", result.stdout, re.M)
    assert int(passed) >= 13, result.stdout


def test_a_skeleton_bears_nonsense(agent):
    """The checks for it are made in 5.0."""
    lines = [*NONSENSE, '{"do":"levitate","id":901}', '{"do":"sync","id":902,"tomorrow":[1]}']
    result = subprocess.run(agent, shell=True, input="\n".join(lines) + "\n", capture_output=True, text=True,
                            timeout=LIMIT_S)
    said = [json.loads(line) for line in result.stdout.splitlines()]
    assert [e["event"] for e in said] == ["hello", *["error"] * len(NONSENSE), "unsupported", "synced"]
    for line, event in zip(lines, said[1:]):
        number = re.search(r'"id":(\d+).*\}', line)
        assert event.get("id") == (int(number.group(1)) if number else None), (line, event)
    assert result.returncode == 0


def test_the_page_shows_what_is_there():
    page = (ROOT / "docs/AGENT.md").read_text()
    shown = {language: re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S) for language in ("python", "c", "go")}
    assert shown["python"] == [(SKELETONS / "agent.py").read_text()]
    for language, name in (("c", "agent.c"), ("go", "go/agent.go")):
        assert shown[language] and all(part in (SKELETONS / name).read_text() for part in shown[language])
