"""What was acknowledged to whom, and so what has to come, what may, and what must not.

    sent ───── accepted           a message may have been published at any time between the two
      maybe │ on │ maybe │ off    what one subscription may have been meanwhile: the QoS, or None

A message has to reach a client whose subscription was on all the time; none whose subscription was off all the
time. Events are counted; the count is the time.
"""
import bisect
import time

from packets import NAMES

OFF = frozenset([None])
TOPICS = {"a/0": "a/+", "a/1": "a/+", "a/2": "a/+", "b/0": "b/#", "b/1/x": "b/#", "c/0": "c/0", "c/1": "c/1",
          "x/0": "x/+", "x/1": "x/+", "w/0": "w/+", "w/1": "w/+", "r/0": "r/+", "r/1": "r/+", "r/2": "r/+",
          "r/3": "r/+", "r/4": "r/+", "r/5": "r/+"}  # and their only filter, so that none has two
FILTERS = sorted(set(TOPICS.values()))
SHARE = "$share/g/s/+"
SHARED = ["s/0", "s/1"]
IDENTIFIERS = {f: 1 + i * 50 for i, f in enumerate(FILTERS + [SHARE])}
EXPIRY_S = 1  # of messages of x/+, and of some sessions
SLACK_S = 1.5  # until what has expired is certainly gone


class Fault(Exception):
    """A promise was broken."""


class Message:
    __slots__ = ("number", "topic", "qos", "publisher", "sent", "accepted", "accepted_s", "refused", "times", "got",
                 "cleared", "expiry_s", "retain", "size")

    def __init__(self, number, topic, qos, publisher, sent):
        self.number, self.topic, self.qos, self.publisher, self.sent = number, topic, qos, publisher, sent
        self.accepted = self.accepted_s = self.expiry_s = None
        self.refused = self.cleared = self.retain = False
        self.times = self.size = 0  # times it was sent
        self.got = {}

    def payload(self):
        return b"" if self.cleared else b"%d %s" % (self.number, b"." * self.size)

    def __repr__(self):
        return f"message {self.number} (QoS {self.qos}, {self.topic})"


class Timeline:
    """What a subscription may have been, and from when on."""

    def __init__(self):
        self.events, self.states = [0], [OFF]

    def now(self):
        return self.states[-1]

    def set(self, event, state):
        self.events.append(event)
        self.states.append(frozenset(state))

    def over(self, begin, end):
        first = bisect.bisect_right(self.events, begin) - 1
        last = bisect.bisect_right(self.events, end)
        return frozenset().union(*self.states[max(first, 0):last])


