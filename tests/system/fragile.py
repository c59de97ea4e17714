#!/usr/bin/python3
"""fragile.py PORT FAULT [USER PASSWORD] - a small MQTT server that has one fault, for what the fuzzer is to find.

It serves 3.1.1 and 5.0 as far as well-behaved clients need it (QoS 0 and 1, exact topics). A PUBLISH with both
QoS bits set brings the fault about; whatever makes it close a connection, where it leaks:

    none         it closes the connection, as it should
    crash        it is killed by SIGABRT
    hang         it says so, and serves nobody any more
    busy         it works on for ever, and serves everybody
    descriptors  it opens a file and forgets it
    memory       it keeps 64 KiB
    harm         it closes all connections
    illegal      it answers with a CONNACK
    astray       all others get a CONNACK
    report       it says on stderr what AddressSanitizer would say, and lives on
    leak         it says on stderr what LeakSanitizer would say, when it is told to end

FRAGILE_LIFE in the environment names a file for a line at each start, and for one at each abort.
"""
import os
import socket
import selectors
import signal
import struct
import sys
import threading
import time

PORT, FAULT, LOGIN = int(sys.argv[1]), sys.argv[2], [word.encode() for word in sys.argv[3:]]
# Properties: how many bytes of a number, or how many texts, each of them has.
SUBSCRIPTION, METHOD, LARGEST = 0x0B, 0x15, 0x27
NUMBERS = {1: 1, 2: 4, 0x11: 4, 0x13: 2, 0x17: 1, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x24: 1, 0x25: 1, LARGEST: 4,
           0x28: 1, 0x29: 1, 0x2A: 1}
TEXTS = {3: 1, 8: 1, 9: 1, 0x12: 1, METHOD: 1, 0x16: 1, 0x1A: 1, 0x1C: 1, 0x1F: 1, 0x26: 2}
selector = selectors.DefaultSelector()
kept = []


class Client:
    def __init__(self, sock):
        self.sock, self.data, self.level, self.filters, self.connected = sock, b"", 4, set(), False


clients = set()


def close(client):
    if client in clients:
        clients.discard(client)
        selector.unregister(client.sock)
        client.sock.close()


def send(client, first, body):
    length, head = len(body), bytearray([first])
    while True:
        head.append(length % 128 | (128 if length > 127 else 0))
        length //= 128
        if not length:
            break
    try:
        client.sock.sendall(bytes(head) + body)
    except OSError:
        pass


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 21:
            raise ValueError


def text(data, at):
    (length,) = struct.unpack_from(">H", data, at)
    if at + 2 + length > len(data):
        raise ValueError
    return data[at + 2:at + 2 + length], at + 2 + length


def name(data, at):
    """The text at `at`, which may be passed on to others as a Topic Name, and where it ends."""
    topic, at = text(data, at)
    if not topic or set(topic) & set(b"+#\0"):
        raise ValueError
    topic.decode()
    return topic, at


def skip(data, at):
    """Where the property ends that begins at `at`."""
    kind, at = data[at], at + 1
    if kind == SUBSCRIPTION:
        return varint(data, at)[1]
    if kind in NUMBERS:
        return at + NUMBERS[kind]
    if kind not in TEXTS:
        raise ValueError
    for _ in range(TEXTS[kind]):
        at = text(data, at)[1]
    return at


def listed(client, data, at):
    """The identifiers of the properties that begin at `at`, and where these end."""
    if client.level < 5:
        return set(), at
    (length, at), found = varint(data, at), set()
    end = at + length
    while at < end:
        found.add(data[at])
        at = skip(data, at)
    if at != end or end > len(data):
        raise ValueError
    return found, end


def properties(client, data, at):
    return listed(client, data, at)[1]


def login(client, flags, body, at):
    """The user name and the password after the ClientId, at `at`."""
    words = []
    if flags & 4:
        _, at = text(body, properties(client, body, at))
        _, at = text(body, at)
    for bit in 0x80, 0x40:
        if flags & bit:
            word, at = text(body, at)
            words.append(word)
    return words


def note(line):
    if "FRAGILE_LIFE" in os.environ:
        with open(os.environ["FRAGILE_LIFE"], "a") as life:
            life.write(line + "\n")


