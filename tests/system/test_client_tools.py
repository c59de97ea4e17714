"""mqttspec-client pub and sub where something is missing or does not last: a server that keeps closing, the time of
-W, passwords, and the files with default options.
"""
import os
import pathlib
import socket
import subprocess
import threading
import time

import pytest

from test_client import CLIENT, EXAMPLES, LIMIT_S, Broker, Lines

CONNACK = bytes.fromhex("20020000")
DISCONNECT = bytes.fromhex("e000")


def run(*arguments, config=None, home=None, data=b"", **more):
    """Exit code, output and errors; without defaults of whoever runs the tests."""
    variables = {"XDG_CONFIG_HOME": config, "HOME": home, **more}
    environment = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent", **{n: str(v) for n, v in variables.items() if v}}
    if home:
        del environment["XDG_CONFIG_HOME"]
    result = subprocess.run([CLIENT, *map(str, arguments)], input=data, capture_output=True, timeout=LIMIT_S,
                            env=environment)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


class Listener:
    """A server of one idea: `serve` gets each connection."""

    def __init__(self, serve):
        self.serve, self.times, self.kept = serve, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.times.append(time.monotonic())
            self.kept.append(connection)
            self.serve(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.kept:
            connection.close()


def accepts_and_closes(connection):
    connection.recv(1000)
    connection.sendall(CONNACK)
    connection.shutdown(socket.SHUT_WR)


def says_nothing(_connection):
    pass


# ---- connections that do not last

def test_sub_says_that_its_connection_was_lost():
    with Listener(accepts_and_closes) as server:
        sub = Lines(CLIENT, "sub", "-t", "a", "-p", server.port, "-h", "127.0.0.1")
        sub.wait_for("connection closed by the server; trying again", 3)
        sub.process.terminate()
        assert sub.end() == 0
    assert set(sub.lines) == {"mqttspec-client sub: connection closed by the server; trying again"}


def test_quiet_is_quiet_about_it():
    with Listener(accepts_and_closes) as server:
        assert run("sub", "-t", "a", "-p", server.port, "-h", "127.0.0.1", "-W", "1", "--quiet") == (27, "", "")


def test_pauses_grow_where_connections_are_accepted_and_lost():
    """50 ms, doubled up to 400, less up to a half."""
    with Listener(lambda c: (c.recv(1000), c.sendall(bytes.fromhex("2003000000")), c.close())) as server:
        relay = Lines(EXAMPLES / "example_relay", "o/t", "o/#", f"127.0.0.1:{server.port}")
        relay.wait_for("disconnected", 7)
        relay.process.kill()
        relay.end()
        pauses = [b - a for a, b in zip(server.times, server.times[1:])]
    assert all(pause >= 0.19 for pause in pauses[4:]), pauses


# ---- the time

@pytest.mark.parametrize("what, arguments", [("pub", ["-m", "x"]), ("sub", [])])
def test_the_time_counts_from_the_start(what, arguments):
    """A server without CONNACK is given up after ten seconds, with another code."""
    with Listener(says_nothing) as server:
        began = time.monotonic()
        code, out, errors = run(what, "-t", "a", "-h", "127.0.0.1", "-p", server.port, "-W", "1", *arguments)
        assert time.monotonic() - began >= 1
    assert (code, out, errors) == (27, "", f"mqttspec-client {what}: the time is over\n")


def test_the_time_ends_the_wait_for_an_acknowledgement():
    with Listener(lambda c: (c.recv(1000), c.sendall(CONNACK))) as server:
        code, _, errors = run("pub", "-t", "a", "-m", "x", "-q", "1", "-h", "127.0.0.1", "-p", server.port, "-W", "1")
        received = server.kept[0].recv(1000)
    assert code == 27 and "the time is over" in errors
    assert received.endswith(DISCONNECT)


def test_the_time_ends_the_wait_for_standard_input():
    reading, writing = os.pipe()
    try:
        result = subprocess.run([CLIENT, "pub", "-t", "a", "-s", "-W", "1"], stdin=reading, capture_output=True,
                                timeout=LIMIT_S, env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent"})
    finally:
        os.close(reading), os.close(writing)
    assert (result.returncode, result.stderr) == (27, b"mqttspec-client pub: the time is over\n")


def test_the_time_ends_the_look_up_of_a_name(tmp_path):
    (tmp_path / "slow.c").write_text("#include <unistd.h>\n#define _GNU_SOURCE\nint getaddrinfo(void);\n"
                                     "int getaddrinfo(void) { for (;;) pause(); }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "slow.so", tmp_path / "slow.c"], check=True)
    code, _, errors = run("sub", "-t", "a", "-h", "somewhere", "-W", "1", LD_PRELOAD=tmp_path / "slow.so",
                          ASAN_OPTIONS="verify_asan_link_order=0")
    assert (code, errors) == (27, "mqttspec-client sub: the time is over\n")


# ---- what there is not

MISSING = {"--psk": "keys that were shared before (PSK)", "--psk-identity": "keys that were shared before (PSK)",
           "--keyform": "engines of OpenSSL", "--tls-engine": "engines of OpenSSL",
           "--tls-engine-kpass-sha1": "engines of OpenSSL", "--proxy": "a SOCKS proxy"}


@pytest.mark.parametrize("what", ["pub", "sub"])
@pytest.mark.parametrize("option", MISSING)
def test_an_option_of_mosquitto_says_that_it_is_missing(what, option):
    assert run(what, "-t", "a", option, "secret") == \
        (1, "", f"mqttspec-client {what}: {option} needs {MISSING[option]}, which this client does not have\n")


# ---- secrets

def test_a_url_that_is_wrong_shows_no_password():
    for url in ("https://me:hunter2@host/t", "mqtt://me:hunter2@host", "mqtts://me:hunter2@host:x/t"):
        code, out, errors = run("sub", "-L", url)
        assert code == 1 and not out and errors.count("\n") == 1 and "hunter2" not in errors


@pytest.mark.parametrize("arguments", [["-P", "hunter2", "-u", "me", "-t", "a"], ["-u", "me", "-t", "a", "-P", "hunter2"],
                                       ["-L", "mqtt://me:hunter2@127.0.0.1:{port}/a"]])
def test_a_password_is_wiped_from_the_command_line(arguments):
    with Listener(says_nothing) as server:
        words = [word.format(port=server.port) for word in arguments]
        process = subprocess.Popen([CLIENT, "sub", "-h", "127.0.0.1", "-p", str(server.port), *words, "-V", "5"],
                                   env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent"})
        try:
            deadline = time.monotonic() + LIMIT_S
            while not server.kept:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            server.kept[0].settimeout(LIMIT_S)
            sent = server.kept[0].recv(1000)
            seen = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        finally:
            process.kill()
            process.wait()
    assert b"hunter2" in sent and b"me" in sent
    assert b"hunter2" not in seen and b"\0sub\0" in seen


def refusal_of(tmp_path, content):
    (tmp_path / "password").write_bytes(content)
    with Listener(lambda c: (c.sendall(CONNACK), )) as server:
        return run("pub", "-h", "127.0.0.1", "-p", server.port, "-t", "a", "-m", "x", "-u", "me", "--password-file",
                   tmp_path / "password", "-W", 5), server.kept[0].recv(100000) if server.kept else b""


@pytest.mark.parametrize("content, password", [
    (b"hunter2\n", b"hunter2"), (b"hunter2", b"hunter2"), (b"hunter2\r\nmore\n", b"hunter2"), (b" h\0x \n", b" h\0x "),
    (b"x" * 65535 + b"\n", b"x" * 65535)], ids=["line", "file", "first", "odd", "long"])
def test_a_password_from_a_file(tmp_path, content, password):
    result, sent = refusal_of(tmp_path, content)
    assert result == (0, "", "")
    assert len(password).to_bytes(2, "big") + password in sent


@pytest.mark.parametrize("content, text", [(b"", "the first line is empty"), (b"\nhunter2\n", "the first line is empty"),
                                           (b"x" * 65536, "the first line is too long")],
                         ids=["nothing", "empty", "long"])
def test_a_file_without_a_password(tmp_path, content, text):
    (code, out, errors), sent = refusal_of(tmp_path, content)
    assert code == 1 and errors.startswith(f"mqttspec-client pub: {tmp_path}/password: {text}") and not sent
    code, _, errors = run("pub", "-t", "a", "-m", "x", "--password-file", tmp_path / "none")
    assert (code, errors) == (1, f"mqttspec-client pub: {tmp_path}/none: No such file or directory\n")


def test_a_value_glued_to_a_wrong_option_is_not_shown():
    for word in ("-Phunter2", "--pw=hunter2", "--password=hunter2"):
        code, _, errors = run("pub", "-t", "a", "-m", "x", word)
        assert code == 1 and "hunter2" not in errors and word.split("=")[0][:2] in errors


# ---- files with defaults

@pytest.fixture
def broker(tmp_path):
    b = Broker(tmp_path, "mqttspec", None, "allow_anonymous true")
    yield b
    b.end()


def written(folder, name, *lines):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(line + "\n" for line in lines))
    return folder


def test_defaults_are_read_where_mosquitto_has_them(broker, tmp_path):
    config = written(tmp_path / "config", "mosquitto_pub", "# where to", "", f"-p {broker.port}", "-t a/b", "-r",
                     "-m two  words", "-V 5", "-D publish user-property name two words\r")
    written(tmp_path / "home/.config", "mosquitto_sub", f"-p {broker.port}", "-t a/#", "-C 1", "-V 5", "-W 20")
    assert run("pub", config=config) == (0, "", "")
    assert run("sub", "-F", "%t|%p|%P", home=tmp_path / "home") == (0, "a/b|two  words|name:two words\n", "")


def test_both_programs_read_a_file_alike(broker, tmp_path):
    config = written(tmp_path, "mosquitto_pub", f"-p {broker.port}", " -t a/b", "#-m other", "-m  two  words ", "-r")
    for program in ([CLIENT, "pub"], ["mosquitto_pub"]):
        subprocess.run(program, env={**os.environ, "XDG_CONFIG_HOME": str(config)}, check=True, timeout=LIMIT_S)
        assert run("sub", "-t", "#", "-p", broker.port, "-C", "1", "-v", "-W", "20")[1] == "a/b  two  words \n"


def test_the_command_line_wins(broker, tmp_path):
    config = written(tmp_path, "mosquitto_pub", "--unix /nonexistent", "-p 1", "-t other", "-m other", "-i other",
                     "-V 311", "-q 2")
    assert run("pub", "-p", broker.port, "-t", "a", "-s", "-r", "-I", "mine", "-q", "1", "-D", "publish", "content-type",
               "text", data=b"said", config=config) == (0, "", "")
    written(tmp_path, "mosquitto_sub", f"-p {broker.port}", "-t a", "-R", "-C 1", "-W 20", "-V 5")
    written(tmp_path, "mosquitto_pub", "-V 311")
    assert run("sub", "--retained-only", "-F", "%p %C", config=tmp_path) == (0, "said text\n", "")


@pytest.mark.parametrize("line, says", [
    ("-p hunter2", "-p takes 1 to 65535, not what is there"),
    ("-q hunter2", "-q takes 0 to 2, not what is there"),
    ("-V hunter2", "-V takes 5, mqttv5, 311 or mqttv311, not what is there"),
    ("-x hunter2", "-x takes 0 to 4294967295, -1 or \u221e, not what is there"),
    ("-t hunter2#", "-t: what is there is no Topic Filter"),
    ("--password hunter2", "this is no option; --help shows them"),
    ("-Phunter2", "this is no option; --help shows them"),
    ("-P", "-P lacks its value"),
    ("-v hunter2", "-v takes no value"),
    ("--help", "--help is no default"),
    ("-D", "-D takes a packet, a property and its value"),
    ("-D connect hunter2 x", "-D: there is no property like what is there"),
    ("--psk hunter2", "--psk needs keys that were shared before (PSK), which this client does not have"),
    ("-L mqtt://me:hunter2@host", "-L: what is there has no topic"),
])
def test_a_bad_line_is_named_and_not_shown(line, says, tmp_path):
    written(tmp_path, "mosquitto_sub", "# by hand", "", "-k 30", line, "-t b")
    assert run("sub", config=tmp_path) == (1, "", f"mqttspec-client sub: {tmp_path}/mosquitto_sub:4: {says}\n")


def test_help_needs_no_good_file(tmp_path):
    written(tmp_path, "mosquitto_sub", "nonsense")
    code, out, errors = run("sub", "--help", config=tmp_path)
    assert code == 1 and "mosquitto_sub" in out and not errors


def test_a_file_that_is_none_is_named(tmp_path):
    (tmp_path / "mosquitto_pub").mkdir()
    code, _, errors = run("pub", "-t", "a", "-m", "x", config=tmp_path)
    assert code == 1 and errors == f"mqttspec-client pub: {tmp_path}/mosquitto_pub: Is a directory\n"
