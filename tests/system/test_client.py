"""mqttspec-client beside mosquitto's clients: the same command lines, output and exit codes; the examples of
the library; and what a connection that comes and goes does to them."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from ports import free_port, wait_for_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
CLIENT = BUILD / "client" / "mqttspec-client"
EXAMPLES = BUILD / "client" / "examples"
LIMIT_S = 30


class Broker:
    """The included broker, or mosquitto, on a free port or on one that was free."""

    def __init__(self, tmp_path, name, port=None, *lines):
        self.port = port or free_port()
        config = tmp_path / f"{name}-{self.port}.conf"
        config.write_text("\n".join([f"listener {self.port} 127.0.0.1", *lines]) + "\n")
        program = BUILD / "broker" / "mqttspec-broker" if name == "mqttspec" else "/usr/sbin/mosquitto"
        self.log = open(tmp_path / f"{name}-{self.port}.log", "ab")
        self.process = subprocess.Popen([program, "-c", config], stdout=self.log, stderr=self.log)
        wait_for_port(self.port, self.process)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LIMIT_S)
        self.log.close()


@pytest.fixture(params=["mqttspec", "mosquitto"])
def broker(request, tmp_path):
    b = Broker(tmp_path, request.param, None, "allow_anonymous true")
    yield b
    b.end()


@pytest.fixture(params=["mqttspec", "mosquitto"])
def closed_broker(request, tmp_path):
    b = Broker(tmp_path, request.param, None, "allow_anonymous false")
    yield b
    b.end()


def command(who, what):
    return [f"mosquitto_{what}"] if who == "mosquitto" else [CLIENT, what]


def run(who, what, *arguments, data=b""):
    result = subprocess.run([*command(who, what), *map(str, arguments)], input=data, capture_output=True,
                            timeout=LIMIT_S, env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent"})
    return result.returncode, result.stdout, result.stderr


def subscriber(who, broker, *arguments):
    """A sub that has its subscription."""
    process = subprocess.Popen([*map(str, ["stdbuf", "-oL"] if who == "mosquitto" else []), *command(who, "sub"),
                                "-p", str(broker.port), "-d", *map(str, arguments)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               bufsize=0)   # nothing may be read ahead: communicate would not see it
    process.early = b""     # retained messages may come before SUBACK
    for line in process.stdout:
        if line.startswith(b"Subscribed"):
            return process
        process.early += line
    raise AssertionError(process.stderr.read())


def rest_of(process):
    """Exit code and output, without the lines of -d."""
    out, _ = process.communicate(timeout=LIMIT_S)
    return process.returncode, re.sub(rb"Client \S+ (sending|received) [^\n]*\n", b"", process.early + out)


def same(what, *arguments, data=b"", output=True):
    """Both programs say the same; on errors the sentences are each program's own."""
    theirs, ours = (run(who, what, *arguments, data=data) for who in ("mosquitto", "mqttspec"))
    assert ours[0] == theirs[0], (theirs, ours)
    if output:
        # In a session that goes on ours begins where an identifier of the last process is not likely to be.
        shown = [re.sub(rb"([Mm]id: |, m)\d+", rb"\1N", out) if {"-c", "--disable-clean-session"} & {*arguments} else out
                 for _, out, _ in (ours, theirs)]
        assert shown[0] == shown[1]
    assert bool(ours[2]) == bool(theirs[2]), (theirs, ours)
    return ours


# ---- pub

