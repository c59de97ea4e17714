"""The client as a library: an installed tree is moved, and the examples are compiled against what is there,
with both libraries, by pkg-config and by find_package. Nothing but the functions of the header is exported.
"""
import re
import shlex
import subprocess

import pytest

from ports import free_port
from test_client import BUILD, CLIENT, LIMIT_S, ROOT, Broker, Lines

EXAMPLES = ROOT / "client" / "examples"
MAP = ROOT / "client" / "library" / "mqttspec_client.map"
VERSION = re.search(r"project\(mqttspec VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
MAJOR, MINOR, _ = map(int, VERSION.split("."))
WARNINGS = ["-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]

# A program has functions of its own, by names that are also inside the library.
NAMESAKES = """
#include <stdlib.h>
void arena_init(void), buf_add(void), connection_open(void), engine_new(void), message_new(void);
void arena_init(void) { abort(); }
void buf_add(void) { abort(); }
void connection_open(void) { abort(); }
void engine_new(void) { abort(); }
void message_new(void) { abort(); }
"""

# keeper SERVER VERSION [ADOPT [BRIEFLY]]: subscribes where there is no session yet, else prints what has waited for it.
KEEPER = """
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <mqttspec_client.h>

static bool resumed;

static void connected(void *context, bool session_present, const struct mqttspec_properties *properties)
{
	(void)context, (void)properties;
	resumed = session_present;
}

int main(int argc, char **argv)
{
	struct mqttspec_property expiry = { .id = MQTTSPEC_SESSION_EXPIRY_INTERVAL, .number = 1000 };
	struct mqttspec_subscription subscription = { .filter = "k/#", .qos = 1 };
	const struct mqttspec_message *message;
	struct mqttspec_options o;
	char error[256];

	signal(SIGPIPE, SIG_IGN);
	mqttspec_options_default(&o);
	o.servers = (const char *const[]){ argv[1] };
	o.server_count = 1;
	o.version = (uint8_t)atoi(argv[2]);
	o.client_id = "keeper";
	o.keep_session = true;
	o.pause_min_ms = 1;
	o.properties = &expiry;
	o.property_count = o.version == 5;
	o.callbacks.connected = connected;
	if (argc > 3)
		o.adopt_session = atoi(argv[3]);
	struct mqttspec_client *c = mqttspec_client_new(&o, NULL, error, sizeof(error));
	int result = mqttspec_connect(c, argc > 4 ? 100 : 20000);
	puts(result ? mqttspec_result_text(result) : resumed ? "resumed" : "new");
	if (!result && !resumed)
		result = mqttspec_subscribe_wait(c, &subscription, 1, NULL, 20000);
	else if (!result && !(result = mqttspec_receive(c, &message, 20000)))
		printf("%.*s\\n", (int)message->payload_len, (const char *)message->payload);
	if (!result)
		result = mqttspec_disconnect_wait(c, 20000);
	mqttspec_client_free(c);
	return result ? 1 : 0;
}
"""

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C)
find_package(mqttspec_client {version} REQUIRED)
foreach(example publish subscribe)
  add_executable(shared_${{example}} {examples}/${{example}}.c)
  target_link_libraries(shared_${{example}} PRIVATE mqttspec_client::mqttspec_client)
  add_executable(static_${{example}} {examples}/${{example}}.c)
  target_link_libraries(static_${{example}} PRIVATE mqttspec_client::static)
endforeach()
"""


def cached(name):
    found = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    return found.group(1) if found else ""


COMPILER = cached("CMAKE_C_COMPILER")
INSTRUMENTED = (["-fsanitize=address,undefined"] if cached("MQTTSPEC_SANITIZE") == "ON" else []) + \
    (["--coverage"] if cached("MQTTSPEC_COVERAGE") == "ON" else [])


def output_of(*command, **more):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300, **more)
    assert result.returncode == 0, (command, result.stdout, result.stderr)
    return result.stdout


class Installed:
    """What `cmake --install` leaves, in another place than it was installed to."""

    def __init__(self, folder):
        output_of("cmake", "--install", BUILD, "--prefix", folder / "first", "--component", "library")
        self.prefix = (folder / "first").rename(folder / "moved")
        self.static, = self.prefix.rglob("libmqttspec_client.a")
        self.shared, = self.prefix.rglob("libmqttspec_client.so")

    def flags(self, *options):
        pc = self.shared.parent / "pkgconfig"
        found = output_of("sh", "-c", 'PKG_CONFIG_PATH="$0:$PKG_CONFIG_PATH" pkg-config "$@" mqttspec_client', pc,
                          *options)
        return shlex.split(found)

    def compile(self, program, *sources, libraries):
        output_of(COMPILER, *WARNINGS, *INSTRUMENTED, *self.flags("--cflags"), *sources, "-o", program, *libraries)
        return program

    def compile_shared(self, program, *sources):
        return self.compile(program, *sources,
                            libraries=[*self.flags("--libs"), f"-Wl,-rpath,{self.shared.parent}"])

    def compile_static(self, program, *sources):
        libraries = [self.static if flag == "-lmqttspec_client" else flag
                     for flag in self.flags("--static", "--libs")]
        return self.compile(program, *sources, libraries=libraries)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def broker(tmp_path):
    b = Broker(tmp_path, "mqttspec", None, "allow_anonymous true")
    yield b
    b.end()


def declared(header):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    return set(re.findall(r"\b(mqttspec_\w+)\(", text))


def exported(*command):
    """Names of functions and data; a node of versions is neither."""
    symbols = (line.split()[-2:] for line in output_of(*command).splitlines() if line.strip()[-1:] != ":")
    return {name.split("@")[0] for kind, name in (s for s in symbols if len(s) == 2) if kind != "A"}


def works(program, subscriber, broker):
    """One message from one example to another, through the broker."""
    heard = Lines(subscriber, f"mqtt://127.0.0.1:{broker.port}", "e/#", 1)
    heard.wait_for("subscribed")
    assert subprocess.run([program, f"127.0.0.1:{broker.port}", "e/1", "one"], timeout=LIMIT_S).returncode == 0
    heard.wait_for("e/1: one")
    assert heard.process.wait(LIMIT_S) == 0


def test_both_libraries_export_the_functions_of_the_header(installed):
    functions = declared(installed.prefix / "include" / "mqttspec_client.h")
    assert len(functions) > 20
    assert set(re.findall(r"^\t(\w+);$", MAP.read_text(), re.M)) == functions
    assert exported("nm", "-D", "--defined-only", installed.shared) == functions
    assert exported("nm", "-g", "--defined-only", installed.static) == functions


def test_the_shared_library_is_versioned(installed):
    dynamic = output_of("readelf", "-d", installed.shared)
    name, = re.findall(r"\(SONAME\).*\[(.*)\]", dynamic)
    version = re.search(r"^project\(mqttspec VERSION ((\d+\.\d+)\.\d+)", (ROOT / "CMakeLists.txt").read_text(), re.M)
    assert name == f"libmqttspec_client.so.{version.group(2)}"
    assert installed.shared.resolve().name == f"libmqttspec_client.so.{version.group(1)}"
    assert f"MQTTSPEC_CLIENT_{version.group(2)}" in output_of("readelf", "-V", installed.shared)
    assert installed.flags("--modversion") == [version.group(1)]


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_examples_compile_against_what_is_installed(kind, installed, broker, tmp_path):
    build = getattr(installed, f"compile_{kind}")
    namesakes = tmp_path / "namesakes.c"
    namesakes.write_text(NAMESAKES)
    uv = shlex.split(output_of("pkg-config", "--libs", "libuv"))
    build(tmp_path / "relay", EXAMPLES / "relay.c", *uv)
    works(build(tmp_path / "publish", EXAMPLES / "publish.c", namesakes),
          build(tmp_path / "subscribe", EXAMPLES / "subscribe.c", namesakes), broker)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-d", tmp_path / "publish"))
    assert any(n.startswith("libmqttspec_client.so.") for n in needed) == (kind == "shared")


def configure(installed, project, version):
    (project / "CMakeLists.txt").write_text(PROJECT.format(version=version, examples=EXAMPLES))
    return subprocess.run(["cmake", "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={installed.prefix}",
                           f"-DCMAKE_C_COMPILER={COMPILER}", f"-DCMAKE_C_FLAGS={' '.join(INSTRUMENTED)}"],
                          capture_output=True, text=True, timeout=300)


def test_a_project_finds_the_package(installed, broker, tmp_path):
    configured = configure(installed, tmp_path, f"{MAJOR}.{MINOR}")
    assert configured.returncode == 0, configured.stderr
    build = tmp_path / "build"
    output_of("cmake", "--build", build)
    for kind in ("shared", "static"):
        works(build / f"{kind}_publish", build / f"{kind}_subscribe", broker)


def test_another_minor_version_is_not_what_a_project_asked_for(installed, tmp_path):
    configured = configure(installed, tmp_path, f"{MAJOR}.{MINOR + 1}")
    assert configured.returncode and f"version: {VERSION}" in configured.stderr


@pytest.fixture(scope="module")
def keeper(installed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keeper")
    (folder / "keeper.c").write_text(KEEPER)
    return installed.compile_static(folder / "keeper", folder / "keeper.c")


@pytest.mark.parametrize("version", ["4", "5"])
def test_a_session_goes_on_in_another_process(version, keeper, broker):
    server = f"127.0.0.1:{broker.port}"
    assert output_of(keeper, server, version) == "new\n"
    output_of(CLIENT, "pub", "-p", broker.port, "-t", "k/1", "-m", "waited", "-q", "1")
    assert output_of(keeper, server, version) == "resumed\nwaited\n"


@pytest.mark.parametrize("version", ["4", "5"])
def test_a_session_that_is_not_wanted_is_ended(version, keeper, broker):
    server = f"127.0.0.1:{broker.port}"
    assert output_of(keeper, server, version) == "new\n"
    assert output_of(keeper, server, version, "0") == "new\n"


def test_connecting_says_how_the_latest_attempt_ended(keeper):
    result = subprocess.run([keeper, f"127.0.0.1:{free_port()}", "5", "1", "for a moment"], capture_output=True,
                            text=True, timeout=LIMIT_S)
    assert (result.returncode, result.stdout) == (1, "no server could be reached\n")
