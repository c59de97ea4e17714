#!/usr/bin/python3
"""Lets each call that the broker makes upon its store fail, one after another, and sees what becomes of it.

    a world of clients (crash.py) ──▶ the N-th call of a kind fails, or all from the N-th on ──▶ the fault ends
         mostly:      ──▶ clients come back ──▶ judgement ──▶ SIGKILL, start ──▶ judgement
         N is 3k + 2: ──▶ SIGKILL, start ──▶ judgement

Until the fault is over the broker may refuse what it cannot store; who asks for nothing that lasts is served all
the while. It may not start: then with a sentence that names the folder. It never dies, and breaks no promise.
"""
import collections
import errno
import math
import multiprocessing
import pathlib
import socket
import sys
import tempfile
import time

import arguments
import packets
from filler import Filler
from model import Fault
from server import Broken, Server
from table import KINDS, SHORT, Table
from world import Died, World

# Which errors a call of a kind may end with.
ERRORS = {"open": ["EMFILE", "EACCES"], "read": ["EIO"], "write": ["ENOSPC", "EIO", "SHORT"], "sync": ["EIO", "ENOSPC"],
          "grow": ["ENOSPC", "EROFS"], "map": ["ENOMEM"], "name": ["ENOSPC", "EACCES"]}
STEPS = 25
LIMIT_S = 60
FULL_SIZE = 400000
FULL_STEPS = 500


class Trial:
    """One call that fails. `new`: already while the store is made."""

    def __init__(self, args, folder, kind, error, number, lasting, new):
        self.kind, self.number, self.lasting = kind, number, lasting
        self.error = SHORT if error == "SHORT" else getattr(errno, error)
        self.table = Table(pathlib.Path(folder) / "faults")
        self.server = Server(args.broker, folder, environment={
            "LD_PRELOAD": str(args.shim), "MQTTSPEC_FAULTS": str(pathlib.Path(folder) / "faults"),
            "MQTTSPEC_UNDER": str(pathlib.Path(folder) / "store"), "ASAN_OPTIONS": "verify_asan_link_order=0"})
        self.world = World(self.server, seed=1000 + number)
        self.world.large = 0.3 if kind == "grow" else 0.03
        self.new, self.filler = new, None

    def play(self):
        """What came of it; None if there is no such call."""
        world = self.world
        if self.new:
            self.server.store.mkdir(exist_ok=True)
        else:
            world.begin()
            world.work(steps=STEPS)
            world.kill()
        self.began_s = time.monotonic()
        self.table.set(self.kind, self.number, 0 if self.lasting else self.number + 1, self.error)
        world.strict, world.model.refuses = False, True
        outcome = self.suffer()
        reached = self.table.calls(self.kind) >= self.number
        self.table.clear()
        outcome = outcome or "goes on" + self.said()
        if self.server.process and self.number % 3 == 2:
            world.kill()
            self.start_with_room()
            world.strict = True
        else:
            self.recover()
            world.kill()
        world.settle(None, everybody=True)
        return outcome if reached else None

    def start_with_room(self):
        if self.filler:
            self.world.start()
            self.filler.connect(self.server.port)
            self.filler.take_back()

    def suffer(self):
        """The time of the fault."""
        world = self.world
        if not self.server.start():
            said = [line for line in self.server.last_words() if str(self.server.store) in line]
            if self.server.status != 1 or not said:
                raise Broken(f"refused, status {self.server.status}: {self.server.last_words()}")
            return "does not start: " + said[-1].split(str(self.server.store), 1)[1].lstrip("/:")
        world.armed = world.sent = None
        for c in world.model.clients:
            world.connect(c)
        if self.new:
            self.introduce()
        world.work(steps=STEPS if self.kind != "grow" else 4 * STEPS)
        if self.lasting and self.kind == "grow":
            self.fill()
        if self.lasting:
            self.look_at_bystander()
        return None

    def fill(self):
        """Until the file would have to grow: when that is depends on what has reached it from the journal."""
        self.filler = Filler(FULL_SIZE)
        self.filler.connect(self.server.port)
        while self.filler.add():
            self.world.step()
            self.world.pump()
        if not self.errors():
            raise Fault("there is no room for more, and it does not say so")
        self.world.work(steps=FULL_STEPS)

    def introduce(self):
        """Whoever has been let in subscribes, as World.begin sees to elsewhere."""
        for c in self.world.model.clients:
            if c.ready and c not in self.world.publishers:
                c.change("a/+", 2)

    def look_at_bystander(self):
        """Who wants nothing to last is served all the while."""
        with socket.create_connection(("127.0.0.1", self.server.port), LIMIT_S) as s:
            s.sendall(packets.connect(4, "bystander", True) + packets.subscribe(4, 1, "z", 0, 0) +
                      packets.publish(4, "z", b"seen", 0) + b"\xC0\0")
            buffer, kinds = bytearray(), []
            while packets.PINGRESP not in kinds:
                data = s.recv(4096)
                if not data:
                    raise Fault("a client of QoS 0 is thrown out while the store fails")
                buffer += data
                kinds += [first >> 4 for first, _ in packets.split(buffer)]
            if packets.PUBLISH not in kinds:
                raise Fault("a client of QoS 0 got nothing while the store fails")

    def errors(self):
        """What it says in its log."""
        lines = self.server.log.read_text(errors="replace").splitlines()
        return [line.split(": ", 2)[-1].split(";")[0] for line in lines if " error " in line]

    def said(self):
        errors = self.errors()
        return f", says: {errors[0]}" if errors else ", says nothing"

    def recover(self):
        """The fault is over, and all is well again, without a restart where the broker still runs."""
        world = self.world
        if not self.server.process:
            world.strict = True
            world.settle(None, everybody=not self.new)
        else:
            if self.filler:
                self.filler.take_back()
            self.come_back()
            world.strict = True
        if not self.new:
            world.work(steps=STEPS)
            world.settle(None, everybody=True)
        self.look_at_log()

    def come_back(self):
        world, end_s = self.world, time.monotonic() + LIMIT_S
        while True:
            for c in world.model.clients:
                if not c.socket:
                    world.connect(c)
            world.pump(0.05)
            if all(c.ready for c in world.model.clients):
                try:
                    world.drain()
                except Fault as e:
                    raise Fault(f"after the fault: {e}") from None
                if all(c.ready for c in world.model.clients):
                    break
            if time.monotonic() > end_s:
                raise Fault("not everybody is let in after the fault")
        world.judge()

    def look_at_log(self):
        """It says once that it fails, and once that it is over: soon after, when it has something to write. What comes and
        goes, as room does, it tells of less and less often.
        """
        end_s = time.monotonic() + LIMIT_S
        most = 2 + int(math.log2(1 + time.monotonic() - self.began_s))
        for begun, over in (("it cannot be written", "it can be written again"),
                            ("no room for more", "there is room again")):
            while (count := self.told(begun)) != self.told(over):
                if time.monotonic() > end_s:
                    raise Fault(f"the log says \"{begun}\" {count} times, and \"{over}\" {self.told(over)} times")
                time.sleep(0.1)
                self.world.step_publish()
                self.world.pump(0.1)
            if count > most:
                raise Fault(f"the log says \"{begun}\" {count} times")
        self.world.settle(None)

    def told(self, text):
        """How often, by a broker that goes on."""
        return sum(f"store: {text}" in line and " mqttspec-broker: " not in f" {line}"
                   for line in self.server.log.read_text(errors="replace").splitlines())


