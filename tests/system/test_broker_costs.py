"""What a client may cost the included broker and its other clients, over sockets."""
from test_broker_ends import fixture_start, hear, join, packet, publish, string, subscribe

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
                assert len(came) < 2000
                publisher.sendall(publish(b"live", b"x") + b"\xC0\0")
                assert hear(publisher)[0] == 0xD0
            elif topic == b"live":
                live = True
            else:
                assert first == 0x31 and topic not in came
                came.add(topic)
        assert live