def fault(client):
    if FAULT == "crash":
        note("aborts")
        os.abort()
    elif FAULT == "hang":
        print("hanging", flush=True)
        time.sleep(10000)
    elif FAULT == "busy" and not kept:
        kept.append(threading.Thread(target=spin, daemon=True))
        kept[0].start()
    elif FAULT == "harm":
        for other in list(clients):
            close(other)
    elif FAULT == "illegal":
        accept(client)
    elif FAULT == "astray":
        for other in list(clients - {client}):
            accept(other)
    elif FAULT == "report":
        print("==1==ERROR: AddressSanitizer: heap-use-after-free", file=sys.stderr, flush=True)
    raise ValueError


def leak():
    if FAULT == "descriptors":
        kept.append(open("/dev/null"))
    elif FAULT == "memory":
        kept.append(bytearray(os.urandom(64 * 1024)))
    elif FAULT == "leak":
        kept.append(None)


def end(*_):
    if FAULT == "leak" and kept:
        print("==1==ERROR: LeakSanitizer: detected memory leaks", file=sys.stderr, flush=True)
    os._exit(0)


def accept(client):
    send(client, 0x20, b"\0\0" + (b"\0" if client.level > 4 else b""))


def spin():
    while True:
        pass


def take(client, first, body):
    kind, none = first >> 4, b"\0" if client.level > 4 else b""
    if kind == 1 and not client.connected:
        _, at = text(body, 0)
        client.level = body[at]
        if client.level not in (4, 5):
            raise ValueError
        told, at_id = listed(client, body, at + 4)
        if METHOD in told:
            send(client, 0x20, b"\0\x8c\0")
        if {METHOD, LARGEST} & told:
            raise ValueError    # it knows neither of them
        client_id, end = text(body, at_id)
        if not client_id:
            raise ValueError
        if LOGIN and login(client, body[at + 1], body, end) != LOGIN:
            send(client, 0x20, b"\0\x87\0" if client.level > 4 else b"\0\5")
            raise ValueError
        client.connected = True
        accept(client)
    elif not client.connected or kind == 1:
        raise ValueError
    elif kind == 3:
        qos = first >> 1 & 3
        if qos == 3:
            fault(client)
        topic, at = name(body, 0)
        ident = body[at:at + 2] if qos else b""
        if qos and not any(ident[:2]) or len(ident) < 2 * bool(qos):
            raise ValueError
        rest = body[properties(client, body, at + len(ident)):]
        if qos == 1:
            send(client, 0x40, ident)
        elif qos == 2:
            send(client, 0x50, ident)
        for other in list(clients):
            if topic in other.filters:
                head = struct.pack(">H", len(topic)) + topic + (b"\0" if other.level > 4 else b"")
                send(other, 0x30, head + rest)
    elif kind in (6, 8, 10) and (len(body) < 2 or not any(body[:2])):
        raise ValueError
    elif kind == 6:
        send(client, 0x70, body[:2])
    elif kind in (8, 10):
        at, codes = properties(client, body, 2), b""
        while at < len(body):
            topic, at = text(body, at)
            (client.filters.add if kind == 8 else client.filters.discard)(topic)
            at, codes = at + (kind == 8), codes + b"\0"
        if not codes:
            raise ValueError
        send(client, 0x90 if kind == 8 else 0xB0, body[:2] + none + (codes if kind == 8 or none else b""))
    elif kind == 12:
        send(client, 0xD0, b"")
    elif kind in (14, 15):
        raise ValueError


def read(client):
    data = client.sock.recv(65536)
    if not data:
        raise EOFError
    client.data += data
    while len(client.data) > 1:
        try:
            length, at = varint(client.data, 1)
        except IndexError:
            return
        if len(client.data) < at + length:
            return
        first, body, client.data = client.data[0], client.data[at:at + length], client.data[at + length:]
        take(client, first, body)


def main():
    signal.signal(signal.SIGTERM, end)
    note("serves")
    listener = socket.create_server(("127.0.0.1", PORT), backlog=128)
    selector.register(listener, selectors.EVENT_READ, None)
    while True:
        for key, _ in selector.select():
            if key.data is None:
                client = Client(listener.accept()[0])
                client.sock.settimeout(5)
                clients.add(client)
                selector.register(client.sock, selectors.EVENT_READ, client)
            elif key.data in clients:
                try:
                    read(key.data)
                except (EOFError, OSError):
                    close(key.data)
                except (ValueError, IndexError, struct.error):
                    leak()
                    close(key.data)


main()
