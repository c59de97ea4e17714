#!/usr/bin/python3
"""The included agent, with one rule of docs/AGENT.md broken: deviant_agent.py COMMAND DEVIATION.

Lines go both ways as they are, but for what the deviation does to them. A deviation is a function of the table below,
which is handed each command on its way to the agent, or each event on its way back, and returns what goes on: the
same, another one, several in a list, or None. `--list` prints the table as JSON: name, sentence, check, version,
transport, verdict.
"""
import json
import os
import select
import sys

TABLE = {}


class Deviation:
    def __init__(self, function, on, check, version, transport, verdict):
        self.function, self.on, self.check = function, on, check
        self.version, self.transport, self.verdict = version, transport, verdict


def deviation(on, check, version="5.0", transport="tcp", verdict="fail"):
    """`on` is what the function is handed: "command", "event", "line" (a command as bytes), "start" or "end"."""
    def put(function):
        TABLE[function.__name__] = Deviation(function, on, check, version, transport, verdict)
        return function
    return put


def without(c, *path):
    """The command or event without this field, given by its path."""
    inner = c
    for name in path[:-1]:
        inner = inner.get(name, {})
    inner.pop(path[-1], None)
    return c


def drops(what, field, value=None):
    """Those of this kind lose the field, or get this value in its place if they have it."""
    def change(_w, c):
        if what in (c.get("do"), c.get("event")) and field in c:
            c = without(c, field) if value is None else {**c, field: value}
        return c
    return change


def drops_property(what, name):
    def change(_w, c):
        return without(c, "properties", name) if what in (c.get("do"), c.get("event")) else c
    return change


def also(name, sentence, on, check, function, **more):
    """A line of the table whose function is made."""
    def copy(w, c):
        return function(w, c)
    copy.__name__, copy.__doc__ = name, sentence
    deviation(on, check, **more)(copy)


# ---- the form


@deviation("event", "agent_answers_sync")
def chatters(w, e):
    """Prints a line for its author after the answer to a sync."""
    w.write(1, json.dumps(e).encode() + b"\n" + b"DEBUG: synced\n")


@deviation("event", "agent_answers_sync")
def spreads_lines(w, e):
    """Writes each event over several lines."""
    w.write(1, json.dumps(e, indent=1).encode() + b"\n" if e["event"] != "hello" else json.dumps(e).encode() + b"\n")


@deviation("event", "agent_answers_sync")
def never_flushes(w, e):
    """Each event but hello waits until the next one pushes it out."""
    if e["event"] == "hello":
        return e
    w.held.append(e)
    return w.held.pop(0) if len(w.held) > 1 else None


@deviation("event", "agent_passes_messages_on")
def says_latin_1(w, e):
    """Writes in Latin 1 what is not ASCII, and a question mark for what it does not know."""
    w.write(1, json.dumps(e, ensure_ascii=False).encode("latin-1", "replace") + b"\n")


@deviation("event", "agent_says_hello")
def greets_again(w, e):
    """Says hello once more with each connection."""
    return [w.hello, e] if e["event"] == "connected" else e


@deviation("end", "agent_ends_before_it_connects")
def outlives_its_input(w, _):
    """Stays when its input has ended."""
    select.select([], [], [], 60)


@deviation("end", "agent_ends_with_its_input")
def ends_with_status_3(w, _):
    """Ends with status 3 when it was connected."""
    if w.was("connected"):
        os._exit(3)


@deviation("end", "agent_ends_while_it_waits")
def waits_for_its_answers(w, _):
    """Ends when all of its commands have been answered."""
    if w.open:
        select.select([], [], [], 60)


@deviation("event", "agent_tells_a_refusal")
def calls_a_refusal_an_event(w, e):
    """Makes up an event that the contract does not have."""
    return {**e, "event": "rejected"} if e["event"] == "refused" else e


def twice(*kinds):
    return lambda w, e: [e, e] if e["event"] in kinds and "id" in e else e


for kind, check in {"synced": "agent_answers_sync", "acknowledged": "agent_publishes/qos_1", "connected": "agent_connects",
                    "refused": "agent_tells_a_refusal", "error": "agent_tells_that_nobody_is_there",
                    "disconnected": "agent_disconnects", "unsupported": "agent_knows_its_limits"}.items():
    also(f"{kind}_twice", f"Answers a command by `{kind}` twice.", "event", check, twice(kind))


