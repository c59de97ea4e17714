"""What people type wrongly, and what they are told.

test_inputs.py plays each of these inputs; script/mistakes writes docs/MISTAKES.md from them. In commands and answers
{closed}, {http}, {tls}, {locked} and {silent} are ports (see `ports`), and ... stands for what differs from one machine
or version to the next. The files are in the current folder.
"""
import contextlib
import os
import re
import socket
import subprocess
import threading
from typing import NamedTuple

FILES = {
    "typo.ini": "[target]\nname = Mine\ncomand = my-broker -p {port}\n",
    "loose.ini": "[target]\nname = Mine\ncommand = my-broker -p {port}\nport 1883\n",
    "empty.ini": "",
    "killer.ini": "[target]\nname = Mine\ncommand = my-broker -p {port}\n[persistent]\nstop = SIGKILL\n",
    "absent.ini": "[target]\nname = Mine\npackage = my-broker\ncommand = my-broker-x -p {port}\n",
    "uncooked.ini": "[target]\nname = Mine\ninstall = mine\ncommand = {installed}/mine -p {port}\n",
    "cooked.ini": "[target]\nname = Mine\ninstall = ../mine\ncommand = {installed}/mine -p {port}\n",
    "ends.ini": "[target]\nname = Mine\ncommand = /bin/sh -c 'echo cannot bind: address in use >&2; exit 1'\n",
    "notes.jsonl": '{"title": "shopping"}\n',
    "empty.jsonl": "",
    "half.jsonl": '{"type": "run"}\n',
    "torn.jsonl": '{"type": "run", "format": 1, "tool_version": "0.1.0", "target": "a", "target_name": "a", "target_url": "", '
                  '"role": "server", "command": "a", "seed": "1", "catalogue": "0", "started_us": 1, "planned": 2}\n{"type": "case", "id',
    "run.jsonl": "",
    "photo.jsonl": "\x89PNG\r\n",
    "bad.conf": "listener 1883 127.0.0.1\nallow_anonymous maybe\n",
}


class Input(NamedTuple):
    what: str     # what somebody did
    command: str  # as typed, for a shell
    code: int
    said: str     # on standard error, without the line "Try: ..."; if nothing is, the last line of all


