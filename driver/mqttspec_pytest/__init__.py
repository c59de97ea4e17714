"""A pytest plugin that makes each case run of mqttspec a pytest item.

    pytest --mqtt-target mosquitto                  launch targets/mosquitto.ini and judge it
    pytest --mqtt-target mqtt://127.0.0.1:1883      judge what listens there
    pytest --mqtt-target libmosquitto               judge a client, by its target file ...
    pytest --mqtt-target=--client=./my-agent        ... or by its agent
    pytest --mqtt-target mosquitto -k "will and 5.0" -n 4 --junitxml=report.xml

-k, -x, -n, --lf, --junitxml and all else of pytest work as usual. Each pytest process (with -n, each
worker) starts one `mqttspec run TARGET --serve`, which launches its own target and plays all items.

An unexpected verdict fails its item, with the failure as `mqttspec run` shows it. A failure that the
target's file foresees is an xfail, an inapplicable case a skip with its reason.
"""
import json
import os
import pathlib
import select
import shutil
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
MARKER = HERE / "conformance.mqttspec"
START_S = 60     # for the target to be launched and the plan to come
CASE_S = 600     # beyond any case run's own deadline, and that of its second playing
STOP_S = 15


class ConformanceFailure(Exception):
    """A case run whose verdict was not expected; `record` is its line of the record."""

    def __init__(self, record):
        super().__init__(f"{record['id']} {record['version']}: {record['verdict']}")
        self.record = record


class Server:
    """One `mqttspec run TARGET --serve`, asked by lines of JSON."""

    def __init__(self, command):
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rest = b""
        self.answers = {}

    def line(self, limit_s):
        """The next line that the server prints, as an object."""
        deadline = time.monotonic() + limit_s
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            ready = select.select([self.process.stdout], [], [], max(left, 0))[0] if left > 0 else []
            chunk = os.read(self.process.stdout.fileno(), 1 << 16) if ready else None
            if chunk is None:
                raise RuntimeError(f"mqttspec did not answer within {limit_s} s")
            if not chunk:
                raise RuntimeError(f"mqttspec ended (exit code {self.process.wait(STOP_S)}); "
                                   f"it was started as: {' '.join(self.command)}")
            self.rest += chunk
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def plan(self):
        while True:
            answer = self.line(START_S)
            if answer.get("type") == "plan":
                return answer["runs"]

    def play(self, key):
        self.process.stdin.write(json.dumps({"key": key}).encode() + b"\n")
        self.process.stdin.flush()
        while key not in self.answers:
            answer = self.line(CASE_S)
            if "key" in answer:
                self.answers[answer["key"]] = answer
        return self.answers.pop(key)

    def stop(self):
        try:
            self.process.stdin.close()
            self.process.wait(STOP_S)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class CaseItem(pytest.Item):
    """One case run."""

    def __init__(self, *, run, server, **kwargs):
        super().__init__(**kwargs)
        self.run, self.server = run, server
        for statement in run.get("statements", []):
            self.user_properties.append(("statement", statement))

    def runtest(self):
        record = self.server.play(self.run["key"])
        for name in ("pcap", "wire"):
            if record.get(name):
                self.user_properties.append((name, record[name]))
        transcript = "\n".join(f"{e['at_us'] / 1000:9.3f} {e['peer']:<12} {e['direction']} {e['text']}"
                               for e in record.get("transcript", []))
        self.add_report_section("call", "transcript", transcript)
        if not record["expected"]:
            raise ConformanceFailure(record)
        if record["verdict"] == "inapplicable":
            pytest.skip(record.get("note") or "inapplicable")
        if record["verdict"] in ("fail", "crash"):
            pytest.xfail(record.get("foreseen", {}).get("reason") or "foreseen by the target's file")

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, ConformanceFailure):
            record = excinfo.value.record
            return record.get("text") or json.dumps(record, indent=2)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, 0, self.name


class ConformanceFile(pytest.File):
    """The marker file beside this plugin: a place in the tree of nodes for all case runs."""

    def collect(self):
        conformance = self.config.pluginmanager.get_plugin("mqttspec-conformance")
        for run in conformance.plan():
            way = [run["version"]]
            if run.get("transport", "tcp") != "tcp":
                way.append(run["transport"])
            if run.get("segmentation", "whole") != "whole":
                way.append(run["segmentation"])
            name = f"{run['id']}[{'-'.join(way)}]"
            yield CaseItem.from_parent(self, name=name, run=run, server=conformance.server)


class Conformance:
    """Lives as long as the pytest session, and owns the server."""

    def __init__(self, config):
        self.config = config
        self.server = None

    def command(self):
        option = self.config.getoption
        program = option("mqtt_program") or find_program(self.config.rootpath)
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        out = pathlib.Path(option("mqtt_out"))
        command = [program, "run", option("mqtt_target"), "--serve",
                   "--out", str(out / worker if worker else out)]
        if option("mqtt_versions"):
            command += ["--versions", option("mqtt_versions")]
        return command + option("mqtt_arg")

    def plan(self):
        try:
            self.server = Server(self.command())
            return self.server.plan()
        except (OSError, RuntimeError) as e:
            raise pytest.UsageError(str(e)) from e

    def pytest_collect_file(self, file_path, parent):
        if file_path == MARKER:
            return ConformanceFile.from_parent(parent, path=file_path)
        return None

    def pytest_unconfigure(self):
        if self.server:
            self.server.stop()


def find_program(root):
    for folder in ("build/release", "build/dev"):
        built = root / folder / "cli" / "mqttspec"
        if built.exists():
            return str(built)
    found = shutil.which("mqttspec")
    if not found:
        raise pytest.UsageError("there is no mqttspec on PATH: build it, or name it with --mqtt-program")
    return found


def pytest_addoption(parser):
    group = parser.getgroup("mqttspec", "MQTT conformance")
    group.addoption("--mqtt-target", metavar="TARGET",
                    help="judge this target (a URL, or the name of a target file): each case run is an item")
    group.addoption("--mqtt-versions", metavar="LIST", help="3.1.1, 5.0 or both, with a comma between")
    group.addoption("--mqtt-program", metavar="PATH", help="the mqttspec program to use")
    group.addoption("--mqtt-out", metavar="FOLDER", default="out", help="where captures and logs go")
    group.addoption("--mqtt-arg", metavar="ARG", action="append", default=[],
                    help="one more argument for `mqttspec run` (may be repeated)")


def pytest_configure(config):
    if not config.getoption("mqtt_target"):
        return
    config.pluginmanager.register(Conformance(config), "mqttspec-conformance")
    if config.args_source is not config.ArgsSource.ARGS:
        config.args[:] = [str(MARKER)]
