"""A client of 5.0 that takes all the room that a store has."""
import socket
import time

import packets
from model import Fault
from server import LIMIT_S, MOST_BYTES

PATIENCE_S = 5
AMPLE = 10  # messages, for which there is room again in the end


class Filler:
    """With retained messages of so many bytes that no other asks for."""

    def __init__(self, size, most_bytes=MOST_BYTES):
        self.size, self.most = size, 2 * most_bytes // size
        self.socket, self.buffer, self.count = None, bytearray(), 0

    def connect(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        self.buffer.clear()
        self.socket.sendall(packets.connect(5, "filler", True))
        self.await_packet(packets.CONNACK, LIMIT_S)

    def await_packet(self, kind, limit_s):
        """Its body; None if it does not come."""
        self.socket.settimeout(limit_s)
        try:
            while True:
                for first, body in packets.split(self.buffer):
                    if first >> 4 == kind:
                        return body
                    raise Fault(f"filler got a {packets.NAMES[first >> 4]}")
                data = self.socket.recv(4096)
                if not data:
                    raise Fault("the broker has ended filler")
                self.buffer += data
        except TimeoutError:
            return None

    def publish(self, number, payload, limit_s):
        """False where it is refused, or not acknowledged while the fault lasts."""
        self.socket.sendall(packets.publish(5, f"full/{number}", payload, 1, number, retain=True))
        answer = self.await_packet(packets.PUBACK, limit_s)
        return answer is not None and (len(answer) < 3 or answer[2] < 0x80)

    def add(self):
        self.count += 1
        if self.count > self.most:
            raise Fault(f"it has taken {self.most} messages of {self.size} bytes: twice as much as there may be")
        return self.publish(self.count, b"." * self.size, PATIENCE_S)

    def clear(self):
        for number in range(1, self.count + 1):
            if not self.publish(number, b"", LIMIT_S):
                raise Fault(f"what is retained cannot be cleared: {number} of {self.count}")
        self.count = 0

    def take_back(self):
        """Until there is room again for a good deal."""
        end_s = time.monotonic() + LIMIT_S
        self.clear()
        while not all(self.add() for _ in range(AMPLE)):
            if time.monotonic() > end_s:
                raise Fault("there is no room, although all that took it is gone")
            self.clear()
        self.clear()
        self.socket.close()