INPUTS = {
    "Judging: mqttspec run and agent-check": [
        Input("mistypes a target", "mqttspec run mosqitto", 2,
              'mqttspec run: "mosqitto" is no target (a URL, HOST:PORT, a file, or one of: ...), and no case matches it; did you mean "mosquitto"?'),
        Input("mistypes a case", "mqttspec run mosquitto will_retaned", 2,
              'mqttspec run: no case matches "will_retaned"; did you mean "will_retained", "will_not_retained" or "will_delay"?'),
        Input("names the target after the case", "mqttspec run ping mosquitto", 2,
              'mqttspec run: "mosquitto" is a target: it comes first, and then what is played'),
        Input("plays a case for clients against a broker", "mqttspec run mosquitto client_connect", 2,
              'mqttspec run: "client_connect" judges clients, and mosquitto is no client'),
        Input("mistypes a chapter behind --not", "mqttspec run mosquitto --not keepalive", 2,
              'mqttspec run: no case matches "keepalive"; did you mean "keep_alive", "keep_alive_0" or "U311-KEEPALIVE-ZERO"?'),
        Input("names a statement that does not exist", "mqttspec run mosquitto MQTT-3.1.2-99", 2,
              'mqttspec run: no case matches "MQTT-3.1.2-99"; did you mean "MQTT-3.1.2-19", "MQTT-3.1.2-9" or "MQTT-3.1.2-29"?'),
        Input("gives a host without a port", "mqttspec run localhost", 2,
              'mqttspec run: "localhost" is no target (a URL, HOST:PORT, a file, or one of: ...), and no case matches it'),
        Input("gives a port that is too large", "mqttspec run localhost:99999", 2,
              'mqttspec run: mqtt://localhost:99999: a port is a number from 1 to 65535, and "99999" is none'),
        Input("gives a port that is too large, in a URL", "mqttspec run mqtt://localhost:99999", 2,
              'mqttspec run: mqtt://localhost:99999: a port is a number from 1 to 65535, and "99999" is none'),
        Input("gives port 0", "mqttspec run mqtt://localhost:0", 2,
              'mqttspec run: mqtt://localhost:0: a port is a number from 1 to 65535, and "0" is none'),
        Input("gives a port that is no number", "mqttspec run mqtt://localhost:mqtt", 2,
              'mqttspec run: mqtt://localhost:mqtt: a port is a number from 1 to 65535, and "mqtt" is none'),
        Input("forgets the host", "mqttspec run mqtt://", 2,
              "mqttspec run: mqtt://: not of the form mqtt://HOST[:PORT]"),
        Input("puts a password into the URL", "mqttspec run mqtt://me:secret@localhost:1883", 2,
              "mqttspec run: a user name or a password in a URL would end up in logs and records: leave them out, and use --user and --password-file"),
        Input("puts a path into the URL", "mqttspec run mqtt://localhost:1883/mqtt", 2,
              "mqttspec run: mqtt://localhost:1883/mqtt: MQTT over TCP knows no path: leave out /mqtt"),
        Input("takes another scheme", "mqttspec run http://localhost:1883", 2,
              "mqttspec run: http://localhost:1883: the scheme must be mqtt://, ..."),
        Input("forgets a slash", "mqttspec run mqtt:/localhost:1883", 2,
              'mqttspec run: "mqtt:/localhost:1883" is no target (a URL, HOST:PORT, a file, or one of: ...), and no case matches it'),
        Input("mistypes the host", "mqttspec run mqtt://no-such-host.invalid:1883", 3,
              "mqttspec run: no-such-host.invalid: ..."),
        Input("takes a port where nothing listens", "mqttspec run mqtt://127.0.0.1:{closed}", 3,
              "mqttspec run: there is no connection to the target: mqtt://127.0.0.1:{closed}: Connection refused"),
        Input("takes a Unix socket that is not there", "mqttspec run unix:///nowhere/mqtt.sock", 3,
              "mqttspec run: there is no connection to the target: unix:///nowhere/mqtt.sock: No such file or directory"),
        Input("takes a Unix socket by a relative path", "mqttspec run unix://mqtt.sock", 2,
              "mqttspec run: unix://mqtt.sock: not of the form unix:///PATH, or longer than 107 bytes"),
        Input("takes the port of a web server", "mqttspec run mqtt://127.0.0.1:{http}", 3,
              'mqttspec run: MQTT 5.0: its answer to CONNECT looks like HTTP: "HTTP/1.1 400 Bad Request" (--anyway plays all the same)'),
        Input("takes the port for TLS", "mqttspec run mqtt://127.0.0.1:{tls}", 3,
              "mqttspec run: MQTT 5.0: its answer to CONNECT is an alert of TLS..."),
        Input("gives no password to a broker that wants one", "mqttspec run mqtt://127.0.0.1:{locked}", 3,
              "mqttspec run: it answers a CONNECT of MQTT 5.0 with CONNACK 0x87 Not authorized: it wants a user name and a password (--user, --password-file); or it takes only ClientIds with a beginning of its own (--client-id-prefix) (--anyway plays all the same)"),
        Input("takes a port that never answers", "mqttspec run mqtt://127.0.0.1:{silent} --timeout 300", 3,
              "mqttspec run: MQTT 5.0: it did not answer CONNECT in time (--anyway plays all the same)"),
        Input("names a target file that is not there", "mqttspec run ./nowhere.ini", 2,
              "mqttspec run: ./nowhere.ini: No such file or directory"),
        Input("names a folder", "mqttspec run ./folder.ini", 2,
              "mqttspec run: ./folder.ini: Is a directory"),
        Input("mistypes a name in a target file", "mqttspec run ./typo.ini", 2,
              "mqttspec run: ./typo.ini:3: `comand`: there is no such name in [target]"),
        Input("forgets an equals sign in a target file", "mqttspec run ./loose.ini", 2,
              "mqttspec run: ./loose.ini:4: neither [section] nor `name = value`"),
        Input("would have a broker stopped by a signal that it cannot see", "mqttspec run ./killer.ini", 2,
              "mqttspec run: ./killer.ini:5: `stop`: must be SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1 or SIGUSR2"),
        Input("leaves a target file empty", "mqttspec run ./empty.ini", 2,
              "mqttspec run: ./empty.ini:1: [target] needs a `name`"),
        Input("has not installed the broker", "mqttspec run ./absent.ini", 3,
              "mqttspec run: Mine is not installed: there is no program `my-broker-x`; install the package my-broker"),
        Input("has not run the recipe that installs the broker", "mqttspec run ./uncooked.ini", 3,
              "mqttspec run: Mine is not installed: there is nothing in .../mine; run .../install/mine"),
        Input("names a recipe by a path", "mqttspec run ./cooked.ini", 2,
              "mqttspec run: ./cooked.ini:3: `install`: must be the name of a recipe: letters, digits, `-` and `_`"),
        Input("has a broker that does not start", "mqttspec run ./ends.ini", 3,
              "mqttspec run: Mine exited with status 1 before it was ready; its last words: cannot bind: address in use"),
        Input("judges a command that connects to nothing", "mqttspec run --exec true", 3,
              "mqttspec run: the command line ended with status 0 and never connected"),
        Input("judges a command that does not exist", "mqttspec run --exec 'no-such-client {port}'", 3,
              "mqttspec run: there is no program `no-such-client`"),
        Input("gives an empty command", "mqttspec run --exec ''", 2,
              "mqttspec run: the client's command line is empty"),
        Input("takes a program for an agent that is none", "mqttspec run --client true", 3,
              "mqttspec run: the agent ended before it said hello, as an agent does first of all (AGENT.md); a program without an agent is judged with --exec"),
        Input("names an agent that does not exist", "mqttspec run --client ./no-such-agent", 3,
              "mqttspec run: there is no program `./no-such-agent`"),
        Input("gives a target and a client", "mqttspec run mosquitto --client ./my-agent", 2,
              'mqttspec run: "mosquitto" is a target, and what is judged here is --client=./my-agent: name one of them'),
        Input("names expectations that are not there", "mqttspec run mosquitto --expect nowhere.ini", 2,
              "mqttspec run: --expect nowhere.ini: there is no such file, and no target of that name"),
        Input("mistypes a segmentation", "mqttspec run mosquitto --segment byte", 2,
              'mqttspec run: --segment takes whole, bytes, split, split:N, batch or all, not "byte"'),
        Input("splits after no byte", "mqttspec run mosquitto --segment split:0", 2,
              'mqttspec run: --segment takes whole, bytes, split, split:N, batch or all, not "split:0"'),
        Input("asks for shard 3 of 2", "mqttspec run mosquitto --shard 3/2", 2,
              'mqttspec run: --shard takes I/N, where I is at most N, as in 2/4, not "3/2"'),
        Input("gives a time that is no number", "mqttspec run mosquitto --timeout x", 2,
              'mqttspec run: --timeout takes a number from 1 to 600000, not "x"'),
        Input("gives a time with its unit", "mqttspec run mosquitto --deadline 10min", 2,
              'mqttspec run: --deadline takes a number from 1 to 1000000, not "10min"'),
        Input("asks for no jobs", "mqttspec run mosquitto -j 0", 2,
              'mqttspec run: --jobs takes a number from 1 to 256, not "0"'),
        Input("asks for a version that is not judged", "mqttspec run mosquitto --versions 3.1", 2,
              'mqttspec run: --versions takes 3.1.1, 5.0 or both, not "3.1"'),
        Input("asks for all transports of a command line",
              "mqttspec run --exec 'mosquitto_pub -p {port} -t a -n' --transports all", 2,
              "mqttspec run: --transports all: a command line does not say what it speaks; name the transports"),
        Input("asks for a transport that is none", "mqttspec run mosquitto --transports quic", 2,
              'mqttspec run: --transports takes tcp, ... or all, not "quic"'),
        Input("mistypes an option", "mqttspec run mosquitto --verbos3", 2,
              "mqttspec run: there is no option --verbos3"),
        Input("forgets the value of an option", "mqttspec run mosquitto --shard", 2,
              "mqttspec run: --shard needs a value"),
        Input("gives a value to an option without", "mqttspec run mosquitto --quiet=yes", 2,
              "mqttspec run: --quiet takes no value"),
        Input("wants more and less", "mqttspec run mosquitto -q -v", 2,
              "mqttspec run: --quiet and --verbose do not go together"),
        Input("names a password file that is not there", "mqttspec run mosquitto --user me --password-file nowhere", 2,
              "mqttspec run: --password-file nowhere: No such file or directory"),
        Input("forgets whose password it is", "mqttspec run mosquitto --password-file empty.ini", 2,
              "mqttspec run: a password needs a user name: --user NAME, or MQTTSPEC_USER"),
        Input("gives a prefix with a wildcard", "mqttspec run mosquitto --prefix 'a/#'", 2,
              "mqttspec run: --prefix: what topics are put below must not have a wildcard, + or #"),
        Input("gives a rate of 0", "mqttspec run mosquitto --connect-rate 0", 2,
              'mqttspec run: --connect-rate takes a number from 1 to 100000, not "0"'),
        Input("gives a folder that cannot be made", "mqttspec run mosquitto will --out /proc/nowhere/out", 2,
              "mqttspec run: /proc/nowhere/out: No such file or directory"),
        Input("wants the real bytes of no captures", "mqttspec run mosquitto will --wire --pcap none", 2,
              "mqttspec run: --wire and --pcap none do not go together"),
        Input("wants the real bytes where there are no others", "mqttspec run mosquitto will --wire", 2,
              "mqttspec run: --wire is for TLS and WebSocket (--transports tls,ws,wss), and there is none; every other capture has the real bytes already"),
        Input("records an interface that is not there", "mqttspec run mosquitto will --capture nowhere0", 2,
              "mqttspec run: nowhere0: no such interface; `any` takes all"),
        Input("checks no agent", "mqttspec agent-check", 2,
              "mqttspec agent-check: the command line of an agent is missing"),
        Input("checks a program that is no agent", "mqttspec agent-check true", 3,
              "mqttspec agent-check: the agent ended before it said hello, as an agent does first of all (AGENT.md); a program without an agent is judged with --exec"),
    ],
    "Measuring: mqttspec bench": [
        Input("measures nothing", "mqttspec bench", 2, "mqttspec bench: the target is missing"),
        Input("mistypes the broker to measure", "mqttspec bench mosqitto", 2,
              'mqttspec bench: "mosqitto" is no target (a URL, HOST:PORT, a file, or one of: ...); did you mean "mosquitto"?'),
        Input("mistypes a workload", "mqttspec bench mosquitto fanin", 2,
              'mqttspec bench: there is no workload "fanin"; did you mean "fan-in"?'),
        Input("asks for an open loop and for a closed one", "mqttspec bench mosquitto fan-in --rate 5 --window 5", 2,
              "mqttspec bench: --rate is an open loop, and --window a closed one: which is it?"),
        Input("wants a rate where the broker sets the pace", "mqttspec bench mosquitto drain --rate 5", 2,
              "mqttspec bench: drain has no rate: the broker sets the pace"),
        Input("compares one broker", "mqttspec bench --compare mosquitto", 2, "mqttspec bench: --compare needs two targets"),
        Input("measures a broker on another machine", "mqttspec bench 203.0.113.1:1883", 2,
              "mqttspec bench: mqtt://203.0.113.1:1883 is not on this machine: a load test of a broker has to be meant by whoever "
              "runs it; if it is, say --anyway"),
        Input("measures a client", "mqttspec bench paho-c", 2,
              "mqttspec bench: .../targets/paho-c.ini is a client: it is brokers that are measured"),
        Input("measures a port where nobody listens", "mqttspec bench localhost:{closed} fan-in", 3,
              "    not played to its end: publisher 1: no connection: Connection refused"),
    ],
    "The other commands": [
        Input("mistypes a command", "mqttspec rnu mosquitto", 2,
              'mqttspec: there is no command "rnu"; did you mean "run"?'),
        Input("lists a chapter that is not there", "mqttspec list wil", 2,
              'mqttspec list: nothing matches "wil"; did you mean "will", "ill_formed_in_connect/will_topic_surrogate" or "ill_formed_in_connect/will_topic_overlong"?'),
        Input("lists a chapter of another role", "mqttspec list will --role client", 2,
              'mqttspec list: "will" matches cases, but none of the role and version asked for'),
        Input("explains a statement that is not there", "mqttspec explain MQTT-3.1.2-99", 2,
              'mqttspec explain: nothing is called "MQTT-3.1.2-99"; did you mean "MQTT-3.1.2-9", "MQTT-3.1.2-19" or "MQTT-3.1.2-29"?'),
        Input("explains a Reason Code that is not there", "mqttspec explain 0xFE", 2,
              'mqttspec explain: nothing is called "0xFE"; did you mean "0x8E", "0x9E" or "0x00"?'),
        Input("explains nothing", "mqttspec explain", 2,
              "mqttspec explain: it takes the name of a statement, a case, a Reason Code, a property or a verdict"),
        Input("asks for the completion of another shell", "mqttspec completion fish", 2,
              "mqttspec completion: it takes bash or zsh"),
    ],
    "Reports from records": [
        Input("reports on nothing", "mqttspec report", 2,
              "mqttspec report: which record? (out/latest/run.jsonl, for example)"),
        Input("reports on a record that is not there", "mqttspec report nowhere.jsonl", 2,
              "mqttspec report: nowhere.jsonl: No such file or directory"),
        Input("reports on a folder that has no record", "mqttspec report folder.ini", 2,
              "mqttspec report: folder.ini/run.jsonl: No such file or directory"),
        Input("reports on an empty file", "mqttspec report empty.jsonl", 2,
              "mqttspec report: empty.jsonl: no whole record in it; mqttspec run writes one to run.jsonl"),
        Input("reports on another program's file", "mqttspec report notes.jsonl", 2,
              "mqttspec report: notes.jsonl: no whole record in it; mqttspec run writes one to run.jsonl"),
        Input("reports on a line that lacks its fields", "mqttspec report half.jsonl", 2,
              "mqttspec report: half.jsonl:1: `format` is missing"),
        Input("judges by a record that was cut off", "mqttspec report torn.jsonl --exit-code", 3,
              "incomplete: 2 of 2 case runs were not played"),
        Input("reports on a picture", "mqttspec report photo.jsonl", 2,
              "mqttspec report: photo.jsonl: no whole record in it; mqttspec run writes one to run.jsonl"),
        Input("mistypes a format", "mqttspec report --junti a.xml run.jsonl", 2,
              "mqttspec report: there is no option --junti"),
        Input("checks no capture", "mqttspec check", 2,
              "mqttspec check: it takes one capture, or -i INTERFACE"),
        Input("checks a capture that is not there", "mqttspec check nowhere.pcap", 3,
              "mqttspec check: nowhere.pcap: No such file or directory"),
        Input("checks a port that is none", "mqttspec check --port mqtt field.pcap", 2,
              'mqttspec check: "mqtt" is no port, or there are more than 64'),
        Input("looks for a topic by what is no filter", "mqttspec check field.pcap --topic plant/#/level", 2,
              'mqttspec check: --topic "plant/#/level" is no Topic Filter to look for: # is not a level of its own at its end'),
        Input("looks at a time that is none", "mqttspec check field.pcap --from yesterday", 2,
              'mqttspec check: --from "yesterday" is no time: seconds since the start of the capture (12.5), or a date and time (2026-05-01T12:30:00Z)'),
        Input("looks at a time that ends before it begins", "mqttspec check field.pcap --from 60 --to 30", 2,
              "mqttspec check: --to is before --from"),
        Input("sends damage to nobody", "mqttspec fuzz", 2,
              "mqttspec fuzz: it takes one TARGET, or --client 'COMMAND'"),
        Input("sends damage to a target that is none", "mqttspec fuzz mosqito", 2,
              'mqttspec fuzz: "mosqito" is no target (a URL, HOST:PORT, a file, or one of: ...); did you mean "mosquitto"?'),
        Input("sends damage to where nobody listens", "mqttspec fuzz mqtt://127.0.0.1:{closed}", 3,
              "mqttspec fuzz: there is no connection to the target: mqtt://127.0.0.1:{closed}: Connection refused"),
        Input("sends damage for a time that is none", "mqttspec fuzz mosquitto --time 1d", 2,
              "mqttspec fuzz: --time takes seconds, minutes or hours, up to a week: 90, 90s, 15m, 8h, not \"1d\""),
        Input("gives a client a user name", "mqttspec fuzz mqttspec-client --user me", 2,
              "mqttspec fuzz: --user is for brokers, not for a client"),
        Input("sends damage to a broker on another machine", "mqttspec fuzz 203.0.113.1:1883", 2,
              "mqttspec fuzz: mqtt://203.0.113.1:1883 is not on this machine: damage to a broker has to be meant by whoever runs "
              "it; if it is, say --anyway"),
        Input("leaves out a statement that is none", "mqttspec fuzz mosquitto --not MQTT-0", 2,
              'mqttspec fuzz: --not: there is no statement "MQTT-0"'),
        Input("wants scenarios of a kind that there is not", "mqttspec random --profile wild", 2,
              'mqttspec random: --profile takes all, messages, sessions, retained, wills, shared or clocks, not "wild"'),
        Input("wants a scenario with one client", "mqttspec random --clients 1", 2,
              'mqttspec random: --clients takes a number from 2 to 8, not "1"'),
        Input("plays a scenario that is not there", "mqttspec random --list --play nowhere.txt", 2,
              "mqttspec random: nowhere.txt: No such file or directory"),
        Input("compares no runs", "mqttspec matrix", 2,
              "mqttspec matrix: it takes two records or more"),
        Input("makes a site of nothing", "mqttspec site --out public", 2,
              "mqttspec site: which records? (out/latest, for example)"),
        Input("makes a site nowhere", "mqttspec site torn.jsonl", 2,
              "mqttspec site: where to? --out FOLDER"),
        Input("makes a site over the folder of a run", "mqttspec site torn.jsonl --out .", 3,
              "mqttspec site: .: what lies there is no site of mqttspec; --out takes a folder that is new, empty, or an "
              "earlier site"),
        Input("looks for changes in one run", "mqttspec diff run.jsonl", 2,
              "mqttspec diff: it takes two records, OLD and NEW"),
        Input("looks for changes since a run that is not there", "mqttspec diff nowhere.jsonl nowhere.jsonl", 2,
              "mqttspec diff: nowhere.jsonl: No such file or directory"),
    ],
    "The broker": [
        Input("starts the broker on a port that is too large", "mqttspec-broker -p 99999", 2,
              'mqttspec-broker: -p takes 0 to 65535, not "99999"'),
        Input("starts the broker on a port that is taken", "mqttspec-broker -p {http}", 1,
              "mqttspec-broker: listener {http} 127.0.0.1: address already in use"),
        Input("names a configuration that is not there", "mqttspec-broker -c nowhere.conf", 2,
              "nowhere.conf: No such file or directory"),
        Input("mistypes in a configuration", "mqttspec-broker -c bad.conf", 2,
              'bad.conf:2: allow_anonymous takes true or false, not "maybe"'),
        Input("mistypes an option of the broker", "mqttspec-broker --prot 1883", 2,
              "mqttspec-broker: unrecognized option '--prot'"),
    ],
    "The client": [
        Input("publishes without a topic", "mqttspec-client pub -m x", 1,
              "mqttspec-client pub: a topic (-t) and a message (-f, -l, -m, -n or -s) are needed"),
        Input("publishes without a message", "mqttspec-client pub -t a", 1,
              "mqttspec-client pub: a topic (-t) and a message (-f, -l, -m, -n or -s) are needed"),
        Input("publishes to a wildcard", "mqttspec-client pub -t 'a/#' -m x", 1,
              'mqttspec-client pub: -t: "a/#" is no Topic Name'),
        Input("publishes at QoS 3", "mqttspec-client pub -t a -m x -q 3", 1,
              'mqttspec-client pub: -q takes 0 to 2, not "3"'),
        Input("publishes where nothing listens", "mqttspec-client pub -h 127.0.0.1 -p {closed} -t a -m x", 1,
              "mqttspec-client pub: 127.0.0.1 port {closed}: connection refused"),
        Input("publishes to a port that is too large", "mqttspec-client pub -p 99999 -t a -m x", 1,
              'mqttspec-client pub: -p takes 1 to 65535, not "99999"'),
        Input("publishes to a web server", "mqttspec-client pub -h 127.0.0.1 -p {http} -t a -m x", 1,
              "mqttspec-client pub: 127.0.0.1 port {http}: is this an MQTT server? reserved flag bits (3.1.1:MQTT-2.2.2-2)"),
        Input("publishes without the password", "mqttspec-client pub -h 127.0.0.1 -p {locked} -t a -m x", 5,
              "mqttspec-client pub: 127.0.0.1 port {locked}: connection refused by the server: not authorized"),
        Input("subscribes to nothing", "mqttspec-client sub", 1,
              "mqttspec-client sub: a topic (-t) is needed"),
        Input("subscribes to a filter that is none", "mqttspec-client sub -t 'a/#/b'", 1,
              'mqttspec-client sub: -t: "a/#/b" is no Topic Filter'),
        Input("mistypes what the client is to do", "mqttspec-client subscribe -t a", 2,
              'mqttspec-client: there is no command "subscribe"; it takes pub, sub or agent'),
    ],
    "The scripts": [
        Input("asks script/ci for nothing", "script/ci", 2,
              "script/ci: which target? script/ci --help says what it takes"),
        Input("mistypes a target of script/ci", "script/ci mosqitto", 2,
              'mqttspec run: "mosqitto" is no target (a URL, HOST:PORT, a file, or one of: ...), and no case matches it; did you mean "mosquitto"?'),
        Input("gives script/ci a record that is not there", "BASELINE=nowhere.jsonl script/ci mosquitto", 2,
              "script/ci: BASELINE=nowhere.jsonl: there is no such record"),
        Input("gives script/ci a folder as mqttspec run takes it", "script/ci mosquitto --out there", 2,
              "script/ci: where everything goes is OUT=FOLDER in the environment, not --out"),
        Input("has the record that is to be compared with replaced", "OUT=. BASELINE=run.jsonl script/ci mosquitto", 2,
              "script/ci: BASELINE=run.jsonl: this run would replace it; keep it elsewhere"),
        Input("gives script/test a word", "script/test quick", 2,
              'script/test: it takes no arguments, such as "quick"; script/test --help says what it does'),
        Input("mistypes a target of script/conformance", "script/conformance mosqitto", 2,
              'mqttspec run: "mosqitto" is no target (a URL, HOST:PORT, a file, or one of: ...), and no case matches it; did you mean "mosquitto"?'),
        Input("names a file of the own folder", "script/conformance ./typo.ini", 2,
              "mqttspec run: ./typo.ini:3: `comand`: there is no such name in [target]"),
    ],
}


