"""The broker's store: what is there after another start, what is refused, and a disk that is full."""
import datetime
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time
import zlib

import pytest

from mqtt_peer import Peer, packet, text

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
BROKER = BUILD / "broker" / "mqttspec-broker"
CLOCK = BUILD / "tests" / "crash" / "libcrash_clock.so"
LIMIT_S = 60
LARGE = "x" * 50000
STORED = (0, 0x10)  # whether anybody has subscribed to it or not


class Broker:
    """A broker with a store, on the same port after each start."""

    def __init__(self, tmp_path):
        self.folder = tmp_path / "store"
        self.folder.mkdir()
        self.config = tmp_path / "broker.conf"
        self.log = tmp_path / "broker.log"
        self.lines = []
        self.process = None

    def configure(self, *lines):
        self.lines = lines
        return self

    def command(self):
        self.config.write_text("\n".join(["listener 0 127.0.0.1", "allow_anonymous true", "persistence true",
                                          f"persistence_location {self.folder}", *self.lines, ""]))
        return [BROKER, "-c", self.config]

    def start(self, **environment):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log,
                                            env={**os.environ, **environment})
        line = self.process.stdout.readline().decode()
        assert line.startswith("port "), self.log.read_text()
        self.port = int(line.split()[1])
        return self

    def end(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        if self.process:
            code = self.process.wait(LIMIT_S)
            self.process.stdout.close()
            self.process = None
            assert code == (-number if number == signal.SIGKILL else 0), self.log.read_text()

    def again(self, number):
        self.end(number)
        return self.start()

    def peer(self, name, **how):
        return Peer(self.port, name, **how)

    def refusal(self):
        """What it says, as it does not start."""
        result = subprocess.run(self.command(), capture_output=True, text=True, timeout=LIMIT_S)
        assert result.returncode == 1, result.stderr
        assert not result.stdout
        return result.stderr

    def dump(self):
        result = subprocess.run([BROKER, "--dump", self.folder], capture_output=True, text=True, timeout=LIMIT_S)
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def wait_for_log(self, text, count=1):
        deadline = time.monotonic() + LIMIT_S
        while self.log.read_text().count(text) < count:
            assert time.monotonic() < deadline, f"{text} is not in {self.log.read_text()}"
            time.sleep(0.02)

    def files(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


@pytest.fixture
def broker(tmp_path):
    b = Broker(tmp_path)
    yield b
    if b.process:
        b.process.kill()
        b.process.wait(LIMIT_S)
        b.process.stdout.close()


ENDS = pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])


@ENDS
@pytest.mark.parametrize("sync", ["full", "none"])
def test_what_was_acknowledged_is_there_again(broker, end, sync):
    broker.configure(f"persistence_sync {sync}").start()
    kept = broker.peer("kept", clean=False)
    kept.subscribe("t/#", qos=2)
    kept.vanish()
    publisher = broker.peer("publisher")
    for i in range(5):
        publisher.publish("t/1", f"message {i}", qos=1 + i % 2)
    publisher.publish("long" * 2500, "kept", qos=1, retain=True)
    publisher.publish("cleared", "1", qos=1, retain=True)
    publisher.publish("cleared", "", qos=1, retain=True)
    broker.again(end)
    kept = broker.peer("kept", clean=False)
    assert kept.present
    assert kept.drain() == [("t/1", f"message {i}", False) for i in range(5)]
    looker = broker.peer("looker")
    looker.subscribe("#")
    assert looker.drain() == [("long" * 2500, "kept", True)]


