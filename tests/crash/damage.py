#!/usr/bin/python3
"""Damages the files of a store in many ways, one at a time, and lets the broker read it.

A world of clients (crash.py) fills the store; its broker is killed. Each damaged copy is shown (--dump) and given
to a broker that starts. Either it is refused with a sentence that names the file, and stays as it is, or all is
there that was there: never something else, and nobody dies. Of every some copies that were read, the clients
resume, and get all that they were promised.
"""
import collections
import copy
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import arguments
from model import Fault
from server import FILES, Broken, Server
from world import Died, World

PAGE, BLOCK = 4096, 512
META_BYTES = 16 + 136
HEAD_BYTES = 16
LIMIT_S = 60
TIME = re.compile(rb"\d{4}-\d\d-\d\dT[0-9:.]+Z")


def flips(rng, size, pages, each):
    """A bit in every byte of both first pages that means something, and of the heads of others; some anywhere."""
    for page in (0, 1):
        for at in range(META_BYTES):
            yield "bit of a first page", page * PAGE + at, 1 << rng.randrange(8)
    for page in rng.sample(range(2, pages), min(each, pages - 2)):
        for at in range(HEAD_BYTES):
            yield "bit of a page's head", page * PAGE + at, 1 << rng.randrange(8)
        for _ in range(6):
            yield "bit of a page's list", page * PAGE + rng.randrange(16, 100), 1 << rng.randrange(8)
        for _ in range(12):
            yield "bit in a page", page * PAGE + rng.randrange(16, PAGE), 1 << rng.randrange(8)