@contextlib.contextmanager
def listening(attend):
    """A port whose connections get `attend(peer)`, each in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        def serve(peer):
            with contextlib.suppress(OSError), peer:
                attend(peer)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def lock_out(peer):
    """A server that admits nobody: `not authorized` in the form of the version that is asked for."""
    five = peer.recv(1000)[8] == 5
    peer.sendall(b"\x20\x03\x00\x87\x00" if five else b"\x20\x02\x00\x05")
    peer.recv(1000)


@contextlib.contextmanager
def ports():
    with contextlib.ExitStack() as stack:
        taken = stack.enter_context(socket.socket())
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        yield {
            "closed": taken.getsockname()[1],
            "http": stack.enter_context(listening(lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))),
            "tls": stack.enter_context(listening(lambda peer: peer.recv(1000) and peer.sendall(b"\x15\x03\x01\x00\x02\x02\x46"))),
            "locked": stack.enter_context(listening(lock_out)),
            "silent": stack.enter_context(listening(lambda peer: [peer.recv(1000) for _ in range(3)])),
        }


def write_files(folder):
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="latin-1")
    (folder / "folder.ini").mkdir()


def filled(text, numbers):
    for name, number in numbers.items():
        text = text.replace("{%s}" % name, str(number))
    return text


def play(command, folder, numbers, programs):
    """The exit code of a command in the folder, and its answer; `programs` is where the programs and script/ are."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MQTTSPEC")}
    env |= {"PATH": f"{programs}:{env['PATH']}", "MQTTSPEC": str(programs / "mqttspec"), "LC_ALL": "C"}
    typed = re.sub(r"(^| )script/", rf"\1{programs}/script/", filled(command, numbers))
    done = subprocess.run(typed, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    lines = [line for line in done.stderr.splitlines() if not re.match(r"Try: |mqttspec-broker --help", line)]
    return done.returncode, "\n".join(lines or done.stdout.splitlines()[-1:])


def is_said(expected, answer, numbers):
    pattern = ".*".join(re.escape(part) for part in filled(expected, numbers).split("..."))
    return re.fullmatch(pattern, answer) is not None


def install(folder, root, build):
    """The three programs and the scripts, which build nothing, in a folder of their own."""
    folder.mkdir()
    for name, place in [("mqttspec", "cli"), ("mqttspec-client", "client"), ("mqttspec-broker", "broker")]:
        (folder / name).symlink_to(build / place / name)
    (folder / "script").mkdir()
    for name in ("conformance", "ci", "test"):
        (folder / "script" / name).write_text((root / "script" / name).read_text())
        (folder / "script" / name).chmod(0o755)
    (folder / "script/build").write_text("#!/bin/sh\n")
    (folder / "script/build").chmod(0o755)
    cli = folder / "build/release/cli"
    cli.mkdir(parents=True)
    (cli / "mqttspec").symlink_to(build / "cli/mqttspec")
    return folder


# ---- the page


HEAD = """# What goes wrong at the keyboard

<!-- Written by script/mistakes from tests/system/inputs.py: change that. -->

Each answer is one sentence on standard error, and where an option or its value is wrong a line `Try: ...` that names the help. The exit code is 2 for bad usage, before anything is played, also where a file that is named cannot be read, and 3 where the target is the trouble, or what a file tells; `mqttspec check` says 3 of both. `mqttspec-broker` says 1 where it cannot start, and `mqttspec-client` has the codes of mosquitto's clients. The tests play every line of these tables.

`{closed}` stands for a port where nothing listens, `{http}` for that of a web server, `{tls}` for one that speaks TLS, `{locked}` for a broker that lets nobody in without a password, `{silent}` for a server that answers nothing. `...` stands for what differs from one machine or version to the next.
"""


def cell(text):
    """As code in a table: a bar would end the cell, and a back quote the code."""
    fence = "``" if "`" in text else "`"
    return fence + text.replace("|", "\\|") + fence


def page():
    text = HEAD
    for title, inputs in INPUTS.items():
        text += f"\n## {title}\n\n| somebody ... | by | exit code | and is told |\n|---|---|---|---|\n"
        for one in inputs:
            text += f"| {one.what} | {cell(one.command)} | {one.code} | {cell(one.said)} |\n"
    return text