@pytest.mark.parametrize("arguments", [
    ["-m", "x"],
    ["-m", "x", "-q", "1"],
    ["-m", "x", "-q", "2"],
    ["-m", "x", "-r"],
    ["-m", ""],
    ["-n", "-q", "1", "-r"],
    ["-f", "FILE"],
    ["-f", "EMPTY"],
    ["-m", "x", "--repeat", "3"],
    ["-m", "x", "--repeat", "2", "--repeat-delay", "0.1", "-q", "1"],
    ["-m", "x", "-k", "5", "-u", "u", "-P", "p"],
    ["-m", "x", "--will-topic", "w", "--will-payload", "gone", "--will-qos", "1", "--will-retain"],
    ["-m", "x", "-c"],
    ["-m", "x", "-M", "1"],
    ["-m", "x", "--quiet", "--nodelay"],
    ["--message", "x", "--qos", "1", "--retain", "--keepalive", "30", "--disable-clean-session"],
])
@pytest.mark.parametrize("version", ["311", "mqttv5"])
def test_pub_sends_the_same_packets(broker, tmp_path, arguments, version):
    (tmp_path / "file").write_bytes(b"a\0b\nc")
    (tmp_path / "empty").write_bytes(b"")
    arguments = [{"FILE": tmp_path / "file", "EMPTY": tmp_path / "empty"}.get(a, a) for a in arguments]
    code, out, _ = same("pub", "-p", broker.port, "-t", "a/b", "-i", "me", "-d", "-V", version, *arguments)
    assert code == 0 and b"sending PUBLISH" in out


@pytest.mark.parametrize("arguments", [
    ["publish", "content-type", "text"],
    ["PUBLISH", "user-property", "k", "v", "-D", "publish", "user-property", "k", "w"],
    ["publish", "message-expiry-interval", "10"],
    ["publish", "payload-format-indicator", "1"],
    ["publish", "response-topic", "r", "-D", "publish", "correlation-data", "c"],
    ["connect", "receive-maximum", "1"],
    ["connect", "maximum-packet-size", "1000"],
    ["disconnect", "user-property", "a", "b"],
    ["will", "will-delay-interval", "1", "--will-topic", "w"],
    ["subscribe", "user-property", "a", "b"],
    ["connect", "session-expiry-interval", "60"],
])
def test_pub_takes_properties(broker, arguments):
    sub = subscriber("mosquitto", broker, "-V", "5", "-t", "a", "-C", "2", "-F", "%C|%P|%E|%F|%R|%D|%p", "-W", "10")
    code, _, _ = same("pub", "-p", broker.port, "-t", "a", "-i", "me", "-d", "-m", "x", "-D", *arguments)
    assert code == 0
    code, out = rest_of(sub)
    lines = out.splitlines()
    assert code == 0 and len(lines) == 2 and lines[0] == lines[1]


@pytest.mark.parametrize("mode, data", [
    ("-l", b"one\ntwo\n\nthree"), ("-l", b"one\n"), ("-l", b""), ("-s", b"one\ntwo\n"), ("-s", b""),
    ("-l", b"x" * 100000 + b"\n" + b"y" * 70000), ("-l", b"line\n" * 3000),
], ids=["lines", "one line", "no line", "all", "nothing", "long lines", "many lines"])
@pytest.mark.parametrize("qos", ["0", "1"])
def test_pub_reads_standard_input(broker, mode, data, qos):
    arguments = ["-p", broker.port, "-t", "a", "-i", "me", "-q", qos, mode]
    if len(data) < 100:
        arguments.append("-d")
    # With -l at QoS 1 the acknowledgements mix with the lines as they come.
    same("pub", *arguments, data=data, output=qos == "0" or mode == "-s")


def test_pub_reads_lines_of_a_file(broker, tmp_path):
    (tmp_path / "lines").write_bytes(b"one\ntwo\n")
    sub = subscriber("mqttspec", broker, "-t", "a", "-C", "2", "-q", "1", "-W", "10")
    with open(tmp_path / "lines", "rb") as lines:
        subprocess.run([CLIENT, "pub", "-p", str(broker.port), "-t", "a", "-l", "-q", "1"], stdin=lines, check=True,
                       timeout=LIMIT_S)
    assert rest_of(sub) == (0, b"one\ntwo\n")


