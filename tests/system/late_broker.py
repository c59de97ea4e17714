"""A broker that acknowledges before it routes: mqttspec-broker behind a proxy.

    late_broker.py BROKER ITS_PORT PORT [MODE]

The proxy acknowledges each PUBLISH at once and hands it on LAG_S later, in order, while all other packets
pass it by. So an acknowledgement, an answered PINGREQ and a SUBACK prove nothing of the messages before them,
as with brokers that route on other threads. All of it is legal. (It does not look for errors in a PUBLISH.)

Modes, of which the first two are legal, too:
crossing  a message overtakes an earlier one on another topic
dozing    what a connection publishes first at QoS 1 or 2, and all that comes after it, is handed on DOZE_S later
clinging  an UNSUBSCRIBE is acknowledged, and deletes nothing
hoarding  a retained message without payload is acknowledged, and deletes nothing
"""
import asyncio
import ctypes
import pathlib
import signal
import subprocess
import sys
import tempfile

LAG_S = 0.03
DOZE_S = 1.5
CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, UNSUBSCRIBE, UNSUBACK, DISCONNECT = \
    1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 14
PR_SET_PDEATHSIG = 1
FIRST_OWN_ID = 30000


class Malformed(Exception):
    """Not to be understood by the proxy; the bytes so far."""


async def read_packet(reader):
    """One packet as bytes; None at the end of the stream."""
    head = await reader.read(1)
    length, shift = 0, 0
    while head:
        byte = await reader.read(1)
        head += byte
        if not byte:
            return None
        length |= (byte[0] & 127) << shift
        shift += 7
        if not byte[0] & 128:
            try:
                return head + await reader.readexactly(length)
            except asyncio.IncompleteReadError:
                return None
        if shift > 21:
            raise Malformed(head)
    return None


def number_at(data, at):
    """A variable byte integer and where it ends."""
    number, shift = 0, 0
    while True:
        number |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 128:
            return number, at


def string_end(data, at):
    return at + 2 + int.from_bytes(data[at:at + 2], "big")


def client_id_of(packet):
    _, at = number_at(packet, 1)
    at = string_end(packet, at)
    is_v5, clean = packet[at] == 5, bool(packet[at + 1] & 2)
    at += 4
    if is_v5:
        length, at = number_at(packet, at)
        at += length
    return packet[at + 2:string_end(packet, at)], clean, is_v5


def unsuback(packet, is_v5):
    """That all of its filters had a subscription."""
    _, at = number_at(packet, 1)
    body, at = packet[at:at + 2], at + 2
    if is_v5:
        length, at = number_at(packet, at)
        at += length
        body += b"\0"
        while at < len(packet):
            at = string_end(packet, at)
            body += b"\0"
    return bytes([UNSUBACK << 4, len(body)]) + body