def unnumbered(kind):
    return lambda w, e: without(e, "id") if e["event"] == kind else e


for kind, check in {"synced": "agent_answers_sync", "acknowledged": "agent_subscribes", "connected": "agent_connects",
                    "disconnected": "agent_disconnects"}.items():
    also(f"{kind}_without_id", f"Does not say which command `{kind}` answers.", "event", check, unnumbered(kind))


@deviation("event", "agent_passes_messages_on")
def numbers_messages(w, e):
    """Gives each message the number of the last command."""
    return {**e, "id": w.last} if e["event"] == "message" else e


@deviation("event", "agent_subscribes")
def answers_another_command(w, e):
    """Counts its answers itself, one too high."""
    return {**e, "id": e["id"] + 1} if e["event"] == "acknowledged" else e


def silent(*names):
    return lambda w, e: None if w.do(e.get("id")) in names and e["event"] in ("acknowledged", "refused") else e


for name, check in {"publish": "agent_publishes/qos_0", "subscribe": "agent_subscribes", "unsubscribe": "agent_unsubscribes"}.items():
    also(f"never_answers_{name}", f"Does not answer `{name}`.", "event", check, silent(name))


def hasty(name):
    def change(w, e):
        return None if w.do(e.get("id")) == name and e["event"] == "acknowledged" else e

    def command(w, c):
        if c.get("do") == name:
            w.say({"event": "acknowledged", "id": c["id"]})
        return c
    return lambda w, c: command(w, c) if "do" in c else change(w, c)


for name, check in {"publish": "agent_waits_for_the_last_acknowledgement", "subscribe": "agent_waits_for_the_outcome",
                    "unsubscribe": "agent_waits_for_the_outcome"}.items():
    also(f"answers_{name}_at_once", f"Answers `{name}` when it is handed over.", "both", check, hasty(name))


@deviation("both", "agent_waits_for_the_outcome")
def answers_connect_at_once(w, c):
    """Answers `connect` before CONNACK."""
    if c.get("do") == "connect":
        w.say({"event": "connected", "id": c["id"], "session_present": False})
    return None if c.get("event") == "connected" else c


@deviation("both", "agent_does_one_thing_while_another_waits")
def does_one_thing_at_a_time(w, c):
    """Reads the next command when the one before it has been answered."""
    if "do" in c:
        w.queue.append(c)
    elif c.get("id") == w.busy:
        w.busy = None
    if w.busy is None and w.queue:
        w.busy = w.queue[0]["id"]
        w.tell(w.queue.pop(0))
    return None if "do" in c else c


@deviation("command", "agent_keeps_the_order")
def swaps_messages(w, c):
    """Hands every second message over before the one that came first."""
    if c.get("do") != "publish":
        return w.flush() + [c]
    w.queue.append(c)
    return w.flush()[::-1] if len(w.queue) == 2 else None


@deviation("command", "agent_hands_over_before_sync")
def sync_overtakes(w, c):
    """Keeps a message until the next command but sync."""
    if c.get("do") == "sync":
        return c
    late = w.flush()
    if c.get("do") == "publish":
        w.queue.append(c)
        return late
    return late + [c]


# ---- connections


SETTINGS = {"keep_alive": "keep_alive", "user_name": "user_name", "password": "login", "will": "will"}
for field, row in SETTINGS.items():
    also(f"ignores_{field}", f"Connects without the {field} of the command.", "command", f"agent_connects_as_told/{row}",
         drops("connect", field, 60 if field == "keep_alive" else None))
also("ignores_clean_start", "Always asks for a new session.", "command", "agent_connects_as_told/kept",
     drops("connect", "clean_start", True))
also("ignores_client_id", "Has a ClientId of its own.", "command", "agent_connects", drops("connect", "client_id", "mine"))
also("ignores_version", "Connects by MQTT 5.0 whatever it is told.", "command", "agent_connects_as_told/plain",
     drops("connect", "version", "5.0"), version="3.1.1")


def changes_will(field, value):
    def change(_w, c):
        if c.get("do") == "connect" and "will" in c:
            c["will"][field] = value
        return c
    return change


also("will_at_qos_0", "Its Will has QoS 0.", "command", "agent_connects_as_told/will", changes_will("qos", 0))
also("will_not_retained", "Its Will is not retained.", "command", "agent_connects_as_told/will_retained", changes_will("retain", False))
also("will_without_properties", "Its Will has no properties.", "command", "agent_connects_as_told/will_delay",
     changes_will("properties", {}))
