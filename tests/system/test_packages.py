"""What script/package makes, as far as it shows without a build: arguments, the files of each kind, bytes that stay the
same, one version everywhere; and script/fetch, which gets what was published. ci/packages makes and tries the packages.
"""
import fnmatch
import hashlib
import os
import pathlib
import re
import runpy
import shutil
import subprocess
import tarfile
import time
import types
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PACKAGE = types.SimpleNamespace(**runpy.run_path(str(ROOT / "script/package")))
VERSION = PACKAGE.Source.read_version()
EPOCH = 1_790_000_000
LIMIT_S = 120


def run(*command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=LIMIT_S, **more)


def source():
    return types.SimpleNamespace(folder=ROOT, version=VERSION, epoch=EPOCH)


# ---- arguments

def test_help_says_what_each_kind_is():
    said = run(ROOT / "script/package", "--help")
    assert said.returncode == 0
    for kind in PACKAGE.KINDS:
        assert re.search(rf"^  {kind}\s", said.stdout, re.M), kind


@pytest.mark.parametrize("arguments, sentence", [([], "required: KIND"), (["rpm"], "invalid choice: 'rpm'"),
                                                 (["deb", "--into", "x"], "--into")])
def test_what_is_asked_for_wrongly_is_told(arguments, sentence, tmp_path):
    said = run(ROOT / "script/package", *arguments, "--out", tmp_path / "out")
    assert said.returncode == 2 and sentence in said.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    said = run(ROOT / "script/package", "deb", "--out", tmp_path / "file")
    assert said.returncode == 2 and f"--out {tmp_path}/file: File exists" in said.stderr


def test_a_tool_that_is_missing_is_named():
    with pytest.raises(PACKAGE.Trouble, match="script/bootstrap package"):
        PACKAGE.run("no-such-tool")
    with pytest.raises(PACKAGE.Trouble, match="(?s)false 1 failed"):
        PACKAGE.run("false", 1)


# ---- what is in them

@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An installed tree, whose programs are `cat`."""
    root = tmp_path_factory.mktemp("root")
    result = run("cmake", "--install", BUILD, "--prefix", "/usr", env={**os.environ, "DESTDIR": str(root)})
    assert result.returncode == 0, result.stderr
    for program in PACKAGE.PROGRAMS:
        shutil.copy2(shutil.which("cat"), root / "usr/bin" / program)
    return root / "usr"


@pytest.fixture(scope="module")
def tree(installed, tmp_path_factory):
    return PACKAGE.lay_tree(source(), installed, tmp_path_factory.mktemp("tree"))


def claims():
    """What each Debian package takes, by the file that says so."""
    for file in [*(ROOT / "packages/debian").glob("*.install"), ROOT / "packages/debian/not-installed"]:
        for line in file.read_text().splitlines():
            yield file.name, line.split()[0].replace("usr/lib/*/", "usr/lib/")    # Debian's triplet


def test_each_file_belongs_to_one_debian_package(installed):
    files = [str(path.relative_to(installed.parent)) for path in PACKAGE.files_of(installed)]
    for file in files:
        owners = {name for name, pattern in claims()
                  if fnmatch.fnmatchcase(file, pattern) or fnmatch.fnmatchcase(file, f"{pattern}/*")}
        assert len(owners) == 1, (file, owners)
    for name, pattern in claims():
        assert any(fnmatch.fnmatchcase(file, pattern) or fnmatch.fnmatchcase(file, f"{pattern}/*") for file in files) \
            or name == "not-installed", (name, pattern)


def test_each_debian_package_is_described():
    named = set(re.findall(r"^Package: (\S+)$", (ROOT / "packages/debian/control").read_text(), re.M))
    assert {path.stem for path in (ROOT / "packages/debian").glob("*.install")} == named - {"python3-pytest-mqttspec"}


def test_bootstrap_installs_what_debian_packages_are_built_of():
    script = (ROOT / "script/bootstrap").read_text()
    installed = {word for name in ("run", "packing") for word in re.search(rf'^{name}="(.*?)"', script, re.M | re.S)[1].split()}
    needed = re.search(r"^Build-Depends:\n((?: .*\n)+)", (ROOT / "packages/debian/control").read_text(), re.M)[1]
    known = {"debhelper-compat": "debhelper", "dh-sequence-python3": "dh-python", "python3:any": "python3"}
    needed = {known.get(name, name) for name in re.findall(r"^ (\S+?)(?:,| \()", needed, re.M)}
    assert len(needed) > 10 and needed - installed == set()
    assert "build-essential" in installed    # dpkg-buildpackage wants it, unasked


def test_the_archive_has_its_files(tree, tmp_path):
    archive, = PACKAGE.make_archive(source(), tree, tmp_path)
    assert re.fullmatch(rf"mqttspec-{re.escape(VERSION)}-linux-\w+\.tar\.xz", archive.name)
    with tarfile.open(archive) as tar:
        members = {member.name.removeprefix(f"mqttspec-{VERSION}/"): member for member in tar}
    assert {name for name in members if name.startswith("bin/")} == {"bin/loader", *(f"bin/{p}" for p in PACKAGE.PROGRAMS)}
    assert {name for name in members if name.startswith("programs/")} == {f"programs/{p}" for p in PACKAGE.PROGRAMS}
    for name in ("lib/libc.so.6", "share/man/man1/mqttspec.1", "share/man/man8/mqttspec-broker.8", "LICENSE",
                 "share/mqttspec/targets/mosquitto.ini", "share/mqttspec/targets/agents/paho_python.py",
                 "share/doc/mqttspec/CI.md", "share/licences/libc6"):
        assert members[name].isfile(), name
    assert not [name for name in members if name.startswith("/") or ".." in name]
    for member in members.values():
        assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (EPOCH, 0, 0, "root", "root")
        assert member.mode == (0o755 if member.isdir() or member.mode & 0o111 else 0o644), member.name
    assert all(member.mode == 0o755 for name, member in members.items() if re.match("(bin|programs)/", name))
    assert members["share/mqttspec/targets/install/aedes"].mode == 0o755


def test_the_launcher_starts_the_program_of_its_name(tree, tmp_path):
    """Wherever it lies, by whatever way it is reached, and with no library of the system's."""
    moved = shutil.copytree(tree, tmp_path / "elsewhere")
    (tmp_path / "two words").write_text("said\n")
    (tmp_path / "link").symlink_to(moved / "bin/mqttspec-client")
    for path, name in ((moved / "bin/mqttspec", "mqttspec"), (tmp_path / "link", "mqttspec-client")):
        said = run(path, "two words", "/proc/self/maps", env={}, cwd=tmp_path)
        assert said.returncode == 0 and said.stdout.startswith("said\n"), said
        mapped = {line.split()[5] for line in said.stdout.splitlines() if "/" in line}
        assert mapped == {f"{moved}/{file}" for file in ("bin/loader", "lib/libc.so.6", f"programs/{name}")}
    (moved / "bin/loader").unlink()
    said = run(moved / "bin/mqttspec", env={})
    assert said.returncode == 3 and "what belongs to it is not beside" in said.stderr