class Model:
    def __init__(self):
        self.event = 0
        self.messages = {}
        self.clients = []
        self.retained = {}  # topic: what may be there, the oldest first; None: nothing
        self.shared_due = set()
        self.judged = self.deliveries = 0
        self.trace = None  # a file
        self.refuses = False  # the broker may have refused what it was sent, unheard
        self.hands_on = False  # a member of the share may die, and its messages go to the others

    def tick(self):
        self.event += 1
        return self.event

    def note(self, who, what, data):
        if self.trace:
            kind = NAMES[data[0] >> 4] if data else ""
            print(f"{self.event:6} {time.monotonic():.3f} {who} {what} {kind} {data[:60]!r}", file=self.trace)

    # ---- publishing ------------------------------------------------------------------------------

    def message_new(self, topic, qos, publisher):
        m = Message(len(self.messages) + 1, topic, qos, publisher, self.tick())
        self.messages[m.number] = m
        return m

    def retained_sent(self, m):
        self.retained.setdefault(m.topic, [None]).append(m)

    def accept(self, m, now_s):
        if m.accepted is not None:
            return
        m.accepted, m.accepted_s = self.tick(), now_s
        if m.topic.startswith("r/"):
            there = self.retained[m.topic]
            if m in there:
                del there[:there.index(m)]
        if m.topic in SHARED:
            # A member that has begun to receive it at QoS 2 may die with it [MQTT-4.8.2-5].
            if not m.got and not m.refused and not (self.hands_on and m.qos == 2) and any(
                    c.shares and c.shares < m.sent for c in self.clients):
                self.shared_due.add(m)
            return
        if m.cleared or m.expiry_s:
            return
        for c in self.clients:
            possible = c.timeline(TOPICS[m.topic]).over(m.sent, m.accepted)
            if None in possible or m.got.get(c) or m.refused:
                continue
            if min(m.qos, *possible):
                c.due[m] = True

    def refuse(self, m):
        m.refused = True
        if m.topic.startswith("r/") and (m.qos == 2 or m.times == 1) and m in self.retained[m.topic]:
            self.retained[m.topic].remove(m)

    # ---- arrivals --------------------------------------------------------------------------------

    def arrive(self, c, p, now_s):
        """A PUBLISH that is no repetition over QoS 2."""
        self.tick()
        self.deliveries += 1
        if p.retain or not p.payload:
            return
        number = int(p.payload.split(b" ", 1)[0])
        m = self.messages.get(number)
        if not m or m.topic != p.topic or p.payload != m.payload():
            raise Fault(f"{c.id} got what nobody sent: {p.topic} {p.payload[:40]!r}")
        m.got[c] = m.got.get(c, 0) + 1
        c.due.pop(m, None)
        if m.topic in SHARED:
            self.arrive_shared(c, m)
            return
        possible = c.timeline(TOPICS[m.topic]).over(m.sent, m.accepted or self.event)
        grants = {min(m.qos, qos) for qos in possible if qos is not None}
        if not grants:
            raise Fault(f"{c.id} got {m}, and was not subscribed")
        if p.qos not in grants:
            raise Fault(f"{c.id} got {m} at QoS {p.qos}, and not at {sorted(grants)}")
        if c.version == 5 and p.identifiers != [IDENTIFIERS[TOPICS[m.topic]]]:
            raise Fault(f"{c.id} got {m} with Subscription Identifiers {p.identifiers}")
        if m.qos == 2 and m.got[c] > 1 and grants == {2}:
            raise Fault(f"{c.id} got {m} {m.got[c]} times")
        if m.refused and (m.qos == 2 or m.times <= 1):
            raise Fault(f"{c.id} got {m}, which was refused, or a Will for which its client was back in time")
        self.arrive_in_time(c, m, p, now_s)
        if m.got[c] == 1:
            self.arrive_in_order(c, m, p, possible)

    def arrive_shared(self, c, m):
        self.shared_due.discard(m)
        if not c.is_member:
            raise Fault(f"{c.id} got {m}, and has no part in the share")
        if m.qos == 2 and sum(m.got.values()) > 1:
            raise Fault(f"{m} was shared out {sum(m.got.values())} times, to {[g.id for g in m.got]}")

    def arrive_in_time(self, c, m, p, now_s):
        if not m.expiry_s:
            return
        if c.version == 5 and (p.expiry_s is None or p.expiry_s > m.expiry_s):
            raise Fault(f"{c.id} got {m} with an expiry of {p.expiry_s} s, of {m.expiry_s}")
        if p.dup:  # it has been sent before, and what expires after that is sent again [MQTT-4.3.3-7]
            return
        began = c.away_since  # the event from which on it had no connection, before this one
        if m.accepted and began < m.sent and c.connected_s > m.accepted_s + m.expiry_s + SLACK_S:
            raise Fault(f"{c.id} got {m}, which had expired")

    def arrive_in_order(self, c, m, p, possible):
        """[MQTT-4.6.0-6]: of one publisher, topic and QoS, as they came first."""
        if not m.publisher or not p.qos:
            return
        # Sent again, it may come after what its publisher had sent later: where it was refused at first and its publisher
        # never heard of that, or had been for others when there was no subscription yet.
        if m.times > 1 and (None in possible or self.refuses and m.publisher.version == 5):
            return
        key = (m.publisher, m.topic, m.qos, p.qos)
        if c.latest.get(key, 0) > m.number:
            raise Fault(f"{c.id} got {m} after message {c.latest[key]}")
        c.latest[key] = m.number

    # ---- judgement -------------------------------------------------------------------------------

    def judge_client(self, c):
        """It has got all that there was for it."""
        if c.due:
            raise Fault(f"{c.id} never got {', '.join(map(repr, list(c.due)[:5]))}: {len(c.due)} in all")

    def judge_shared(self):
        if self.shared_due:
            raise Fault(f"no member of the share got {', '.join(map(repr, list(self.shared_due)[:5]))}")

    def judge_retained(self, found):
        """`found`: topic and payload of all retained messages of r/#."""
        for topic in sorted(set(found) | set(self.retained)):
            possible = self.retained.get(topic, [None])
            payloads = {b"" if m is None or m.cleared else m.payload() for m in possible}
            if found.get(topic, b"") not in payloads:
                raise Fault(f"{topic} has kept {found.get(topic, b'')[:40]!r}, and not one of "
                            f"{sorted(p[:20] for p in payloads)}")
            self.judged += 1
