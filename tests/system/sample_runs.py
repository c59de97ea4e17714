#!/usr/bin/python3
"""Made-up records that look like those of a run, for the tests of reports.

    sample_runs.py [--runs N] [--seed S] [--target NAME VERSION] [--worse K] >run.jsonl

The same arguments give the same records. `--worse K` breaks every K-th case run that would have passed.
"""
import argparse
import json
import random
import struct
import sys

LEVELS = ["MUST", "MUST", "MUST", "STATED", "SHOULD", "MAY"]
CHAPTERS = ["connect", "keep_alive", "publish", "qos1", "qos2", "retain", "session", "subscribe", "topics", "will"]
TOOL_VERSION, CATALOGUE = "0.1.0", "0" * 64   # what judged them
STARTED_US = 1767225600000000
HOSTILE = "<!--<script </script </script x></script><script>document.title = 'owned'</script><img src=x onerror=alert(1)>\u202e\x01\\xFF"


def text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def packet(first, body):
    assert len(body) < 128
    return bytes([first, len(body)]) + body


def dump(data):
    return " ".join(f"{byte:02X}" for byte in data)


class Case:
    """The packets of one case run: a publisher and a subscriber, QoS 1."""

    def __init__(self, number, version, rng):
        self.five = version == "5.0"
        self.number = number
        self.rng = rng
        self.at_us = 0
        self.events = []

    def add(self, peer, direction, words, data=None):
        self.at_us += self.rng.randrange(40, 900)
        event = {"at_us": self.at_us, "peer": peer, "direction": direction, "text": words}
        if data is not None:
            event["hex"] = dump(data)
        self.events.append(event)

    def connect(self, peer):
        name = f"c{self.number:x}-{peer}"
        properties = bytes([5, 0x11]) + struct.pack(">I", 30) if self.five else b""
        self.add(peer, "-", "connected")
        self.add(peer, ">", f'CONNECT id="{name}" clean keep alive 60 {"v5" if self.five else "v4"}',
                 packet(0x10, text("MQTT") + bytes([5 if self.five else 4, 2, 0, 60]) + properties + text(name)))
        answer = bytes([0, 0]) + (bytes([6, 0x21, 0, 20, 0x22, 0, 10]) if self.five else b"")
        self.add(peer, "<", "CONNACK success", packet(0x20, answer))

    def play(self):
        empty = b"\0" if self.five else b""
        self.connect("subscriber")
        topic = f"c{self.number:x}/t"
        self.add("subscriber", ">", f'SUBSCRIBE id 1 "{topic}" q1',
                 packet(0x82, b"\0\1" + empty + text(topic) + b"\1"))
        self.add("subscriber", "<", "SUBACK id 1 granted QoS 1", packet(0x90, b"\0\1" + empty + b"\1"))
        self.connect("publisher")
        properties = bytes([2, 1, 1]) if self.five else b""
        body = text(topic) + b"\0\7" + properties + b"a payload of some length"
        self.add("publisher", ">", f'PUBLISH "{topic}" q1 id 7 "a payload of some length"', packet(0x32, body))
        self.add("publisher", "<", "PUBACK id 7 success", packet(0x40, b"\0\7"))
        self.add("subscriber", "<", f'PUBLISH "{topic}" q1 id 1 "a payload of some length"',
                 packet(0x32, text(topic) + b"\0\1" + properties + b"a payload of some length"))
        self.add("subscriber", ">", "PUBACK id 1", packet(0x40, b"\0\1"))
        for peer in ("subscriber", "publisher"):
            self.add(peer, ">", "PINGREQ", packet(0xC0, b""))
            self.add(peer, "<", "PINGRESP", packet(0xD0, b""))


def verdict_of(number, options):
    """(verdict, expected): mostly good, and each kind of bad news now and then."""
    rare = {7: ("fail", False), 19: ("fail", True), 31: ("nonstrict", True), 43: ("info", True),
            57: ("inapplicable", True), 71: ("inconclusive", False), 89: ("crash", False), 97: ("pass", False),
            103: ("error", False), 109: ("crash", True)}
    if number % 120 in rare:
        return rare[number % 120]
    if options.worse and number % options.worse == 0:
        return "fail", False
    return "pass", True