also("will_of_digits", "Takes the digits of a Will for its text.", "command", "agent_connects_as_told/will_in_hex",
     lambda w, c: {**c, "will": {**without(c["will"], "payload_hex"), "payload": c["will"]["payload_hex"]}}
     if "payload_hex" in c.get("will", {}) else c)
for name, row in {"session_expiry_interval": "session_expiry", "receive_maximum": "receive_maximum",
                  "maximum_packet_size": "maximum_packet_size", "topic_alias_maximum": "topic_alias_maximum",
                  "request_problem_information": "request_information", "user_property": "user_properties"}.items():
    also(f"connects_without_{name}", f"Leaves {name} out of CONNECT.", "command", f"agent_connects_as_told/{row}",
         drops_property("connect", name))


def of_the_first(*fields):
    """The second connect has these of the first one."""
    def change(w, c):
        if c.get("do") == "connect":
            w.first = w.first or dict(c)
            for field in fields:
                c.pop(field, None)
                if field in w.first:
                    c[field] = w.first[field]
        return c
    return change


FIRST = {"keep_alive": "keep_alive", "user_name": "user_name", "password": "plain", "will": "plain", "clean_start": "kept",
         "properties": "receive_maximum"}
for field, row in FIRST.items():
    also(f"keeps_{field}_of_the_first", f"The second connect has the {field} of the first.", "command",
         f"agent_connects_anew_as_told/{row}", of_the_first(field))


def refuses(transport):
    def change(w, c):
        if c.get("do") == "connect" and c.get("transport", "tcp") == transport:
            return w.say({"event": "unsupported", "id": c["id"], "text": transport})
        return c
    return change


for transport in ("tls", "ws", "wss", "unix"):
    also(f"cannot_do_{transport}", f"Names {transport} in its hello, and cannot do it.", "command",
         "agent_does_what_its_hello_says", refuses(transport), transport=transport)


@deviation("command", "agent_does_what_its_hello_says", version="3.1.1")
def cannot_do_311(w, c):
    """Names 3.1.1 in its hello, and cannot do it."""
    if c.get("version") == "3.1.1":
        return w.say({"event": "unsupported", "id": c["id"], "text": "version"})
    return c


@deviation("command", "agent_does_what_its_hello_says", transport="tls")
def connects_in_the_clear(w, c):
    """Makes a plain connection, whatever transport it is told."""
    return without(c, "transport") if c.get("transport") == "tls" else c


also("asks_for_another_path", "Asks for the WebSocket at the root.", "command", "agent_asks_for_the_path",
     drops("connect", "path", "/"), transport="ws")
also("ignores_server_name", "Looks for the host in the certificate.", "command", "agent_looks_for_the_server_name",
     drops("connect", "server_name"), transport="tls")
also("ignores_cert", "Shows no certificate.", "command", "agent_shows_its_certificate",
     lambda w, c: without(without(c, "cert"), "key"), transport="tls")


@deviation("command", "agent_leaves_the_certificate_checked/foreign", transport="tls")
def trusts_everybody(w, c):
    """Does not check certificates."""
    if c.get("transport") != "tls":
        return c
    return {**without(without(c, "transport"), "ca"), "port": w.relay(c["host"], c["port"])}


@deviation("event", "agent_tells_a_refusal")
def calls_a_refusal_an_error(w, e):
    """Tells no code of a CONNACK that refuses."""
    return {"event": "error", "id": e["id"], "text": "refused"} if e["event"] == "refused" else e


also("tells_another_code", "Tells every refusal as 0x80.", "event", "agent_tells_a_refusal", drops("refused", "code", 0x80))
also("session_never_present", "Tells that there was no session, always.", "event", "agent_tells_the_session",
     drops("connected", "session_present", False))
also("session_not_told", "Leaves out whether there was a session.", "event", "agent_tells_the_session",
     lambda w, e: without(e, "session_present") if e["event"] == "connected" else e, verdict="nonstrict")


@deviation("event", "agent_tells_that_nobody_is_there")
def tells_nothing_of_nobody(w, e):
    """Does not answer a connect that comes to nothing."""
    return None if e["event"] == "error" and w.do(e.get("id")) == "connect" else e


