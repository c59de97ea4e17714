#!/usr/bin/python3
"""Kills the broker, over and over, and sees whether it has kept what it promised.

    clients publish, subscribe, come and go ──▶ the broker dies ──▶ it starts ──▶ the clients resume ──▶ judgement

No message that was acknowledged at QoS 1 is missing, none of QoS 2 is missing or comes twice, no subscription is
lost or comes back, each topic has its newest retained message, and what was cleared stays so; sessions and
messages live as long as they have to and no longer. What was not acknowledged may be either way (model.py).

A seed makes a world of clients that lives through some rounds. The same seed plays the same steps again; what
the broker makes of each turn is up to the scheduler, so a fault may take some attempts to show again.
"""
import collections
import shlex
import sys
import tempfile
import time

import arguments
from model import Fault
from power import PowerServer
from server import Broken, Server
from world import CALLS, POINTS, World

ROUNDS = 10  # of a seed
KILLS = ["random", *POINTS, "SIGTERM"]


def play(args, seed, kills, totals):
    with tempfile.TemporaryDirectory(prefix="mqttspec-crash-", dir=args.folder) as folder:
        server = (PowerServer(args.broker, folder, args.shim, seed, args.line) if args.power else
                  Server(args.broker, folder, args.line))
        world = World(server, seed)
        world.model.trace = args.trace
        done = []
        try:
            world.begin()
            for kill in kills:
                done.append(kill)
                world.round(kill)
            world.settle(None, everybody=True)
        except (Fault, Broken) as e:
            server.kill()
            print(f"crash: seed {seed}, round {len(done)} ({done[-1] if done else 'begin'}): {e}")
            for line in server.last_words():
                print(f"       {line}")
            print(f"       again: {sys.argv[0]} --broker {args.broker} --seed {seed} --kill {','.join(done)}"
                  f"{' --power' if args.power else ''}{''.join(f' --line {shlex.quote(x)}' for x in args.line)}")
            return False
        finally:
            server.kill()
        totals["rounds"] += len(kills)
        if args.power:
            totals["sectors lost"] += server.lost
        totals["messages"] += sum(m.accepted is not None for m in world.model.messages.values())
        totals["deliveries"] += world.model.deliveries
        totals["judgements"] += world.model.judged
        for name, count in world.kills.items():
            totals["kill " + name] += count
    return True


def main():
    parser = arguments.parser_of(__doc__)
    arguments.add_seeds(parser)
    parser.add_argument("--kill", metavar="NAME[:N],...",
                        help="one round of each: " + ", ".join(KILLS) + f" ({ROUNDS} rounds, each in its turn); :N is "
                             "the time at which the broker passes the point, since its start, and is waited for")
    arguments.add_power(parser)
    parser.add_argument("--line", action="append", default=[], metavar="DIRECTIVE", help="of the configuration")
    args = arguments.parse(parser, lambda args: args.power, lambda args: True)
    totals, failed = collections.Counter(), 0
    began_s = time.monotonic()
    for seed in range(args.seed, args.seed + args.seeds):
        names = [*KILLS, *CALLS, *CALLS] if args.power else KILLS
        kills = args.kill.split(",") if args.kill else [names[(seed * ROUNDS + i) % len(names)] for i in range(ROUNDS)]
        wrong = [k for k in kills if k.split(":")[0] not in names]
        if wrong:
            parser.error(f"there is no kill {wrong[0]}")
        failed += not play(args, seed, kills, totals)
    return arguments.tell(totals, args, failed, began_s)


if __name__ == "__main__":
    sys.exit(main())
