"""A broker that has an opinion of clients that do not read: pressed_broker.py PORT MODE

sound      every end is at once, whatever waits
lingering  a connection that ends is closed when all that waits has been written
patient    Keep Alive, take-over and errors are for those who read what they are sent
selfish    who does not read is not read from, and his Keep Alive runs out all the same
mute       there is no PINGRESP while output waits
waiting    CONNACK waits until the predecessor has read everything, or has gone
jealous    CONNACK never comes to who follows one that does not read
forgetful  a take-over loses what waits
shuffling  what waits is sent again in reverse
blind      an identifier is used again whether or not it is free, from 1,500 on
stalling   of 1,500 deliveries an open one is the end of them

It speaks 3.1.1 and 5.0, keeps sessions in memory, and gives what it sends the publisher's QoS.
"""
import collections
import selectors
import socket
import sys
import time

from easy_broker import encoded, integer, matches, packet, string

ROOM = 64 * 1024  # of a read
PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 3, 4, 5, 6, 7
IDS = {"blind": 1500}


class Session:
    def __init__(self):
        self.filters = {}
        self.under_way = collections.OrderedDict()  # identifier: (topic, payload, QoS), None when it was released
        self.last_id = 0


class Client:
    def __init__(self, broker, peer):
        self.broker, self.peer = broker, peer
        self.data, self.out = bytearray(), bytearray()
        self.session, self.name, self.will, self.keep_alive = None, None, None, 0
        self.heard, self.ends, self.closed, self.v5 = time.monotonic(), False, False, False

    def send(self, data):
        if not self.ends:
            self.out += data

    def write(self):
        try:
            while self.out:
                del self.out[:self.peer.send(memoryview(self.out)[:ROOM])]
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def end(self, with_will=True):
        if self.ends:
            return
        self.ends = True
        if self.broker.clients.get(self.name) is self:
            del self.broker.clients[self.name]
        if with_will and self.will:
            self.broker.publish(*self.will)
        if not self.out or self.broker.mode not in ("lingering", "patient"):
            self.close()

    def close(self):
        self.ends = True
        if not self.closed:
            self.closed = True
            self.broker.selector.unregister(self.peer)
            self.peer.close()

    def is_let_off(self):
        return self.broker.mode == "patient" and self.out

    def read(self):
        try:
            chunk = self.peer.recv(ROOM)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.out.clear()
            self.end()
            return
        if self.ends:  # what is not read would make the close a reset
            return
        self.data += chunk
        while len(self.data) >= 2 and not self.ends:
            size, at = integer(self.data, 1)
            if self.data[at - 1] & 0x80 or len(self.data) < at + size:
                break
            first, body = self.data[0], bytes(self.data[at:at + size])
            del self.data[:at + size]
            self.heard = time.monotonic()
            self.take(first, body)

    def take(self, first, body):
        kind = first >> 4
        if kind == 1:
            self.connect(body)
        elif kind == PUBLISH:
            self.published(first >> 1 & 3, body)
        elif kind in (PUBACK, PUBCOMP):
            self.session.under_way.pop(int.from_bytes(body[:2], "big"), None)
        elif kind == PUBREC:
            self.session.under_way[int.from_bytes(body[:2], "big")] = None
            self.send(packet(0x62, body[:2]))
        elif kind == PUBREL:
            self.send(packet(0x70, body[:2]))
        elif kind == 8:
            at = 3 if self.v5 else 2
            name, end = string(body, at)
            self.session.filters[name] = body[end] & 3
            self.send(packet(0x90, body[:2] + (b"\0" if self.v5 else b"") + bytes([body[end] & 3])))
        elif kind == 12 and not (self.broker.mode == "mute" and self.out):
            self.send(b"\xd0\0")
        elif kind == 14:
            self.end(with_will=False)

    def properties(self, body, at):
        if not self.v5:
            return b"", at
        size, at = integer(body, at)
        return body[at:at + size], at + size

    def connect(self, body):
        if self.session:
            if not self.is_let_off():
                self.end()
            return
        self.v5, flags, self.keep_alive = body[6] == 5, body[7], int.from_bytes(body[8:10], "big")
        _, at = self.properties(body, 10)
        self.name, at = string(body, at)
        if flags & 4:
            _, at = self.properties(body, at)
            topic, at = string(body, at)
            payload, at = string(body, at)
            self.will = (topic, payload, flags >> 3 & 3)
        old = self.broker.clients.get(self.name)
        if old and self.broker.mode == "jealous" and old.out:
            return
        if old and self.broker.mode == "waiting" and old.out:
            self.broker.waiting.append((self, old, flags))
            return
        self.accept(old, flags)

    def accept(self, old, flags):
        if old and not old.is_let_off():
            old.end()
        known = self.broker.sessions.get(self.name) if not flags & 2 else None
        self.session = known or Session()
        self.broker.sessions[self.name] = self.session
        self.broker.clients[self.name] = self
        present = bytes([known is not None, 0])
        self.send(packet(0x20, present + (b"\0" if self.v5 else b"")))
        if self.broker.mode == "forgetful":
            self.session.under_way.clear()
        waiting = list(self.session.under_way.items())
        for number, message in reversed(waiting) if self.broker.mode == "shuffling" else waiting:
            self.send(packet(0x62, number.to_bytes(2, "big")) if message is None
                      else self.message(*message, number, 8))

    def message(self, topic, payload, qos, number, dup=0):
        head = encoded(topic) + (number.to_bytes(2, "big") if qos else b"") + (b"\0" if self.v5 else b"")
        return packet(0x30 | qos << 1 | dup, head + payload)

    def published(self, qos, body):
        topic, at = string(body, 0)
        if qos:
            self.send(packet(0x40 if qos == 1 else 0x50, body[at:at + 2]))
            at += 2
        _, at = self.properties(body, at)
        self.broker.publish(topic, body[at:], qos)

    def deliver(self, topic, payload, qos):
        session, number = self.session, 0
        if qos:
            if self.broker.mode == "stalling" and session.last_id >= 1500:
                return
            number = session.last_id = session.last_id % IDS.get(self.broker.mode, 65535) + 1
            while number in session.under_way and self.broker.mode != "blind":
                number = session.last_id = number % 65535 + 1
            session.under_way[number] = (topic, payload, qos)
        self.send(self.message(topic, payload, qos, number))


