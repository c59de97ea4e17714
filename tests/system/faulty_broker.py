"""A broker of MQTT 3.1.1 whose faults are known: what `mqttspec bench` says of it can be held against them.

Deliveries are counted from 1 over all subscribers. It keeps no sessions and nothing that is retained.
"""
import asyncio
import socket
import threading
import time

ACKS = {1: 0x40, 2: 0x50}


def packet(first, body):
    length, head = len(body), bytearray([first])
    while True:
        head.append(length & 127 | (128 if length > 127 else 0))
        length >>= 7
        if not length:
            return bytes(head) + body


class FaultyBroker:
    """delay_s: of each delivery; drop, double, swap: whether to do so with delivery N (swap: with the next one);
    stall: (after so many publications, seconds in which it does nothing at all)."""

    def __init__(self, delay_s=0.0, drop=lambda n: False, double=lambda n: False, swap=lambda n: False, stall=None):
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
            writer.write(b"\x20\x02\x00\x00")
        elif kind == 3:
            self.publish(writer, first >> 1 & 3, body)
        elif kind == 5:
            writer.write(b"\x62\x02" + body[:2])
        elif kind == 6:
            writer.write(b"\x70\x02" + body[:2])
        elif kind == 8:
            self.subscribers[writer] = 0    # to everything: there is one filter
            writer.write(b"\x90\x03" + body[:2] + body[-1:])
        elif kind == 12:
            writer.write(b"\xd0\x00")

    def publish(self, writer, qos, body):
        end = 2 + int.from_bytes(body[:2], "big")
        topic, payload = body[:end], body[end + (2 if qos else 0):]
        self.published += 1
        if self.stall and self.published == self.stall[0]:
            time.sleep(self.stall[1])
        if qos:
            writer.write(bytes([ACKS[qos], 2]) + body[end:end + 2])
        for subscriber in list(self.subscribers):
            self.deliver(subscriber, qos, topic, payload)

    def deliver(self, subscriber, qos, topic, payload):
        self.delivered += 1
        n = self.delivered
        if self.drop(n):
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
        subscriber.write(packet(0x30 | qos << 1, topic + identifier + payload))