def test_it_is_shown_while_the_broker_runs_and_after(broker):
    broker.start()
    kept = broker.peer("kept", clean=False)
    kept.subscribe("t/#", qos=1)
    kept.vanish()
    publisher = broker.peer("publisher")
    publisher.publish("t/1", "\u00e4", qos=1, retain=True)
    running = broker.dump()
    broker.end()
    ended = broker.dump()
    data = bytearray((broker.folder / "data.mdb").read_bytes())
    for page in 0, 1:
        data[page * 4096 + 37] ^= 0x40  # how large LMDB's map was: of no account
    (broker.folder / "data.mdb").write_bytes(data)
    for pairs in running, ended, broker.dump():
        assert pairs[0]["kind"] == "store" and pairs[0]["format"] == 4
        kinds = [pair["kind"] for pair in pairs[1:]]
        assert kinds == ["session", "subscription", "message", "delivery", "retained"]
        assert pairs[1]["client_id"] == "kept" and pairs[2]["filter"] == "t/#"
        assert pairs[3]["topic"] == pairs[5]["topic"] == "t/1" and pairs[5]["payload"] == "\u00e4"
        assert pairs[4]["session"] == pairs[1]["session"] and pairs[4]["message"] == pairs[3]["message"]


HEAD, HEAD_SIZE = b"mqttspec store\0\4", 48
BLOCK = 512


def heads_change(folder, change):
    """Each head in the table, also those of older commits, and the checksum that belongs to it then."""
    data = bytearray((folder / "data.mdb").read_bytes())
    at = 0
    while (at := data.find(HEAD, at)) >= 0:
        change(data, at)
        data[at - 4:at] = zlib.crc32(b"\0" + bytes(data[at:at + HEAD_SIZE])).to_bytes(4, "big")
        at += 1
    (folder / "data.mdb").write_bytes(data)


def rewind(folder, seconds):
    """As if the last broker had ended that much earlier: by the wall clock of its commits."""
    def put_back(data, at):
        data[at:at + 8] = (int.from_bytes(data[at:at + 8], "big") - seconds * 1000).to_bytes(8, "big")

    heads_change(folder, lambda data, at: put_back(data, at + 24))
    for name in "journal-0", "journal-1":
        data = bytearray((folder / name).read_bytes())
        for at in range(0, len(data), BLOCK):
            if data[at + 5] & 1:  # a commit begins: its wall clock comes after the number of the one before
                put_back(data, at + 24)
                data[at:at + 4] = zlib.crc32(at.to_bytes(8, "big") + bytes(data[at + 4:at + BLOCK])).to_bytes(4, "big")
        (folder / name).write_bytes(data)


@ENDS
def test_time_goes_on_while_there_is_no_broker(broker, end):
    """Also for a session that was connected when the broker was killed; it expires after 256 s."""
    broker.start()
    kept = broker.peer("kept", version=5, clean=False, will={"topic": "will", "qos": 1})
    assert kept.code == 0
    watcher = broker.peer("watcher", clean=False)  # for ever
    watcher.subscribe("will", qos=1)
    watcher.vanish()
    broker.end(end)
    rewind(broker.folder, 200)
    broker.start()
    broker.wait_for_log("restored 2 sessions")
    assert len([pair for pair in broker.dump() if pair["kind"] == "session"]) == 2
    broker.end(signal.SIGKILL)
    rewind(broker.folder, 100)
    broker.start()
    assert not broker.peer("kept", version=5, clean=False).present
    watcher = broker.peer("watcher", clean=False)
    assert watcher.present and watcher.drain() == [("will", "will", False)]


def test_a_clock_that_is_put_forward_is_no_downtime(broker, tmp_path):
    """As it happens to a machine without one of its own, once it has asked the network for the time."""
    clock = tmp_path / "clock"
    environment = {"LD_PRELOAD": str(CLOCK), "ASAN_OPTIONS": "verify_asan_link_order=0", "MQTTSPEC_CLOCK": str(clock)}
    clock.write_text("0")
    broker.start(**environment)
    broker.peer("kept", version=5, clean=False).vanish()
    broker.peer("other", clean=False).vanish()
    deadline = time.monotonic() + LIMIT_S
    while any(pair.get("connected") for pair in broker.dump()):  # nothing is to be stored at the end
        assert time.monotonic() < deadline
        time.sleep(0.01)
    clock.write_text(str(400 * 86400))
    broker.end()
    broker.start(**environment)
    assert broker.peer("kept", version=5, clean=False).present