class Broker:
    def __init__(self, port, mode):
        self.mode = mode
        self.clients, self.sessions, self.waiting = {}, {}, []
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=100)
        # What waits is to wait here, whatever the system would keep.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
        self.selector.register(self.listener, selectors.EVENT_READ)

    def publish(self, topic, payload, qos):
        for client in list(self.clients.values()):
            granted = [q for f, q in client.session.filters.items() if matches(f, topic)]
            if granted:
                client.deliver(topic, payload, min(qos, max(granted)))

    def is_served(self, client):
        return not (self.mode == "selfish" and client.out)

    def look_around(self):
        for key in list(self.selector.get_map().values()):
            client = key.data
            if not client:
                continue
            if not client.ends and client.keep_alive and not client.is_let_off() and \
                    time.monotonic() - client.heard > 1.5 * client.keep_alive:
                client.end()
            if client.ends and not client.out:
                client.close()
            if not client.closed:
                wanted = selectors.EVENT_WRITE if client.out else 0
                wanted |= selectors.EVENT_READ if self.is_served(client) else 0
                self.selector.modify(client.peer, wanted or selectors.EVENT_READ, client)
        for one in self.waiting[:]:
            if not one[1].out:
                self.waiting.remove(one)
                one[0].accept(*one[1:])

    def turn(self):
        for key, events in self.selector.select(0.05):
            if not key.data:
                peer = self.listener.accept()[0]
                peer.setblocking(False)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.selector.register(peer, selectors.EVENT_READ, Client(self, peer))
                continue
            if events & selectors.EVENT_READ and not key.data.closed and self.is_served(key.data):
                key.data.read()
            if not key.data.closed:
                key.data.write()
        for client in list(self.clients.values()):
            if client.out and not client.closed:
                client.write()
        self.look_around()


def main(port, mode):
    broker = Broker(int(port), mode)
    while True:
        broker.turn()


main(*sys.argv[1:])
