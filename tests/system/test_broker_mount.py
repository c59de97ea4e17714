"""Mount points: the included broker and mosquitto read the very same files, and their clients see the same."""
import subprocess

import pytest

from mqtt_peer import Peer
from test_access import BROKER, LIMIT_S, VERSIONS, both, passwd, start  # noqa: F401: fixtures

CONFIG = ("listener {port} 127.0.0.1\nmount_point m/\nlistener {second} 127.0.0.1\nallow_anonymous true\n"
          "password_file {dir}/users\nacl_file {dir}/acl\n")

# Rules are about topics with the prefix, whoever reads them.
ACL = """user alice
topic m/a/#
topic read m/b
topic write m/w
topic deny m/a/not
topic plain
topic m/m/x
user owner
topic #
topic $SYS/#
pattern m/users/%u/#
"""

TOPICS = ["a", "a/1", "a/not", "b", "w", "plain", "x", "m/x", "m/a/1", "users/alice/1", "users/carol/1", "/", "$x"]
FILTERS = ["#", "+", "a/#", "a/+", "b", "m/#", "m/a/#", "plain", "users/#", "$SYS/#", "/#"]


def named(messages, strips):
    """Topics and payloads, sorted. mosquitto 2.0.11 forgets to take the prefix off (#2244, mended in 2.0.12)."""
    assert strips or all(topic.startswith("m/") or topic == "m" for topic, _, _ in messages)
    shown = [(topic if strips else topic[2:], payload) for topic, payload, _ in messages]
    return sorted(m for m in shown if m[0] and not m[0].startswith("$"))


def takes_prefix_off(server):
    peer = Peer(server.port, "asks", "owner", "o")
    peer.subscribe("ask")
    peer.publish("ask")
    (topic, _, _), = peer.drain()
    peer.leave()
    return topic == "ask"


def table(server, version):
    """What alice can send, get, find retained and leave as a Will at a listener with a mount point."""
    strips = takes_prefix_off(server)
    owner = Peer(server.second, "owner", "owner", "o", version)
    assert owner.subscribe("#", qos=1)[0] < 2
    for topic in TOPICS:
        owner.publish("m/" + topic, "kept", 1, True)
    owner.publish("m", "of no name", 1, True)
    owner.drain()
    seen = {}
    alice = Peer(server.port, "alice", "alice", "a", version)
    for qos in (0, 1, 2):
        for topic in TOPICS:
            assert alice.publish(topic, f"q{qos}", qos) is not None
        alice.ping()
        seen["write", qos] = sorted(topic for topic, _, _ in owner.drain())
    alice.leave()
    for filter_ in FILTERS:
        peer = Peer(server.port, "c", "alice", "a", version)
        granted = peer.subscribe(filter_, qos=1)[0] < 0x80
        seen["retained", filter_] = named(peer.drain(), strips)
        for topic in TOPICS:
            owner.publish("m/" + topic, "now", 1)
            owner.publish(topic, "outside", 1)
        owner.publish("m", "of no name", 1)
        owner.drain()
        seen["read", filter_] = named(peer.drain(), strips)
        assert granted or not (seen["retained", filter_] or seen["read", filter_])
        peer.leave()
    for topic in TOPICS:
        peer = Peer(server.port, "w", "alice", "a", version, will={"topic": topic})
        peer.vanish()
        Peer(server.port, "w", "alice", "a", version).leave()
        seen["will", topic] = [topic for topic, payload, _ in owner.drain() if payload == "will"]
    owner.leave()
    return seen


@pytest.mark.parametrize("version", VERSIONS)
def test_clients_behind_a_mount_point_see_the_same(start, tmp_path, version):  # noqa: F811
    for user in ("alice", "owner"):
        passwd(tmp_path / "users", user, user[0])
    (tmp_path / "acl").write_text(ACL)
    servers = both(start, CONFIG)
    assert takes_prefix_off(servers[0])
    ours, theirs = (table(server, version) for server in servers)
    assert {k: v for k, v in ours.items() if v != theirs[k]} == {k: v for k, v in theirs.items() if v != ours[k]} == {}
    assert ours["write", 1] == ["m/a", "m/a/1", "m/m/x", "m/users/alice/1", "m/w"]
    assert [topic for topic, _ in ours["retained", "#"]] == ["a", "a/1", "b", "m/x", "users/alice/1"]
    assert ours["will", "a/1"] == ["m/a/1"] and ours["will", "b"] == []


def test_shares_work_behind_a_mount_point(start, tmp_path):  # noqa: F811
    """mosquitto puts the prefix before $share, which then is no share."""
    text = "listener {port} 127.0.0.1\nmount_point m/\nlistener {second} 127.0.0.1\nallow_anonymous true\n"
    ours, theirs = both(start, text)
    got = {}
    for server in ours, theirs:
        pub, members = Peer(server.second, "pub"), [Peer(server.port, f"c{i}") for i in range(2)]
        for member in members:
            assert member.subscribe("$share/g/t") == [0]
        for payload in "12":
            pub.publish("m/t", payload, 1)
        got[server] = [[topic for topic, _, _ in member.drain()] for member in members]
    assert got == {ours: [["t"], ["t"]], theirs: [[], []]}


@pytest.mark.parametrize("value", ["a/+", "#", "$SYS/", "$share/g/"])
def test_what_is_no_beginning_of_a_topic_is_refused(tmp_path, value):
    config = tmp_path / "broker.conf"
    config.write_text(f"listener 0\nmount_point {value}\n")
    result = subprocess.run([BROKER, "-c", config], capture_output=True, text=True, timeout=LIMIT_S)
    assert result.returncode == 2 and "broker.conf:2: mount_point takes the beginning of a topic" in result.stderr