@deviation("event", "agent_tells_that_connack_did_not_come")
def takes_an_end_for_a_refusal(w, e):
    """Tells the end of a connection before CONNACK as refused."""
    return {"event": "refused", "id": e["id"], "code": 0x88} if e["event"] == "error" and w.do(e.get("id")) == "connect" else e


@deviation("event", "agent_tells_of_the_end")
def forgets_who_waits(w, e):
    """Does not answer the commands that wait when the connection ends."""
    return None if e["event"] == "error" and w.do(e.get("id")) in ("subscribe", "unsubscribe") else e


@deviation("event", "agent_tells_of_the_end")
def tells_the_end_first(w, e):
    """Says `disconnected`, and then answers the commands that waited."""
    if e["event"] == "error" and w.do(e.get("id")) in ("subscribe", "unsubscribe"):
        return w.held.append(e)
    late, w.held = w.held, []
    return [e, *late]


@deviation("event", "agent_tells_of_the_end")
def tells_the_end_twice(w, e):
    """Says `disconnected` twice."""
    return [e, e] if e["event"] == "disconnected" and "id" not in e else e


@deviation("event", "agent_connects_again")
def never_tells_the_end(w, e):
    """Does not say that the connection has ended."""
    return None if e["event"] == "disconnected" and "id" not in e else e


also("tells_no_code_of_disconnect", "Leaves out the code of a DISCONNECT.", "event", "agent_tells_a_disconnect",
     lambda w, e: without(e, "code") if e["event"] == "disconnected" else e, verdict="nonstrict")
also("tells_another_code_of_disconnect", "Tells every DISCONNECT as 0x80.", "event", "agent_tells_a_disconnect",
     drops("disconnected", "code", 0x80))


@deviation("command", "agent_disconnects")
def stays_connected(w, c):
    """Says that it has disconnected, and does nothing."""
    return w.say({"event": "disconnected", "id": c["id"]}) if c.get("do") == "disconnect" else c


@deviation("event", "agent_never_reconnects")
def reconnects(w, e):
    """Connects again by itself after a break."""
    if e["event"] == "disconnected" and "id" not in e:
        w.tell({**w.connect, "id": 800})
    return None if e.get("id") == 800 else e


@deviation("command", "agent_goes_on_with_its_session")
def makes_a_new_client(w, c):
    """Each connect makes a new client, and the old one is forgotten with all that it has."""
    if c.get("do") == "connect" and w.was("connected"):
        w.restart()
    return c


# ---- exchanges


@deviation("command", "agent_subscribes")
def subscribes_one_by_one(w, c):
    """Sends a SUBSCRIBE for the first filter alone."""
    return {**c, "filters": c["filters"][:1]} if c.get("do") == "subscribe" and len(c["filters"]) > 1 else c


@deviation("event", "agent_subscribes")
def turns_codes_round(w, e):
    """Tells the codes of SUBACK in the wrong order."""
    return {**e, "codes": e["codes"][::-1]} if "codes" in e else e


also("tells_no_codes", "Leaves out the codes of SUBACK.", "event", "agent_subscribes",
     lambda w, e: without(e, "codes") if e["event"] == "acknowledged" else e)


def option(name, value=None):
    def change(_w, c):
        for f in c.get("filters", []) if c.get("do") == "subscribe" else []:
            f.pop(name, None)
            if value is not None:
                f[name] = value
        return c
    return change


for name, row in {"no_local": "no_local", "retain_as_published": "retain_as_published", "retain_handling": "retain_handling_2"}.items():
    also(f"ignores_{name}", f"Subscribes without {name}.", "command", f"agent_subscribes_as_told/{row}", option(name))
also("always_no_local", "Sets No Local unasked.", "command", "agent_subscribes_as_told/qos_1", option("no_local", True))
also("always_qos_1", "Subscribes at QoS 1, always.", "command", "agent_subscribes_as_told/qos_2", option("qos", 1), version="3.1.1")


@deviation("command", "agent_subscribes_to_each")
def one_qos_for_all(w, c):
    """All filters of a SUBSCRIBE have the QoS of the first."""
    return option("qos", c["filters"][0]["qos"])(w, c) if c.get("do") == "subscribe" else c


@deviation("command", "agent_unsubscribes")
def unsubscribes_from_one(w, c):
    """Sends an UNSUBSCRIBE for the first filter alone."""
    return {**c, "filters": c["filters"][:1]} if c.get("do") == "unsubscribe" else c


