"""A client that keeps its Session State whatever becomes of the broker: what it has sent and what was not
acknowledged, the QoS 2 identifiers that it has received, and what it has subscribed to.
"""
import collections
import time

import packets
from model import FILTERS, IDENTIFIERS, OFF, SHARE, SLACK_S, Fault, Timeline
from packets import CONNACK, DISCONNECT, NAMES, PINGRESP, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, SUBACK, UNSUBACK

LONG_S = 3600
WINDOW = 12


class Flight:
    """A message on its way to the broker."""

    __slots__ = ("message", "received")

    def __init__(self, message):
        self.message, self.received = message, False  # PUBREC has come


class Change:
    """A SUBSCRIBE or UNSUBSCRIBE that is not answered yet; `before` is what may have been until then."""

    __slots__ = ("topic_filter", "qos", "before")

    def __init__(self, topic_filter, qos, before):
        self.topic_filter, self.qos, self.before = topic_filter, qos, before


class Client:
    def __init__(self, model, client_id, version, expiry_s=LONG_S, will=False, will_delay_s=0):
        self.model, self.id, self.version = model, client_id, version
        self.expiry_s, self.has_will, self.will_delay_s = expiry_s, will, will_delay_s
        self.is_member, self.shares = False, None  # asks to share; since when it has been a member of the share
        self.socket, self.ready, self.buffer = None, False, bytearray()
        self.older = None  # a connection that this one takes over from
        self.lines = {f: Timeline() for f in FILTERS}
        self.due = {}
        self.flights = collections.OrderedDict()  # identifier: Flight
        self.known = set()  # QoS 2 identifiers that were received and not released
        self.changes = {}  # identifier: Change
        self.last_id = 0
        self.latest = {}  # see Model.arrive_in_order
        self.pongs = 0
        self.lazy, self.held = False, []  # acknowledgements wait
        # The session, as far as CONNACKs have told
        self.exists = False  # it does, unless it has expired since
        self.unsure = False  # a CONNECT that may have made it was not answered
        self.renewed = False  # one that was not answered may have begun another, as this one may have expired
        self.clean = True  # the next CONNECT is to begin anew
        self.may_last = (0, 0)  # seconds, at least and at most, beyond the connection
        self.earlier = None  # what of this was so before the CONNECT that is not answered yet
        self.lost_s = None  # since when it may have had no connection; None: it has one
        self.known_lost_s = None  # since when the broker knows
        self.away_since = 0
        self.connected_s = 0
        self.will = None  # of this connection
        self.wills_due = []  # to be published by now, or once their delay is over
        self.wills_late = []  # this connection may have been in time for them
        self.asked_clean = self.was_clean = False
        self.backlog = b""  # of what is to be written

    def __repr__(self):
        return self.id

    def timeline(self, topic_filter):
        return self.lines[topic_filter]

    # ---- connections ----------------------------------------------------------------------------

    def connect(self, stream, expiry_s=None):
        """Over this socket. Takes over from an older connection, which reads nothing any more."""
        self.clean |= self.renewed  # Session Present would not say which one it is
        self.asked_clean = self.clean and self.version == 5
        older, self.expected = self.socket, self.expectation()
        if self.is_gone():
            self.end_session()
        self.lose(close=False)
        self.earlier = self.unsure, self.renewed, self.may_last, self.wills_due, self.wills_late
        self.renewed = self.exists and time.monotonic() - self.lost_s >= self.session_least_s
        expiry_s = LONG_S if self.version == 4 else self.expiry_s if expiry_s is None else expiry_s
        self.older = older
        self.socket = stream
        self.socket.setblocking(False)
        self.buffer, self.backlog, self.ready, self.lazy, self.held = bytearray(), b"", False, False, []
        self.changes, self.connected_s = {}, time.monotonic()
        self.asked_s = expiry_s
        low, high = self.may_last
        self.may_last = min(low, expiry_s), max(high, expiry_s)
        will = None
        if self.has_will:
            topic = f"w/{self.model.event % 2}"
            self.will = self.model.message_new(topic, 1 + (self.model.event >> 1) % 2, None)
            will = topic, self.will.payload(), self.will.qos, self.will_delay_s
        if self.asked_clean:
            for line in self.lines.values():
                line.set(self.model.tick(), line.now() | OFF)
        if self.will_delay_s:
            self.wills_late, self.wills_due = self.wills_late + self.wills_due, []
            self.was_clean |= self.asked_clean  # the end of the session is that of the delay
        self.unsure = True
        self.model.tick()
        self.write(packets.connect(self.version, self.id, self.asked_clean, expiry_s, will))

    def expectation(self):
        """Whether there has to be a session, as of now: True, False, or None for either."""
        if self.asked_clean:
            return False
        if self.is_gone():
            return False
        return None if self.unsure or not self.exists else True

    def is_gone(self):
        """The session has certainly expired."""
        gone_s, high = self.known_lost_s, self.may_last[1]
        return (self.exists and not self.socket and gone_s is not None and
                time.monotonic() - gone_s > high + (SLACK_S if high else 0))

    def connack(self, body):
        present, code = bool(body[0]), body[1]
        self.drop_older()
        if code:
            self.take_back_connect()
            return f"CONNACK {code:#x}"
        since_s = 0 if self.lost_s is None else time.monotonic() - self.lost_s
        if present and self.expected is False:
            raise Fault(f"{self.id} has a session that was to be gone")
        if not present and self.exists and self.expected is not False and since_s < self.session_least_s:
            raise Fault(f"{self.id} has lost its session, after {since_s:.1f} s of {self.session_least_s}")
        if not present:
            self.begin_anew()
        if since_s < min(self.will_delay_s, self.session_least_s) and not self.was_clean:
            for will in self.wills_late:
                will.refused = True  # [MQTT-3.1.3-9]
        self.wills_late, self.was_clean = [], False
        self.ready, self.exists, self.unsure, self.renewed, self.clean = True, True, False, False, False
        self.may_last = self.asked_s, self.asked_s
        self.lost_s = self.known_lost_s = None
        for packet_id, flight in self.flights.items():
            self.send_flight(packet_id, flight, dup=True)
        return None

    def take_back_connect(self):
        """What is refused changes nothing, but that it may have ended what was to be begun anew."""
        if self.asked_clean:
            return
        self.unsure, self.renewed, self.may_last, wills_due, wills_late = self.earlier
        if self.will_delay_s:
            self.wills_due, self.wills_late = wills_due, wills_late

    @property
    def session_least_s(self):
        return self.may_last[0]

    def begin_anew(self):
        """All Session State is gone, on both sides."""
        self.due.clear()
        self.flights.clear()
        self.known.clear()
        self.latest.clear()
        self.shares = None
        for line in self.lines.values():
            if line.now() != OFF:
                line.set(self.model.tick(), OFF)

    def end_session(self):
        """It is over; should there be one when the next CONNACK comes, then a CONNECT without answer has begun it."""
        self.begin_anew()
        self.exists = False

    def outlive(self):
        """The broker has died, and with it each session that was to end with its connection."""
        if self.exists and not self.may_last[1]:
            self.end_session()

    def lose(self, by_disconnect=False, close=True):
        """The connection is gone, or nobody listens to it any more."""
        self.drop_older()
        if not self.socket:
            return
        self.model.note(self.id, "gone", b"")
        self.lost_s = self.lost_s or time.monotonic()  # before the broker knows
        if close:
            self.socket.close()
        self.socket = None
        self.away_since = self.model.tick()
        if self.will and self.ready and not by_disconnect:
            self.wills_due.append(self.will)
        self.will = None
        self.known_lost_s = None
        self.ready = False

    def drop_older(self):
        if self.older:
            self.older.close()
        self.older = None

    def leave(self):
        """DISCONNECT: nothing says that it has come before the broker dies."""
        self.lost_s = self.lost_s or time.monotonic()
        try:
            self.write(bytes([DISCONNECT << 4, 0]))
        except OSError:
            pass
        self.lose(by_disconnect=True)

    def settled(self, now_s):
        """The broker knows by now that the connection is gone."""
        if not self.socket and self.known_lost_s is None:
            self.known_lost_s = now_s
        if self.will_delay_s and (self.socket or now_s - self.known_lost_s < self.will_delay_s + SLACK_S):
            return []
        wills, self.wills_due = self.wills_due, []
        return wills

    def write(self, data):
        self.model.note(self.id, ">", data)
        if self.backlog:
            self.backlog += data
            return
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except (BrokenPipeError, ConnectionResetError):
            return  # reading says so, too, once all that came has been read
        self.backlog = data[sent:]

    def flush(self):
        data, self.backlog = self.backlog, b""
        self.write(data)

    def acknowledge(self, data):
        if self.lazy:
            self.held.append(data)
        else:
            self.write(data)

    def wake(self):
        self.lazy = False
        if self.held:
            self.write(b"".join(self.held))
        self.held = []

    # ---- what it asks for ------------------------------------------------------------------------

    def next_id(self):
        while True:
            self.last_id = self.last_id % 65535 + 1
            if self.last_id not in self.flights and self.last_id not in self.changes:
                return self.last_id

    def can_publish(self):
        return self.ready and len(self.flights) < WINDOW

    def publish(self, m):
        packet_id = self.next_id()
        self.flights[packet_id] = flight = Flight(m)
        self.send_flight(packet_id, flight)

    def send_flight(self, packet_id, flight, dup=False):
        m = flight.message
        if flight.received:
            self.write(packets.answer(PUBREL, packet_id))
            return
        m.times += 1
        self.write(packets.publish(self.version, m.topic, m.payload(), m.qos, packet_id, m.retain, dup,
                                   m.expiry_s if self.version == 5 else None))

    def change(self, topic_filter, qos):
        """Subscribes, or unsubscribes with None. One at a time for each filter."""
        if any(c.topic_filter == topic_filter for c in self.changes.values()):
            return
        packet_id = self.next_id()
        line = self.lines.get(topic_filter)
        self.is_member |= topic_filter == SHARE
        if line:
            before = line.now()
            line.set(self.model.tick(), before | {qos})
            self.changes[packet_id] = Change(topic_filter, qos, before)
        else:
            self.changes[packet_id] = Change(topic_filter, qos, None)
        self.write(packets.unsubscribe(self.version, packet_id, topic_filter) if qos is None else
                   packets.subscribe(self.version, packet_id, topic_filter, qos, IDENTIFIERS[topic_filter]))

    def ping(self):
        self.write(b"\xC0\0")

    # ---- what comes ------------------------------------------------------------------------------

    def read(self):
        """Takes in what has come. None, or why the connection has ended."""
        ended = None
        try:
            while True:
                data = self.socket.recv(262144)
                self.buffer += data
                if not data:
                    ended = "closed"
                    break
                if len(data) < 262144:
                    break
        except BlockingIOError:
            pass
        except OSError as e:
            ended = str(e)
        count = 0
        for first, body in packets.split(self.buffer):
            count += 1
            self.model.note(self.id, "<", bytes([first]) + body)
            ended = self.take(first, body) or ended
        return ended, count

    def take(self, first, body):
        kind = first >> 4
        if kind == PUBLISH:
            self.take_publish(packets.Publish(self.version, first, body))
        elif kind in (PUBACK, PUBREC, PUBCOMP):
            self.take_answer(kind, packets.U16.unpack_from(body)[0], body[2] if len(body) > 2 else 0)
        elif kind == PUBREL:
            packet_id = packets.U16.unpack_from(body)[0]
            self.known.discard(packet_id)
            self.acknowledge(packets.answer(PUBCOMP, packet_id))
        elif kind in (SUBACK, UNSUBACK):
            self.take_change(packets.U16.unpack_from(body)[0], body[-1] if kind == SUBACK else 0)
        elif kind == CONNACK:
            return self.connack(body)
        elif kind == PINGRESP:
            self.pongs += 1
        elif kind == DISCONNECT:
            return f"DISCONNECT {body[0] if body else 0:#x}"
        else:
            raise Fault(f"{self.id} got a {NAMES[kind]}")
        return None

    def take_publish(self, p):
        if p.qos == 2:
            fresh = p.packet_id not in self.known
            self.known.add(p.packet_id)
            if fresh:
                self.model.arrive(self, p, time.monotonic())
            self.acknowledge(packets.answer(PUBREC, p.packet_id))
            return
        self.model.arrive(self, p, time.monotonic())
        if p.qos:
            self.acknowledge(packets.answer(PUBACK, p.packet_id))

    def take_answer(self, kind, packet_id, code):
        flight = self.flights.get(packet_id)
        expected = flight and (PUBACK if flight.message.qos == 1 else PUBCOMP if flight.received else PUBREC)
        if kind != expected and not (kind == PUBREC and flight and flight.received):
            raise Fault(f"{self.id} got {NAMES[kind]} {packet_id} for {flight and flight.message}")
        if kind == PUBCOMP:
            if code not in (0, 0x92):
                raise Fault(f"{self.id} got PUBCOMP {packet_id} with {code:#x}")
            del self.flights[packet_id]
            return
        if code >= 0x80:
            if flight.received:
                raise Fault(f"{self.id} got PUBREC {packet_id} with {code:#x} after one with success")
            self.model.refuse(flight.message)
            del self.flights[packet_id]
            return
        self.model.accept(flight.message, time.monotonic())
        if kind == PUBACK:
            del self.flights[packet_id]
        else:
            flight.received = True
            self.write(packets.answer(PUBREL, packet_id))

    def take_change(self, packet_id, code):
        change = self.changes.pop(packet_id, None)
        if not change:
            raise Fault(f"{self.id} got SUBACK or UNSUBACK {packet_id}, which it did not ask for")
        line = self.lines.get(change.topic_filter)
        if line:
            line.set(self.model.tick(), change.before if code >= 0x80 else [change.qos])
        elif change.qos is not None and code < 0x80:
            self.shares = self.shares or self.model.tick()

    def idle(self):
        return self.ready and not (self.flights or self.changes or self.known or self.held or self.backlog)
