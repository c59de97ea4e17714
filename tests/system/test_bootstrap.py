"""What script/bootstrap says and does where it cannot install: tools are taken away, never added for real."""
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ["cc", "cmake", "cat", "dirname", "id", "ld", "as", "mosquitto", "ninja", "pkg-config", "python3", "sed", "sh"]


@pytest.fixture
def bootstrap(tmp_path):
    """Runs script/bootstrap with TOOLS alone on the PATH, but for `without`, and with what `more` writes there."""
    def run(mode, without=(), more=()):
        folder = tmp_path / "bin"
        folder.mkdir()
        for tool in set(TOOLS) - set(without):
            (folder / tool).symlink_to(shutil.which(tool))
        for name, text in dict(more).items():
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / name).chmod(0o755)
        return subprocess.run([ROOT / "script/bootstrap", mode], env={**os.environ, "PATH": str(folder)},
                              capture_output=True, text=True, timeout=60)
    return run


NO_RIGHTS = {"id": "echo 1000", "dpkg-query": "exit 1", "apt-get": "echo apt-get was called >&2; exit 9"}


def test_another_system_that_has_everything(bootstrap):
    run = bootstrap("run")
    assert run.returncode == 0 and run.stderr == "", run


@pytest.mark.parametrize("tool, package", [("cmake", "cmake"), ("ninja", "ninja-build"), ("cc", "gcc libc6-dev")])
def test_another_system_that_lacks_something(bootstrap, tool, package):
    run = bootstrap("run", without=[tool])
    assert run.returncode == 1, run
    assert "no Debian system" in run.stderr and run.stderr.splitlines()[-1] == package


def test_a_library_that_is_missing(bootstrap):
    run = bootstrap("run", more={"pkg-config": '[ "$2" != libuv ]'})
    assert run.returncode == 1 and run.stderr.splitlines()[-1] == "libuv1-dev", run


@pytest.mark.parametrize("more", [{}, NO_RIGHTS])
def test_without_mosquitto_it_goes_on(bootstrap, more):
    run = bootstrap("run", without=["mosquitto"], more=more)
    assert run.returncode == 0, run
    assert "only the target mosquitto needs it" in run.stderr and "apt-get" not in run.stderr


def test_neither_root_nor_sudo(bootstrap):
    run = bootstrap("run", without=["ninja"], more=NO_RIGHTS)
    assert run.returncode == 1, run
    assert "without being root or having sudo" in run.stderr and run.stderr.splitlines()[-1] == "ninja-build"


def test_the_tests_need_it_all(bootstrap):
    run = bootstrap("test")
    assert run.returncode == 1 and "tshark" in run.stderr, run


def test_a_wrong_word(bootstrap):
    run = bootstrap("everything")
    assert run.returncode == 2 and "it takes run, test or package" in run.stderr, run
