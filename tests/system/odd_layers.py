#!/usr/bin/python3
"""A client of MQTT over TLS and WebSocket with an agent, and with one fault, named by its first argument. Without a
fault (good) it does as a client must.

no_protocol, capital_protocol   what it offers as a subprotocol
old_version, short_key, no_host what is wrong with its request
same_key, other_path            the same key each time; another path than it was told
picky, impatient, forgetful     knows fields by their usual letters alone; reads an answer once; loses what comes with it
trusting, anything              takes any 101; takes any answer at all
text, unmasked, one_mask        its frames
aligned, unfinished             takes a frame for a packet; drops frames that are not all of their message
takes_text, lenient             takes text frames; masks, reserved bits and reserved opcodes
deaf, parrot, abrupt            answers no Ping and no Close; every Ping alike; ends without a Close frame
trusts_all, trusts_names        takes any certificate; any name in one that it trusts
keeps_host, hides_certificate   looks for the host whatever name it was told; shows no certificate
silent_end, lies                keeps silent about a connection that does not come about; tells its user that it has
                                one
forgets_messages                sends nothing again in a session that goes on
"""
import base64
import os
import socket
import ssl

from odd_client import FAULT, Client, say
from web_socket import BINARY, CLOSE, MORE, PING, PONG, TEXT, accept_of, frame, request

ROOM = 65536


class Silent(Exception):
    pass


def secured(sock, command):
    context = ssl.create_default_context(cafile=command["ca"])
    context.check_hostname = FAULT not in ("trusts_all", "trusts_names")
    if FAULT == "trusts_all":
        context.verify_mode = ssl.CERT_NONE
    if "cert" in command and FAULT != "hides_certificate":
        context.load_cert_chain(command["cert"], command["key"])
    name = command["host"] if FAULT == "keeps_host" else command.get("server_name", command["host"])
    return context.wrap_socket(sock, server_hostname=name)


class Plain:
    def __init__(self, stream):
        self.stream = stream

    def fileno(self):
        return self.stream.fileno()

    def pending(self):
        return self.stream.pending() if hasattr(self.stream, "pending") else 0

    def recv(self, most):
        return self.stream.recv(most)

    def sendall(self, data):
        self.stream.sendall(data)

    def close(self):
        try:
            if hasattr(self.stream, "unwrap"):
                self.stream.settimeout(0)
                self.stream.unwrap()  # a close_notify; nobody waits for the other one
        except OSError:
            pass
        self.stream.close()


