"""The table that a broker shares with faults.c: which of its calls fail."""
import mmap
import struct

KINDS = ["open", "read", "write", "sync", "grow", "map", "name"]  # as in faults.c
SHORT, KILL = -1, -2
ENTRY = struct.Struct("<QQQq")


class Table:

    def __init__(self, path):
        path.write_bytes(bytes(len(KINDS) * ENTRY.size))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)

    def set(self, kind, first, last, error):
        ENTRY.pack_into(self.map, KINDS.index(kind) * ENTRY.size, 0, first, last, error)

    def calls(self, kind):
        return ENTRY.unpack_from(self.map, KINDS.index(kind) * ENTRY.size)[0]

    def clear(self):
        for kind in KINDS:
            calls = self.calls(kind)
            ENTRY.pack_into(self.map, KINDS.index(kind) * ENTRY.size, calls, 0, 0, 0)
