"""A broker that keeps what it has over a stop and over a kill, but for what it is told to get wrong.

    keeping_broker.py PORT FILE [DAMAGE...] [stubborn] [late]

It may also be `stubborn`, and not stop, or `late` with its answers to PUBLISH, as is legal.

It speaks 3.1.1 and 5.0 and stores everything after each packet, before it answers. A damage is done to what was
stored when the broker starts upon it: each is one thing that a broker may forget, alter, double or bring back.
What was deleted goes into the grave of the state, so that it can be brought back.

    state     sessions, grave of sessions, retained, grave of retained
    session   subscriptions, messages on their way out, identifiers received; a grave of each; expiry; Will
    message   queued ──▶ sent ──▶ released ──▶ grave         (QoS 1: sent ──▶ grave)
"""
import asyncio
import copy
import os
import pathlib
import pickle
import signal
import sys
import time

CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = \
    1, 3, 4, 5, 6, 7, 8, 10, 12, 14
SIZES = {0x01: 1, 0x02: 4, 0x11: 4, 0x17: 1, 0x18: 4, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x24: 1, 0x25: 1, 0x27: 4,
         0x28: 1, 0x29: 1, 0x2A: 1}
FORWARDED = (0x01, 0x03, 0x08, 0x09, 0x26)
FOR_EVER = 0xFFFFFFFF


# ---- packets ------------------------------------------------------------------------------------------------

def integer(data, at=0):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            return value, at


def counted(number):
    head = b""
    while number >= 128:
        head += bytes([number & 0x7F | 0x80])
        number >>= 7
    return head + bytes([number])


def string(data, at):
    size = int.from_bytes(data[at:at + 2], "big")
    return data[at + 2:at + 2 + size], at + 2 + size


def encoded(data):
    return len(data).to_bytes(2, "big") + data


def packet(first, body):
    return bytes([first]) + counted(len(body)) + body


def properties(data, at):
    """A list of (name, bytes of the value), and where they end."""
    size, at = integer(data, at)
    end, found = at + size, []
    while at < end:
        name, at = integer(data, at)
        start = at
        if name in (0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F):
            at = string(data, at)[1]
        elif name == 0x26:
            at = string(data, string(data, at)[1])[1]
        elif name == 0x0B:
            at = integer(data, at)[1]
        else:
            at += SIZES[name]
        found.append((name, data[start:at]))
    return found, end


def number_of(found, name, otherwise):
    return next((int.from_bytes(value, "big") for key, value in found if key == name), otherwise)


def matches(pattern, topic):
    wanted, given = pattern.split(b"/"), topic.split(b"/")
    for i, level in enumerate(wanted):
        if level == b"#":
            return True
        if i >= len(given) or level not in (b"+", given[i]):
            return False
    return len(wanted) == len(given)


def unshared(pattern):
    return pattern.split(b"/", 2)[2] if pattern.startswith(b"$share/") else pattern


# ---- what is stored -----------------------------------------------------------------------------------------

def new_session(expiry):
    return {"subscriptions": {}, "out": [], "received": [], "last": 0, "expiry": expiry, "ended": None, "will": None,
            "grave": {"subscriptions": {}, "out": [], "received": [], "will": None}}


def new_state():
    return {"sessions": {}, "retained": {}, "grave": {"sessions": {}, "retained": {}}}


def sessions(state):
    return state["sessions"].values()


def all_subscriptions(state):
    return [s for session in sessions(state) for s in session["subscriptions"].values()]


def messages(state, *stages):
    return [m for session in sessions(state) for m in session["out"] if m["stage"] in stages]


def everything(state):
    return messages(state, "queued", "sent", "released") + list(state["retained"].values())


def set_all(items, **values):
    for item in items:
        item.update(values)


def drop_messages(state, *stages):
    for session in sessions(state):
        session["out"] = [m for m in session["out"] if m["stage"] not in stages]


def revive_messages(state, qos):
    for session in sessions(state):
        for message in session["grave"]["out"]:
            if message["qos"] == qos:
                session["out"].insert(0, dict(message, stage="queued", id=0))


def renumber(state):
    for message in messages(state, "sent"):
        message["id"] += 100


def double(state):
    for session in sessions(state):
        session["out"] += [copy.deepcopy(m) for m in session["out"] if m["stage"] == "queued"]


def drop_shares(state):
    for session in sessions(state):
        session["subscriptions"] = {f: s for f, s in session["subscriptions"].items() if not f.startswith(b"$share/")}


def revive(state, what):
    for session in sessions(state):
        if what == "received":
            session["received"] += session["grave"]["received"]
        else:
            session["subscriptions"].update(session["grave"]["subscriptions"])


def begin_expiry_anew(state):
    for message in everything(state):
        message["until"] = message["expiry"] and time.time() + message["expiry"]