def damages_of_table(rng, data, pages, each):
    """What is damaged, and the file then."""
    for what, at, bit in flips(rng, len(data), pages, each):
        damaged = bytearray(data)
        damaged[at] ^= bit
        yield what, damaged
    size = len(data)
    cuts = {0, 1, 100, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 1, 2 * PAGE, size // 2, size - PAGE, size - 1}
    for size in sorted(cuts | {rng.randrange(pages * PAGE) for _ in range(each)}):
        yield "cut", data[:size]
    yield from damaged_pages(rng, data, (0, 1, *rng.sample(range(2, pages), min(each, pages - 2))), pages)


def damaged_pages(rng, data, chosen, pages):
    for page in chosen:
        yield "page of zeros", data[:page * PAGE] + bytes(PAGE) + data[(page + 1) * PAGE:]
        other = rng.randrange(pages)
        yield "page in the place of another", (data[:page * PAGE] + data[other * PAGE:(other + 1) * PAGE] +
                                               data[(page + 1) * PAGE:])
        yield "page of noise", data[:page * PAGE] + rng.randbytes(PAGE) + data[(page + 1) * PAGE:]


def damages_of_journal(rng, data, each):
    pages = len(data) // PAGE
    for _ in range(8 * each):
        at = rng.randrange(len(data) // BLOCK) * BLOCK + rng.choice([rng.randrange(16), rng.randrange(BLOCK)])
        damaged = bytearray(data)
        damaged[at] ^= 1 << rng.randrange(8)
        yield "bit of the journal", damaged
    for size in sorted({0, 1, BLOCK, PAGE, len(data) // 2, len(data) - PAGE, len(data) - 1}):
        yield "cut of the journal", data[:size]
    for what, damaged in damaged_pages(rng, data, rng.sample(range(pages), min(each, pages)), pages):
        yield f"{what}, of the journal", damaged


def damages(rng, files, pages, each):
    """What is damaged, in which file, and that then. None: it is missing."""
    for what, data in damages_of_table(rng, files["data.mdb"], pages, each):
        yield what, "data.mdb", data
    for name in FILES[1:]:
        yield "no journal", name, None
        for what, data in damages_of_journal(rng, files[name], each):
            yield what, name, data


def dump(program, folder):
    return subprocess.run([program, "--dump", folder], capture_output=True, timeout=LIMIT_S)


def pairs_of(shown, timed):
    """Lines of --dump. Where the head is lost, so are the milliseconds of the clock, and no times are compared."""
    lines = shown.splitlines()[1:]
    return set(lines if timed else [TIME.sub(b"", line) for line in lines])


class Bench:
    """A folder for damaged copies, and what has to be in them."""

    def __init__(self, args, folder):
        self.args, self.folder = args, pathlib.Path(folder)
        self.server = Server(args.broker, self.folder)
        self.file = self.server.store / "data.mdb"
        self.world = World(self.server, args.seed)

    def fill(self):
        world = self.world
        world.begin()
        for _ in range(3):
            world.work()
            world.kill()
            world.settle(None)
        world.work(early=True)
        world.kill()
        self.files = {name: (self.server.store / name).read_bytes() for name in FILES}
        self.data = self.files["data.mdb"]
        shown = dump(self.args.broker, self.server.store)
        if shown.returncode:
            raise Broken(f"the store is not shown: {shown.stderr.decode()}")
        self.shown = shown.stdout
        # Those in use begin with their own number.
        self.pages = max(n for n in range(len(self.data) // PAGE)
                         if n < 2 or int.from_bytes(self.data[n * PAGE:n * PAGE + 8], "little") == n) + 1

    def put(self, files):
        for path in self.server.store.iterdir():
            path.unlink()
        for name, data in files.items():
            if data is not None:
                (self.server.store / name).write_bytes(data)

    def are(self, files, ending=""):
        """What is there now under these names."""
        paths = {name: self.server.store / (name + ending) for name in files}
        return {name: path.read_bytes() if path.exists() else None for name, path in paths.items()} == files

    def judge(self, name, data, resume):
        """What came of it."""
        files = {**self.files, name: data}
        self.put(files)
        shown = dump(self.args.broker, self.server.store)
        if shown.returncode not in (0, 1):
            raise Fault(f"--dump ends with status {shown.returncode}: {shown.stderr[-2000:].decode()}")
        if shown.returncode and str(self.server.store) not in shown.stderr.decode():
            raise Fault(f"--dump does not name the folder: {shown.stderr.decode()}")
        if not shown.returncode and shown.stdout != self.shown:
            raise Fault("--dump shows something else")
        starts = self.server.start()
        if not starts and (self.server.status != 1 or str(self.server.store) not in self.server.last_words()[-1]):
            raise Fault(f"the broker ends with status {self.server.status}: {self.server.last_words()}")
        if not starts and not self.are(files):
            raise Fault("the broker has refused the files, and changed them")
        if starts and resume:
            self.resume()
        self.server.kill()
        if starts != (not shown.returncode):
            raise Fault(f"the broker {'starts' if starts else 'does not start'}; --dump ends with {shown.returncode}")
        return "read" if starts else self.recover(files)

    def recover(self, files):
        """What can be saved was there before, and a broker starts with it; the damaged files are kept."""
        run = subprocess.run([self.args.broker, "--recover", self.server.store], capture_output=True, timeout=LIMIT_S)
        said = run.stderr.decode(errors="replace")
        kept = sorted(path.name for path in self.server.store.iterdir() if ".damaged-" in path.name)
        if run.returncode == 1 and str(self.server.store) in said and self.are(files) and not kept:
            return "refused, nothing to save"
        if run.returncode or not self.are(files, ".damaged-1"):
            raise Fault(f"--recover ends with status {run.returncode}, keeps {kept}: {said[-2000:]}")
        shown = dump(self.args.broker, self.server.store)
        new = pairs_of(shown.stdout, b"after commit" in run.stdout) - pairs_of(self.shown, b"after commit" in run.stdout)
        # The latest commit cannot be told from the one before, or some are lost.
        older = files["data.mdb"][:2 * PAGE] != self.data[:2 * PAGE] or files != {**self.files, "data.mdb": files["data.mdb"]}
        if shown.returncode or new and not older:
            raise Fault(f"--recover has saved {len(new)} pairs that were not there: {list(new)[:1]} {shown.stderr}")
        if not self.server.start():
            raise Fault(f"the broker does not start with what was saved: {self.server.last_words()}")
        self.server.kill()
        if new:
            return "refused, older one saved"
        return "refused, much saved" if len(shown.stdout) * 2 > len(self.shown) else "refused, little saved"

    def resume(self):
        server, self.world.server = self.world.server, None
        world = copy.deepcopy(self.world)
        self.world.server = world.server = server
        world.armed = world.sent = None
        world.settle(None, everybody=True)
        world.work(steps=20)
        world.kill()
        world.settle(None, everybody=True)


def main():
    parser = arguments.parser_of(__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the store, and of where it is damaged (1)")
    parser.add_argument("--pages", type=int, default=20, metavar="N", help="how many pages are damaged (20)")
    parser.add_argument("--step", type=int, default=1, metavar="N", help="only every N-th damage, by chance (1)")
    args = arguments.parse(parser)
    outcomes, failed, resumed = collections.Counter(), 0, 0
    with tempfile.TemporaryDirectory(prefix="mqttspec-damage-", dir=args.folder) as folder:
        bench = Bench(args, folder)
        try:
            bench.fill()
            rng, chosen = random.Random(args.seed), random.Random(args.seed)
            for number, (what, name, data) in enumerate(damages(rng, bench.files, bench.pages, args.pages)):
                if args.step > 1 and chosen.randrange(args.step):
                    continue
                try:
                    resume = chosen.random() < 0.05
                    outcome = bench.judge(name, data if data is None else bytes(data), resume)
                    outcomes[what, outcome] += 1
                    resumed += resume and outcome == "read"
                except (Fault, Broken, Died) as e:
                    bench.server.kill()
                    failed += 1
                    print(f"damage {number}, {what}, {name}: {type(e).__name__}: {e}")
        finally:
            bench.server.kill()
    for (what, outcome), count in sorted(outcomes.items()):
        print(f"{count:5} {outcome:24} {what}")
    print(f"{sum(outcomes.values()) + failed} damages, {failed} failed; the store had {bench.pages} pages, "
          f"clients came back to {resumed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
