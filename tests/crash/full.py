#!/usr/bin/python3
"""A store with a small ceiling, which is full most of the time, and a broker that is killed in the midst of that.

    filled ──▶ work ──▶ SIGKILL ──▶ start ──▶ work ──▶ filled ... ──▶ room again ──▶ all resume ──▶ judgement

What there is no room for is refused, or waits. The broker starts however full its store is, the ceiling is kept, and
once there is room again nobody is kept waiting: nothing that was acknowledged is missing then, and nothing doubled.
"""
import collections
import sys
import tempfile
import time

import arguments
from filler import Filler
from model import Fault
from power import PowerServer
from server import FILES, LIMIT_S, Broken, Server
from world import Died, World

MOST_BYTES = 6_000_000
SIZE = 40000  # of what fills it
LARGEST = 150000  # of the others
ROUNDS = 8


class Life:
    """Of a store."""

    def __init__(self, args, seed, folder):
        self.server = (PowerServer(args.broker, folder, args.shim, seed, most_bytes=MOST_BYTES) if args.power else
                       Server(args.broker, folder, most_bytes=MOST_BYTES))
        self.world = World(self.server, seed)
        self.world.large, self.world.largest = 0.1, LARGEST
        self.world.model.trace = args.trace
        self.totals = collections.Counter()

    def play(self):
        world = self.world
        world.begin()
        world.strict, world.model.refuses = False, True
        for _ in range(ROUNDS):
            self.fill()
            world.work(steps=world.random.randint(10, 600))
            self.die_and_start()
            world.work(steps=world.random.randint(10, 300))
        self.empty()
        world.strict = True
        self.totals["messages"] += sum(m.accepted is not None for m in world.model.messages.values())
        self.totals["refused"] += sum(m.refused for m in world.model.messages.values())
        self.totals["deliveries"] += world.model.deliveries
        world.kill()
        world.settle(None, everybody=True)

    def fill(self):
        filler = Filler(SIZE, MOST_BYTES)
        filler.connect(self.server.port)
        while filler.add():
            self.world.step()
            self.world.pump()
        if self.world.random.random() < 0.3:
            filler.clear()
        filler.socket.close()

    def die_and_start(self):
        world = self.world
        world.kill()
        world.start()
        self.look_at_ceiling()
        self.totals["kills"] += 1
        world.look_at_retained()
        for c in world.model.clients:
            if not c.socket:
                world.connect(c)
        world.pump_until(lambda: all(c.ready for c in world.online()), "CONNACK")

    def look_at_ceiling(self):
        """The journal may have been larger for a while."""
        size = sum((self.server.store / name).stat().st_size for name in FILES)
        if size > MOST_BYTES:
            raise Fault(f"the store has {size} bytes, and may have {MOST_BYTES}")

    def empty(self):
        """Then everybody is let in, and gets what there is."""
        world, end_s = self.world, time.monotonic() + LIMIT_S
        filler = Filler(SIZE, MOST_BYTES)
        filler.count = filler.most
        filler.connect(self.server.port)
        filler.take_back()
        while not all(c.ready for c in world.model.clients):
            for c in world.model.clients:
                if not c.socket:
                    world.connect(c)
            world.pump(0.05)
            if time.monotonic() > end_s:
                raise Fault("not everybody is let in, although there is room again")
        world.drain()
        world.judge()


def play(args, seed, totals):
    with tempfile.TemporaryDirectory(prefix="mqttspec-full-", dir=args.folder) as folder:
        life = Life(args, seed, folder)
        try:
            life.play()
        except (Fault, Broken, Died) as e:
            print(f"full: seed {seed}, after {life.totals['kills']} kills: {type(e).__name__}: {e}")
            for line in life.server.last_words():
                print(f"      {line}")
            return False
        finally:
            life.server.kill()
        totals.update(life.totals)
        if args.power:
            totals["sectors lost"] += life.server.lost
        return True


def main():
    parser = arguments.parser_of(__doc__)
    arguments.add_seeds(parser)
    arguments.add_power(parser)
    args = arguments.parse(parser, lambda args: args.power)
    totals, failed, began_s = collections.Counter(), 0, time.monotonic()
    for seed in range(args.seed, args.seed + args.seeds):
        failed += not play(args, seed, totals)
    return arguments.tell(totals, args, failed, began_s)


if __name__ == "__main__":
    sys.exit(main())
