"""Cases that restart the broker: what they find is what the broker was told to get wrong (keeping_broker.py), and
nothing of their brokers outlives them."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from ports import free_port, wait_for_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("MQTTSPEC_BUILD", "build/dev")
PROGRAM = BUILD / "cli/mqttspec"
BROKER = ROOT / "tests/system/keeping_broker.py"
CHAPTERS = ["restart", "restart_messages", "restart_retained", "restart_crash"]

# What the broker gets wrong, and the cases that see it. Those that begin with crash_ are about a kill, whose costs the
# standard leaves open.
DAMAGES = {
    "no-sessions": "restart_keeps_subscriptions restart_keeps_message_whole crash_queue_qos1",
    "no-session-begun-anew": "restart_keeps_session_begun_anew",
    "no-open-session": "restart_keeps_open_session",
    "ended-sessions": "restart_ended_sessions restart_after_clean_start crash_ended_session",
    "session-expiry-anew": "restart_session_expiry_goes_on",
    "short-sessions": "restart_keeps_long_session",
    "no-subscriptions": "restart_keeps_subscriptions restart_queues_on restart_twice crash_subscriptions",
    "qos-0": "restart_keeps_subscriptions",
    "no-local": "restart_keeps_no_local",
    "retain-as-published": "restart_keeps_retain_as_published",
    "subscription-ids": "restart_keeps_subscription_ids",
    "subscriptions-new": "restart_subscription_is_not_new",
    "no-shares": "restart_keeps_share",
    "unsubscribed": "restart_unsubscribed crash_unsubscribed",
    "old-subscriptions": "restart_resubscribed",
    "no-queue": "restart_keeps_queue_qos1 restart_keeps_queue_qos2 crash_queue_qos1",
    "last-message": "restart_keeps_queue_qos1 restart_in_delivery_qos1 restart_in_delivery_qos2",
    "order": "restart_keeps_queue_qos1 restart_keeps_queue_qos2",
    "twice": "restart_keeps_queue_qos2 crash_queue_qos2",
    "payload": "restart_keeps_message_whole",
    "properties": "restart_keeps_message_whole restart_keeps_retained_whole",
    "property-order": "restart_keeps_message_whole restart_keeps_retained_whole",
    "message-qos": "restart_keeps_queue_qos2 restart_keeps_retained",
    "expiry-anew": "restart_keeps_remaining_expiry restart_retained_expiry restart_expired_in_queue",
    "no-expiry": "restart_expired_in_queue restart_retained_expiry restart_keeps_remaining_expiry",
    "identifiers": "restart_sends_qos1_again restart_sends_qos2_again",
    "not-sent-yet": "restart_sends_qos1_again restart_sends_qos2_again restart_in_delivery_qos1",
    "no-sent": "restart_sends_qos1_again restart_sends_qos2_again",
    "not-released": "restart_sends_pubrel_again",
    "no-released": "restart_sends_pubrel_again",
    "settled-1": "restart_settled_qos1 crash_settled_qos1",
    "settled-2": "restart_settled_qos2 restart_in_delivery_qos2 crash_settled_qos2",
    "no-received": "restart_keeps_received_identifier crash_received_qos2",
    "all-received": "restart_frees_identifier",
    "no-messages": "restart_goes_on_with_pubrel",
    "no-wills": "restart_publishes_will restart_delayed_will_comes crash_will",
    "old-wills": "restart_drops_no_longer_wanted_will",
    "wills-at-once": "restart_keeps_will_delay",
    "no-retained": "restart_keeps_retained restart_keeps_retained_qos0 crash_retained",
    "retained-back": "restart_retained_replaced restart_retained_replaced_by_qos0 restart_retained_cleared "
                     "crash_retained",
}

# Several at once, each seen by a case of its own: for script/test.
TOGETHER = {
    "no-local": "restart_keeps_no_local", "retain-as-published": "restart_keeps_retain_as_published",
    "subscription-ids": "restart_keeps_subscription_ids", "no-shares": "restart_keeps_share",
    "identifiers": "restart_sends_qos1_again", "not-released": "restart_sends_pubrel_again",
    "no-received": "restart_keeps_received_identifier", "payload": "restart_keeps_message_whole",
    "unsubscribed": "restart_unsubscribed", "no-wills": "restart_publishes_will", "settled-2": "crash_settled_qos2",
    "retained-back": "crash_retained",
}

# Where 3.1.1 is content with less, or what is lost is left to the server.
MILDER = {
    ("restart_settled_qos1", "3.1.1"): "nonstrict", ("restart_keeps_retained", "3.1.1"): "nonstrict",
    ("restart_keeps_retained_qos0", "3.1.1"): "info", ("restart_keeps_retained_qos0", "5.0"): "info",
}
CANNOT_SHOW = {"properties", "property-order"}  # in 3.1.1


def write_target(folder, *damages, broker=BROKER, persistent="stop = SIGTERM", ready_ms=60000):
    path = folder / "keeping.ini"
    path.write_text(f"[target]\nname = the broker\nready_ms = {ready_ms}\nenvironment = OF={folder}\n"
                    f"command = /usr/bin/python3 {broker}\n"
                    + "".join(f"  {word}\n" for word in ("{port}", "{store}/state", *damages))
                    + (f"[persistent]\n{persistent}\n" if persistent is not None else ""))
    return path


def run(folder, target, *words):
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run([PROGRAM, "run", target, "--out", folder / "out", *words], capture_output=True, text=True,
                          timeout=500, cwd=folder, env={**os.environ, "TMPDIR": str(temporary)})
    assert not list(temporary.glob("mqttspec-??????")), "a private folder is left"
    return done, read(folder)


def read(folder):
    lines = [json.loads(line) for line in (folder / "out/run.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["type"] == "case"]


def brokers(folder):
    """Those that run for this test: its folder is in their environment."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            if b"keeping_broker.py" in words and str(folder).encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            pass
    return found