def test_a_dump_beside_a_broker_that_writes_is_whole(broker):
    """Each is one of its states: as many subscriptions as there were after one of its commits."""
    broker.configure("persistence_sync none").start()
    kept = broker.peer("kept", clean=False)
    for i in range(12):
        for n in range(40):
            kept.subscribe(f"round/{i}/{n}/" + "level/" * 40, qos=1)
        filters = [pair["filter"] for pair in broker.dump() if pair["kind"] == "subscription"]
        assert len(filters) == 40 * (i + 1)


def test_a_second_broker_is_kept_out(broker):
    broker.start()
    before = broker.files()["data.mdb"]
    assert f"{broker.folder}: another broker keeps its store there" in broker.refusal()
    assert broker.files()["data.mdb"] == before
    assert broker.peer("c").code == 0


def spoil_foreign(folder):
    (folder / "data.mdb").write_bytes(b"SQLite format 3\0" + bytes(100000))
    return "data.mdb: this is no store of mqttspec-broker"


def spoil_cut(folder):
    with open(folder / "data.mdb", "r+b") as file:
        file.truncate(3 * 4096 + 100)
    return "data.mdb: it is damaged (it is cut short"


def spoil_bit(folder):
    data = (folder / "data.mdb").read_bytes()  # there are older copies of it
    (folder / "data.mdb").write_bytes(data.replace(b"payload 7 payload", b"payload 7 paqload"))
    return "data.mdb: it is damaged (the checksum of a pair is wrong)"


def spoil_format(folder, number):
    def change(data, at):
        data[at + 15] = number

    heads_change(folder, change)


def forget_journal(folder):
    """Its latest commit that is in the table, too: none."""
    def change(data, at):
        data[at + 40:at + 48] = bytes(8)

    heads_change(folder, change)


def spoil_newer(folder):
    spoil_format(folder, 5)
    return "data.mdb: it is of a newer broker: its format is 5, and this one reads 4"


def spoil_older(folder):
    spoil_format(folder, 3)
    return "data.mdb: it is of an older broker: its format is 3, and this one reads 4"


def spoil_journal(folder):
    data = bytearray((folder / "journal-1").read_bytes())
    data[5000] ^= 1
    (folder / "journal-1").write_bytes(data)
    return "journal-1: it is damaged (a checksum is wrong, or commits are missing)"


def spoil_journal_lost(folder):
    (folder / "journal-0").unlink()
    return "journal-0: it is damaged (it is missing)"


@pytest.mark.parametrize("spoil", [spoil_foreign, spoil_cut, spoil_bit, spoil_newer, spoil_older, spoil_journal,
                                   spoil_journal_lost])
def test_what_cannot_be_read_is_refused_and_left_alone(broker, spoil):
    broker.start()
    publisher = broker.peer("publisher")
    for i in range(50):
        publisher.publish(f"topic/{i}", f"payload {i} " * 20, qos=1, retain=True)
    broker.end()
    words = spoil(broker.folder)
    before = broker.files()
    assert f"{broker.folder}/{words}" in broker.refusal()
    assert broker.files() == before
    if spoil in (spoil_foreign, spoil_newer):  # there is nothing of ours to be saved
        result = subprocess.run([BROKER, "--recover", broker.folder], capture_output=True, text=True, timeout=LIMIT_S)
        assert result.returncode == 1 and "data.mdb: " in result.stderr
        assert broker.files() == before