def test_the_wheel_has_its_files(tree, tmp_path):
    wheel, = PACKAGE.make_wheel(source(), tree, tmp_path)
    with zipfile.ZipFile(wheel) as zipped:
        contents = {info.filename: zipped.read(info) for info in zipped.infolist()}
        modes = {info.filename: info.external_attr >> 16 for info in zipped.infolist()}
        assert {info.date_time for info in zipped.infolist()} == {time.gmtime(EPOCH)[:6]}
    info, data = f"mqttspec-{VERSION}.dist-info", f"mqttspec-{VERSION}.data"
    for path in PACKAGE.files_of(tree):
        assert contents[f"{data}/data/lib/mqttspec/{path.relative_to(tree)}"] == path.read_bytes()
    for program in PACKAGE.PROGRAMS:
        assert modes[f"{data}/scripts/{program}"] == 0o100755
    for file in (ROOT / "driver/mqttspec_pytest").glob("*.*"):
        assert contents[f"mqttspec_pytest/{file.name}"] == file.read_bytes()
    assert f"\nVersion: {VERSION}\n" in contents[f"{info}/METADATA"].decode()
    assert b"[pytest11]" in contents[f"{info}/entry_points.txt"]
    tag = re.search(r"^Tag: (\S+)$", contents[f"{info}/WHEEL"].decode(), re.M)[1]
    assert wheel.name == f"mqttspec-{VERSION}-{tag}.whl"
    recorded = {line.rsplit(",", 2)[0]: line.rsplit(",", 2)[1:] for line in contents[f"{info}/RECORD"].decode().splitlines()}
    assert recorded.keys() == contents.keys()
    assert all(int(size) == len(contents[name]) for name, (_, size) in recorded.items() if name != f"{info}/RECORD")


@pytest.fixture
def little(tmp_path):
    """A tree that is packed at once, and whose program is a script."""
    def make(folder, says="mqttspec"):
        root = tmp_path / folder / f"mqttspec-{VERSION}"
        (root / "bin").mkdir(parents=True)
        (root / "share").mkdir()
        (root / "share/a.txt").write_text("a\n")
        for program in PACKAGE.PROGRAMS:
            (root / "bin" / program).write_text(f"#!/bin/sh\necho {says}\n")
            (root / "bin" / program).chmod(0o755)
        return root
    return make


