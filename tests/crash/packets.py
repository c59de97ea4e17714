"""Control Packets of 3.1.1 and 5.0 as far as the crash test speaks them, with an opinion on nothing."""
import struct

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, \
    PINGRESP, DISCONNECT = range(1, 15)
NAMES = ["", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
         "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"]
U16 = struct.Struct(">H")
U32 = struct.Struct(">I")
PROPERTY_BYTES = {0x01: 1, 0x02: 4, 0x23: 2}  # those of a PUBLISH that have one size


def variable(n):
    out = bytearray()
    while True:
        n, byte = n >> 7, n & 0x7F
        out.append(byte | (0x80 if n else 0))
        if not n:
            return bytes(out)


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return U16.pack(len(data)) + data


def packet(first, body):
    return bytes([first]) + variable(len(body)) + body


def connect(version, client_id, clean, expiry_s=None, will=None):
    """`will`: topic, payload, QoS, delay in seconds."""
    flags = 2 if clean else 0
    if will:
        flags |= 4 | will[2] << 3
    properties = b""
    if version == 5:
        own = b"\x11" + U32.pack(expiry_s) if expiry_s else b""
        properties = variable(len(own)) + own
    body = text("MQTT") + bytes([version, flags]) + U16.pack(0) + properties + text(client_id)
    if will:
        own = b"\x18" + U32.pack(will[3]) if will[3] else b""
        body += (variable(len(own)) + own if version == 5 else b"") + text(will[0]) + text(will[1])
    return packet(CONNECT << 4, body)


def publish(version, topic, payload, qos, packet_id=0, retain=False, dup=False, expiry_s=None):
    properties = b""
    if version == 5:
        own = b"\x02" + U32.pack(expiry_s) if expiry_s else b""
        properties = variable(len(own)) + own
    return packet(PUBLISH << 4 | dup << 3 | qos << 1 | retain,
                  text(topic) + (U16.pack(packet_id) if qos else b"") + properties + payload)


def answer(kind, packet_id):
    """PUBACK, PUBREC, PUBREL or PUBCOMP, with success."""
    return bytes([kind << 4 | (2 if kind == PUBREL else 0), 2]) + U16.pack(packet_id)


def subscribe(version, packet_id, topic_filter, qos, identifier):
    properties = b""
    if version == 5:
        own = b"\x0B" + variable(identifier)
        properties = variable(len(own)) + own
    return packet(SUBSCRIBE << 4 | 2, U16.pack(packet_id) + properties + text(topic_filter) + bytes([qos]))


def unsubscribe(version, packet_id, topic_filter):
    return packet(UNSUBSCRIBE << 4 | 2, U16.pack(packet_id) + (b"\0" if version == 5 else b"") + text(topic_filter))


def split(buffer):
    """Whole packets at the beginning of a bytearray, which loses them: first byte and body."""
    out, at, size = [], 0, len(buffer)
    while size - at >= 2:
        length = shift = 0
        head = at + 1
        while head < size:
            byte = buffer[head]
            length |= (byte & 0x7F) << shift
            head, shift = head + 1, shift + 7
            if not byte & 0x80:
                break
        else:
            break
        if size - head < length:
            break
        out.append((buffer[at], bytes(buffer[head:head + length])))
        at = head + length
    del buffer[:at]
    return out


class Publish:
    """A PUBLISH that has come; `identifiers` are those of its subscriptions."""

    __slots__ = ("topic", "payload", "qos", "retain", "dup", "packet_id", "identifiers", "expiry_s")

    def __init__(self, version, first, body):
        self.qos, self.retain, self.dup = first >> 1 & 3, bool(first & 1), bool(first & 8)
        size = U16.unpack_from(body)[0]
        self.topic = body[2:2 + size].decode()
        at = 2 + size
        self.packet_id = U16.unpack_from(body, at)[0] if self.qos else 0
        at += 2 if self.qos else 0
        self.identifiers, self.expiry_s = [], None
        if version == 5:
            length, at = _variable_at(body, at)
            end = at + length
            while at < end:
                name = body[at]
                at += 1
                if name == 0x0B:
                    value, at = _variable_at(body, at)
                    self.identifiers.append(value)
                elif name == 0x02:
                    self.expiry_s = U32.unpack_from(body, at)[0]
                    at += 4
                else:
                    at += PROPERTY_BYTES[name]
        self.payload = body[at:]


def _variable_at(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
