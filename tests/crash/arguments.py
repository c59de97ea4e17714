"""What the command lines of these programs have in common, and what is wrong with them before anything starts."""
import argparse
import pathlib
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BROKER = "build/dev/broker/mqttspec-broker"
SHIM = "build/dev/tests/crash/libcrash_faults.so"
POINTS_ARE_IN = b"MQTTSPEC_KILL_AT"


def parser_of(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", default=ROOT / BROKER, type=pathlib.Path, metavar="PROGRAM", help=f"({BROKER})")
    parser.add_argument("--folder", metavar="FOLDER", help="where stores are made (that of temporary files)")
    return parser


def add_shim(parser):
    parser.add_argument("--shim", default=ROOT / SHIM, type=pathlib.Path, metavar="LIBRARY", help=f"faults.c ({SHIM})")


def add_seeds(parser):
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first of the seeds (1)")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many (1)")
    parser.add_argument("--trace", type=argparse.FileType("w"), metavar="FILE", help="every packet, for who mends")


def add_power(parser):
    parser.add_argument("--power", action="store_true", help="with each kill, what was not synced is lost")
    add_shim(parser)


def tell(totals, args, failed, began_s):
    """What came of all seeds. Returns the exit code."""
    for name, count in sorted(totals.items()):
        print(f"{count:9} {name}")
    print(f"{args.seeds - failed} seeds passed, {failed} failed, {time.monotonic() - began_s:.0f} s")
    return 1 if failed else 0


def parse(parser, needs_shim=lambda args: False, needs_points=lambda args: False):
    args = parser.parse_args()
    if not args.broker.is_file():
        parser.error(f"there is no broker {args.broker}")
    if needs_shim(args) and not args.shim.is_file():
        parser.error(f"there is no library {args.shim}")
    if needs_points(args) and POINTS_ARE_IN not in args.broker.read_bytes():
        parser.error(f"{args.broker} has no points to be killed at: build it with MQTTSPEC_POINTS")
    if args.folder and not pathlib.Path(args.folder).is_dir():
        parser.error(f"there is no folder {args.folder}")
    args.broker = args.broker.resolve()
    if "shim" in args:
        args.shim = args.shim.resolve()
    return args