@pytest.mark.parametrize("what, arguments", [
    ("pub", []),
    ("pub", ["-t", "a"]),
    ("pub", ["-m", "x"]),
    ("pub", ["-t", "a/#", "-m", "x"]),
    ("pub", ["-t", "", "-m", "x"]),
    ("pub", ["-t", "a", "-m", "x", "-n"]),
    ("pub", ["-t", "a", "-m", "x", "-q", "3"]),
    ("pub", ["-t", "a", "-m", "x", "-p", "0"]),
    ("pub", ["-t", "a", "-m", "x", "-p", "65536"]),
    ("pub", ["-t", "a", "-m", "x", "-V", "7"]),
    ("pub", ["-t", "a", "-m", "x", "-k", "4"]),
    ("pub", ["-t", "a", "-m", "x", "-c"]),
    ("pub", ["-t", "a", "-m", "x", "-x", "abc"]),
    ("pub", ["-t", "a", "-m", "x", "-i", ""]),
    ("pub", ["-t", "a", "-m", "x", "-i", "a", "-I", "b"]),
    ("pub", ["-t", "a", "-m", "x", "-P", "secret"]),
    ("pub", ["-t", "a", "-m", "x", "--will-payload", "w"]),
    ("pub", ["-t", "a", "-m", "x", "--will-topic", "w/+"]),
    ("pub", ["-t", "a", "-m", "x", "--will-topic", "w", "--will-qos", "3"]),
    ("pub", ["-t", "a", "-m", "x", "--nonsense"]),
    ("pub", ["-t", "a", "-f", "/nonexistent"]),
    ("pub", ["-t", "a", "-m"]),
    ("pub", ["-t", "a", "-m", "x", "-D", "publish", "content-type"]),
    ("pub", ["-t", "a", "-m", "x", "-D", "publish", "nonsense", "x"]),
    ("pub", ["-t", "a", "-m", "x", "-D", "nonsense", "content-type", "x"]),
    ("pub", ["-t", "a", "-m", "x", "-D", "publish", "session-expiry-interval", "5"]),
    ("pub", ["-L", "http://127.0.0.1/a", "-m", "x"]),
    ("pub", ["-L", "mqtt://127.0.0.1", "-m", "x"]),
    ("sub", []),
    ("sub", ["-t", "a#"]),
    ("sub", ["-t", "a", "-C", "0"]),
    ("sub", ["-t", "a", "-W", "0"]),
    ("sub", ["-t", "a", "-c"]),
    ("sub", ["-t", "a", "-T", "b#"]),
    ("sub", ["-t", "a", "-U", "b#"]),
    ("sub", ["-t", "a", "-F", "%z"]),
    ("sub", ["-t", "a", "-F", "%"]),
    ("sub", ["-t", "a", "-F", "@"]),
    ("sub", ["-t", "a", "-F", "\\"]),
    ("sub", ["-t", "a", "-F", "\\q"]),
    ("sub", ["-t", "a", "-m", "x"]),
    ("sub", ["-t", "a", "-R", "--retained-only"]),
    ("sub", ["-U", "a"]),
])
def test_bad_usage_ends_alike(what, arguments):
    code, out, err = same(what, *arguments, output=False)
    assert code == 1 and not out and err.startswith(f"mqttspec-client {what}: ".encode())


@pytest.mark.parametrize("what, arguments", [("pub", ["-m", "x"]), ("sub", [])])
def test_a_server_that_is_not_there(what, arguments):
    code, _, err = same(what, "-p", free_port(), "-t", "a", *arguments)
    assert code == 1 and b"refused" in err
    assert same(what, "-h", "name.invalid", "-t", "a", *arguments)[0] == 1
    assert same(what, "-p", free_port(), "-t", "a", "--quiet", "-h", "127.0.0.1", *arguments, output=False)[0] == 1


@pytest.mark.parametrize("what, arguments", [("pub", ["-m", "x"]), ("sub", [])])
@pytest.mark.parametrize("version, expected", [("311", 5), ("5", 135)])
def test_a_refusal_is_the_exit_code(closed_broker, what, arguments, version, expected):
    common = ["-p", closed_broker.port, "-t", "a", "-V", version]
    assert same(what, *common, *arguments)[0] == expected
    assert run("mqttspec", what, *common, "--quiet", *arguments) == (expected, b"", b"")


@pytest.mark.parametrize("what", ["pub", "sub"])
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_exit_alike(what, option):
    theirs, ours = (run(who, what, option) for who in ("mosquitto", "mqttspec"))
    assert ours[0] == theirs[0] and not ours[2] and ours[1]