def add_evidence(case, verdict, statement, events):
    failure = {"step": "expect_ack(pub, PUBACK, 7)", "file": f"cases/server/{case['chapter']}.c", "line": 31,
               "statement": statement, "expected": "PUBACK 7", "actual": "connection closed (no packet) after 2.1 ms"}
    if verdict in ("fail", "nonstrict"):
        case["failure"] = failure
    elif verdict == "inconclusive":
        case["note"] = "a step of the set-up failed"
        case["failure"] = {**failure, "step": "subscribe(sub, .filter = \"t\")", "expected": "SUBACK 1",
                           "actual": "nothing within 5 s"}
        del case["failure"]["statement"]
    elif verdict == "crash":
        case["death"] = {"signal": 11, "exit_code": 0, "during": case["id"],
                         "stderr_tail": "1767225600: assertion failed\n  at " + HOSTILE + "\n"}
    elif verdict == "info":
        case["note"] = "2 copies"
    elif verdict == "inapplicable":
        case["note"] = "the target offers no shared subscriptions"
    elif verdict == "error":
        case["note"] = "out/pcap: No space left on device"
    if verdict in ("fail", "crash"):
        at_us = events[-1]["at_us"]
        events.append({"at_us": at_us + 300, "peer": "publisher", "direction": "<", "text": "closes the connection"})
        events.append({"at_us": at_us + 301, "peer": "", "direction": "-", "text": HOSTILE})
        case["pcap"] = f"pcap/{case['id'].replace('/', '-')}-{case['version']}.pcapng"
        case["wire"] = case["pcap"].replace(".pcapng", ".wire.pcapng")


def case_record(number, statements, options, rng):
    version = "5.0" if number % 2 else "3.1.1"
    chapter = CHAPTERS[number // 2 % len(CHAPTERS)]
    verdict, expected = verdict_of(number, options)
    play = Case(number, version, rng)
    play.play()
    mine = [rng.choice(statements[version]) for _ in range(rng.randrange(1, 4))]
    case = {"type": "case", "id": f"{chapter}_case_{number // 20}", "chapter": chapter,
            "title": f"What a good server does with {chapter.replace('_', ' ')}, number {number}",
            "version": version, "transport": "tcp",
            "segmentation": "split:3" if number % 11 == 0 else "whole", "repeat": 0,
            "level": rng.choice(LEVELS), "verdict": verdict, "started_us": STARTED_US + 1000 * number,
            "duration_us": play.at_us + rng.randrange(100, 9000), "expected": expected,
            "statements": [{"name": name, "verdict": verdict if i == 0 else "pass"} for i, name in
                           enumerate(dict.fromkeys(mine))], "transcript": play.events}
    if number % 3 == 0:
        case["id"] = f"{chapter}_table/row_{number // 20}"
    if chapter == "keep_alive" and number % 3 == 0:
        values = [round(rng.gauss(3050, 120), 3) for _ in range(9)] + [None]
        case["measurements"] = [{"name": "close after the last packet", "unit": "ms", "values": values,
                                 "least": 3000.0, "most": 3500.0}]
    if verdict == "pass" and not expected:
        case["foreseen"] = {"as": "fail", "reason": "known since 2.0.9", "link": "https://example.org/bugs/1234"}
    elif expected and verdict in ("fail", "crash"):
        case["foreseen"] = {"as": verdict, "reason": "known since 2.0.9: " + HOSTILE, "link": "javascript:alert(1)"}
    add_evidence(case, verdict, mine[0], play.events)
    return case


def statements_of(path):
    """The names of the catalogue by version, from the TSV files of spec/."""
    found = {"3.1.1": [], "5.0": []}
    for version, names in found.items():
        for line in (path / f"statements-{version}.tsv").read_text().splitlines()[1:]:
            names.append(f"{version}:{line.split(chr(9))[0]}")
    return found


def records(options, statements):
    rng = random.Random(options.seed)
    name, version = options.target
    cases = [case_record(number, statements, options, rng) for number in range(options.runs)]
    counts = {}
    for case in cases:
        counts[case["verdict"]] = counts.get(case["verdict"], 0) + 1
    yield {"type": "run", "format": 1, "tool_version": TOOL_VERSION, "target": name.lower().split()[-1], "target_name": name,
           "target_version": version, "target_url": "mqtt://127.0.0.1:1883", "role": "server",
           "command": f"mqttspec run {name.lower().split()[-1]}", "catalogue": CATALOGUE, "seed": str(options.seed),
           "started_us": STARTED_US, "planned": options.runs}
    yield from cases
    yield {"type": "end", "counts": counts, "unexpected": sum(not case["expected"] for case in cases), "not_run": 0,
           "duration_us": 1000 * options.runs + 500000}


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--worse", type=int, default=0)
    parser.add_argument("--target", nargs=2, default=["Eclipse Mosquitto", "2.0.11"], metavar=("NAME", "VERSION"))
    return parser.parse_args(arguments)


def lines(*arguments):
    """The records as lines of JSON. For tests."""
    import pathlib
    statements = statements_of(pathlib.Path(__file__).resolve().parents[2] / "spec")
    for record in records(parse([str(a) for a in arguments]), statements):
        yield json.dumps(record, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.writelines(lines(*sys.argv[1:]))