also("ignores_retain", "Publishes without RETAIN.", "command", "agent_publishes/retained", drops("publish", "retain", False))
also("ignores_qos", "Publishes at QoS 1, always.", "command", "agent_publishes/qos_2", drops("publish", "qos", 1))
also("publishes_digits", "Takes hexadecimal digits for text.", "command", "agent_publishes/hex",
     lambda w, c: {**without(c, "payload_hex"), "payload": c["payload_hex"]} if c.get("do") == "publish" and "payload_hex" in c else c)
also("publishes_a_blank", "Publishes a blank where it is told an empty payload.", "command", "agent_publishes/empty",
     lambda w, c: {**c, "payload": " "} if c.get("do") == "publish" and c.get("payload") == "" else c)


@deviation("command", "agent_publishes/letters")
def publishes_ascii(w, c):
    """Publishes a question mark for what is not ASCII."""
    return json.loads(json.dumps(c, ensure_ascii=False).encode("ascii", "replace")) if c.get("do") == "publish" else c


@deviation("command", "agent_publishes/quotes")
def unquotes(w, c):
    """Leaves quotation marks out."""
    return {**c, "payload": c["payload"].replace('"', "")} if "payload" in c else c


@deviation("line", "agent_takes_long_lines")
def takes_short_lines(w, line):
    """Takes a line of more than 64 KiB for nonsense."""
    return b"too long" if len(line) > 65536 else line


@deviation("event", "agent_takes_long_lines")
def tells_short_messages(w, e):
    """Cuts off what is longer than 64 KiB."""
    return {**e, "payload_hex": e["payload_hex"][:65536]} if "payload_hex" in e else e


@deviation("event", "agent_tells_a_refused_message")
def calls_every_end_a_success(w, e):
    """Tells a PUBACK that refuses as acknowledged, with code 0."""
    return {"event": "acknowledged", "id": e["id"], "code": 0} if e["event"] == "refused" and w.do(e["id"]) == "publish" else e


@deviation("event", "agent_tells_a_message_refused_at_once")
def calls_a_refused_message_an_error(w, e):
    """Tells a PUBREC that refuses as an error."""
    return {"event": "error", "id": e["id"], "text": "no"} if e["event"] == "refused" and w.do(e["id"]) == "publish" else e


also("tells_code_0", "Tells every PUBACK as code 0.", "event", "agent_tells_the_code", drops("acknowledged", "code", 0))
also("tells_no_code", "Tells no code of PUBACK.", "event", "agent_tells_the_code",
     lambda w, e: without(e, "code"), verdict="nonstrict")
also("tells_qos_0", "Tells every message as one of QoS 0.", "event", "agent_passes_messages_on", drops("message", "qos", 0))
also("tells_no_retain", "Tells no RETAIN.", "event", "agent_passes_messages_on", drops("message", "retain", False))
also("leaves_qos_out", "Leaves the QoS out of messages.", "event", "agent_passes_messages_on",
     lambda w, e: without(e, "qos") if e["event"] == "message" else e)


@deviation("event", "agent_passes_messages_on")
def tells_broken_text(w, e):
    """Tells as text what is none."""
    if "payload_hex" in e:
        e["payload"] = bytes.fromhex(e.pop("payload_hex")).decode(errors="replace")
    return e


@deviation("event", "agent_passes_each_message_on")
def tells_each_message_once(w, e):
    """Passes over a message with the payload of the one before it."""
    if e["event"] != "message" or e.get("payload") == "fence":
        return e
    same, w.memory = e.get("payload") == w.memory, e.get("payload")
    return None if same else e


@deviation("event", "agent_passes_each_message_on")
def tells_messages_twice(w, e):
    """Tells each message twice."""
    return [e, e] if e["event"] == "message" else e


@deviation("event", "agent_passes_each_message_on")
def swaps_told_messages(w, e):
    """Tells the second message before the first."""
    if e["event"] == "message":
        w.held.append(e)
        late, w.held = (w.held[::-1], []) if len(w.held) == 2 else ([], w.held)
        return late
    return e


