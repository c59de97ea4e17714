#!/usr/bin/python3
"""A client of MQTT with an agent, and with one fault, named by its first argument: to see which verdict it gets,
and under which statement. Without a fault it does as a client must.
"""
import json
import selectors
import socket
import struct
import sys
import time

FAULT = sys.argv[1] if len(sys.argv) > 1 else "none"
CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, \
    PINGRESP, DISCONNECT = range(1, 15)
PROPERTIES = {"session_expiry_interval": (0x11, ">I"), "receive_maximum": (0x21, ">H"),
              "topic_alias_maximum": (0x22, ">H"), "maximum_packet_size": (0x27, ">I"),
              "payload_format_indicator": (0x01, ">B"), "message_expiry_interval": (0x02, ">I"),
              "request_response_information": (0x19, ">B"), "content_type": (0x03, None), "response_topic": (0x08, None),
              "correlation_data": (0x09, bytes.fromhex)}


def say(**event):
    print(json.dumps(event), flush=True)


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def variable(n):
    out = b""
    while True:
        n, byte = n // 128, n % 128
        out += bytes([byte | (0x80 if n else 0)])
        if not n:
            return out


class Unsupported(Exception):
    pass


class Client:
    def __init__(self):
        self.select = selectors.DefaultSelector()
        self.select.register(sys.stdin.buffer, selectors.EVENT_READ, self.read_commands)
        self.socket = None
        self.lines = self.bytes = b""
        self.v5 = False
        self.next_id = 0
        self.sent = {}     # identifier: (flags, topic, payload, properties, released)
        self.waiting = {}  # identifier or "connect": the command
        self.taken = set()  # QoS 2 messages that were passed on and not yet released
        self.held = []
        self.keep_alive = self.breaks = self.pings = 0
        self.last_sent = 0.0
        self.connects = []  # the commands

    def run(self):
        while True:
            events = self.select.select(self.until_ping())
            if not events:
                self.pings += 1
                self.send(PINGREQ, 0, b"")
            for key, _ in events:
                key.data()

    def until_ping(self):
        """Seconds; None: it does not ping."""
        late = FAULT == "pings_late_at_times" and self.pings % 2 or FAULT == "pings_late_once" and self.pings == 1
        if not self.keep_alive or FAULT == "stops_pinging" and self.pings > 1:
            return None
        return max(self.last_sent + self.keep_alive * (1.4 if late else 0.7) - time.monotonic(), 0)

    # ---- commands

    def meant(self, command):
        """`first_will`: each CONNECT has the Will of the first; `last_will`: from the third on that of the one before."""
        which, _, field = FAULT.partition("_")
        self.connects.append(command)
        if which not in ("first", "last") or which == "last" and len(self.connects) < 3:
            return command
        other = self.connects[0 if which == "first" else -2]
        same = {name: value for name, value in command.items() if name != field}
        return {**same, field: other[field]} if field in other else same

    def read_commands(self):
        data = sys.stdin.buffer.read1(65536)
        if not data:
            sys.exit(0)
        *lines, self.lines = (self.lines + data).split(b"\n")
        for line in lines:
            command = json.loads(line)
            try:
                getattr(self, "do_" + command["do"])(command)
            except Unsupported as what:
                say(event="unsupported", id=command["id"], text=str(what))
            except OSError as error:
                say(event="error", id=command["id"], text=str(error))

    def properties(self, command):
        out = b""
        for name, value in command.get("properties", {}).items():
            if name == "user_property":
                out += b"".join(b"\x26" + text(key) + text(one) for key, one in value)
                continue
            if name not in PROPERTIES:
                raise Unsupported(name)
            number, form = PROPERTIES[name]
            out += bytes([number]) + (struct.pack(form, value) if isinstance(form, str) else text(form(value) if form else value))
        return variable(len(out)) + out if self.v5 else b""

    def answer(self, key, **event):
        command = self.waiting.pop(key, None)
        if command is not None and not (FAULT == "silent" and key != "connect"):
            say(id=command, **event)

    def do_connect(self, command):
        command = self.meant(command)
        self.v5 = command["version"] == "5.0"
        level = {"level_3": 3, "level_6": 6, "other_version": 4 if self.v5 else 5}.get(FAULT, 5 if self.v5 else 4)
        properties = self.properties(command)
        if FAULT == "other_version":
            properties = b"" if self.v5 else b"\0"
        flags = 2 if command["clean_start"] else 0
        client_id, user, password = (command.get(k) for k in ("client_id", "user_name", "password"))
        if FAULT == "cuts_client_id":
            client_id = client_id[:4]
        fields = text(client_id)
        if "will" in command:
            will = command["will"]
            flags |= 4 | will["qos"] << 3 | will["retain"] << 5
            fields += (b"\0" if self.v5 else b"") + text(will["topic"]) + text(will["payload"])
        named = [(0x80, user), (0x40, password)]
        flags |= sum(flag for flag, value in named if value is not None)
        if FAULT == "swaps_credentials":
            named.reverse()
        fields += b"".join(text(value) for _, value in named if value is not None)
        if command["clean_start"] and FAULT != "keeps_state":
            self.sent, self.taken = {}, set()
        name = "MQIsdp" if FAULT == "other_name" else "MQTT"
        self.socket = self.open(command)
        self.select.register(self.socket, selectors.EVENT_READ, self.read_packets)
        self.waiting["connect"] = command["id"]
        self.keep_alive = command["keep_alive"]
        self.send(CONNECT, 0, text(name) + bytes([level, flags]) + struct.pack(">H", command["keep_alive"]) +
                  properties + fields)

    def open(self, command):
        return socket.create_connection((command["host"], command["port"]))

    def take_id(self):
        self.next_id += 1
        return self.next_id

    def do_publish(self, command):
        payload = bytes.fromhex(command["payload_hex"]) if "payload_hex" in command else command["payload"].encode()
        topic, qos, retain = command["topic"], command["qos"], command["retain"]
        retain = retain and FAULT != "drops_retain"
        payload = payload[:-1] if FAULT == "cuts_payload" else payload
        qos = max(qos, 1) if FAULT == "raises_qos" else qos
        if FAULT == "turns_pairs" and "user_property" in command.get("properties", {}):
            command["properties"]["user_property"].reverse()
        properties = self.properties(command)
        if FAULT == "empty_without_properties" and not payload:
            properties = self.properties({})
        if FAULT == "keeps_properties":
            properties = self.kept_properties = getattr(self, "kept_properties", properties)
        if FAULT == "qos_2_drops_retain" and qos == 2:
            retain = False
        identifier = self.take_id() if qos else 0
        flags = qos << 1 | retain
        if qos:
            self.sent[identifier] = (flags, topic, payload, properties, False)
            self.waiting[identifier] = command["id"]
        if FAULT != "publishes_nothing":
            self.publish(flags, identifier, topic, payload, properties)
        if not qos:
            say(event="acknowledged", id=command["id"])

    def publish(self, flags, identifier, topic, payload, properties):
        numbered = struct.pack(">H", identifier) if flags & 6 else b""
        self.send(PUBLISH, flags, text(topic) + numbered + properties + payload)

    def request(self, command, kind, fields):
        identifier = self.take_id()
        self.waiting[identifier] = command["id"]
        self.send(kind, 2, struct.pack(">H", identifier) + self.properties(command) + fields)

    def do_subscribe(self, command):
        self.request(command, SUBSCRIBE, b"".join(text(f["filter"]) + bytes([f["qos"]]) for f in command["filters"]))

    def do_unsubscribe(self, command):
        self.request(command, UNSUBSCRIBE, b"".join(text(f) for f in command["filters"]))

    def do_disconnect(self, command):
        self.send(DISCONNECT, 0, b"")
        self.close()
        say(event="disconnected", id=command["id"])

    def do_sync(self, command):
        say(event="synced", id=command["id"])

    def do_authenticate(self, _):
        raise Unsupported("authenticate")

    # ---- packets

    def send(self, kind, flags, body):
        if self.socket:
            self.last_sent = time.monotonic()
            self.socket.sendall(bytes([kind << 4 | flags]) + variable(len(body)) + body)

    def close(self):
        if self.socket:
            self.select.unregister(self.socket)
            self.socket.close()
        self.socket, self.bytes, self.keep_alive = None, b"", 0

    def read_packets(self):
        try:
            data = self.socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.close()
            say(event="disconnected")
            return
        self.bytes += data
        while self.socket and self.take_packet():
            pass

    def take_packet(self):
        length, at = 0, 1
        while True:
            if at >= len(self.bytes):
                return False
            byte = self.bytes[at]
            length |= (byte & 0x7F) << 7 * (at - 1)
            at += 1
            if not byte & 0x80:
                break
        if len(self.bytes) < at + length:
            return False
        head, body = self.bytes[0], self.bytes[at:at + length]
        self.bytes = self.bytes[at + length:]
        self.on_packet(head >> 4, head & 15, body)
        return True

    def on_packet(self, kind, flags, body):
        identifier = struct.unpack(">H", body[:2])[0] if len(body) > 1 else 0
        if kind == CONNACK:
            self.on_connack(body)
        elif kind == PUBLISH:
            self.on_publish(flags, body)
        elif kind == PUBACK or kind == PUBCOMP:
            self.sent.pop(identifier, None)
            self.answer(identifier, event="error" if FAULT == "tells_errors" else "acknowledged", text="")
        elif kind == PUBREC:
            if identifier in self.sent:
                self.sent[identifier] = self.sent[identifier][:4] + (True,)
            self.send(PUBREL, 2, body[:2])
        elif kind == PUBREL:
            self.taken.discard(identifier)
            self.send(PUBCOMP, 0, body[:2])
        elif kind in (SUBACK, UNSUBACK):
            codes = body[3 + body[2]:] if self.v5 else body[2:]
            self.answer(identifier, event="acknowledged", codes=list(codes))
        elif kind == PINGRESP and FAULT == "resends_by_clock":
            self.send_again()

    def on_connack(self, body):
        if body[1]:
            self.answer("connect", event="refused", code=body[1])
            if FAULT != "outlives_refusal":
                self.close()
            return
        self.answer("connect", event="connected", session_present=bool(body[0] & 1))
        if not body[0] & 1 and FAULT != "keeps_state":
            self.sent, self.taken = {}, set()
        self.send_again()

    def send_again(self):
        for identifier, (flags, topic, payload, properties, released) in list(self.sent.items()):
            if released:
                self.send(PUBREL, 2, struct.pack(">H", identifier))
            elif FAULT != "forgets_messages":
                self.publish_again(flags | 8, identifier, topic, payload, properties)

    def publish_again(self, flags, identifier, topic, payload, properties):
        self.breaks += 1
        if FAULT == "again_without_retain":
            flags &= ~1
        if FAULT == "again_at_qos_1":
            flags = flags & ~6 | 2
        if FAULT == "again_without_payload":
            payload = b""
        if FAULT == "again_without_properties" or FAULT == "second_time_without_properties" and self.breaks > 1:
            properties = self.properties({})
        self.publish(flags, identifier, topic, payload, properties)

    def on_publish(self, flags, body):
        length = struct.unpack(">H", body[:2])[0]
        topic, rest, qos = body[2:2 + length].decode(), body[2 + length:], flags >> 1 & 3
        identifier = struct.unpack(">H", rest[:2])[0] if qos else 0
        rest = rest[2:] if qos else rest
        payload = rest[1 + rest[0]:] if self.v5 else rest
        if qos == 3 and FAULT != "takes_qos_3":
            self.close()
            say(event="disconnected")
            return
        self.pass_on(topic, payload, qos, flags & 1, identifier)
        if qos == 1 and FAULT != "no_puback":
            self.send(PUBACK, 0, struct.pack(">H", identifier))
        if qos == 2:
            self.send(PUBREC, 0, struct.pack(">H", identifier))

    def pass_on(self, topic, payload, qos, retain, identifier):
        if qos == 2 and identifier in self.taken and FAULT != "tells_copies":
            return
        if qos == 2:
            self.taken.add(identifier)
        told = payload.decode()
        told = told[:-1] if FAULT == "tells_part" else told
        event = {"event": "message", "topic": topic.upper() if FAULT == "tells_other_topic" else topic,
                 "payload": told, "qos": 0 if FAULT == "tells_qos_0" else qos,
                 "retain": bool(retain) and FAULT != "tells_no_retain"}
        if FAULT == "tells_nothing":
            return
        if FAULT == "tells_in_reverse":
            self.held.insert(0, event)
            if told == "marker":
                for one in self.held:
                    say(**one)
            return
        for _ in range(2 if FAULT == "tells_twice" else 1):
            say(**event)


if __name__ == "__main__":
    say(event="hello", contract=1, name="odd client", version="0", versions=["3.1.1", "5.0"])
    Client().run()