def test_help_names_every_option_that_is_read():
    source = (ROOT / "client" / "tool" / "option.c").read_text()
    found = re.findall(r'\{ (NULL|"-\w"), (NULL|"--[\w-]+"), O_(?!MISSING)\w+, \w+, (\w+), ', source)
    assert len(found) > 40
    for brief, full, kinds in found:
        for what in {"BOTH_KINDS": ("pub", "sub"), "COMMAND_PUB": ("pub",), "COMMAND_SUB": ("sub",)}[kinds]:
            text = run("mqttspec", what, "--help")[1].decode()
            page = (ROOT / "docs" / "man" / f"mqttspec-client-{what}.1").read_text().replace("\\-", "-")
            for option in (brief, full):
                if option not in ("NULL", '"--nodelay"'):
                    assert option.strip('"') in text, (what, option)
                if option != "NULL":
                    assert option.strip('"') in page, (what, option)


def test_the_program_itself():
    for arguments, code in ((["--help"], 0), (["--version"], 0), ([], 2), (["nonsense"], 2)):
        assert subprocess.run([CLIENT, *arguments], capture_output=True, timeout=LIMIT_S).returncode == code


def test_a_url_says_it_all(broker):
    sub = subscriber("mqttspec", broker, "-t", "#", "-C", "2", "-v", "-W", "10")
    code, out, _ = same("pub", "-L", f"mqtt://u:p@127.0.0.1:{broker.port}/x/y/z", "-m", "hello", "-d", "-i", "me")
    assert code == 0
    assert rest_of(sub) == (0, b"x/y/z hello\nx/y/z hello\n")


# ---- sub

MESSAGES = [["-t", "m/a", "-m", "plain"], ["-t", "m/b", "-m", "again", "-q", "2"], ["-t", "m/c", "-n"],
            ["-t", "m/x/d", "-m", "\u00e4\u20ac", "-q", "1"], ["-t", "m/e", "-m", "{\"a\": [1, 2]}"], ["-t", "m/end", "-m", "end"]]


@pytest.mark.parametrize("arguments", [
    [], ["-v"], ["-N"], ["-v", "-N"], ["-q", "1"], ["-q", "2", "-v"],
    ["-T", "m/b"], ["-T", "m/x/#", "-T", "+/a", "-v"],
    ["-F", "%t %q %r %l %m [%p] %x %X %%"],
    ["-F", "%20t|%-20t|%.3t|%08l|%-8l|%20p|%-20p"],
    ["-F", "@@ \\n\\t\\\\ @Y", "-N"],
])
@pytest.mark.parametrize("version", ["311", "5"])
def test_sub_prints_the_same(broker, arguments, version):
    count = 6 - (arguments.count("m/b") + 2 * arguments.count("m/x/#"))
    processes = [subscriber(who, broker, "-t", "m/#", "-V", version, "-C", count, "-W", "10", *arguments)
                 for who in ("mosquitto", "mqttspec")]
    for message in MESSAGES:
        assert run("mosquitto", "pub", "-p", broker.port, *message)[0] == 0
    theirs, ours = map(rest_of, processes)
    if "2" in arguments:    # messages of QoS 2 are shown at PUBLISH by one, at PUBREL by the other
        theirs, ours = ((code, sorted(out.splitlines())) for code, out in (theirs, ours))
    assert ours == theirs
    assert ours[0] == 0 and ours[1]


@pytest.mark.parametrize("form", [
    "%A|%C|%D|%E|%F|%P|%R|%S|%%|@@|\\\\|\\n\\t\\a\\e\\r\\0|",
    "%8C|%-8C|%.1C|%8R|%.1R|%08E|%-8E|%3F|%03F|%05S|%5A|%04A|%-4A|%020p|%-20p",
    "%j", "%J",
])
def test_sub_shows_properties_the_same(broker, form):
    processes = [subscriber(who, broker, "-t", "m", "-V", "5", "-q", "1", "-C", "1", "-W", "10", "-F", form, "-D",
                            "subscribe", "subscription-identifier", "7") for who in ("mosquitto", "mqttspec")]
    properties = ["content-type ct", "correlation-data cd", "message-expiry-interval 100",
                  "payload-format-indicator 1", "response-topic rt", "user-property k v", "user-property k2 v2"]
    arguments = [word for p in properties for word in ["-D", "publish", *p.split()]]
    assert run("mqttspec", "pub", "-p", broker.port, "-t", "m", "-m", "{\"a\":1}", "-q", "1", *arguments)[0] == 0
    theirs, ours = map(rest_of, processes)
    hide_time = re.compile(rb'"tst":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z[+-]\d{4}"')
    assert hide_time.sub(b"", ours[1]) == hide_time.sub(b"", theirs[1])
    assert ours[0] == theirs[0] == 0