def is_seen(case):
    if case["id"].startswith("crash_"):
        return case["verdict"] in ("info", "nonstrict")
    return case["verdict"] in (MILDER.get((case["id"], case["version"])), "fail")


def check_seen(cases, damages=()):
    for case in cases:
        if case["version"] == "3.1.1" and CANNOT_SHOW & set(damages) and len(damages) == 1:
            continue
        assert is_seen(case), (case["id"], case["version"], case["verdict"], case.get("note"))


def test_what_is_wrong_is_seen(tmp_path):
    target = write_target(tmp_path, *TOGETHER)
    done, cases = run(tmp_path, target, *TOGETHER.values(), "--versions", "5.0", "--timeout", "3000", "--patience", "9")
    assert len(cases) == len(set(TOGETHER.values())), done.stdout
    check_seen(cases)


@pytest.mark.nightly
@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_is_seen(tmp_path, damage):
    done, cases = run(tmp_path, write_target(tmp_path, damage), *DAMAGES[damage].split(), "--timeout", "3000",
                      "--patience", "9")
    assert {case["id"] for case in cases} == set(DAMAGES[damage].split()), done.stdout
    check_seen(cases, [damage])


def test_every_case_can_fail():
    listed = subprocess.run([PROGRAM, "list", *CHAPTERS], capture_output=True, text=True, timeout=60, check=True).stdout
    words = (word for word in listed.split() if not word.endswith(":"))
    cases = {word for word in words if word.startswith(("restart_", "crash_"))}
    assert len(cases) > 40
    assert cases == {case for seen in DAMAGES.values() for case in seen.split()}


@pytest.mark.nightly
def test_nobody_is_accused_falsely(tmp_path):
    done, cases = run(tmp_path, write_target(tmp_path), *CHAPTERS)
    assert len(cases) > 80, done.stdout
    assert {case["verdict"] for case in cases} == {"pass"}, done.stdout


def test_who_answers_a_ping_before_a_publish_is_not_accused(tmp_path):
    """Brokers with several threads do: a PINGRESP proves nothing of what was published before it."""
    cases = "crash_received_qos2", "restart_keeps_received_identifier", "restart_goes_on_with_pubrel"
    done, cases = run(tmp_path, write_target(tmp_path, "late"), *cases, "--versions", "5.0")
    assert [case["verdict"] for case in cases] == ["pass"] * 3, done.stdout


def test_what_the_broker_says_is_evidence(tmp_path):
    persistent = "stop = SIGINT\nenvironment = NOISE=hello"
    broker = tmp_path / "noisy.py"
    broker.write_text("import os, runpy, signal, sys\n"
                      "print('noise', os.environ.get('NOISE'), flush=True)\n"
                      "signal.signal(signal.SIGINT, lambda *_: (print('stopped', flush=True), os._exit(0)))\n"
                      f"sys.argv[0] = {str(BROKER)!r}\n"
                      f"runpy.run_path({str(BROKER)!r}, run_name='__main__')\n")
    done, cases = run(tmp_path, write_target(tmp_path, broker=broker, persistent=persistent),
                      "restart_keeps_open_session", "--versions", "5.0")
    assert cases[0]["verdict"] == "pass", done.stdout
    assert cases[0]["target_said"].split("\n") == ["noise hello", "stopped", "noise hello"]
    said = [event["text"] for event in cases[0]["transcript"] if "text" in event]
    assert [s for s in said if "SIG" in s or "ended" in s or "again" in s] == [
        "the broker gets SIGINT", "the broker has ended", "the broker runs again"]