class Framed(Plain):
    def __init__(self, stream, command):
        super().__init__(stream)
        self.kept = b""
        self.in_text = False
        self.shake_hands(command)

    def shake_hands(self, command):
        key = base64.b64encode(b"0123456789abcdef" if FAULT == "same_key" else os.urandom(16)).decode()
        key = key[4:] if FAULT == "short_key" else key
        offered = {"no_protocol": None, "capital_protocol": "MQTT"}.get(FAULT, "mqtt")
        path = "/other" if FAULT == "other_path" else command["path"]
        version, host = "12" if FAULT == "old_version" else "13", None if FAULT == "no_host" else command["host"]
        self.stream.sendall(request(f"GET {path} HTTP/1.1", Host=host, Sec_WebSocket_Key=key,
                                    Sec_WebSocket_Version=version, Sec_WebSocket_Protocol=offered))
        answer = self.stream.recv(ROOM)
        while b"\r\n\r\n" not in answer and answer and FAULT not in ("impatient", "anything"):
            more = self.stream.recv(ROOM)
            if not more:
                break
            answer += more
        head, _, self.kept = answer.partition(b"\r\n\r\n")
        if FAULT == "forgetful":
            self.kept = b""
        if FAULT != "anything" and not self.is_good(head.decode(errors="replace").split("\r\n"), key):
            self.stream.close()
            raise OSError("no WebSocket")

    def is_good(self, lines, key):
        if not lines[0].startswith("HTTP/1.1 101 "):
            return False
        if FAULT == "trusting":
            return True
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        if FAULT != "picky":
            fields = {name.lower(): value for name, value in fields.items()}
        name = (lambda text: text) if FAULT == "picky" else str.lower
        return (fields.get(name("Upgrade"), "").lower() == "websocket"
                and fields.get(name("Connection"), "").lower() == "upgrade"
                and fields.get(name("Sec-WebSocket-Accept")) == accept_of(key)
                and fields.get(name("Sec-WebSocket-Protocol"), "mqtt") == "mqtt"
                and name("Sec-WebSocket-Extensions") not in fields)

    def sendall(self, data):
        opcode = TEXT if FAULT == "text" else BINARY
        made = frame(opcode, data, masked=FAULT != "unmasked")
        if FAULT == "one_mask":  # of zeros
            made = frame(opcode, data, masked=False)
            size = 2 if made[1] < 126 else 4
            made = bytes([made[0], made[1] | 0x80]) + made[2:size] + bytes(4) + made[size:]
        self.stream.sendall(made)

    def next_frame(self):
        """First byte and payload, without the mask; None: it is not all there."""
        if len(self.kept) < 2:
            return None
        size, at, masked = self.kept[1] & 127, 2, self.kept[1] & 128
        if size >= 126:
            size, at = int.from_bytes(self.kept[2:4], "big"), 4  # nothing longer comes
        mask = self.kept[at:at + 4] if masked else bytes(4)
        at += 4 if masked else 0
        if len(self.kept) < at + size:
            return None
        if (masked or self.kept[0] & 0x70) and FAULT != "lenient":
            raise OSError("a frame that breaks the rules")
        first, payload = self.kept[0], bytes(b ^ mask[i % 4] for i, b in enumerate(self.kept[at:at + size]))
        self.kept = self.kept[at + size:]
        return first, payload

    def recv(self, most):
        """b"" at the end, None where there is nothing for MQTT."""
        if not self.kept or not self.is_whole():
            more = self.stream.recv(most)
            if not more:
                return b""
            self.kept += more
        data = b""
        while (got := self.next_frame()) is not None:
            found = self.take(*got)
            if found is None:
                return b""
            data += found
        return data or None

    def is_whole(self):
        return len(self.kept) >= 2 and len(self.kept) >= 2 + (self.kept[1] & 127)

    def take(self, first, payload):
        opcode, final = first & 15, first & 0x80
        if opcode == PING:
            if FAULT != "deaf":
                self.stream.sendall(frame(PONG, b"always" if FAULT == "parrot" else payload))
            return b""
        if opcode == CLOSE:
            if FAULT not in ("deaf", "abrupt"):
                self.stream.sendall(frame(CLOSE, payload))
            return b"" if FAULT == "deaf" else None
        if opcode == TEXT and FAULT != "takes_text" or opcode > BINARY and FAULT != "lenient":
            raise OSError("a frame of another kind")
        if FAULT == "unfinished" and (not final or opcode == MORE):
            return b""
        return self.one_packet(payload) if FAULT == "aligned" else payload

    @staticmethod
    def one_packet(payload):
        """The first packet of a frame, if it is all there; one of less than 130 bytes."""
        size = 2 + payload[1] if len(payload) > 1 else len(payload) + 1
        return payload[:size] if size <= len(payload) else b""

    def pending(self):
        return super().pending() or self.is_whole()

    def close(self):
        try:
            if FAULT != "abrupt":
                self.stream.sendall(frame(CLOSE, b"\x03\xe8"))
        except OSError:
            pass
        super().close()


class Layered(Client):
    def open(self, command):
        transport = command.get("transport", "tcp")
        stream = super().open(command)
        try:
            if transport in ("tls", "wss"):
                stream = secured(stream, command)
            return Framed(stream, command) if transport in ("ws", "wss") else Plain(stream)
        except OSError:
            if FAULT == "silent_end":
                raise Silent from None
            raise

    def do_connect(self, command):
        try:
            super().do_connect(command)
        except Silent:
            pass
        except OSError:
            if FAULT != "lies":
                raise
            say(event="connected", id=command["id"], session_present=False)

    def read_packets(self):
        while self.socket:
            try:
                data = self.socket.recv(ROOM)
            except ssl.SSLWantReadError:
                data = None
            except OSError:
                data = b""
            if data is not None:
                self.take(data)
            if not self.socket or not self.socket.pending():
                return

    def take(self, data):
        if not data:
            self.close()
            say(event="disconnected")
            return
        self.bytes += data
        while self.socket and self.take_packet():
            pass


if __name__ == "__main__":
    socket.setdefaulttimeout(60)
    say(event="hello", contract=1, name="odd layers", version="0", versions=["3.1.1", "5.0"],
        transports=["tcp", "tls", "ws", "wss"])
    Layered().run()
