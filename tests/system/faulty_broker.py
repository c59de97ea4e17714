"""A broker of MQTT 3.1.1 and 5.0 whose faults are known: what `mqttspec bench` says of it can be held against them.

Deliveries are counted from 1 over all subscribers. It keeps no sessions and nothing that is retained.
"""
import asyncio
import socket
import struct
import threading
import time

ACKS = {1: 0x40, 2: 0x50}
MARK = 1 << 63      # in the number of a message: it is beside the account
SOME_PROPERTIES = b"\x06\x26\x00\x01a\x00\x00"    # with their length: a User Property


def packet(first, body):
    length, head = len(body), bytearray([first])
    while True:
        head.append(length & 127 | (128 if length > 127 else 0))
        length >>= 7
        if not length:
            return bytes(head) + body


class FaultyBroker:
    """delay_s: of each delivery; drop, double, swap: whether to do so with delivery N (swap: with the next one);
    stall: (after so many publications, seconds in which it does nothing at all); fate: of a message, by its publisher and
    its number: "drop", "hold" or "release" (drop, and deliver what is held); refuse: whether to refuse publication N by
    its Reason Code; limits: properties of its CONNACK in 5.0; ack_delay_s: of each acknowledgement."""

    def __init__(self, delay_s=0.0, drop=lambda n: False, double=lambda n: False, swap=lambda n: False, stall=None,
                 fate=lambda publisher, number: None, refuse=lambda n: False, limits=b"", ack_delay_s=0.0):
        self.fate, self.refuse, self.limits, self.ack_delay_s = fate, refuse, limits, ack_delay_s
        self.levels, self.unacknowledged, self.most_unacknowledged, self.pings = {}, 0, 0, 0
        self.delay_s, self.drop, self.double, self.swap, self.stall = delay_s, drop, double, swap, stall
        self.subscribers, self.published, self.delivered, self.held = {}, 0, 0, None
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # who sends in a stall has to wait soon
        self.port = self.socket.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(10)

    async def serve(self):
        self.over = asyncio.Event()
        server = await asyncio.start_server(self.talk, sock=self.socket)
        await self.over.wait()
        server.close()

    async def talk(self, reader, writer):
        try:
            while True:
                first = (await reader.readexactly(1))[0]
                length, shift = 0, 0
                while True:
                    byte = (await reader.readexactly(1))[0]
                    length |= (byte & 127) << shift
                    shift += 7
                    if byte < 128:
                        break
                self.take(writer, first, await reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.subscribers.pop(writer, None)
            writer.close()

    def take(self, writer, first, body):
        kind = first >> 4
        if kind == 1:
            self.levels[writer] = body[6]
            properties = bytes([len(self.limits)]) + self.limits if body[6] == 5 else b""
            writer.write(packet(0x20, b"\x00\x00" + properties))
        elif kind == 3:
            self.publish(writer, first >> 1 & 3, body)
        elif kind == 5:
            writer.write(b"\x62\x02" + body[:2])
        elif kind == 6:
            writer.write(b"\x70\x02" + body[:2])
        elif kind == 8:
            self.subscribers[writer] = 0    # to everything: there is one filter
            properties = SOME_PROPERTIES if self.levels[writer] == 5 else b""
            writer.write(packet(0x90, body[:2] + properties + body[-1:]))
        elif kind == 12:
            self.pings += 1
            writer.write(b"\xd0\x00")

    def publish(self, writer, qos, body):
        end = 2 + int.from_bytes(body[:2], "big")
        topic, payload = body[:end], body[end + (2 if qos else 0) + (self.levels[writer] == 5):]
        self.published += 1
        if self.stall and self.published == self.stall[0]:
            time.sleep(self.stall[1])
        refused = self.refuse(self.published)
        if qos:
            self.unacknowledged += 1
            self.most_unacknowledged = max(self.most_unacknowledged, self.unacknowledged)
            ack = packet(ACKS[qos], body[end:end + 2] + (b"\x97" if refused else b""))
            if self.ack_delay_s:
                self.loop.call_later(self.ack_delay_s, self.acknowledge, writer, ack)
            else:
                self.acknowledge(writer, ack)
        for subscriber in [] if refused else list(self.subscribers):
            self.deliver(subscriber, qos, topic, payload)

    def acknowledge(self, writer, ack):
        self.unacknowledged -= 1
        writer.write(ack)

    def deliver(self, subscriber, qos, topic, payload):
        self.delivered += 1
        n = self.delivered
        (number,), (publisher,) = struct.unpack_from("=Q", payload.ljust(32, b"\0"), 8), struct.unpack_from("=I", payload.ljust(32, b"\0"), 20)
        fate = self.fate(publisher, number)
        if fate == "release":
            self.send(*self.kept)
        if self.drop(n) or fate in ("drop", "release"):
            return
        if fate == "hold":
            self.kept = (subscriber, qos, topic, payload)
            return
        message = (subscriber, qos, topic, payload)
        if self.swap(n):
            self.held = message
            return
        sent = [message, *([message] if self.double(n) else []), *([self.held] if self.held else [])]
        self.held = None
        for each in sent:
            if self.delay_s:
                self.loop.call_later(self.delay_s, self.send, *each)
            else:
                self.send(*each)

    def send(self, subscriber, qos, topic, payload):
        if subscriber.is_closing() or subscriber not in self.subscribers:
            return
        self.subscribers[subscriber] = self.subscribers[subscriber] % 65535 + 1
        identifier = self.subscribers[subscriber].to_bytes(2, "big") if qos else b""
        properties = SOME_PROPERTIES if self.levels[subscriber] == 5 else b""
        subscriber.write(packet(0x30 | qos << 1, topic + identifier + properties + payload))
