"""A world of clients around a broker: what they do, how the broker dies, and what they find when they are back."""
import collections
import random
import select
import signal
import socket
import time

import packets
from client import Client
from model import EXPIRY_S, FILTERS, SHARE, SHARED, TOPICS, Fault, Model
from server import Broken

LIMIT_S = 60
STEPS = 110  # of a round
# The points of broker/store/point.h, and how often each is passed in a round, about.
POINTS = {"put": 1000, "removal": 500, "commit-begin": 90, "journal-write": 90, "journal-grow": 1, "commit-done": 90,
          "checkpoint": 8, "commit-change": 400, "commit-applied": 9, "checkpoint-done": 8, "grow": 1, "load-pair": 80,
          "load-done": 1, "close": 1}
MADE = "made"  # the point that only a new store passes
CALLS = {"write-call": 400, "sync-call": 120}  # with --power: of the system, by the store
QUIET_ROUNDS = 2
PAYLOADS = (0, 10, 100, 1000)
TOPIC_LIST = sorted(t for t in TOPICS if t[0] in "abc")
RETAINED = sorted(t for t in TOPICS if t[0] == "r")


class Died(Exception):
    """The broker is gone."""


class World:
    def __init__(self, server, seed, strict=True):
        self.seed = seed
        self.server, self.random, self.model = server, random.Random(seed), Model()
        self.strict = strict  # the broker ends no connection, and refuses nothing
        self.kills = collections.Counter()
        self.packets, self.armed, self.sent = 0, None, None
        self.large, self.largest = 0.01, 400000  # how many of its messages, and how large they may be
        self.make_clients()

    def make_clients(self):
        m = self.model
        self.publishers = [Client(m, f"pub{i}", 4 + i % 2) for i in range(4)]
        self.subscribers = [Client(m, f"sub{i}", 4 + i % 2) for i in range(4)]
        self.mixed = [Client(m, f"mix{i}", 4 + i % 2, will=True) for i in range(2)]
        self.mortal = [Client(m, f"mortal{i}", 5, expiry_s=EXPIRY_S) for i in range(2)]
        self.mortal.append(Client(m, "late", 5, will=True, will_delay_s=EXPIRY_S))
        self.members = [Client(m, f"member{i}", 4 + i % 2) for i in range(2)]
        m.hands_on = self.random.random() < 0.5
        if m.hands_on:
            self.members.append(Client(m, "member2", 5, expiry_s=EXPIRY_S))
            self.mortal.append(self.members[2])
        m.clients = [*self.publishers, *self.subscribers, *self.mixed, *self.mortal, *self.members[:2]]

    def connect(self, c, expiry_s=None):
        try:
            stream = socket.create_connection(("127.0.0.1", self.server.port), LIMIT_S)
        except OSError:
            self.server.process.wait(LIMIT_S)
            self.died()
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        c.connect(stream, expiry_s)

    # ---- the network ------------------------------------------------------------------------------

    def online(self, clients=None):
        return [c for c in clients or self.model.clients if c.socket]

    def pump(self, timeout_s=0.0):
        """Reads once from all that have something. True if anything came."""
        poll, by_fd = select.poll(), {}
        for c in self.online():
            poll.register(c.socket, select.POLLIN | (select.POLLOUT if c.backlog else 0))
            by_fd[c.socket.fileno()] = c
        came = False
        for fd, events in poll.poll(timeout_s * 1000):
            c = by_fd[fd]
            if events & select.POLLOUT:
                c.flush()
            if events & ~select.POLLOUT:
                ended, count = c.read()
                self.packets += count
                came = True
                if ended:
                    self.ended(c, ended)
        return came

    def ended(self, c, why):
        """A connection has ended; that of a broker that has died, most likely."""
        end_s = time.monotonic() + (5 if self.strict else 0)
        while self.server.process.poll() is None and time.monotonic() < end_s:
            time.sleep(0.001)
        if self.server.process.poll() is not None:
            self.died()
        if self.strict or c.ready:  # whom the broker has let in it serves, whatever the store does
            raise Fault(f"the broker has ended {c.id}: {why}")
        c.lose()

    def died(self):
        """Takes in what it has written; then all connections are lost."""
        for c in self.online():
            end_s = time.monotonic() + LIMIT_S
            while c.read()[0] is None:
                if time.monotonic() > end_s:
                    raise Broken(f"the connection of {c.id} outlives the broker")
                select.select([c.socket], [], [], 1)
            c.lose()
        for c in self.model.clients:
            c.outlive()
        self.count(self.server.wait())
        raise Died

    def pump_until(self, done, what):
        end_s = time.monotonic() + LIMIT_S
        while not done():
            if time.monotonic() > end_s:
                raise Fault(f"nothing came for {LIMIT_S} s: {what}")
            self.pump(1)

    def drain(self):
        """Until nobody has anything to say any more."""
        quiet, end_s = 0, time.monotonic() + LIMIT_S / 6
        while time.monotonic() < end_s:
            before = self.model.event
            waiting = [(c, c.pongs + 1) for c in self.online() if c.ready]
            for c, _ in waiting:
                c.wake()
                c.ping()
            self.pump_until(lambda: all(c.pongs >= n or not c.socket for c, n in waiting), "PINGRESP")
            idle = all(c.idle() for c, _ in waiting)
            quiet = quiet + 1 if idle and self.model.event == before else 0
            if not idle and self.model.event == before:
                self.pump(0.05)  # a message waits for room
            if quiet == QUIET_ROUNDS:
                return
        raise Fault("a handshake does not end: " + ", ".join(
            f"{c.id}: {list(c.flights)}, {sorted(c.known)}, {list(c.changes)}" for c in self.online() if not c.idle()))

    # ---- the steps of a workload -----------------------------------------------------------------------

    def step_publish(self):
        r = self.random
        c = r.choice([*self.publishers, *self.publishers, *self.mixed])
        for _ in range(r.randint(1, 8)):
            kind, qos, size = r.random(), r.randint(1, 2), r.choice(PAYLOADS)
            if r.random() < self.large:
                size = r.randint(10000, self.largest)
            topic, retained, shared, expiring = (r.choice(x) for x in (TOPIC_LIST, RETAINED, SHARED, ["x/0", "x/1"]))
            clear = r.random() < 0.3
            if not c.can_publish():
                continue
            if kind < 0.2:
                self.publish_retained(retained, clear, size)
                continue
            m = self.model.message_new(shared if kind < 0.3 else expiring if kind < 0.4 and c.version == 5 else topic,
                                       qos, c)
            m.size = size
            m.expiry_s = EXPIRY_S if m.topic[0] == "x" else None
            c.publish(m)

    def publish_retained(self, topic, clear, size):
        """Each topic has one publisher and one QoS: so there is no doubt about the order."""
        i = RETAINED.index(topic)
        owner = self.publishers[i % len(self.publishers)]
        if not owner.can_publish():
            return
        m = self.model.message_new(topic, 1 + i % 2, owner)
        m.retain, m.cleared, m.size = True, clear, size
        self.model.retained_sent(m)
        owner.publish(m)

    def step_change(self):
        r = self.random
        c = r.choice([*self.subscribers, *self.mixed, *self.mortal])
        topic_filter, qos = r.choice(FILTERS), r.choice([None, None, 0, 1, 2, 2])
        if c.ready:
            c.change(topic_filter, qos)

    def step_connect(self):
        r = self.random
        c = r.choice(self.model.clients)
        expiry_s = 0 if r.random() < 0.05 else None
        stays = c in self.mortal and r.random() < 0.8  # away, so that it dies now and then
        if not c.socket and not stays:
            self.connect(c, None if c in self.members else expiry_s)

    def step_leave(self):
        c = self.random.choice([*self.model.clients, *self.mortal])
        if c.ready:
            c.leave()

    def step_vanish(self):
        c = self.random.choice(self.model.clients)
        if c.socket:
            c.lose()

    def step_take_over(self):
        c = self.random.choice(self.model.clients)
        if c.ready:
            self.connect(c)

    def step_begin_anew(self):
        c = self.random.choice([*self.subscribers, *self.mixed, *self.mortal])
        if not c.socket and c.version == 5:
            c.clean = True
            self.connect(c)

    def step_lazy(self):
        c = self.random.choice([*self.subscribers, *self.mixed, *self.members])
        if c.ready and c.lazy:
            c.wake()
        elif c.ready:
            c.lazy = True

    ACTIONS = [(step_publish, 45), (step_change, 10), (step_connect, 14), (step_leave, 3), (step_vanish, 3),
               (step_take_over, 3), (step_begin_anew, 1), (step_lazy, 8)]

    def step(self):
        steps, weights = zip(*self.ACTIONS)
        self.random.choices(steps, weights)[0](self)
        if self.random.random() < 0.7:
            self.pump()

    # ---- life and death -----------------------------------------------------------------------------

    def start(self, kill=None):
        """With `kill`, it may die at that point, now or later."""
        self.armed, self.sent = kill, None
        if kill and not self.server.start(MQTTSPEC_KILL_AT=kill):
            self.count(self.server.status)
            self.armed = None
        if not self.server.process and not self.server.start():
            raise Broken(f"the broker does not start: {self.server.last_words()}")

    def count(self, status):
        """How it has died."""
        self.model.note("broker", f"died, {status}, {self.armed}", b"")
        if status not in (0, -signal.SIGKILL) or status and not (self.sent or self.armed):
            raise Broken(f"the broker has ended with status {status}")
        self.kills["SIGTERM" if not status else "random" if self.sent == signal.SIGKILL else
                   self.armed.split(":")[0]] += 1

    def retained_messages(self):
        """As somebody finds them who has just come."""
        with socket.create_connection(("127.0.0.1", self.server.port), LIMIT_S) as s:
            s.sendall(packets.connect(4, "onlooker", True) + packets.packet(0x82, b"\0\1" + packets.text("r/#") + b"\0")
                      + b"\xC0\0")
            found, buffer, quiet = {}, bytearray(), 0
            while True:
                data = s.recv(262144)
                if not data:
                    return None
                buffer += data
                for first, body in packets.split(buffer):
                    if first >> 4 == packets.PUBLISH:
                        p = packets.Publish(4, first, body)
                        found[p.topic] = p.payload
                        quiet = -1
                    elif first >> 4 == packets.PINGRESP:  # which large messages may overtake
                        quiet += 1
                        if quiet == QUIET_ROUNDS:
                            return found
                        s.sendall(b"\xC0\0")

    def look_at_retained(self):
        try:
            found = self.retained_messages()
        except OSError:
            found = None
        if found is not None:
            self.model.judge_retained(found)
        else:
            self.server.process.wait(LIMIT_S)
            self.died()

    def settle(self, kill, everybody=False):
        """The broker starts, clients come back, and get all there is. With `kill`, it may die in the middle."""
        while True:
            try:
                if not self.server.process:
                    self.start(kill)
                self.look_at_retained()
                for c in self.model.clients:
                    if not c.socket and (everybody or c not in self.mortal and self.random.random() < 0.6):
                        self.connect(c)
                self.pump_until(lambda: all(c.ready for c in self.online()), "CONNACK")
                self.drain()
                self.judge()
                if everybody and not all(c.ready for c in self.model.clients):
                    raise Fault("not everybody is back")
                return
            except Died:
                kill = None

    def judge(self):
        now_s = time.monotonic()
        for c in self.model.clients:
            for will in c.settled(now_s):
                self.model.accept(will, now_s)
        there = [c for c in self.model.clients if c.ready]
        for c in there:
            self.model.judge_client(c)
            self.model.judged += 1
        if all(c.ready or c.is_gone() for c in self.members):
            self.model.judge_shared()

    def end(self, how):
        """What has not died by now dies."""
        self.sent = signal.SIGTERM if how in ("SIGTERM", "close") else signal.SIGKILL
        for c in self.online():
            c.lost_s = c.lost_s or time.monotonic()
        self.server.signal(self.sent)
        self.died()

    def kill(self):
        try:
            self.end("random")
        except Died:
            pass

    def choose(self, kill):
        """The point with its number, for the broker; None for a kill that comes from outside."""
        passes = {**POINTS, **CALLS}
        if ":" in kill or kill not in passes:
            return kill if ":" in kill else None
        return f"{kill}:{1 + int(passes[kill] * self.random.random() ** 2)}"

    def work(self, early=False, steps=STEPS):
        """Some steps. With `early`, they end at any time, and the last of them are not read about."""
        r, self.packets = self.random, 0
        limit, last, pause_s = r.randint(100, 4000), r.randint(0, 6), r.random() * 0.002
        for _ in range(steps):
            self.step()
            if not all(c.idle() for c in self.online()):
                self.pump(0.003)
            if early and self.packets > limit:
                break
        for _ in range(last):
            self.step()
        end_s = time.monotonic() + pause_s
        while time.monotonic() < end_s:
            pass

    def begin(self):
        """Everybody is there once, and has subscribed to something."""
        self.start(MADE if self.seed % 2 else None)
        for c in self.model.clients:
            self.connect(c)
        self.pump_until(lambda: all(c.ready for c in self.model.clients), "CONNACK")
        for c in self.members:
            c.change(SHARE, 2)
        for c in [*self.subscribers, *self.mixed, *self.mortal[:3]]:
            for topic_filter in FILTERS:
                qos = self.random.choice([None, 0, 1, 2, 2])
                if qos is not None:
                    c.change(topic_filter, qos)
        self.drain()

    def round(self, kill):
        """From one start to the death that `kill` names, and perhaps another one in between."""
        name, _, number = kill.partition(":")
        where = self.choose(kill)
        if where and self.server.process:
            self.kill()
        self.large = 0.3 if name == "grow" else 0.01
        self.settle(where)
        try:
            self.work(early=not where)
            if number and name != "close":
                self.work_on(kill)
            self.end(name)
        except Died:
            pass

    def work_on(self, kill):
        """Until the broker has died there, however long that takes on a busy machine."""
        end_s = time.monotonic() + LIMIT_S
        while self.armed:
            if time.monotonic() > end_s:
                raise Fault(f"the broker has not come to {kill} in {LIMIT_S} s")
            self.work()
