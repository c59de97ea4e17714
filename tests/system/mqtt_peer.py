"""A client that says exactly what it is told, for tests that compare brokers: 3.1.1 and 5.0, no retries."""
import socket
import struct

LIMIT_S = 20


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(data)) + data


def packet(first, body):
    n, length = len(body), b""
    while True:
        n, byte = n >> 7, n & 0x7F
        length += bytes([byte | (0x80 if n else 0)])
        if not n:
            return bytes([first]) + length + body


class Peer:
    """A connection; `code` is that of CONNACK, None if there was none."""

    def __init__(self, where, client_id, user=None, password=None, version=4, will=None, clean=True, stream=None,
                 keep_alive=60):
        self.version, self.last_id, self.messages, self.buffer = version, 0, [], b""
        self.props = b"\0" if version == 5 else b""
        if stream is not None:
            self.socket = stream
        elif isinstance(where, int):
            self.socket = socket.create_connection(("127.0.0.1", where), LIMIT_S)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(LIMIT_S)
            self.socket.connect(str(where))
        if self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flags = (2 if clean else 0) | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
        flags |= (4 | will.get("qos", 0) << 3 | (0x20 if will.get("retain") else 0)) if will else 0
        expiry = b"\5\x11\0\0\1\0" if version == 5 and not clean else self.props
        body = text("MQTT") + bytes([version, flags]) + struct.pack(">H", keep_alive) + expiry + text(client_id)
        if will:
            body += self.props + text(will["topic"]) + text(will.get("payload", "will"))
        body += text(user) if user is not None else b""
        body += text(password) if password is not None else b""
        self.send(packet(0x10, body))
        first, body = self.read()
        self.code = body[1] if first == 0x20 else None
        self.present = bool(body[0]) if first == 0x20 else None

    def send(self, data):
        self.socket.sendall(data)

    def take(self, n):
        while len(self.buffer) < n:
            more = self.socket.recv(65536)
            if not more:
                return None
            self.buffer += more
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def read(self):
        """The next packet: its first byte and its body; (None, b"") at the end."""
        try:
            first = self.take(1)
            if first is None:
                return None, b""
            length, shift = 0, 0
            while True:
                byte = self.take(1)[0]
                length |= (byte & 0x7F) << shift
                shift += 7
                if not byte & 0x80:
                    return first[0], self.take(length) if length else b""
        except (ConnectionError, TypeError):
            return None, b""

    def await_type(self, wanted):
        """The body of the next packet of this type; messages that come before it are kept, and acknowledged."""
        while True:
            first, body = self.read()
            if first is None:
                return None
            if first >> 4 == 3:
                self.keep(first, body)
            if first >> 4 == wanted:
                return body

    def keep(self, first, body):
        n = struct.unpack(">H", body[:2])[0]
        topic, rest = body[2:2 + n].decode(), body[2 + n:]
        if first & 6:
            self.send(packet(0x40 if first & 2 else 0x50, rest[:2]))
            rest = rest[2:]
        if self.version == 5:
            rest = rest[1 + rest[0]:]
        self.messages.append((topic, rest.decode(), bool(first & 1)))

    def next_id(self):
        self.last_id += 1
        return struct.pack(">H", self.last_id)

    def publish(self, topic, payload="x", qos=0, retain=False):
        """The code of the answer: 0 where 3.1.1 has none, None if the connection has ended."""
        body = text(topic) + (self.next_id() if qos else b"") + self.props + payload.encode()
        self.send(packet(0x30 | qos << 1 | retain, body))
        if not qos:
            return 0
        answer = self.await_type(4 if qos == 1 else 5)
        if answer is None:
            return None
        code = answer[2] if len(answer) > 2 else 0
        if qos == 2 and code < 0x80:
            self.send(packet(0x62, answer[:2]))
            self.await_type(7)
        return code

    def publish_all(self, topics, payload="x", qos=0):
        """All at once; the codes of the answers."""
        ids = [self.next_id() if qos else b"" for _ in topics]
        self.send(b"".join(packet(0x30 | qos << 1, text(topic) + id_ + self.props + payload.encode())
                           for topic, id_ in zip(topics, ids)))
        answers = [self.await_type(4 if qos == 1 else 5) for _ in topics] if qos else []
        codes = [answer[2] if len(answer) > 2 else 0 for answer in answers]
        if qos == 2:
            good = [answer[:2] for answer, code in zip(answers, codes) if code < 0x80]
            self.send(b"".join(packet(0x62, id_) for id_ in good))
            for _ in good:
                self.await_type(7)
        return codes

    def subscribe(self, *filters, qos=0):
        """The codes of SUBACK."""
        body = self.next_id() + self.props + b"".join(text(f) + bytes([qos]) for f in filters)
        self.send(packet(0x82, body))
        answer = self.await_type(9)
        return None if answer is None else list(answer[2 + len(self.props):])

    def ping(self):
        """True when all that was sent has been read, and all that was to come first has come."""
        self.send(b"\xC0\0")
        return self.await_type(13) is not None

    def drain(self):
        self.ping()
        messages, self.messages = self.messages, []
        return messages

    def vanish(self):
        """No DISCONNECT: the Will is published."""
        self.socket.close()

    def leave(self):
        try:
            self.send(b"\xE0\0")
        except OSError:
            pass
        self.socket.close()