@pytest.mark.parametrize("form, pattern", [
    ("%I", rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}\n"), ("%U", rb"\d{10}\.\d{9}\n"), ("@N", rb"\d{9}\n"),
    ("%30I|%-30I|", rb" {6}\d\S+\|\d\S+ {6}\|\n"),
])
def test_sub_tells_the_time_alike(broker, form, pattern):
    processes = [subscriber(who, broker, "-t", "m", "-C", "1", "-W", "10", "-F", form)
                 for who in ("mosquitto", "mqttspec")]
    assert run("mqttspec", "pub", "-p", broker.port, "-t", "m", "-m", "x")[0] == 0
    for process in processes:
        code, out = rest_of(process)
        assert code == 0 and re.fullmatch(pattern, out), out


@pytest.mark.parametrize("arguments", [
    ["-W", "1"],
    ["-W", "1", "-R"],
    ["-C", "1", "-W", "5"],
    ["-C", "2", "-W", "5", "-v", "-F", "%r %t %p"],
    ["--remove-retained", "-W", "1"],
])
def test_sub_and_retained_messages(broker, arguments):
    outcomes = []
    for who in ("mosquitto", "mqttspec"):
        for topic in ("r/1", "r/2"):
            assert run("mosquitto", "pub", "-p", broker.port, "-t", topic, "-m", topic, "-r", "-q", "1")[0] == 0
        outcomes.append(run(who, "sub", "-p", broker.port, "-t", "r/#", "-q", "1", *arguments)[:2])
        left = run("mosquitto", "sub", "-p", broker.port, "-t", "r/#", "-W", "1", "-C", "2")[0]
        outcomes.append(left)
    assert outcomes[0] == outcomes[2] and outcomes[1] == outcomes[3]


def test_sub_ends_behind_the_retained_ones(broker):
    assert run("mqttspec", "pub", "-p", broker.port, "-t", "r/1", "-m", "kept", "-r", "-q", "1")[0] == 0
    processes = [subscriber(who, broker, "-t", "r/#", "--retained-only", "-W", "10") for who in ("mosquitto", "mqttspec")]
    assert run("mqttspec", "pub", "-p", broker.port, "-t", "r/2", "-m", "fresh")[0] == 0
    theirs, ours = map(rest_of, processes)
    assert ours == theirs == (0, b"kept\n")


@pytest.mark.parametrize("arguments", [
    ["-E"], ["-E", "-t", "b", "-q", "1"], ["-E", "-U", "x"], ["-W", "1"], ["-W", "1", "-U", "a"], ["-E", "-c", "-q", "1"],
])
@pytest.mark.parametrize("version", ["311", "5"])
def test_sub_sends_the_same_packets(broker, arguments, version):
    same("sub", "-p", broker.port, "-t", "a/+", "-d", "-i", "me", "-V", version, *arguments)


