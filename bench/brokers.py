"""The brokers that bench/run and bench/restart play with: how each is told what it is to do, its process, and the
load generator beside it.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
RUN_S = 240
START_S = 10

# MEMORY, UNSYNCED: the included broker without a store, and with one that is not synced
RELAY, OURS, MOSQUITTO, BOUND, UNSYNCED, MEMORY = "relay", "mqttspec", "mosquitto", "bound", "unsynced", "memory"
OURS_BROKER = BUILD / "broker" / "mqttspec-broker"
LOAD = BUILD / "cli" / "mqttspec"
SCHEMES = {"tcp": "mqtt", "tls": "mqtts", "ws": "ws", "wss": "wss"}
WITNESS = BUILD / "bench" / "libmqttspec-witness.so"
QUEUES = "max_queued_messages 1000000\nmax_queued_bytes 1000000000\n"
PERSISTENCE = {
    OURS: "persistence_sync full\n",
    UNSYNCED: "persistence_sync none\n",
    MOSQUITTO: "autosave_interval 1\nautosave_on_changes true\n",
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    def __init__(self, name, command, core, extra=None):
        """`extra`: variables of its environment."""
        self.name = name
        self.process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **(extra or {})})

    def wait(self, port, limit_s=START_S):
        """Until it accepts a connection; False if it does not."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def stop(self, limit_s=10):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def make_certificate(folder):
    """A key and a certificate that nobody has to trust."""
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2",
                           "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"bench: openssl makes no certificate: {made.stderr.strip()}")
    (folder / "key.pem").chmod(0o644)  # mosquitto reads it after it has dropped root's rights


def listener(transport, port, folder):
    """In the words that both brokers read."""
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true"]
    if transport in ("ws", "wss"):
        lines.append("protocol websockets")
    if transport in ("tls", "wss"):
        lines += [f"certfile {folder / 'cert.pem'}", f"keyfile {folder / 'key.pem'}"]
    return "\n".join(lines) + "\n"


def mosquitto_words(transport):
    # Debian 12's does not start unless one of its listeners is for MQTT as such.
    beside = f"listener {free_port()} 127.0.0.1\n" if transport in ("ws", "wss") else ""
    user = "user root\n" if os.geteuid() == 0 else ""  # or it could not write to the folder of its store
    return beside + user + "log_dest none\nmax_inflight_messages 100\nset_tcp_nodelay true\n"


def command(name, words, config):
    """Of a broker that reads `words` from the file `config`."""
    config.write_text(words)
    if name == MOSQUITTO:
        return [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", config]
    return [OURS_BROKER, "-q", "-c", config]


def bench_command(arguments, transport, port):
    """mqttspec bench against a port of this machine. Any certificate will do, and what it has stored is left."""
    trust = ["--insecure"] if transport in ("tls", "wss") else []
    return [LOAD, "bench", f"{SCHEMES[transport]}://127.0.0.1:{port}", *arguments, *trust, "--leave", "--quiet",
            "--memory", "1048576", "--json", "-"]


def load(arguments, transport, port, pid, core, limit_s=RUN_S, is_broker=True):
    """What the load generator says, or {"error": why it does not, or what promise was broken}; the relay makes none."""
    command = [*bench_command(arguments, transport, port), "--pid", str(pid)]
    try:
        run = subprocess.run(["taskset", "-c", str(core), *command], capture_output=True, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {limit_s} s"}
    if not run.stdout:
        return {"error": run.stderr.strip() or f"exit code {run.returncode}"}
    result, = json.loads(run.stdout)["results"]
    for fault in result["broken"] if is_broker else []:
        return {"error": f"{fault['statement']}: {fault['text']}"}
    return {"error": result["error"]} if "error" in result else result
