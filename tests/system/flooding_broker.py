"""A broker that says too much: flooding_broker.py PORT MODE

pings     after CONNACK it sends PINGRESP without end
messages  after SUBACK it sends one message without end, to a topic that the filter matches
copies    what is published by a client that has subscribed it sends back to it without end
large     the same as messages, with payloads of 64 kB
wrong     the same as messages, each with an error that the monitor sees
"""
import socket
import sys
import threading

CONNECT, PUBLISH, PUBREL, SUBSCRIBE, PINGREQ = 1, 3, 6, 8, 12
AT_ONCE = 64 * 1024


def read_exactly(peer, size):
    data = b""
    while len(data) < size:
        part = peer.recv(size - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def read_packet(peer):
    first = read_exactly(peer, 1)[0]
    size = shift = 0
    while True:
        byte = read_exactly(peer, 1)[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 128:
            return first, read_exactly(peer, size)


def flood(peer, packet):
    many = packet * max(1, AT_ONCE // len(packet))
    while True:
        peer.sendall(many)


def publish(topic, payload, version, first=0x30):
    body = len(topic).to_bytes(2, "big") + topic + (b"\0" if version == 5 else b"") + payload
    size, head = len(body), bytes([first])
    while size > 127:
        head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
    return head + bytes([size]) + body


def serve(peer, mode):
    version, subscribed = 4, False
    while True:
        first, body = read_packet(peer)
        kind = first >> 4
        if kind == CONNECT:
            version = body[6]
            peer.sendall(b"\x20\x03\0\0\0" if version == 5 else b"\x20\x02\0\0")
            if mode == "pings":
                flood(peer, b"\xd0\0")
        elif kind == SUBSCRIBE:
            filters = body[3 + body[2]:] if version == 5 else body[2:]
            codes = bytes([filters[-1] & 3])
            peer.sendall(b"\x90" + (b"\x04" + body[:2] + b"\0" if version == 5 else b"\x03" + body[:2]) + codes)
            subscribed = True
            topic = filters[2:-1].replace(b"+", b"x").replace(b"#", b"x")
            if mode == "messages":
                flood(peer, publish(topic, b"x", version))
            if mode == "large":
                flood(peer, publish(topic, b"x" * AT_ONCE, version))
            if mode == "wrong":
                flood(peer, publish(topic, b"x", version, 0x38))
        elif kind == PUBLISH:
            size = int.from_bytes(body[:2], "big")
            topic, rest = body[2:2 + size], body[2 + size:]
            if first & 6:
                peer.sendall((b"\x40\x02" if first & 2 else b"\x50\x02") + rest[:2])
                rest = rest[2:]
            if mode == "copies" and subscribed:
                flood(peer, publish(topic, rest[1 + rest[0]:] if version == 5 else rest, version))
        elif kind == PUBREL:
            peer.sendall(b"\x70\x02" + body[:2])
        elif kind == PINGREQ:
            peer.sendall(b"\xd0\0")


def connection(peer, mode):
    with peer:
        try:
            serve(peer, mode)
        except OSError:
            pass


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
    while True:
        threading.Thread(target=connection, args=(listener.accept()[0], sys.argv[2]), daemon=True).start()


main()