@pytest.mark.parametrize("version, expiry", [("311", []), ("5", []), ("5", ["-x", "60"])])
def test_a_session_waits_for_its_owner(broker, version, expiry):
    common = ["-p", broker.port, "-t", "s/#", "-i", "sleeper", "-c", "-q", "1", "-V", version, *expiry]
    outcomes = []
    for who in ("mosquitto", "mqttspec"):
        assert run(who, "sub", *common, "-E")[0] == 0
        for n in range(3):
            assert run("mqttspec", "pub", "-p", broker.port, "-t", f"s/{n}", "-m", n, "-q", "1")[0] == 0
        outcomes.append(run(who, "sub", *common, "-C", "3", "-W", "5", "-v")[:2])
    assert outcomes[0] == outcomes[1] == (0, b"s/0 0\ns/1 1\ns/2 2\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_sub_in_order(broker, number):
    watcher = subscriber("mqttspec", broker, "-t", "w", "-W", "1")
    sub = subscriber("mqttspec", broker, "-t", "a", "--will-topic", "w", "--will-payload", "gone")
    sub.send_signal(number)
    assert rest_of(sub) == (0, b"")
    assert rest_of(watcher) == (27, b"")   # DISCONNECT has taken the Will away


def test_a_killed_client_leaves_its_will(broker):
    watcher = subscriber("mqttspec", broker, "-t", "w", "-C", "1", "-W", "10", "-F", "%q %r %p", "-q", "1")
    sub = subscriber("mqttspec", broker, "-t", "a", "--will-topic", "w", "--will-payload", "gone", "--will-qos", "1")
    sub.kill()
    rest_of(sub)
    assert rest_of(watcher) == (0, b"1 0 gone\n")


# ---- the library, by its examples

class Lines:
    """A program whose output is read as it comes."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.lines, self.news = [], threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line.rstrip("\n"))
                self.news.notify()

    def wait_for(self, wanted, count=1):
        with self.news:
            found = lambda: sum(wanted in line for line in self.lines) >= count
            assert self.news.wait_for(found, LIMIT_S), (wanted, self.lines)

    def say(self, *lines):
        for line in lines:
            self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(LIMIT_S)
        self.reader.join(LIMIT_S)
        self.process.stdout.close()
        return code


def test_blocking_examples(broker):
    sub = Lines(EXAMPLES / "example_subscribe", f"mqtt://127.0.0.1:{broker.port}", "e/#", 3)
    sub.wait_for("subscribed")
    assert subprocess.run([EXAMPLES / "example_publish", f"127.0.0.1:{broker.port}", "e/1", "one"],
                          timeout=LIMIT_S).returncode == 0
    for name in ("two", "three"):
        assert run("mosquitto", "pub", "-p", broker.port, "-t", "e/1", "-m", name, "-D", "publish", "user-property",
                   "k", "v")[0] == 0
    assert sub.end() == 0
    assert sub.lines == ["subscribed", "e/1: one", "e/1: two", "  k = v", "e/1: three", "  k = v"]


def test_blocking_calls_say_what_is_wrong(closed_broker):
    def publish(server):
        result = subprocess.run([EXAMPLES / "example_publish", server, "a", "b"], capture_output=True, text=True,
                                timeout=LIMIT_S)
        return result.returncode, result.stderr.strip()

    assert publish(f"127.0.0.1:{free_port()}") == (1, "no server could be reached")
    assert publish(f"127.0.0.1:{closed_broker.port}") == (1, "Not authorized")
    assert publish("ftp://x") == (2, "ftp://x: only mqtt://, mqtts://, ws://, wss:// and unix: are supported")
    assert publish("x:y")[0] == 2


def test_a_silent_server_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        result = subprocess.run([EXAMPLES / "example_publish", f"127.0.0.1:{listener.getsockname()[1]}", "a", "b"],
                                capture_output=True, text=True, timeout=LIMIT_S)
    assert (result.returncode, result.stderr.strip()) == (1, "no answer in time")


def test_a_server_that_breaks_the_rules_is_left():
    """PINGRESP in the place of CONNACK: DISCONNECT 0x82, and the end of the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sub = Lines(CLIENT, "sub", "-p", listener.getsockname()[1], "-t", "a", "-V", "5", "-h", "127.0.0.1")
        connection = listener.accept()[0]
        assert connection.recv(1000)[0] == 0x10
        connection.sendall(b"\xd0\x00")
        assert connection.recv(1000) == b"\xe0\x01\x82"
        assert connection.recv(1000) == b""
        connection.close()
        assert sub.end() == 1
        assert sub.lines == [f"mqttspec-client sub: 127.0.0.1 port {listener.getsockname()[1]}: is this an MQTT server? "
                             "a packet before CONNACK (5.0:MQTT-3.2.0-1)"]


def test_messages_wait_for_a_server(tmp_path):
    port = free_port()
    relay = Lines(EXAMPLES / "example_relay", "o/t", "o/#", f"127.0.0.1:{port}")
    relay.wait_for("disconnected", 2)
    relay.say("one", "two", "three")
    broker = Broker(tmp_path, "mqttspec", port, "allow_anonymous true")
    relay.wait_for("published 3: success")
    relay.wait_for("message three")
    assert relay.end() == 0
    assert [line for line in relay.lines if line.startswith("message")] == ["message one", "message two", "message three"]
    broker.end()


def test_the_queue_is_bounded():
    relay = Lines(EXAMPLES / "example_relay", "o/t", "o/#", f"127.0.0.1:{free_port()}")
    relay.say(*(str(n) for n in range(101)))
    relay.wait_for("refused: the queue is full")
    assert sum("queue is full" in line for line in relay.lines) == 1
    relay.process.kill()
    relay.end()


def test_it_comes_back_and_subscribes_again(tmp_path):
    """The server's session is lost with the server, and the client makes its subscription again."""
    broker = Broker(tmp_path, "mqttspec", None, "allow_anonymous true")
    relay = Lines(EXAMPLES / "example_relay", "o/t", "o/#", f"127.0.0.1:{broker.port}")
    relay.wait_for("subscribed")
    relay.say("before")
    relay.wait_for("message before")
    broker.end()
    relay.wait_for("disconnected: disconnected by the server: Server shutting down")
    relay.say("between")
    broker = Broker(tmp_path, "mqttspec", broker.port, "allow_anonymous true")
    relay.wait_for("connected", 2)
    relay.wait_for("published 2: success")
    relay.say("behind")
    relay.wait_for("message behind")
    assert relay.end() == 0
    assert relay.lines.count("subscribed") == 1
    assert "connected, session goes on" not in relay.lines
    broker.end()


def test_it_goes_on_with_its_session(tmp_path):
    """A broken connection, by way of a relay that cuts it."""
    broker = Broker(tmp_path, "mqttspec", None, "allow_anonymous true")
    with Cutter(broker.port) as cutter:
        relay = Lines(EXAMPLES / "example_relay", "o/t", "o/#", f"127.0.0.1:{cutter.port}")
        relay.wait_for("subscribed")
        for n in range(3):
            relay.say(f"m{n}")
            relay.wait_for(f"message m{n}")
            cutter.cut()
            relay.wait_for("connected, session goes on", n + 1)
        assert relay.end() == 0
        assert [line for line in relay.lines if line.startswith("message")] == ["message m0", "message m1", "message m2"]
    broker.end()


class Cutter:
    """Passes bytes on, until told to cut all connections."""

    def __init__(self, port):
        self.to, self.sockets = port, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.cut()

    def accept(self):
        while True:
            try:
                one = self.listener.accept()[0]
            except OSError:
                return
            other = socket.create_connection(("127.0.0.1", self.to), LIMIT_S)
            self.sockets += [one, other]
            for a, b in ((one, other), (other, one)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for s in self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sockets.clear()


def test_it_tries_several_servers(tmp_path):
    brokers = [Broker(tmp_path, "mqttspec", None, "allow_anonymous true") for _ in range(2)]
    relay = Lines(EXAMPLES / "example_relay", "o/t", "o/#", f"127.0.0.1:{free_port()}",
                  *(f"127.0.0.1:{b.port}" for b in brokers))
    relay.wait_for("subscribed")
    brokers[0].end()
    relay.wait_for("connected", 2)
    relay.say("hello")
    relay.wait_for("message hello")
    assert relay.end() == 0
    assert relay.lines[0].startswith("disconnected: connection refused")
    brokers[1].end()


def test_pauses_grow():
    """Between the attempts at a server that is not there: 50 ms, doubled up to 400, less up to a half."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relay = Lines(EXAMPLES / "example_relay", "o/t", "o/#", f"127.0.0.1:{listener.getsockname()[1]}")
        times = []
        for _ in range(7):
            listener.accept()[0].close()
            times.append(time.monotonic())
        relay.process.kill()
        relay.end()
    pauses = [b - a for a, b in zip(times, times[1:])]
    assert pauses[0] < 0.3
    assert all(pause >= 0.19 for pause in pauses[3:]), pauses
    assert len({round(pause, 3) for pause in pauses[3:]}) > 1   # not all alike
