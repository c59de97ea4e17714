"""The broker under test: a process with a folder that outlives it."""
import os
import pathlib
import select
import signal
import subprocess
import time

LIMIT_S = 60
FILES = ["data.mdb", "journal-0", "journal-1"]  # of a store
MOST_BYTES = 64_000_000  # so small that the files of the journal are full after some turns


class Broken(Exception):
    """The broker did not start, or ended as it should not."""


class Server:
    def __init__(self, program, folder, lines=(), environment=None, most_bytes=MOST_BYTES):
        self.program, self.folder = str(program), pathlib.Path(folder)
        self.environment = environment or {}
        self.store = self.folder / "store"
        self.store.mkdir(parents=True, exist_ok=True)
        self.config, self.log = self.folder / "broker.conf", self.folder / "broker.log"
        self.config.write_text("\n".join(["listener 0 127.0.0.1", "allow_anonymous true", "persistence true",
                                          f"persistence_location {self.store}", "sys_interval 0",
                                          f"persistence_max_bytes {most_bytes}", *lines, ""]))
        self.process, self.port = None, None

    def start(self, **environment):
        """True once it listens; False if it ended before, with self.status."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "-c", str(self.config)], stdout=subprocess.PIPE, stderr=log,
                                            env={**os.environ, **self.environment, **environment})
        line, end_s = b"", time.monotonic() + LIMIT_S
        out = self.process.stdout
        while not line.endswith(b"\n"):
            if not select.select([out], [], [], max(0, end_s - time.monotonic()))[0]:
                self.kill()
                raise Broken(f"the broker does not listen after {LIMIT_S} s")
            data = os.read(out.fileno(), 100)
            if not data:
                self.wait()
                return False
            line += data
        self.port = int(line.split()[1])
        return True

    def wait(self):
        try:
            self.status = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Broken(f"the broker has not ended after {LIMIT_S} s") from None
        finally:
            self.process.stdout.close()
        self.process = None
        return self.status

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if not self.process:
            return
        self.process.send_signal(signal.SIGKILL)
        self.wait()

    def last_words(self):
        return self.log.read_text(errors="replace").splitlines()[-5:]