def drop_last(state):
    for session in sessions(state):
        session["out"] = session["out"][:-1]


def reverse(state):
    for session in sessions(state):
        session["out"].reverse()


def revive_wills(state):
    for session in sessions(state):
        session["will"] = session["will"] or session["grave"]["will"]


def keep_only_begun_clean(state):
    state["sessions"] = {name: s for name, s in state["sessions"].items() if not s["clean"]}


DAMAGES = {
    "no-sessions": lambda s: s["sessions"].clear(),
    "no-session-begun-anew": keep_only_begun_clean,
    "no-open-session": lambda s: s.update(sessions={n: x for n, x in s["sessions"].items() if x["ended"]}),
    "ended-sessions": lambda s: s["sessions"].update(s["grave"]["sessions"]),
    "session-expiry-anew": lambda s: set_all([x for x in sessions(s) if x["ended"]], ended=time.time()),
    "short-sessions": lambda s: s.update(sessions={n: x for n, x in s["sessions"].items() if x["expiry"] < 1 << 31}),
    "no-subscriptions": lambda s: [x["subscriptions"].clear() for x in sessions(s)],
    "qos-0": lambda s: set_all(all_subscriptions(s), qos=0),
    "no-local": lambda s: set_all(all_subscriptions(s), no_local=False),
    "retain-as-published": lambda s: set_all(all_subscriptions(s), as_published=False),
    "subscription-ids": lambda s: set_all(all_subscriptions(s), id=b""),
    "subscriptions-new": lambda s: set_all(all_subscriptions(s), new=True),
    "no-shares": drop_shares,
    "unsubscribed": lambda s: revive(s, "subscriptions"),
    "old-subscriptions": lambda s: [x["subscriptions"].update({f: o["before"] for f, o in x["subscriptions"].items()
                                                               if o.get("before")}) for x in sessions(s)],
    "no-queue": lambda s: drop_messages(s, "queued"),
    "last-message": drop_last,
    "order": reverse,
    "twice": double,
    "payload": lambda s: [m.update(payload=m["payload"][:1000]) for m in everything(s)],
    "properties": lambda s: set_all(everything(s), properties=[]),
    "property-order": lambda s: [m["properties"].reverse() for m in everything(s)],
    "message-qos": lambda s: set_all(messages(s, "queued") + list(s["retained"].values()), qos=1),
    "expiry-anew": begin_expiry_anew,
    "no-expiry": lambda s: set_all(everything(s), until=None),
    "no-messages": lambda s: drop_messages(s, "queued", "sent", "released"),
    "identifiers": renumber,
    "not-sent-yet": lambda s: set_all(messages(s, "sent"), stage="queued"),
    "no-sent": lambda s: drop_messages(s, "sent"),
    "not-released": lambda s: set_all(messages(s, "released"), stage="sent"),
    "no-released": lambda s: drop_messages(s, "released"),
    "settled-1": lambda s: revive_messages(s, 1),
    "settled-2": lambda s: revive_messages(s, 2),
    "no-received": lambda s: [x["received"].clear() for x in sessions(s)],
    "all-received": lambda s: revive(s, "received"),
    "no-wills": lambda s: set_all(sessions(s), will=None),
    "old-wills": revive_wills,
    "wills-at-once": lambda s: [x["will"].update(delay=0) for x in sessions(s) if x["will"]],
    "end": lambda s: sys.exit("keeping_broker.py: the store is damaged"),
    "silence": lambda s: time.sleep(3600),
    "no-retained": lambda s: s["retained"].clear(),
    "retained-back": lambda s: s["retained"].update(s["grave"]["retained"]),
}


# ---- the broker ---------------------------------------------------------------------------------------------

class Broker:
    def __init__(self, path, damages):
        self.path, self.state, self.online = path, new_state(), {}
        self.answers_late = "late" in damages
        if path.exists():
            self.state = pickle.loads(path.read_bytes())
            for name in damages:
                DAMAGES.get(name, lambda state: None)(self.state)
        now = time.time()
        for session in sessions(self.state):
            session["ended"] = session["ended"] or now  # by the stop, or by the kill

    def store(self):
        draft = self.path.with_suffix(".new")
        draft.write_bytes(pickle.dumps(self.state))
        draft.rename(self.path)

    def end_session(self, name):
        session = self.state["sessions"].pop(name)
        if session["will"]:
            self.publish(name, session["will"])
        self.state["grave"]["sessions"].setdefault(name, dict(session, expiry=FOR_EVER))

    def tick(self):
        """What is due by the clock."""
        now = time.time()
        for name, session in list(self.state["sessions"].items()):
            if name in self.online:
                continue
            will = session["will"]
            over = session["expiry"] != FOR_EVER and now >= session["ended"] + session["expiry"]
            if will and (over or now >= session["ended"] + will["delay"]):
                session["will"] = None
                self.publish(name, will)
            if over:
                self.end_session(name)

    def publish(self, name, message):
        topic = message["topic"]
        if message["retain"]:
            old = self.state["retained"].pop(topic, None)
            if old:
                self.state["grave"]["retained"][topic] = old
            if message["payload"]:
                self.state["retained"][topic] = dict(message)
        for other, session in self.state["sessions"].items():
            wanted = [s for f, s in session["subscriptions"].items()
                      if matches(unshared(f), topic) and not (s["no_local"] and other == name)]
            if wanted:
                self.deliver(other, session, wanted, message)

    def deliver(self, name, session, wanted, message, retained=False):
        qos = min(message["qos"], max(s["qos"] for s in wanted))
        retain = retained or message["retain"] and any(s["as_published"] for s in wanted)
        copied = dict(message, qos=qos, retain=retain, id=0, stage="queued",
                      ids=b"".join(s["id"] for s in wanted))
        client = self.online.get(name)
        if qos:
            session["out"].append(copied)
        if client and qos:
            client.send_out()
        elif client:
            client.send_message(copied)


