"""How the included broker ends connections, over sockets: in time, with little held for those who do not read, and
so that those who do read get everything."""
import resource
import select
import socket
import struct
import subprocess
import time

import pytest

from test_broker import BROKER, LIMIT_S, Broker

MEGABYTE = 1 << 20


def string(text):
    return struct.pack(">H", len(text)) + text


def packet(first, body):
    length, rest = b"", len(body)
    while True:
        length += bytes([rest & 0x7F | (0x80 if rest > 0x7F else 0)])
        rest >>= 7
        if not rest:
            return bytes([first]) + length + body


def connect(name, clean=True, keep_alive=0):
    return packet(0x10, string(b"MQTT") + bytes([5, 2 if clean else 0]) + struct.pack(">H", keep_alive)
                  + b"\5\x11\0\0\0\x64" + string(name))


def publish(topic, payload, qos=0, number=1):
    return packet(0x30 | qos << 1, string(topic) + (struct.pack(">H", number) if qos else b"") + b"\0" + payload)


def hear(s):
    """The next packet: its first byte and its body."""
    def exactly(count):
        data = b""
        while len(data) < count:
            more = s.recv(count - len(data))
            assert more, "closed"
            data += more
        return data

    first, length, shift = exactly(1)[0], 0, 0
    while True:
        byte = exactly(1)[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return first, exactly(length)


def dial(broker, receive_bytes=None):
    s = socket.socket()
    s.settimeout(LIMIT_S)
    if receive_bytes:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    s.connect(("127.0.0.1", broker.port))
    return s


def join(broker, name, clean=True, keep_alive=0, receive_bytes=None):
    s = dial(broker, receive_bytes)
    s.sendall(connect(name, clean, keep_alive))
    first, body = hear(s)
    assert (first, body[1]) == (0x20, 0)
    return s


def subscribe(s, topic, qos=0):
    s.sendall(packet(0x82, b"\0\1\0" + string(topic) + bytes([qos])))
    assert hear(s)[0] == 0x90


@pytest.fixture(name="start")
def fixture_start(tmp_path):
    brokers = []

    def start(*lines):
        config = tmp_path / "broker.conf"
        config.write_text("".join(f"{line}\n" for line in lines))
        brokers.append(Broker(tmp_path, "-v", "-c", config))
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.end()


def test_who_does_not_read_is_closed_all_the_same(start):
    """After keep-alive expiry, a take-over, an error, and the client's own DISCONNECT, with 8 MB to be written."""
    broker = start()
    names = [b"silent", b"taken", b"wrong", b"gone"]
    deaf = {name: join(broker, name, keep_alive=name == b"silent", receive_bytes=4096) for name in names}
    for s in deaf.values():
        subscribe(s, b"t")
    with join(broker, b"publisher") as publisher:
        publisher.sendall(publish(b"t", bytes(MEGABYTE)) * 8 + b"\xC0\0")
        assert hear(publisher)[0] == 0xD0
    deaf[b"wrong"].sendall(b"\xC1\0")
    deaf[b"gone"].sendall(b"\xE0\0")
    with join(broker, b"taken"):
        for number in range(1, 5):
            broker.wait_for_log(f"connection {number} closed")
    for s in deaf.values():
        s.close()


def test_who_takes_nothing_without_a_keep_alive_is_closed_at_last(start):
    broker = start("output_timeout 1", "end_timeout 1")
    with join(broker, b"deaf", receive_bytes=4096) as deaf, join(broker, b"publisher") as publisher:
        subscribe(deaf, b"t")
        publisher.sendall(publish(b"t", bytes(MEGABYTE)) * 8 + b"\xC0\0")
        assert hear(publisher)[0] == 0xD0
        broker.wait_for_log("nothing is taken")
        broker.wait_for_log("connection 1 closed")


@pytest.mark.parametrize("said, found", [(b"", "nothing heard for one and a half times the Keep Alive"),
                                         (b"\xC0\0", "nothing is taken of what waits to be written")])
def test_who_is_not_read_from_is_silent_if_nothing_was_sent(start, said, found):
    """More waits than may: nothing is read. Who has sent nothing meanwhile is cut off by the Keep Alive alone,
    anybody else only because nothing is taken."""
    broker = start("max_output_bytes 65536", f"stuck_timeout {2 if said else 100}", "end_timeout 1")
    with join(broker, b"deaf", keep_alive=4, receive_bytes=4096) as deaf, join(broker, b"publisher") as publisher:
        subscribe(deaf, b"t")
        publisher.sendall(publish(b"t", bytes(MEGABYTE)) * 8 + b"\xC0\0")
        assert hear(publisher)[0] == 0xD0
        deaf.sendall(said)
        broker.wait_for_log(f"connection 1: {found}")
        broker.wait_for_log("connection 1 closed")


def test_a_session_taken_over_again_and_again_keeps_nobody_out(start):
    """Each connection would be sent 3 MB, and reads nothing: together more than the broker may hold."""
    broker = start("memory_limit 67108864")
    with join(broker, b"full", clean=False) as s:
        subscribe(s, b"q", 1)
        s.sendall(b"\xE0\0")
    with join(broker, b"publisher") as publisher:
        for number in range(1, 1001):
            publisher.sendall(publish(b"q", bytes(3300), 1, number))
            assert hear(publisher)[0] == 0x40
    held = []
    for _ in range(150):
        held.append(dial(broker, 4096))
        held[-1].sendall(connect(b"full", clean=False))
    for number in range(20):
        held.append(join(broker, b"newcomer%d" % number))
    for s in held:
        s.close()


def test_a_slow_reader_who_pings_gets_everything(start):
    """What the broker does not read is not held against the client: [MQTT-3.1.2-22] of 5.0. Its pings are answered
    when it has taken what was before them."""
    broker = start("max_output_bytes 65536")
    message, rate = publish(b"t", bytes(16 * MEGABYTE)), 4 * MEGABYTE
    end = len(message)
    with join(broker, b"slow", keep_alive=1, receive_bytes=524288) as s:
        subscribe(s, b"t")
        with join(broker, b"publisher") as publisher:
            publisher.sendall(message)
        heard = bytearray(s.recv(1))    # what is answered from now on comes after the message
        began, pings = time.monotonic(), 0
        while len(heard) < end:
            passed = time.monotonic() - began
            if passed * 2 > pings:      # two a second
                s.sendall(b"\xC0\0")
                pings += 1
            if len(heard) < passed * rate:
                data = s.recv(65536)
                assert data, f"closed after {len(heard)} bytes"
                heard += data
            else:
                time.sleep(0.01)
        answers = heard[end:]
        while len(answers) < 2 * pings:
            data = s.recv(65536)
            assert data, "closed before all pings were answered"
            answers += data
        assert answers == b"\xD0\0" * pings


def read_to_the_end(s, also_send):
    """Reads until the broker has closed; meanwhile sends on, whether anybody wants it or not."""
    heard = bytearray()
    s.setblocking(False)
    while True:
        readable, writable, _ = select.select([s], [s] if also_send else [], [], LIMIT_S)
        assert readable or writable, f"not closed after {len(heard)} bytes"
        if writable:
            also_send = also_send[s.send(also_send[:65536]):]
        if readable:
            data = s.recv(65536)
            if not data:
                return bytes(heard)
            heard += data


def test_what_is_sent_after_an_error_costs_no_byte_of_the_answer(start):
    """A connection closed with bytes unread is reset, and the peer's tail is lost."""
    broker = start()
    with join(broker, b"wrong") as s:
        subscribe(s, b"t")
        with join(broker, b"publisher") as publisher:
            publisher.sendall(publish(b"t", bytes(8 * MEGABYTE)) + b"\xC0\0")
            assert hear(publisher)[0] == 0xD0
        heard = read_to_the_end(s, b"\xC1\0" + bytes(8 * MEGABYTE))
        size = 10 + 8 * MEGABYTE - 1
        assert len(heard) > size
        end = heard.index(b"\xE0", size - 1)
        assert end == len(publish(b"t", bytes(8 * MEGABYTE)))
        assert heard[end + 2] == 0x81       # Malformed Packet


def test_a_packet_too_large_is_answered(start):
    broker = start("max_packet_size 100000")
    for number in range(10):
        with join(broker, b"large%d" % number) as s:
            heard = read_to_the_end(s, publish(b"t", bytes(3 * MEGABYTE)))
            assert (heard[0], heard[2]) == (0xE0, 0x95)     # Packet too large


def test_a_client_that_says_goodbye_first_gets_the_rest(start):
    """It has half-closed: what was answered before is still to be read."""
    broker = start()
    with dial(broker) as s:
        s.sendall(connect(b"c") + b"".join(publish(b"t", b"", 1, n) for n in range(1, 60001)) + b"\xE0\0")
        s.shutdown(socket.SHUT_WR)
        assert hear(s)[0] == 0x20
        for _ in range(60000):
            assert hear(s)[0] == 0x40
        assert s.recv(1) == b""


def test_a_broker_out_of_descriptors_says_so(tmp_path):
    """Newcomers are refused in words, and served again when there is room."""
    log = tmp_path / "broker.log"
    with open(log, "wb") as errors:
        process = subprocess.Popen(
            [BROKER, "-p", "0"], stdout=subprocess.PIPE, stderr=errors,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    broker = Broker.__new__(Broker)
    broker.log, broker.process = log, process
    broker.port = int(process.stdout.readline().split()[1])
    served = []
    while "more than 64 file descriptors" not in log.read_text():
        assert len(served) < 64
        s = dial(broker)
        s.sendall(connect(b"c%d" % len(served)))
        try:
            hear(s)
        except (AssertionError, ConnectionResetError):
            s.close()
            broker.wait_for_log("more than 64 file descriptors")
            break
        served.append(s)
    served.pop().close()
    deadline = time.monotonic() + LIMIT_S
    while True:     # the broker learns of the close in its own time
        assert time.monotonic() < deadline
        with dial(broker) as again:
            again.sendall(connect(b"again"))
            try:
                assert hear(again)[0] == 0x20
                break
            except (AssertionError, ConnectionResetError):
                time.sleep(0.02)
    for s in served:
        s.close()
    broker.end()