def test_a_store_without_a_journal_gets_one(broker):
    """As --recover leaves it: the whole of it is in the table, whatever else is there."""
    broker.start()
    assert broker.peer("publisher").publish("topic", "kept", qos=1, retain=True) in STORED
    broker.end()
    forget_journal(broker.folder)
    (broker.folder / "journal-0").unlink()
    (broker.folder / "journal-1").write_bytes(b"of no account")
    for _ in range(2):
        assert [pair["payload"] for pair in broker.dump() if pair["kind"] == "retained"] == ["kept"]
        broker.start()
        broker.wait_for_log("restored 0 sessions, 0 subscriptions, 1 retained messages")
        broker.end(signal.SIGKILL)


def test_another_persistence_takes_a_restart(broker):
    broker.start()
    for line in "persistence_sync none", "persistence_max_bytes 5000000":
        broker.configure(line).command()
        broker.process.send_signal(signal.SIGHUP)
        broker.wait_for_log("another persistence takes a restart", 1 + (line != "persistence_sync none"))
    broker.configure().command()
    broker.process.send_signal(signal.SIGHUP)
    broker.wait_for_log("broker.conf read again")


def test_a_missing_folder_is_named(broker):
    broker.folder.rmdir()
    assert f"{broker.folder}: there is no such folder" in broker.refusal()
    assert not broker.folder.exists()
    checked = subprocess.run([*broker.command(), "--check-config"], capture_output=True, text=True, timeout=LIMIT_S)
    assert checked.returncode == 2 and str(broker.folder) in checked.stderr


def test_a_file_is_no_folder(broker):
    broker.folder.rmdir()
    broker.folder.write_text("")
    assert f"{broker.folder}: Not a directory" in broker.refusal()


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(broker):
    broker.folder.chmod(0o555)
    command = [str(word) for word in broker.command()]
    if os.geteuid() == 0:
        for folder in broker.folder.parents:
            if not folder.stat().st_mode & 1:
                folder.chmod(folder.stat().st_mode | 0o055)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    result = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    broker.folder.chmod(0o755)
    assert result.returncode == 1
    assert f"{broker.folder}: it cannot be written: Permission denied" in result.stderr
    assert not broker.files()


def test_a_disk_that_is_full_from_the_start_is_named(broker):
    """The disk of this process is: the file may not grow."""
    result = subprocess.run(broker.command(), capture_output=True, text=True, timeout=LIMIT_S,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)))
    assert result.returncode == 1
    assert f"{broker.folder}: it cannot be written: " in result.stderr
    assert not broker.files()