for packet, name, row in (
        ("publish", "payload_format_indicator", "publish_payload_format"), ("publish", "message_expiry_interval", "publish_message_expiry"),
        ("publish", "content_type", "publish_content_type"), ("publish", "response_topic", "publish_response_topic"),
        ("publish", "correlation_data", "publish_correlation_data"), ("publish", "user_property", "publish_user_property"),
        ("subscribe", "subscription_identifier", "subscribe_identifier"), ("subscribe", "user_property", "subscribe_user_properties"),
        ("unsubscribe", "user_property", "unsubscribe_user_properties"), ("disconnect", "reason_string", "disconnect_reason_string"),
        ("disconnect", "user_property", "disconnect_user_properties")):
    also(f"sends_{packet}_without_{name}", f"Leaves {name} out of {packet.upper()}.", "command", f"agent_sets_properties/{row}",
         drops_property(packet, name))


def pairs(change):
    def of(_w, c):
        if c.get("do") == "publish" or c.get("event") == "message":
            p = c.get("properties", {})
            if "user_property" in p:
                p["user_property"] = change(p["user_property"])
        return c
    return of


def unique(some):
    return [list(pair) for pair in {pair[0]: pair for pair in some}.values()]


also("sends_one_pair_a_name", "Sends one User Property of each name.", "command", "agent_sets_properties/publish_user_properties",
     pairs(unique))
also("sorts_pairs", "Sends User Properties in the order of their names.", "command", "agent_sets_properties/publish_user_properties",
     pairs(sorted))
also("ignores_code_of_disconnect", "Disconnects with code 0, always.", "command", "agent_disconnects_as_told", drops("disconnect", "code"))
also("ignores_expiry_of_disconnect", "Leaves the expiry interval out of DISCONNECT.", "command", "agent_disconnects_as_told",
     drops_property("disconnect", "session_expiry_interval"))
also("tells_no_properties", "Tells no properties of messages.", "event", "agent_tells_properties", drops("message", "properties", {}))
also("turns_pairs_round", "Tells User Properties from last to first.", "event", "agent_tells_properties", pairs(lambda p: p[::-1]))
also("tells_one_pair_a_name", "Tells one User Property of each name.", "event", "agent_tells_each_property/user_properties", pairs(unique))


@deviation("event", "agent_tells_each_property/one_identifier")
def tells_an_identifier_alone(w, e):
    """Tells a Subscription Identifier as a number, not in a list."""
    p = e.get("properties", {}) if e["event"] == "message" else {}
    if "subscription_identifier" in p:
        p["subscription_identifier"] = p["subscription_identifier"][0]
    return e


@deviation("event", "agent_tells_each_property/two_identifiers")
def tells_the_last_identifier(w, e):
    """Tells the last Subscription Identifier of a message alone."""
    p = e.get("properties", {}) if e["event"] == "message" else {}
    if "subscription_identifier" in p:
        p["subscription_identifier"] = p["subscription_identifier"][-1:]
    return e


@deviation("event", "agent_tells_properties_of_connack")
def tells_what_is_usual(w, e):
    """Tells a Receive Maximum of 65535, whatever came."""
    if "receive_maximum" in e.get("properties", {}):
        e["properties"]["receive_maximum"] = 65535
    return e


also("tells_no_properties_of_connack", "Leaves out the properties of CONNACK.", "event", "agent_tells_properties_of_connack",
     drops("connected", "properties", {}), verdict="nonstrict")


@deviation("event", "agent_tells_properties_of_acknowledgements")
def cuts_reasons(w, e):
    """Cuts off a Reason String."""
    if "reason_string" in e.get("properties", {}):
        e["properties"]["reason_string"] = e["properties"]["reason_string"][:3]
    return e


@deviation("event", "agent_authenticates")
def tells_no_challenge(w, e):
    """Does not tell that the server has sent AUTH."""
    return None if e["event"] == "challenge" else e


@deviation("command", "agent_authenticates")
def always_continues(w, c):
    """Sends AUTH with code 24, always."""
    return {**c, "code": 24} if c.get("do") == "authenticate" else c


# ---- nonsense


def is_nonsense(line):
    try:
        return not isinstance(json.loads(line), dict)
    except ValueError:
        return True


@deviation("line", "agent_bears_nonsense/no_json")
def dies_of_nonsense(w, line):
    """Ends at a line that is no JSON."""
    if is_nonsense(line):
        os._exit(1)
    return line


@deviation("line", "agent_bears_nonsense/list")
def passes_over_nonsense(w, line):
    """Says nothing of a line that is no command."""
    return None if is_nonsense(line) else line