def test_who_ends_before_it_is_up_again_fails(tmp_path):
    _, cases = run(tmp_path, write_target(tmp_path, "end"), "restart_keeps_open_session", "crash_unsubscribed",
                   "--versions", "5.0")
    assert sorted(case["verdict"] for case in cases) == ["fail", "nonstrict"]
    for case in cases:
        assert case["failure"]["expected"] == "the target runs again"
        assert case["failure"]["actual"] == "the broker exited with status 1 before it was ready; its last words: " \
            "keeping_broker.py: the store is damaged"
    assert not brokers(tmp_path)


def test_who_is_not_up_again_in_time_is_not_accused(tmp_path):
    """And does not hold up the run."""
    target = write_target(tmp_path, "silence", ready_ms=4000)
    _, cases = run(tmp_path, target, "restart_keeps_open_session", "--versions", "5.0", "--patience", "0")
    assert cases[0]["verdict"] == "inconclusive"
    assert "the broker took no connections within 4000 ms" in cases[0]["note"]
    assert not brokers(tmp_path)


def test_who_does_not_stop_is_killed(tmp_path):
    target = write_target(tmp_path, "stubborn", persistent="stop_ms = 300")
    _, cases = run(tmp_path, target, "restart_keeps_open_session", "--versions", "5.0")
    assert cases[0]["verdict"] == "inconclusive"
    assert "did not end within 300 ms after SIGTERM" in cases[0]["note"]
    assert not brokers(tmp_path)


def test_who_dies_meanwhile_crashes(tmp_path):
    """Of an own fault, as soon as it has written down a subscription: long before it is to be stopped."""
    broker = tmp_path / "dying.py"
    broker.write_text("import os, pathlib, runpy, sys\n"
                      "rename = pathlib.Path.rename\n"
                      "def rename_and_die(path, to):\n"
                      "    rename(path, to)\n"
                      "    if b'rs/1' in pathlib.Path(to).read_bytes():\n"
                      "        print('the end is near', flush=True)\n"
                      "        os.abort()\n"
                      "pathlib.Path.rename = rename_and_die\n"
                      f"sys.argv[0] = {str(BROKER)!r}\n"
                      f"runpy.run_path({str(BROKER)!r}, run_name='__main__')\n")
    _, cases = run(tmp_path, write_target(tmp_path, broker=broker), "restart_keeps_subscriptions", "--versions", "5.0")
    assert cases[0]["verdict"] == "crash", cases
    assert cases[0]["death"]["signal"] == signal.SIGABRT
    assert "the end is near" in cases[0]["death"]["stderr_tail"]


def test_without_persistent_nothing_is_judged(tmp_path):
    _, cases = run(tmp_path, write_target(tmp_path, persistent=None), "restart_keeps_open_session")
    assert {case["verdict"] for case in cases} == {"inapplicable"}
    assert "has no section [persistent]" in cases[0]["note"]


def test_at_a_url_nothing_is_judged(tmp_path):
    port = free_port()
    with subprocess.Popen(["/usr/bin/python3", BROKER, str(port), tmp_path / "state"]) as broker:
        try:
            wait_for_port(port, broker)
            _, cases = run(tmp_path, f"mqtt://127.0.0.1:{port}", "restart_keeps_open_session")
        finally:
            broker.kill()
    assert {case["verdict"] for case in cases} == {"inapplicable"}
    assert "only a program that mqttspec launches" in cases[0]["note"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_run(tmp_path, how):
    target, temporary = write_target(tmp_path), tmp_path / "tmp"
    temporary.mkdir()
    with subprocess.Popen([PROGRAM, "run", target, "restart_session_expiry_goes_on", "--out", tmp_path / "out"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                          env={**os.environ, "TMPDIR": str(temporary)}) as run_:
        deadline = time.monotonic() + 60
        while len(brokers(tmp_path)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(brokers(tmp_path)) >= 2, "that of the run, and that of the case run"
        os.kill(run_.pid, how)
        run_.wait(60)
    while brokers(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not brokers(tmp_path)
    if how == signal.SIGINT:
        assert not list(temporary.iterdir())
