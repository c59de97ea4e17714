"""A broker that knows SCRAM-SHA-256 and nothing else: scram_broker.py PORT MODE

good      does as 4.12 says
lenient   takes any proof, and any step for a good one
deaf      is good until the client is in, and then takes any proof
greeting  answers a new authentication with a CONNACK
wrong     asks with AUTH 0x00
silent    leaves the method out of AUTH
lying     proves nothing itself

The user is "watcher", the password "sees everything"; without a method anybody is let in who says so. Messages are
those of easy_broker.py, whose faults it has.
"""
import base64
import hashlib
import hmac
import os
import socket
import sys
import threading

import easy_broker
from easy_broker import METHOD, encoded, find_property, packet, string

CONNECT, AUTH = 1, 15
DATA, NAME, PASSWORD, ROUNDS = 0x16, b"watcher", b"sees everything", 4096
GOES_ON, AGAIN, NOT_AUTHORIZED, PROTOCOL_ERROR = 0x18, 0x19, 0x87, 0x82


def mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


class Scram:
    """The server's side of RFC 5802."""

    def __init__(self, lenient, lying):
        self.lenient, self.lying = lenient, lying
        self.salt, self.nonce, self.known = os.urandom(12), base64.b64encode(os.urandom(15)), False

    def challenge(self, first):
        """None: no such words begin an exchange."""
        if not first or not first.startswith(b"n,,n=") or b",r=" not in first:
            return None
        self.first = first[3:]
        name, _, nonce = self.first[2:].partition(b",r=")
        self.known, self.nonce = name == NAME, nonce + self.nonce
        self.asked = b"r=%s,s=%s,i=%d" % (self.nonce, base64.b64encode(self.salt), ROUNDS)
        return self.asked

    def verdict(self, final):
        """The proof of the server, or None."""
        if not final or b",p=" not in final:
            return None
        words, _, proof = final.rpartition(b",p=")
        text = b",".join((self.first, self.asked, words))
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD, self.salt, ROUNDS)
        key = mac(salted, b"Client Key")
        right = bytes(a ^ b for a, b in zip(key, mac(hashlib.sha256(key).digest(), text)))
        fits = self.known and words == b"c=biws,r=" + self.nonce and base64.b64decode(proof) == right
        if not fits and not self.lenient:
            return None
        return b"v=" + base64.b64encode(b"\0" * 32 if self.lying else mac(mac(salted, b"Server Key"), text))


class Client(easy_broker.Client):
    state, scram, method = "new", None, None

    def properties_of(self, data):
        mode = self.broker.mode
        named = b"" if mode == "silent" and self.state != "done" else bytes([METHOD]) + encoded(b"SCRAM-SHA-256")
        return packet(0, named + (bytes([DATA]) + encoded(data) if data else b""))[1:]

    def ask(self, first):
        self.scram = Scram(self.broker.mode == "lenient" or self.broker.mode == "deaf" and self.state == "in",
                           self.broker.mode == "lying")
        words = self.scram.challenge(first)
        if words is None and self.broker.mode != "lenient":
            return self.reject(NOT_AUTHORIZED)
        self.state = "again" if self.state == "in" else "asked"
        code = 0 if self.broker.mode == "wrong" else GOES_ON
        self.send(packet(0xF0, bytes([code]) + self.properties_of(words or b"r=x,s=eA==,i=1")))
        return True

    def reject(self, code):
        self.send(packet(0x20, bytes([0, code, 0])) if self.state in ("new", "asked")
                  else packet(0xE0, bytes([code, 0])))
        return False

    def answer(self, final):
        proof = self.scram.verdict(final)
        if proof is None and self.broker.mode != "lenient":
            return self.reject(NOT_AUTHORIZED)
        again, self.state = self.state == "again", "done"
        body = self.properties_of(proof or b"v=eA==")
        if again and self.broker.mode != "greeting":
            self.send(packet(0xF0, b"\0" + body))
        else:
            self.send(packet(0x20, b"\0\0" + body))
        self.state = "in"
        self.greeted = True
        self.enter()
        return True

    def take(self, first, body):
        kind, lenient = first >> 4, self.broker.mode == "lenient"
        if kind == CONNECT and self.state == "new":
            _, at = string(body, 0)
            properties, _ = self.properties(body, at + 4)
            self.method = find_property(properties, METHOD)
            if self.method is not None and self.method != b"SCRAM-SHA-256":
                return self.reject(0x8C)
            if self.method is not None:
                return self.ask(find_property(properties, DATA))
        if kind != AUTH:
            if self.state == "asked" and not lenient:
                return self.reject(PROTOCOL_ERROR)
            return super().take(first, body)
        code = body[0] if body else 0
        properties, _ = self.properties(body, 1)
        data = find_property(properties, DATA)
        due = AGAIN if self.state == "in" else GOES_ON
        if not lenient and (find_property(properties, METHOD) != self.method or code != due):
            return self.reject(PROTOCOL_ERROR)
        return self.ask(data) if self.state == "in" else self.answer(data)


def main(port, mode):
    broker = easy_broker.Broker(mode)
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=100)
    while True:
        peer = listener.accept()[0]
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=Client(broker, peer).serve, daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