@deviation("event", "agent_bears_nonsense/publish_without_topic")
def does_not_say_what_was_wrong(w, e):
    """Leaves the id out of errors about fields."""
    return without(e, "id") if e["event"] == "error" else e


@deviation("command", "agent_bears_nonsense/publish_qos_as_text")
def takes_text_for_numbers(w, c):
    """Takes text of digits for a number."""
    return {**c, "qos": int(c["qos"])} if isinstance(c.get("qos"), str) else c


@deviation("command", "agent_bears_nonsense/subscribe_filter_without_qos")
def takes_a_default_for_qos(w, c):
    """Takes a filter without QoS for one of QoS 0."""
    if c.get("do") == "subscribe" and isinstance(c.get("filters"), list):
        c["filters"] = [{"qos": 0, **f} for f in c["filters"]]
    return c


@deviation("command", "agent_bears_bad_properties/number_as_text")
def takes_any_property(w, c):
    """Leaves out a property of the wrong type."""
    p = c.get("properties")
    return without(c, "properties") if isinstance(p, dict) and isinstance(p.get("message_expiry_interval"), str) else c


@deviation("both", "agent_knows_its_limits")
def calls_unknown_commands_an_error(w, c):
    """Answers a command that it does not know by `error`."""
    return {**c, "event": "error"} if c.get("event") == "unsupported" else c


@deviation("command", "agent_passes_over_unknown_fields")
def refuses_unknown_fields(w, c):
    """Does not take a command with a field that it does not know."""
    if "a_field_of_tomorrow" in c and c["do"] != "sync":
        return w.say({"event": "unsupported", "id": c["id"], "text": "a_field_of_tomorrow"})
    return c


UNKNOWN = "a_property_of_tomorrow"
for name in ("publish", "subscribe", "unsubscribe", "disconnect"):
    also(f"ignores_unknown_property_of_{name}", f"Passes over an unknown property of `{name}`.", "command",
         f"agent_refuses_unknown_properties/{name}", drops_property(name, UNKNOWN))
also("ignores_unknown_property_of_connect", "Passes over an unknown property of `connect`.", "command",
     "agent_refuses_what_it_cannot_connect_with/property", drops_property("connect", UNKNOWN))
also("ignores_unknown_property_of_will", "Passes over an unknown property of a Will.", "command",
     "agent_refuses_what_it_cannot_connect_with/will_property",
     lambda w, c: {**c, "will": without(c["will"], "properties", UNKNOWN)} if "will" in c else c)
also("takes_any_transport_for_tcp", "Connects over TCP where it does not know the transport.", "command",
     "agent_refuses_what_it_cannot_connect_with/transport",
     lambda w, c: without(c, "transport") if c.get("transport") == "pigeon" else c)


@deviation("both", "agent_refuses_unknown_properties/publish")
def refuses_and_sends(w, c):
    """Says `unsupported` of an unknown property, and sends the rest."""
    if UNKNOWN in c.get("properties", {}):
        w.say({"event": "unsupported", "id": c["id"], "text": UNKNOWN})
        w.hushed.add(c["id"])
        return drops_property("publish", UNKNOWN)(w, c)
    return None if "event" in c and c.get("id") in w.hushed else c


@deviation("command", "agent_refuses_a_second_connection")
def leaves_for_a_second_connection(w, c):
    """Ends the connection that there is when it is told to connect."""
    if c.get("do") == "connect" and w.was("connected"):
        w.restart()
    return c


@deviation("command", "agent_refuses_a_second_connection")
def passes_over_a_second_connect(w, c):
    """Says `connected` to a second connect, and keeps what it has."""
    if c.get("do") == "connect" and w.was("connected"):
        return w.say({"event": "connected", "id": c["id"], "session_present": False})
    return c


@deviation("event", "agent_refuses_to_disconnect_twice")
def disconnects_from_nothing(w, e):
    """Says `disconnected` where there is no connection."""
    return {"event": "disconnected", "id": e["id"]} if e["event"] == "error" and w.do(e.get("id")) == "disconnect" else e


@deviation("command", "agent_bears_commands_without_a_connection")
def dies_of_an_early_publish(w, c):
    """Ends when it is told to publish without a connection."""
    if c.get("do") == "publish" and not w.connected:
        os._exit(1)
    return c


