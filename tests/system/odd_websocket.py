"""odd_websocket.py BROKER_PORT MODE: a WebSocket server in front of a broker over TCP that breaks one rule, or none. It
prints its port.

good            keeps them all
text            takes text frames for binary ones
whole           takes a message for one packet: of a frame with several it hands on the first, and of a packet in
                several frames nothing
unfinished      knows no fragments: it drops every frame that is not the only one of its message
first           chooses the first subprotocol that it is offered, whatever it is
silent          chooses no subprotocol
unasked         chooses mqtt even if it was not offered
strict          refuses a list that does not begin with mqtt
accept          answers a key with another one's Sec-WebSocket-Accept after two connections without a message
versions        takes any version, and a request without a key
unnamed         refuses another version without naming its own
lenient         takes frames that are not masked, and reserved bits and opcodes
deaf            leaves Ping and Close frames unanswered
parrot          answers every Ping with the same Pong
abrupt          ends connections without a Close frame
clinging        answers a Close frame, but keeps what the broker knows of the connection
"""
import base64
import hashlib
import socket
import sys
import threading

BROKER, MODE = int(sys.argv[1]), sys.argv[2]
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE, PING, PONG = 8, 9, 10
LATEST = []  # the two connections before this one


class End(Exception):
    pass


def end(sock):
    """Another thread may be reading it, which keeps a close from having any effect."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class Bytes:
    def __init__(self, sock):
        self.sock, self.kept = sock, b""

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise End
        self.kept += data

    def take(self, n):
        while len(self.kept) < n:
            self.more()
        data, self.kept = self.kept[:n], self.kept[n:]
        return data

    def head(self):
        while b"\r\n\r\n" not in self.kept:
            self.more()
        head, _, self.kept = self.kept.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:]
        return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


def refuse(sock, code, *fields):
    sock.sendall("\r\n".join([f"HTTP/1.1 {code} no", "Content-Length: 0", *fields, "", ""]).encode())
    raise End


def chosen(offered):
    if MODE == "silent":
        return None
    if MODE == "first":
        return offered[0] or None
    return "mqtt" if "mqtt" in offered or MODE == "unasked" else None


def is_stale(connection):
    """Once, after two connections in a row that said nothing: others still get in."""
    stale = MODE == "accept" and len(LATEST) == 2 and not any(c.spoke for c in LATEST)
    LATEST[:] = [] if stale else [*LATEST[-1:], connection]
    return stale


def shake_hands(connection, stream):
    sock = connection.sock
    fields = stream.head()
    offered = [word.strip() for word in fields.get("sec-websocket-protocol", "").split(",")]
    key = fields.get("sec-websocket-key", "")
    if MODE != "versions":
        if fields.get("sec-websocket-version") != "13":
            refuse(sock, 426, *[] if MODE == "unnamed" else ["Sec-WebSocket-Version: 13"])
        if not key:
            refuse(sock, 400)
    if MODE == "strict" and offered[0] != "mqtt":
        refuse(sock, 400)
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Accept: " + ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" if is_stale(connection) else accept)]
    protocol = chosen(offered)
    lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
    sock.sendall("\r\n".join([*lines, "", ""]).encode())


def read_frame(stream):
    first, second = stream.take(2)
    size = second & 0x7F
    if size >= 126:
        size = int.from_bytes(stream.take(2 if size == 126 else 8), "big")
    mask = stream.take(4) if second & 0x80 else bytes(4)
    if MODE != "lenient" and (not second & 0x80 or first & 0x70 or first & 15 not in (0, 1, 2, 8, 9, 10)):
        raise End
    return bool(first & 0x80), first & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(stream.take(size)))


def first_packet(data):
    """Of a message, if it begins with a whole one."""
    if len(data) < 2 or data[1] & 0x80 or len(data) < 2 + data[1]:
        return b""
    return data[:2 + data[1]]


class Connection:
    def __init__(self, sock):
        self.sock, self.lock, self.spoke = sock, threading.Lock(), False

    def frame(self, opcode, data):
        n = len(data)
        size = bytes([n]) if n < 126 else b"\x7e" + n.to_bytes(2, "big") if n < 65536 else b"\x7f" + n.to_bytes(8, "big")
        with self.lock:
            self.sock.sendall(bytes([0x80 | opcode]) + size + data)

    def from_broker(self, broker):
        try:
            while data := broker.recv(65536):
                self.frame(2, data)
            if MODE != "abrupt":
                self.frame(CLOSE, b"\x03\xe8")
        except OSError:
            pass
        end(self.sock)

    def control(self, opcode, data):
        if MODE == "deaf":
            return
        if opcode == PING:
            self.frame(PONG, b"parrot" if MODE == "parrot" else data)
        elif opcode == CLOSE:
            if MODE != "abrupt":
                self.frame(CLOSE, data)
            raise End

    def to_broker(self, stream, broker):
        while True:
            final, opcode, data = read_frame(stream)
            if opcode in (CLOSE, PING, PONG):
                self.control(opcode, data)
                continue
            self.spoke = True
            if opcode == 1 and MODE != "text":
                raise End
            if MODE == "unfinished" and (not final or opcode == 0):
                continue
            broker.sendall(first_packet(data) if MODE == "whole" else data)

    def serve(self):
        stream, broker = Bytes(self.sock), None
        try:
            shake_hands(self, stream)
            broker = socket.create_connection(("127.0.0.1", BROKER))
            threading.Thread(target=self.from_broker, args=[broker], daemon=True).start()
            self.to_broker(stream, broker)
        except (End, OSError):
            pass
        if broker and MODE != "clinging":
            end(broker)
        end(self.sock)


def main():
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        kept = []
        while True:
            kept.append(Connection(server.accept()[0]))
            threading.Thread(target=kept[-1].serve, daemon=True).start()


main()
