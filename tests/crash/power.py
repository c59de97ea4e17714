"""A loss of power: what was written after the last sync may be on the disk, or not, or in part.

The broker runs with faults.c, which keeps a journal of what it writes. When it has died, its files are put together
again from that: all up to the last sync of each, and of what came later some sectors, by chance.
"""
import pathlib
import random
import struct

from server import FILES, MOST_BYTES, Server
from table import KILL, Table

WRITE, DURABLE, SYNC, SIZE, NEW = 1, 2, 3, 4, 5  # as in faults.c
ENTRY = struct.Struct("<IIQQ")
SECTOR = 512
LIKELY = (0, 0.5, 0.1, 0.9, 1)  # that a sector which was not synced is there, one time after the other


def entries(path):
    data, at = path.read_bytes() if path.exists() else b"", 0
    while at + ENTRY.size <= len(data):
        what, file, offset, size = ENTRY.unpack_from(data, at)
        at += ENTRY.size
        if what in (WRITE, DURABLE):
            if at + size > len(data):
                return
            yield FILES[file], (what, offset, data[at:at + size])
            at += size
        else:
            yield FILES[file], (what, offset, b"")


def place(image, offset, data):
    if len(image) < offset:
        image.extend(bytes(offset - len(image)))
    image[offset:offset + len(data)] = data


def after_loss(image, journal, rng, likely):
    """Makes of `image`, the file as it was at the start, what may be found; returns how many sectors were lost."""
    journal = list(journal)
    if made := [i for i, (what, _, _) in enumerate(journal) if what == NEW]:
        del journal[:made[-1] + 1]
        image.clear()
    synced = max((i + 1 for i, (what, _, _) in enumerate(journal) if what == SYNC), default=0)
    lost = 0
    for i, (what, offset, data) in enumerate(journal):
        if what == SIZE:
            if len(image) < offset and (i < synced or rng.random() < likely):
                image.extend(bytes(offset - len(image)))
        elif i < synced or what == DURABLE:
            place(image, offset, data)
        else:
            for at in range(0, len(data), SECTOR):
                if rng.random() < likely:
                    place(image, offset + at, data[at:at + SECTOR])
                else:
                    lost += 1
    return lost


class PowerServer(Server):
    def __init__(self, program, folder, shim, seed, lines=(), most_bytes=MOST_BYTES):
        super().__init__(program, folder, lines, {
            "LD_PRELOAD": str(shim), "ASAN_OPTIONS": "verify_asan_link_order=0",
            "MQTTSPEC_UNDER": str(pathlib.Path(folder) / "store"),
            "MQTTSPEC_FAULTS": str(pathlib.Path(folder) / "faults"),
            "MQTTSPEC_JOURNAL": str(pathlib.Path(folder) / "journal")}, most_bytes)
        self.table = Table(self.folder / "faults")
        self.random = random.Random(seed)
        self.journal = self.folder / "journal"
        self.losses = self.lost = 0  # of power, of sectors

    def start(self, **environment):
        kind, _, number = environment.get("MQTTSPEC_KILL_AT", "").partition("-call:")
        self.table.clear()
        if number:
            self.table.set(kind, int(number), 0, KILL)
        self.journal.unlink(missing_ok=True)
        paths = {name: self.store / name for name in FILES}
        self.images = {name: bytearray(path.read_bytes() if path.exists() else b"") for name, path in paths.items()}
        return super().start(**environment)

    def wait(self):
        status = super().wait()
        likely = LIKELY[self.losses % len(LIKELY)]
        self.losses += 1
        written = list(entries(self.journal))
        for name, image in self.images.items():
            self.lost += after_loss(image, [entry for file, entry in written if file == name], self.random, likely)
            path = self.store / name
            if path.exists():  # or it has died while a new one had another name
                path.write_bytes(image)
        (self.store / "lock.mdb").unlink(missing_ok=True)
        return status