class Client:
    def __init__(self, broker, writer):
        self.broker, self.writer, self.name, self.v5 = broker, writer, None, False
        self.room, self.answers = 65535, []

    @property
    def session(self):
        return self.broker.state["sessions"][self.name]

    def send(self, data):
        self.answers.append(data)

    def flush(self):
        for data in self.answers:
            self.writer.write(data)
        self.answers = []

    def tail(self, found=b""):
        return counted(len(found)) + found if self.v5 else b""

    def props(self, body, at):
        return properties(body, at) if self.v5 else ([], at)

    def message(self, topic, payload, qos, retain, found):
        expiry = number_of(found, 0x02, 0)
        return {"topic": topic, "payload": payload, "qos": qos, "retain": retain, "expiry": expiry,
                "until": expiry and time.time() + expiry, "delay": number_of(found, 0x18, 0),
                "properties": [(n, v) for n, v in found if n in FORWARDED], "ids": b""}

    def send_message(self, m, dup=False):
        found = b"".join(bytes([n]) + v for n, v in m["properties"]) + m["ids"]
        if m["until"]:
            found += b"\2" + max(int(m["until"] - time.time()), 0).to_bytes(4, "big")
        body = encoded(m["topic"]) + (m["id"].to_bytes(2, "big") if m["qos"] else b"") + self.tail(found)
        self.send(packet(0x30 | dup << 3 | m["qos"] << 1 | m["retain"], body + m["payload"]))

    def send_out(self):
        session = self.session
        now = time.time()
        session["out"] = [m for m in session["out"] if m["stage"] != "queued" or not m["until"] or m["until"] > now]
        for m in session["out"]:
            if m["stage"] == "queued" and sum(x["stage"] != "queued" for x in session["out"]) < self.room:
                session["last"] += 1
                m.update(stage="sent", id=session["last"])
                self.send_message(m)

    def connect(self, body):
        at = string(body, 0)[1]
        self.v5, flags = body[at] == 5, body[at + 1]
        found, at = self.props(body, at + 4)
        name, at = string(body, at)
        clean, state = bool(flags & 2), self.broker.state
        expiry = number_of(found, 0x11, 0) if self.v5 else 0 if clean else FOR_EVER
        self.room = number_of(found, 0x21, 65535)
        will = None
        if flags & 4:
            about, at = self.props(body, at)
            topic, at = string(body, at)
            payload, at = string(body, at)
            will = self.message(topic, payload, flags >> 3 & 3, bool(flags & 0x20), about)
        older = self.broker.online.pop(name, None)
        if older:
            older.gone()
        self.broker.tick()
        if clean and name in state["sessions"]:
            self.broker.end_session(name)
        present = name in state["sessions"]
        self.name = name
        session = state["sessions"].setdefault(name, new_session(expiry))
        session.update(expiry=expiry, ended=None, will=will)
        session.setdefault("clean", clean and self.v5)
        self.broker.online[name] = self
        self.send(packet(0x20, bytes([present, 0]) + self.tail()))
        for m in session["out"]:
            if m["stage"] == "sent":
                self.send_message(m, dup=True)
            elif m["stage"] == "released":
                self.send(packet(0x62, m["id"].to_bytes(2, "big")))
        self.send_out()

    def disconnect(self, body):
        code = body[0] if body else 0
        found = self.props(body, 1)[0] if len(body) > 1 else []
        session = self.session
        if code != 4:
            session["grave"]["will"], session["will"] = session["will"], None
        session["expiry"] = number_of(found, 0x11, session["expiry"])

    def gone(self):
        """The connection is over, by whatever."""
        if self.broker.online.get(self.name) is self:
            del self.broker.online[self.name]
        if self.name in self.broker.state["sessions"]:
            self.session["ended"] = time.time()
        self.name = None

    def publish(self, first, body):
        qos, retain = first >> 1 & 3, bool(first & 1)
        topic, at = string(body, 0)
        number = int.from_bytes(body[at:at + 2], "big") if qos else 0
        found, at = self.props(body, at + 2 * bool(qos))
        known = qos == 2 and number in self.session["received"]
        if qos == 2 and not known:
            self.session["received"].append(number)
        if not known:
            self.broker.publish(self.name, self.message(topic, body[at:], qos, retain, found))
        if qos:
            self.answer(packet(0x40 if qos == 1 else 0x50, number.to_bytes(2, "big")))

    def answer(self, ack):
        """As a broker with several threads does: what is read after it may be answered before it."""
        if self.broker.answers_late:
            asyncio.get_running_loop().call_later(0.03, self.writer.write, ack)
        else:
            self.send(ack)

    def acknowledge(self, kind, number):
        session = self.session
        for m in session["out"]:
            if m["id"] != number:
                continue
            if kind == PUBREC:
                m["stage"] = "released"
                self.send(packet(0x62, number.to_bytes(2, "big")))
            else:
                session["out"].remove(m)
                session["grave"]["out"].append(m)
                self.send_out()
            return

    def release(self, number):
        session = self.session
        if number in session["received"]:
            session["received"].remove(number)
            session["grave"]["received"].append(number)
        self.send(packet(0x70, number.to_bytes(2, "big")))

    def subscribe(self, body):
        found, at = self.props(body, 2)
        identifier = b"".join(b"\x0B" + v for n, v in found if n == 0x0B)
        codes, wanted = b"", []
        while at < len(body):
            pattern, at = string(body, at)
            options, at = body[at], at + 1
            old = self.session["subscriptions"].get(pattern)
            s = {"qos": options & 3, "no_local": bool(options & 4), "as_published": bool(options & 8),
                 "id": identifier, "before": old and dict(old, before=None)}
            self.session["subscriptions"][pattern] = s
            handling = options >> 4 & 3
            is_new = not old or old.get("new")
            if not pattern.startswith(b"$share/") and (handling == 0 or handling == 1 and is_new):
                wanted.append((pattern, s))
            codes += bytes([options & 3])
        self.send(packet(0x90, body[:2] + self.tail() + codes))
        now = time.time()
        for pattern, s in wanted:
            for topic, m in list(self.broker.state["retained"].items()):
                if matches(pattern, topic) and not (m["until"] and m["until"] <= now):
                    self.broker.deliver(self.name, self.session, [s], m, retained=True)

    def unsubscribe(self, body):
        at, codes = self.props(body, 2)[1], b""
        while at < len(body):
            pattern, at = string(body, at)
            old = self.session["subscriptions"].pop(pattern, None)
            if old:
                self.session["grave"]["subscriptions"][pattern] = old
            codes += b"\0" if old else b"\x11"
        self.send(packet(0xB0, body[:2] + self.tail() + (codes if self.v5 else b"")))

    def take(self, first, body):
        kind = first >> 4
        if kind == CONNECT:
            self.connect(body)
        elif kind == PUBLISH:
            self.publish(first, body)
        elif kind in (PUBACK, PUBREC, PUBCOMP):
            self.acknowledge(kind, int.from_bytes(body[:2], "big"))
        elif kind == PUBREL:
            self.release(int.from_bytes(body[:2], "big"))
        elif kind == SUBSCRIBE:
            self.subscribe(body)
        elif kind == UNSUBSCRIBE:
            self.unsubscribe(body)
        elif kind == PINGREQ:
            self.send(b"\xD0\0")
        elif kind == DISCONNECT:
            self.disconnect(body)


async def read_packet(reader):
    first = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return first, await reader.readexactly(size)


def turn(broker):
    """Everything is stored before anything is answered."""
    broker.store()
    for client in list(broker.online.values()):
        client.flush()


async def serve(broker, reader, writer):
    client = Client(broker, writer)
    try:
        while True:
            first, body = await read_packet(reader)
            client.take(first, body)
            turn(broker)
            client.flush()
            if first >> 4 == DISCONNECT:
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        client.gone()
        broker.tick()
        turn(broker)
        writer.close()


async def tick(broker):
    while True:
        await asyncio.sleep(0.1)
        broker.tick()
        turn(broker)


async def main(port, path, damages):
    broker = Broker(path, damages)
    loop = asyncio.get_running_loop()
    end = (lambda: None) if "stubborn" in damages else (lambda: os._exit(0))  # all of it is stored
    loop.add_signal_handler(signal.SIGTERM, end)
    server = await asyncio.start_server(lambda r, w: serve(broker, r, w), "127.0.0.1", port)
    async with server:
        await tick(broker)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]))