class Connection:
    def __init__(self, broker, reader, writer):
        self.broker, self.reader, self.writer = broker, reader, writer
        self.connected = self.is_v5 = False
        self.lane = asyncio.Queue()
        self.dozes = broker.mode == "dozing"
        self.received = set()  # identifiers of QoS 2 that wait for PUBREL
        self.own_id = FIRST_OWN_ID
        self.answers = asyncio.Queue()  # the upstream's to what the proxy has handed on
        self.over = asyncio.Event()

    async def play(self):
        up_reader, self.up = await asyncio.open_connection(*self.broker.upstream)
        tasks = [asyncio.create_task(self.down(up_reader)), asyncio.create_task(self.late())]
        try:
            await self.from_client()
        except ConnectionError:
            pass
        await self.lane.join()
        self.up.close()
        for task in tasks:
            task.cancel()
        self.writer.close()
        self.over.set()

    async def from_client(self):
        try:
            while packet := await read_packet(self.reader):
                await self.pass_on(packet)
        except (Malformed, IndexError) as odd:
            self.up.write(odd.args[0] if isinstance(odd, Malformed) else packet)
            while more := await self.reader.read(65536):
                self.up.write(more)

    async def pass_on(self, packet):
        kind = packet[0] >> 4
        if kind == CONNECT:
            client_id, clean, self.is_v5 = client_id_of(packet)
            await self.broker.take_turns(self, client_id, clean)
        if kind == PUBLISH and packet[0] & 6 != 6 and self.connected:
            self.accept(packet)
        elif kind == PUBREL and packet[2:4] in self.received:
            self.received.discard(packet[2:4])
            self.writer.write(bytes([PUBCOMP << 4, 2]) + packet[2:4])
        elif kind == UNSUBSCRIBE and self.broker.mode == "clinging":
            self.writer.write(unsuback(packet, self.is_v5))
        else:
            if kind == DISCONNECT:
                await self.lane.join()
            self.up.write(packet)

    def accept(self, packet):
        qos = packet[0] >> 1 & 3
        at = string_end(packet, number_at(packet, 1)[1])
        payload_at = at + 2 * bool(qos)
        if self.is_v5:
            length, payload_at = number_at(packet, payload_at)
            payload_at += length
        if qos:
            packet_id = packet[at:at + 2]
            self.writer.write(bytes([(PUBACK if qos == 1 else PUBREC) << 4, 2]) + packet_id)
            if packet_id in self.received:
                return
            if qos == 2:
                self.received.add(packet_id)
            self.own_id += 1
            packet = packet[:at] + self.own_id.to_bytes(2, "big") + packet[at + 2:]
            packet = bytes([packet[0] & ~8]) + packet[1:]
        if packet[0] & 1 and payload_at == len(packet) and self.broker.mode == "hoarding":
            packet = bytes([packet[0] & ~1]) + packet[1:]
        lag_s = DOZE_S if qos and self.dozes else LAG_S
        self.dozes &= not qos
        self.lane.put_nowait((asyncio.get_running_loop().time() + lag_s, qos, self.own_id, packet))

    async def late(self):
        while True:
            first = await self.lane.get()
            await asyncio.sleep(first[0] - asyncio.get_running_loop().time())
            while self.broker.mode == "crossing" and not self.lane.empty():
                second = self.lane.get_nowait()
                if not self.may_cross(first[3], second[3]):
                    first, second = second, first
                await self.hand_on(*second)
            await self.hand_on(*first)

    def may_cross(self, *packets):
        """Whether nothing orders them: neither their topics nor an alias, which a property may be."""
        topics = []
        for packet in packets:
            at = number_at(packet, 1)[1]
            end = string_end(packet, at)
            if self.is_v5 and packet[end + 2 * bool(packet[0] & 6)]:
                return False
            topics.append(packet[at:end])
        return topics[0] != topics[1]

    async def hand_on(self, _due, qos, own_id, packet):
        self.up.write(packet)
        if qos:
            await self.answers.get()
        if qos == 2:
            self.up.write(bytes([PUBREL << 4 | 2, 2]) + own_id.to_bytes(2, "big"))
            await self.answers.get()
        self.lane.task_done()

    async def down(self, up_reader):
        try:
            while packet := await read_packet(up_reader):
                self.connected |= packet[0] >> 4 == CONNACK
                if packet[0] >> 4 == CONNACK and not packet[2] & 1:
                    self.received.clear()  # there was no session
                own = int.from_bytes(packet[2:4], "big") > FIRST_OWN_ID
                if own and packet[0] >> 4 in (PUBACK, PUBREC, PUBCOMP):
                    self.answers.put_nowait(packet)
                else:
                    self.writer.write(packet)
        except (ConnectionError, Malformed):
            pass
        for _ in range(1000):  # nothing is waited for that cannot come any more
            self.answers.put_nowait(None)
        self.writer.close()


class Broker:
    """The proxy in front of the broker at `upstream`, a pair of host and port."""

    def __init__(self, upstream, mode):
        self.upstream, self.mode, self.last = upstream, mode, {}

    async def take_turns(self, connection, client_id, clean):
        """Has what the client's last connection published go first, and hands on its QoS 2 state."""
        last = self.last.get(client_id)
        if client_id and last:
            await (last.over.wait() if last.reader.at_eof() else last.lane.join())
            if not clean:
                connection.received = last.received
        self.last[client_id] = connection

    async def is_up(self):
        try:
            _, writer = await asyncio.open_connection(*self.upstream)
            writer.close()
            return True
        except OSError:
            return False

    async def serve(self, port):
        async def begin(reader, writer):
            try:
                await Connection(self, reader, writer).play()
            except ConnectionError:
                writer.close()
        while not await self.is_up():
            await asyncio.sleep(0.05)
        async with await asyncio.start_server(begin, "127.0.0.1", port) as server:
            await server.serve_forever()


def main(program, its_port, port, mode="late"):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write(f"listener {its_port} 127.0.0.1\nallow_anonymous true\nlog_type none\n")
        config.flush()
        libc = ctypes.CDLL(None)
        subprocess.Popen([pathlib.Path(program), "-c", config.name],
                         preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        asyncio.run(Broker(("127.0.0.1", int(its_port)), mode).serve(int(port)))


if __name__ == "__main__":
    main(*sys.argv[1:])
