"""What a client may cost the included broker and its other clients, over sockets."""
from test_broker import BROKER
from test_broker_ends import MEGABYTE, fixture_start, hear, join, packet, publish, string, subscribe

__all__ = ["fixture_start"]


def test_a_burst_of_retained_messages_waits_for_its_reader(start):
    """9 MB for one who reads a bit at a time, from a broker that keeps 64 KiB for it. Meanwhile it is served, and so
    are others."""
    broker = start("max_output_bytes 65536")
    count = 30000
    with join(broker, b"publisher") as publisher, join(broker, b"slow", receive_bytes=4096) as slow:
        publisher.sendall(b"".join(packet(0x31, string(b"t/%d" % n) + b"\0" + bytes(300)) for n in range(count))
                          + b"\xC0\0")
        assert hear(publisher)[0] == 0xD0
        subscribe(slow, b"#")
        slow.sendall(b"\xC0\0")
        came, live = set(), False
        while len(came) < count:
            first, body = hear(slow)
            topic = body[2:2 + int.from_bytes(body[:2], "big")]
            if first == 0xD0:
                assert len(came) < count / 2  # what the system keeps for a slow reader comes first
                publisher.sendall(publish(b"live", b"x") + b"\xC0\0")
                assert hear(publisher)[0] == 0xD0
            elif topic == b"live":
                live = True
            else:
                assert first == 0x31 and topic not in came
                came.add(topic)
        assert live


def test_memory_comes_back_after_a_storm(start):
    """40 MB in packets that never become whole, from clients that then go away."""
    broker = start("sys_interval 1")
    with join(broker, b"watcher") as watcher:
        storm = [join(broker, b"c%d" % n) for n in range(40)]
        for s in storm:
            s.sendall(publish(b"t", bytes(2 * MEGABYTE))[:MEGABYTE])
        subscribe(watcher, b"$SYS/broker/heap/current size")
        figure = 0
        while figure < 40 * MEGABYTE:
            figure = int(hear(watcher)[1].split(b"size\0")[1])
        for s in storm:
            s.close()
        broker.wait_for_log("free memory goes back")
        while figure > MEGABYTE:
            figure = int(hear(watcher)[1].split(b"size\0")[1])
        subscribe(watcher, b"$SYS/broker/memory/resident")
        resident = 1 << 62
        while resident > 20 * MEGABYTE:
            first, body = hear(watcher)
            if b"resident" in body:
                resident = int(body.split(b"resident\0")[1])
                if b"__asan_init" in BROKER.read_bytes():
                    break       # a sanitizer keeps what is free