@pytest.mark.parametrize("kind", [PACKAGE.make_archive, PACKAGE.make_wheel], ids=["archive", "wheel"])
def test_bytes_do_not_depend_on_when_and_as_whom(kind, little, tmp_path):
    sums = []
    for turn, mask in ((1, 0o022), (2, 0o077)):
        before = os.umask(mask)
        try:
            tree = little(f"turn-{turn}")
        finally:
            os.umask(before)
        os.utime(tree / "share/a.txt", (turn, turn))
        (tmp_path / f"out-{turn}").mkdir()
        made, = kind(source(), tree, tmp_path / f"out-{turn}")
        sums.append((made.name, hashlib.sha256(made.read_bytes()).hexdigest()))
    assert sums[0] == sums[1]


def test_the_container_has_its_files(little, tmp_path):
    tree = little("tree")
    folder, = PACKAGE.make_container(source(), tree, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["Containerfile", "root.tar.xz"]
    said = (folder / "Containerfile").read_text()
    assert re.findall(r"^(?:FROM|ADD) (.+)", said, re.M) == ["scratch", "root.tar.xz /"]
    with tarfile.open(folder / "root.tar.xz") as tar:
        members = {member.name: member for member in tar}
    for name in ("out", "tmp"):
        assert members[name].isdir() and members[name].mode == 0o1777
    assert members.keys() - {"out", "tmp"} == {f"opt/mqttspec/{path.relative_to(tree)}" for path in tree.rglob("*")}
    assert re.search(r"WORKDIR /(.+)", said)[1] in members
    assert re.search(r'ENTRYPOINT \["/(.+)"\]', said)[1] in members
    assert {(member.mtime, member.uid, member.gid) for member in members.values()} == {(EPOCH, 0, 0)}


def test_sums_are_what_sha256sum_checks(tmp_path):
    for name in ("b.deb", "a.whl"):
        (tmp_path / name).write_text(name)
    PACKAGE.write_sums([tmp_path / "b.deb", tmp_path / "a.whl"], tmp_path)
    assert run("sha256sum", "--strict", "-c", "SHA256SUMS", cwd=tmp_path).stdout == "a.whl: OK\nb.deb: OK\n"
    (tmp_path / "b.deb").write_text("another")
    assert run("sha256sum", "-c", "SHA256SUMS", cwd=tmp_path).returncode == 1


# ---- one version

MINOR = ".".join(VERSION.split(".")[:2])
VERSIONS = [
    ("CHANGELOG.md", r"^## (\S+)", VERSION),
    ("CITATION.cff", r"^version: (\S+)$", VERSION),
    ("README.md", r"find_package\(mqttspec_client (\S+)", MINOR),
    ("README.md", r"libmqttspec_client\.so\.([\d.]+\d)", MINOR),
    ("README.zh-CN.md", r"find_package\(mqttspec_client (\S+)", MINOR),
    ("README.zh-CN.md", r"libmqttspec_client\.so\.([\d.]+\d)", MINOR),
    ("docs/FIRST-RUN.md", r"mqttspec(?:-broker)? (\d+\.\d+\.\d+)", VERSION),
    ("client/library/mqttspec_client.map", r"^MQTTSPEC_CLIENT_(\S+) ", MINOR),
    ("docs/CI.md", r"mqttspec@v?(\S+)", VERSION),
    ("docs/CI.md", r"MQTTSPEC_REF: v(\S+)", VERSION),
    ("docs/INSTALL.md", r"mqttspec-(\d[\d.]*\d)", VERSION),
    ("docs/INSTALL.md", r"libmqttspec-client(\d[\d.]*)", MINOR),
    ("packages/debian/changelog", r"^mqttspec \((\S+)-\d+\)", VERSION),
    ("packages/debian/control", r"libmqttspec-client(\d[\d.]*)", MINOR),
    (".github/ISSUE_TEMPLATE/wrong-verdict.yml", r"placeholder: mqttspec (\S+),", VERSION),
]


@pytest.mark.parametrize("name, pattern, version", VERSIONS)
def test_the_version_is_that_of_cmake(name, pattern, version):
    said = re.findall(pattern, (ROOT / name).read_text(), re.M)
    said = said[:1] if "^" in pattern else said    # of changelogs and the like the newest
    assert said and set(said) == {version}, said


@pytest.mark.parametrize("program", ["cli/mqttspec", "broker/mqttspec-broker", "client/mqttspec-client"])
def test_programs_say_the_version(program):
    assert re.search(rf"\b{re.escape(VERSION)}\b", run(BUILD / program, "--version").stdout)


def test_a_file_of_debian_has_the_version_in_its_name():
    assert [p.name for p in (ROOT / "packages/debian").glob("libmqttspec-client[0-9]*")] == \
        [f"libmqttspec-client{MINOR}.install"]


# ---- what is published

def published():
    return [line for line in (ROOT / PACKAGE.PUBLISHED).read_text().splitlines() if not line.startswith("#")]


def test_published_digests_can_be_checked():
    for line in published():
        assert re.fullmatch(r"[0-9a-f]{64}  mqttspec-\d+\.\d+\.\d+-linux-\w+\.tar\.xz", line), line


def test_what_is_not_the_published_version_does_not_say_it_is():
    """Whoever asks for this commit would get the archive of another one."""
    if not any(f"mqttspec-{VERSION}-" in line for line in published()):
        return
    git = ("git", "-C", ROOT)
    release = run(*git, "log", "-1", "--format=%H", "--", PACKAGE.PUBLISHED).stdout.strip()
    later = run(*git, "diff", "--name-only", release, "HEAD").stdout
    assert not later, f"{VERSION} is published: the next commit raises the version in CMakeLists.txt"


@pytest.fixture
def home(tmp_path, little):
    """A tree with the scripts, the archive of a little program beside it, and a build that says that it was asked for."""
    home, releases = tmp_path / "home", tmp_path / f"releases/v{VERSION}"
    for folder in (home / "script", home / "packages", releases):
        folder.mkdir(parents=True)
    for name in ("script/ci", "script/fetch", "CMakeLists.txt"):
        shutil.copy2(ROOT / name, home / name)
    (home / "script/build").write_text("#!/bin/sh\necho building\nexit 9\n")
    (home / "script/build").chmod(0o755)

    def publish(says="fetched", digest=None, name=None):
        archive, = PACKAGE.make_archive(source(), little(f"tree-{says}", says), releases)
        digest = digest or hashlib.sha256(archive.read_bytes()).hexdigest()
        (home / PACKAGE.PUBLISHED).write_text(f"# the list\n{'0' * 64}  older.tar.xz\n{digest}  {name or archive.name}\n")
        return archive

    def call(script, *words, archives=f"file://{tmp_path}/releases/v{{version}}"):
        environment = {**os.environ, "ARCHIVES": archives, "OUT": str(tmp_path / "out")}
        environment.pop("MQTTSPEC", None)
        return run(home / "script" / script, *words, env=environment, cwd=tmp_path)
    return types.SimpleNamespace(publish=publish, call=call, folder=home, fetched=home / "build/archive")


def test_what_is_published_is_fetched(home):
    archive = home.publish()
    got = home.call("fetch")
    program = home.fetched / f"mqttspec-{VERSION}/bin/mqttspec"
    assert (got.returncode, got.stdout, got.stderr) == (0, f"{program}\n", ""), got
    assert run(program).stdout == "fetched\n"
    assert [path.name for path in home.fetched.iterdir()] == [f"mqttspec-{VERSION}"]
    archive.unlink()
    assert home.call("fetch").stdout == f"{program}\n"    # is there already


@pytest.mark.parametrize("how, sentence, code", [
    ({"name": "mqttspec-0.0.1-linux-x86_64.tar.xz"}, f"no archive of mqttspec {VERSION} is published", 1),
    ({"digest": "0" * 64}, "is not what was published: its SHA-256 is", 3),
    ({"says": "no; exit 1"}, "does not run here", 1),
])
def test_what_is_not_published_is_not_taken(how, sentence, code, home):
    home.publish(**how)
    got = home.call("fetch")
    assert (got.returncode, got.stdout) == (code, "") and sentence in got.stderr, got
    assert not list(home.fetched.glob("*"))


def test_an_archive_that_cannot_be_had(home):
    home.publish().unlink()
    for archives, sentence in (("file:///nowhere/{version}", f"file:///nowhere/{VERSION}/mqttspec-"), ("", "ARCHIVES")):
        got = home.call("fetch", archives=archives)
        assert got.returncode == 1 and sentence in got.stderr, got


def test_a_job_takes_the_archive(home):
    home.publish(says='"$@" >>said')
    assert home.call("ci", "a target").returncode == 0
    said = (home.folder.parent / "said").read_text().splitlines()
    assert said == ["--version", f"run a target --out {home.folder.parent}/out"]


def test_a_job_builds_where_there_is_no_archive(home):
    home.publish(name="another")
    got = home.call("ci", "a target")
    assert (got.returncode, got.stdout) == (9, "building\n")
    assert "is published for this machine" in got.stderr and "so mqttspec is built here" in got.stderr
    got = home.call("ci", "a target", archives="")
    assert (got.returncode, got.stdout, got.stderr) == (9, "building\n", "")


def test_a_job_ends_at_an_archive_of_somebody_else(home):
    home.publish(digest="f" * 64)
    got = home.call("ci", "a target")
    assert (got.returncode, got.stdout) == (3, "") and "is not what was published" in got.stderr
