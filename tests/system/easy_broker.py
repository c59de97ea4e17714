"""A broker that finds fault with nothing: easy_broker.py PORT MODE

blind     sees no error and acts upon none: what is ill-formed it does not hand on, and what comes before
          CONNECT it passes over
careless  hands everything on as it came, to whoever asks, CONNECT or not
gossiping blind, and hands what a case run publishes to the subscribers of all others, too
knowing   blind, and knows every Authentication Method

It speaks 3.1.1 and 5.0 with QoS 0 to 2 from publishers and QoS 0 to subscribers.
"""
import re
import socket
import sys
import threading

CONNECT, PUBLISH, PUBREC, PUBREL, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 5, 6, 8, 10, 12, 14
METHOD = 0x15
SIZES = {0x01: 1, 0x02: 4, 0x11: 4, 0x13: 2, 0x17: 1, 0x18: 4, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x24: 1,
         0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}


def integer(data, at=0):
    """The Variable Byte Integer there, and where it ends; of any length."""
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            break
    return value, at


def string(data, at):
    size = int.from_bytes(data[at:at + 2], "big")
    return data[at + 2:at + 2 + size], at + 2 + size


def encoded(data):
    return len(data).to_bytes(2, "big") + data


def packet(first, body):
    size, head = len(body), bytes([first])
    while size >= 128:
        head += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + bytes([size]) + body


def find_property(data, wanted):
    """The value of a string property of CONNECT, or None."""
    at = 0
    while at < len(data):
        name, at = integer(data, at)
        if name in (0x12, METHOD, 0x16, 0x1A, 0x1C, 0x1F):
            value, at = string(data, at)
            if name == wanted:
                return value
        elif name == 0x26:
            _, at = string(data, at)
            _, at = string(data, at)
        elif name == 0x0B:
            _, at = integer(data, at)
        else:
            at += SIZES.get(name, 1)
    return None


def matches(pattern, topic):
    wanted, given = pattern.split(b"/"), topic.split(b"/")
    for i, level in enumerate(wanted):
        if level == b"#":
            return True
        if i >= len(given) or level not in (b"+", given[i]):
            return False
    return len(wanted) == len(given)


def is_sound(topic):
    try:
        return topic and not set(topic.decode()) & set("+#\0")
    except UnicodeDecodeError:
        return False


class Broker:
    def __init__(self, mode):
        self.mode = mode
        self.lock = threading.Lock()
        self.clients = []

    def is_gossip(self, pattern, topic):
        """Whether they are of different case runs: their prefix is three characters and a number."""
        return self.mode == "gossiping" and re.match(rb"\w{7}/", pattern) and pattern[:7] != topic[:7]

    def publish(self, topic, properties, payload):
        if self.mode != "careless":
            properties = b""
            if not is_sound(topic):
                return
        with self.lock:
            for client in self.clients:
                if any(matches(f, topic) or self.is_gossip(f, topic) for f in client.filters):
                    head = encoded(topic)
                    if client.v5:
                        head += packet(0, properties)[1:]
                    client.send(packet(0x30, head + payload))


class Client:
    def __init__(self, broker, peer):
        self.broker, self.peer = broker, peer
        self.v5, self.greeted, self.filters = True, False, []

    def send(self, data):
        try:
            self.peer.sendall(data)
        except OSError:
            pass

    def serve(self):
        data = b""
        try:
            while chunk := self.peer.recv(65536):
                data += chunk
                while len(data) >= 2:
                    size, at = integer(data, 1)
                    if len(data) < at + size or data[at - 1] & 0x80:
                        break
                    if not self.take(data[0], data[at:at + size]):
                        return
                    data = data[at + size:]
        except OSError:
            pass
        finally:
            with self.broker.lock:
                if self in self.broker.clients:
                    self.broker.clients.remove(self)
            self.peer.close()

    def properties(self, body, at):
        if not self.v5:
            return b"", at
        size, at = integer(body, at)
        return body[at:at + size], at + size

    def tail(self):
        return b"\0" if self.v5 else b""

    def take(self, first, body):
        kind = first >> 4
        if kind == CONNECT:
            self.connect(body)
        elif not self.greeted and self.broker.mode != "careless":
            return True
        elif kind == PUBLISH:
            self.published(first >> 1 & 3, body)
        elif kind == SUBSCRIBE:
            self.subscribe(body)
        elif kind == UNSUBSCRIBE:
            count = self.count_filters(body)
            self.send(packet(0xB0, body[:2].rjust(2, b"\1") + self.tail() + (b"\0" * count if self.v5 else b"")))
        elif kind == PUBREC:
            self.send(packet(0x62, body[:2].rjust(2, b"\1")))
        elif kind == PUBREL:
            self.send(packet(0x70, body[:2].rjust(2, b"\1")))
        elif kind == PINGREQ:
            self.send(b"\xD0\0")
        return kind != DISCONNECT

    def connect(self, body):
        _, at = string(body, 0)
        self.v5 = len(body) <= at or body[at] >= 5
        properties, _ = self.properties(body, at + 4)
        method = find_property(properties, METHOD)
        answer = b"\x22\0\x0A"  # Topic Alias Maximum 10, so that a case may use one
        if self.broker.mode == "knowing" and method is not None:
            answer += bytes([METHOD]) + encoded(method)
        if not self.greeted:
            self.send(packet(0x20, b"\0\0" + (packet(0, answer)[1:] if self.v5 else b"")))
        self.greeted = True
        self.enter()

    def enter(self):
        with self.broker.lock:
            if self not in self.broker.clients:
                self.broker.clients.append(self)

    def published(self, qos, body):
        topic, at = string(body, 0)
        if qos:
            number, at = body[at:at + 2], at + 2
            self.send(packet(0x40 if qos == 1 else 0x50, number.rjust(2, b"\1")))
        properties, at = self.properties(body, at)
        self.broker.publish(topic, properties, body[at:])

    def count_filters(self, body):
        _, at = self.properties(body, 2)
        count = 0
        while at < len(body):
            _, at = string(body, at)
            count += 1
        return count or 1

    def subscribe(self, body):
        _, at = self.properties(body, 2)
        codes = b""
        while at < len(body):
            wanted, at = string(body, at)
            codes += bytes([min(body[at] & 3, 2) if at < len(body) else 0])
            at += 1
            self.filters.append(wanted)
        self.enter()
        self.send(packet(0x90, body[:2].rjust(2, b"\1") + self.tail() + (codes or b"\0")))


def main(port, mode):
    broker = Broker(mode)
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=100)
    while True:
        peer = listener.accept()[0]
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=Client(broker, peer).serve, daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