def test_a_damaged_store_is_recovered_beside_the_old_one(broker):
    broker.start()
    publisher = broker.peer("publisher")
    for i in range(50):
        publisher.publish(f"topic/{i}", f"payload {i} " * 20, qos=1, retain=True)
    broker.end()
    spoil_bit(broker.folder)
    damaged = broker.files()["data.mdb"]
    result = subprocess.run([BROKER, "--recover", broker.folder], capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 0, result.stderr
    assert "49 pairs saved, 1 damaged" in result.stdout and "after commit" in result.stdout
    assert broker.files()["data.mdb.damaged-1"] == damaged
    broker.start()
    broker.wait_for_log("49 retained messages")
    refused = subprocess.run([BROKER, "--recover", broker.folder], capture_output=True, text=True, timeout=LIMIT_S)
    assert refused.returncode == 1 and "another broker" in refused.stderr


# ---- a disk that is full, while the broker runs --------------------------------------------------------------

def grow_to(pid, size):
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.parametrize("how", ["disk", "ceiling"])
def test_a_full_disk_refuses_and_goes_on(broker, how):
    broker.configure("persistence_sync none", *(["persistence_max_bytes 4000000"] if how == "ceiling" else [])).start()
    if how == "disk":
        grow_to(broker.process.pid, (broker.folder / "data.mdb").stat().st_size + 3000000)
    watcher = broker.peer("watcher")
    watcher.subscribe("q0/#")
    publisher = broker.peer("publisher", version=5)
    stored = 0
    while (code := publisher.publish(f"topic/{stored}", LARGE, 1, True)) in STORED and stored < 1000:
        stored += 1
    assert code == 0x97 and stored > 20
    for qos in 1, 2, 1:
        assert publisher.publish("topic/again", LARGE, qos, True) == 0x97
    publisher.publish("q0/1", "goes on")
    assert watcher.await_type(3) and watcher.messages == [("q0/1", "goes on", False)]
    waiting = broker.peer("waiting")  # 3.1.1 has no word for it
    waiting.send(packet(0x33, text("topic/old") + waiting.next_id() + LARGE.encode()) + b"\xC0\0")
    assert waiting.read() == (0xD0, b"")  # PINGRESP, and no PUBACK
    gone = broker.peer("gone", will={"topic": "q0/will"})
    for _ in range(4):  # more than is read while they wait
        gone.send(packet(0x32, text("topic/gone") + gone.next_id() + LARGE.encode()))
    gone.vanish()
    assert watcher.await_type(3) and watcher.messages[1:] == [("q0/will", "will", False)]
    for i in range(stored // 2):
        assert publisher.publish(f"topic/{i}", "", 1, True) in STORED
    if how == "disk":
        grow_to(broker.process.pid, resource.RLIM_INFINITY)
    assert waiting.read() == (0x40, b"\0\1")
    assert publisher.publish("topic/again", LARGE, 1, True) in STORED
    deadline = time.monotonic() + LIMIT_S
    while "there is room again" not in broker.log.read_text():  # when nothing was refused for a second
        assert publisher.publish("topic/again", LARGE, 1, True) in STORED
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert broker.log.read_text().count("no room for more") == 1
    broker.again(signal.SIGKILL)
    broker.wait_for_log(f" {stored - stored // 2 + 2} retained messages")
    if how == "ceiling":
        assert (broker.folder / "data.mdb").stat().st_size <= 4000000


def fill_and_clear(broker, publisher):
    """Times in the log: of the refusal, and of the room that there is again."""
    stored = 0
    while publisher.publish(f"topic/{stored}", LARGE, 1, True) in STORED:
        stored += 1
    for i in range(stored):
        assert publisher.publish(f"topic/{i}", "", 1, True) in STORED
    deadline = time.monotonic() + LIMIT_S
    while (lines := [line for line in broker.log.read_text().splitlines() if "room" in line]) and len(lines) % 2:
        assert publisher.publish("topic/again", LARGE, 1, True) in STORED
        assert time.monotonic() < deadline
        time.sleep(0.1)
    full, again = (datetime.datetime.fromisoformat(line.split()[0]) for line in lines[-2:])
    assert "no room for more" in lines[-2] and "there is room again" in lines[-1]
    return (again - full).total_seconds()


def test_what_comes_and_goes_at_the_ceiling_is_told_of_less_often(broker):
    broker.configure("persistence_sync none", "persistence_max_bytes 4000000").start()
    publisher = broker.peer("publisher", version=5)
    assert fill_and_clear(broker, publisher) >= 1
    assert fill_and_clear(broker, publisher) >= 2
    assert fill_and_clear(broker, publisher) >= 4


# ---- a memory that is full, and limits that were lowered ---------------------------------------------------------

def publish_until_refused(publisher, size, most=50000):
    """How many messages there was room for."""
    for sent in range(most):
        if code := publisher.publish("t", "x" * size, qos=1):
            assert code == 0x97
            return sent
    raise AssertionError(f"{most} messages of {size} bytes have room")


@ENDS
@pytest.mark.parametrize("size", [300, 60000])
def test_a_full_memory_starts_again_and_lets_in_who_empties_it(broker, end, size):
    broker.configure("memory_limit 2000000", "max_queued_bytes 0", "sys_interval 0").start()
    away = broker.peer("away", version=5, clean=False)
    away.subscribe("t", qos=1)
    away.vanish()
    publisher = broker.peer("publisher", version=5)
    sent = publish_until_refused(publisher, size)
    assert sent > 20
    for start in (False, True):
        if start:
            broker.again(end)
        away = broker.peer("away", version=5, clean=False)
        assert (away.code, away.present) == (0, True)
        away.vanish()
    away = broker.peer("away", version=5, clean=False)
    for _ in range(sent):
        assert away.await_type(3) is not None
    assert broker.peer("publisher", version=5).publish("t", "y", qos=1) == 0
    assert away.await_type(3) is not None and len(away.messages) == sent + 1


def test_sessions_outlive_a_full_memory_and_its_end(broker):
    broker.configure("memory_limit 2000000", "max_queued_bytes 0", "sys_interval 0").start()
    sleepers = [broker.peer(f"s{i}", version=5, clean=False) for i in range(200)]
    sleepers[0].subscribe("t", qos=1)
    sleepers[0].vanish()
    publisher = broker.peer("publisher", version=5)
    publish_until_refused(publisher, 20000)
    publish_until_refused(publisher, 1)
    broker.end()
    assert sum(pair["kind"] == "session" for pair in broker.dump()) == len(sleepers)


@ENDS
def test_what_a_lowered_limit_would_not_take_is_taken_from_the_store(broker, end):
    broker.start()
    kept = broker.peer("kept", version=5, clean=False)
    kept.subscribe("1/2/3/4/+", qos=1)
    kept.publish("1/2/3/4/5", "deep", qos=1, retain=True)
    kept.vanish()
    broker.configure("max_topic_levels 3", "persistent_client_expiration 1h").again(end)
    broker.wait_for_log("restored 1 sessions, 1 subscriptions, 1 retained messages")
    session, = (pair for pair in broker.dump() if pair["kind"] == "session")
    ends = datetime.datetime.fromisoformat(session["expires"].replace("Z", "+00:00"))
    assert ends - datetime.datetime.now(datetime.timezone.utc) < datetime.timedelta(hours=1)
    assert broker.peer("other", version=5).publish("1/2/3/4", "", qos=1) == 0x90


@pytest.mark.parametrize("dump", ["is not read", "is killed"])
def test_a_dump_that_stands_still_keeps_no_pages(broker, dump):
    most = 6000000
    broker.configure("persistence_sync none", f"persistence_max_bytes {most}").start()
    publisher = broker.peer("publisher", version=5)
    topics = [f"topic/{i}" for i in range(40)]
    for topic in topics:
        assert publisher.publish(topic, LARGE, 1, True) in STORED
    shown = subprocess.Popen([BROKER, "--dump", broker.folder], stdout=subprocess.PIPE)
    assert shown.stdout.read(1) == b"{"
    if dump == "is killed":
        shown.kill()
        shown.wait(LIMIT_S)
    for _ in range(10):
        for topic in topics:
            assert publisher.publish(topic, LARGE, 1, True) in STORED
    size = sum(path.stat().st_size for path in broker.folder.iterdir())
    shown.kill()
    shown.communicate(timeout=LIMIT_S)
    assert size <= most


def test_a_dump_that_goes_nowhere_is_an_error(broker):
    broker.start()
    shown = subprocess.run(f"{BROKER} --dump {broker.folder} >&-", shell=True, capture_output=True, text=True,
                           timeout=LIMIT_S)
    assert shown.returncode == 1 and "there is no standard output" in shown.stderr


def test_who_has_seen_enough_of_a_dump_is_no_error(broker):
    broker.start()
    publisher = broker.peer("publisher")
    for i in range(20):
        publisher.publish(f"topic/{i}", LARGE, qos=1, retain=True)
    shown = subprocess.run(f"{BROKER} --dump {broker.folder} | head -n 1; echo ${{PIPESTATUS[0]}}", shell=True,
                           executable="/bin/bash", capture_output=True, text=True, timeout=LIMIT_S)
    assert shown.stdout.splitlines()[-1] == "0" and not shown.stderr, shown
