"""Ports of the loopback interface for programs that are told theirs, and whether somebody listens there."""
import contextlib
import random
import socket
import time

LIMIT_S = 60
FIRST, LEAST = 10000, 1000
ATTEMPTS = 1000
claims = []


def given():
    """The first and the last port that the system gives to whoever asks for any, as every connection does."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        return map(int, file.read().split())


def claimed(port):
    """Whether it is ours now: a name that only one process can have, until it ends. mqttspec takes the same."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0mqttspec port {port}")
    except OSError:
        claim.close()
        return False
    claims.append(claim)
    return True


def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return True
    return False


def free_port():
    """One where nobody listens, and that no other test is given."""
    first, last = given()
    some = range(FIRST, first) if first >= FIRST + LEAST else range(first, last + 1)
    for _ in range(ATTEMPTS):
        port = random.choice(some)
        if claimed(port) and is_free(port):
            return port
    raise AssertionError(f"no port is free, of {ATTEMPTS} from {some.start} to {some.stop - 1}")


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), LIMIT_S):
        return True
    return False


def wait_for_port(port, process, log=None):
    """Until this process listens there; `log` is the path of what it has to say when it does not."""
    deadline = time.monotonic() + LIMIT_S
    while not accepts(port):
        assert process.poll() is None and time.monotonic() < deadline, log and log.read_text()
        time.sleep(0.02)