def attempt(job):
    args, kind, error, number, lasting, new = job
    with tempfile.TemporaryDirectory(prefix="mqttspec-faults-", dir=args.folder) as folder:
        trial = Trial(args, folder, kind, error, number, lasting, new)
        try:
            return job, trial.play(), None
        except (Fault, Broken, Died, OSError) as e:
            trial.server.kill()
            return job, None, f"{type(e).__name__}: {e}; the log ends with {trial.server.last_words()}"
        finally:
            trial.server.kill()


def rows(args):
    for kind in KINDS if args.kind is None else [args.kind]:
        for error in ERRORS[kind] if args.error is None else [args.error]:
            for lasting in (False, True):
                for new in (False, True):
                    yield kind, error, lasting, new


def play_row(pool, args, row):
    """The calls one after another, until none is left; what came of them, and the faults."""
    kind, error, lasting, new = row
    outcomes, faults, number, step = collections.Counter(), [], args.first, args.step
    while True:
        count = args.jobs if args.once else 2 * args.jobs
        wave = [(args, kind, error, number + i * step, lasting, new) for i in range(count)]
        number += count * step
        results = pool.map(attempt, wave, chunksize=1)
        for job, outcome, fault in results:
            if fault:
                faults.append((job[3], fault))
            elif outcome:
                outcomes[outcome] += 1
        if any(outcome is None and not fault for _, outcome, fault in results) or args.once:
            return outcomes, faults


def main():
    parser = arguments.parser_of(__doc__)
    arguments.add_shim(parser)
    parser.add_argument("--kind", choices=KINDS, help="only calls of this kind")
    parser.add_argument("--error", metavar="NAME", help="only with this one: " + ", ".join(
        sorted({error for errors in ERRORS.values() for error in errors})))
    parser.add_argument("--first", type=int, default=1, metavar="N", help="begin with the N-th call (1)")
    parser.add_argument("--step", type=int, default=1, metavar="N", help="then every N-th (1)")
    parser.add_argument("--once", action="store_true", help="not until no call is left, but --jobs of them")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="at once; most of them wait (2)")
    args = arguments.parse(parser, needs_shim=lambda args: True)
    trials = failed = 0
    with multiprocessing.Pool(args.jobs) as pool:
        for row in rows(args):
            outcomes, faults = play_row(pool, args, row)
            kind, error, lasting, new = row
            name = f"{kind:5} {error:6} {'from there on' if lasting else 'once':13} {'new store' if new else 'in use'}"
            for outcome, count in outcomes.most_common():
                print(f"{name}: {count:4} × {outcome}", flush=True)
            for number, fault in faults:
                print(f"{name}, call {number}: FAULT: {fault}", flush=True)
            trials += sum(outcomes.values()) + len(faults)
            failed += len(faults)
    print(f"{trials} trials, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