@deviation("both", "agent_bears_commands_without_a_connection")
def stops_after_an_early_publish(w, c):
    """Never connects again after it was told to publish without a connection."""
    if c.get("do") == "publish" and not w.connected:
        w.memory = "stuck"
    return w.say({"event": "error", "id": c["id"], "text": "stuck"}) if c.get("do") == "connect" and w.memory == "stuck" else c


# ---- between mqttspec and the agent


class Wrapper:
    def __init__(self, command, deviation):
        self.command, self.deviation = command.split(), deviation
        self.held, self.queue, self.hushed, self.said = [], [], set(), set()
        self.busy = self.memory = self.first = self.connect = self.hello = self.last = None
        self.commands, self.open, self.connected = {}, set(), False
        self.start()

    def start(self):
        (inside, self.to), (self.of, outside) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.dup2(inside, 0)
            os.dup2(outside, 1)
            os.closerange(3, 64)
            os.execvp(self.command[0], self.command)
        os.close(inside)
        os.close(outside)
        self.begun = bytearray()

    def restart(self):
        """Another process of the agent; its hello is not passed on."""
        os.close(self.to)
        while os.read(self.of, 65536):
            pass
        os.waitpid(self.pid, 0)
        self.start()

    def do(self, number):
        return self.commands.get(number)

    def was(self, event):
        return event in self.said

    def write(self, fd, data):
        while data:
            data = data[os.write(fd, data):]

    def tell(self, c):
        self.write(self.to, json.dumps(c).encode() + b"\n")

    def say(self, e):
        self.write(1, json.dumps(e).encode() + b"\n")

    def flush(self):
        late, self.queue = self.queue, []
        return late

    def turn(self, c, on, send):
        """Hands it to the deviation, if that is for such, and sends what comes of it."""
        if self.deviation and self.deviation.on in (on, "both"):
            c = self.deviation.function(self, c)
        for one in c if isinstance(c, list) else [] if c is None else [c]:
            send(one)

    def on_line(self, line):
        if self.deviation and self.deviation.on == "line":
            line = self.deviation.function(self, line)
        if line is None:
            return
        try:
            c = json.loads(line)
            if not isinstance(c.get("do"), str) or type(c.get("id")) is not int:
                raise ValueError
        except (ValueError, AttributeError):
            return self.write(self.to, line + b"\n")
        self.last = c["id"]
        self.commands[c["id"]] = c["do"]
        self.open.add(c["id"])
        if c["do"] == "connect":
            self.connect = c
        if self.deviation and self.deviation.on in ("command", "both"):
            return self.turn(c, "command", self.tell)
        self.write(self.to, line + b"\n")

    def on_event(self, line):
        e = json.loads(line)
        if e["event"] == "hello" and self.hello:
            return
        self.hello = self.hello or e
        self.open.discard(e.get("id"))
        self.said.add(e["event"])
        if e["event"] in ("connected", "disconnected"):
            self.connected = e["event"] == "connected"
        self.turn(e, "event", self.say)

    def relay(self, host, port):
        """A port of our own; what comes there goes on over TLS, to whoever it is."""
        import socket
        import ssl
        import threading
        listener = socket.create_server(("127.0.0.1", 0))
        context = ssl._create_unverified_context()

        def copy(source, sink):
            while data := source.recv(65536):
                sink.sendall(data)
            os._exit(0)

        def accept():
            near, far = listener.accept()[0], context.wrap_socket(socket.create_connection((host, port)))
            threading.Thread(target=copy, args=(near, far), daemon=True).start()
            copy(far, near)

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    def run(self):
        begun = bytearray()
        while True:
            ready, _, _ = select.select([0, self.of], [], [])
            if 0 in ready:
                chunk = os.read(0, 1 << 20)
                if not chunk:
                    break
                *lines, begun = (begun + chunk).split(b"\n")
                for line in lines:
                    self.on_line(bytes(line))
            elif not self.events():
                break
        if self.deviation and self.deviation.on == "end":
            self.deviation.function(self, None)
        os.close(self.to)
        while self.events():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def events(self):
        chunk = os.read(self.of, 1 << 20)
        *lines, self.begun = (self.begun + chunk).split(b"\n")
        for line in lines:
            self.on_event(bytes(line))
        return chunk


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print(json.dumps({name: [d.function.__doc__, d.check, d.version, d.transport, d.verdict] for name, d in TABLE.items()}))
    else:
        sys.exit(Wrapper(sys.argv[1], TABLE[sys.argv[2]] if sys.argv[2] != "idle" else None).run() & 0xFF)
