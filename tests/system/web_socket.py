"""A WebSocket, frame by frame, with every way to get it wrong."""
import base64
import hashlib
import os
import socket
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
BINARY, TEXT, MORE, CLOSE, PING, PONG = 2, 1, 0, 8, 9, 10
FIELDS = {"Host": "localhost", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Key": KEY,
          "Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "mqtt"}


def request(line="GET /mqtt HTTP/1.1", **changes):
    """Fields may be changed (Sec_WebSocket_Key=...), or left out with None."""
    fields = dict(FIELDS)
    for name, value in changes.items():
        fields[name.replace("_", "-")] = value
    return "\r\n".join([line] + [f"{k}: {v}" for k, v in fields.items() if v is not None] + ["", ""]).encode()


def frame(opcode, payload=b"", fin=True, masked=True, rsv=0, length=None):
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    n = len(payload) if length is None else length
    bit = 0x80 if masked else 0
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", n)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", n)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    long_mask = (mask * (len(payload) // 4 + 1))[:len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(long_mask, "big")
    return head + mask + number.to_bytes(len(payload), "big")


class WebSocket:
    """What Peer takes for a socket: bytes in binary frames."""
    family = socket.AF_UNIX  # nothing of TCP is to be set

    def __init__(self, stream, opening=None):
        self.stream, self.buffer, self.data, self.others = stream, b"", b"", []
        stream.sendall(opening or request())
        while b"\r\n\r\n" not in self.buffer:
            more = stream.recv(4096)
            if not more:
                break
            self.buffer += more
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.head = head.decode()
        self.status = int(self.head.split()[1]) if head else None

    def field(self, name):
        values = [line.split(": ", 1)[1] for line in self.head.split("\r\n")[1:] if line.startswith(name + ": ")]
        return values[0] if values else None

    def take(self, n):
        while len(self.buffer) < n:
            more = self.stream.recv(65536)
            if not more:
                return None
            self.buffer += more
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def read(self):
        """The next frame: opcode and payload; (None, b"") at the end."""
        try:
            head = self.take(2)
            if head is None:
                return None, b""
            assert head[0] & 0xF0 == 0x80 and not head[1] & 0x80, head
            n = head[1]
            if n >= 126:
                n = int.from_bytes(self.take(2 if n == 126 else 8), "big")
            return head[0] & 15, self.take(n) if n else b""
        except ConnectionError:
            return None, b""

    def sendall(self, data):
        self.stream.sendall(frame(BINARY, data))

    def recv(self, most):
        while not self.data:
            opcode, payload = self.read()
            if opcode is None:
                return b""
            if opcode == BINARY:
                self.data = payload
            else:
                self.others.append((opcode, payload))
                if opcode == CLOSE:
                    return b""
        data, self.data = self.data[:most], self.data[most:]
        return data

    def setsockopt(self, *_):
        pass

    def close(self):
        self.stream.close()


def accept_of(key=KEY):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
