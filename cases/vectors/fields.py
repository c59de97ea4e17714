"""What can be wrong with byte 1, the Remaining Length, and each field. A family is a generator of rows."""
import facts
import texts
from packets import BOTH, V311, V50
from sides import Row, article, bearers, property_refs

UNDEFINED_CODES = [0x03, 0x05, 0x0F, 0x1A, 0x7F, 0xA3, 0xC0, 0xFF]


def flags(side):
    for packet in side.packets:
        if packet.name.startswith("publish"):
            continue
        if packet.name.endswith("_long") and packet.type != "UNSUBACK":
            continue
        legal = int(packet.first[1], 16)
        for n in range(16):
            if n == legal or n in side.flags_elsewhere.get(packet.name, ()):
                continue
            yield Row("flags", f"{packet.name}_{n}", packet.text(packet.first[0] + f"{n:X}"), side.flags(packet), [0x81],
                      packet.versions, f"{article(packet.type)} with flags {n}")
    publish = side.packets[2]
    yield Row("flags", "publish_15", publish.text("3F"), side.refs(publish, "MQTT-3.3.1-4", "U50-QOS-BITS", "MQTT-3.3.1-4"),
              [0x81], BOTH, "A PUBLISH with QoS 3, DUP and RETAIN")


FIVE_BYTES = [("of_1_in_five_bytes", "8180808000"), ("of_five_bytes", "8080808001"), ("of_five_bytes_most", "FFFFFFFF7E")]
STRAY = [("one_byte", "FF", "a byte"), ("two_bytes", "0102", "two bytes"), ("hundred_bytes", "00*100", "100 bytes")]


def lengths(side):
    for packet in side.packets:
        if packet.name.endswith("_long") and packet.type != "UNSUBACK" or packet.name[-3:] in ("_q1", "_q2"):
            continue
        for name, length in FIVE_BYTES:
            yield Row("lengths", f"{packet.name}_{name}", f"{packet.first} {length}",
                      [r for r in side.refs(packet, "U311-REMLEN", "U50-VBI-MAX") if r != "5.0:MQTT-3.1.4-1"], [0x81],
                      packet.versions, f"{article(packet.type)} whose Remaining Length has five bytes")
    for packet in side.packets:
        if packet.type == "PUBLISH":
            continue
        # a third byte is a Reason Code in 5.0, and so are those of SUBACK
        versions = V311 if len(packet.fields) < 2 and packet.type not in ("PINGREQ", "PINGRESP") else packet.versions
        if packet.versions == V50 and versions == V311:
            continue
        for name, item, words in STRAY:
            if packet.type in ("SUBSCRIBE", "UNSUBSCRIBE") and "*" in item:
                continue  # they would be empty filters
            if packet.type in ("SUBACK", "UNSUBACK") and "codes" in (f.name for f in packet.fields):
                continue  # these are codes
            yield Row("lengths", f"{packet.name}_and_{name}", f"{packet.text()} {item}", side.refs(packet, ""), [0x81],
                      versions, f"{article(packet.type)} with {words} after its last field")


# ---- the fields -------------------------------------------------------------------------------

HALVES = {"byte": [], "id": [("half", "01")], "number": [("half", "01")], "payload": [],
          "string": [("half_a_length", "01"), ("no_characters", "n100"), ("too_short", 'n60 b"abc"')],
          "properties": [("unended_length", "80"), ("nothing_inside", "p5{}")]}
HALVES["binary"] = HALVES["string"]


def cuts(side):
    """The packet ends before the field, or within it."""
    for packet in side.packets:
        done = [packet.first, "r"]
        for i, field in enumerate(packet.fields):
            if packet.name.endswith("_long") and field.kind == "id":
                done.append(field.item)
                continue  # as in the short form
            versions = V50 if field.kind == "properties" else packet.versions
            ways = list(HALVES[field.kind])
            may = {"": "", "3.1.1": V311, "5.0": V50, "both": BOTH}[field.may_end]
            if i and may not in (BOTH, versions):  # packets without any field are in other tables
                ways.insert(0, ("missing", ""))
            for name, item in ways:
                yield Row("fields", f"{packet.name}_{field.name}_{name}", " ".join([*done, item]).strip(),
                          side.refs(packet, ""), [0x81], versions,
                          f"{article(packet.type)} that ends "
                          f"{'before' if name == 'missing' else 'within'} its {field.name.replace('_', ' ')}")
            done.append(field.item)
    for packet in side.packets:
        if packet.name in ("publish_q1", "publish_q2"):
            old, new = ("MQTT-2.3.1-1", "MQTT-2.2.1-3") if side.sender == "client" else ("", "MQTT-2.2.1-4")
            first = f"3{int(packet.first[1]) + 9:X}"
            yield Row("fields", f"{packet.name}_again_with_id_0", packet.text(first, id="m0"),
                      side.refs(packet, old, new), [0x82, 0x81], BOTH, "A PUBLISH with DUP, RETAIN and identifier 0")


def options(side):
    if side.sender != "client":
        return
    packet = next(p for p in side.packets if p.name == "subscribe")
    for n in (0x07, 0x0B, 0x05, 0x06, 0x09, 0x0C, 0x11, 0x18, 0x21, 0x24, 0x2C, 0x30, 0x3C, 0x41, 0x42, 0x43, 0x7C, 0x81, 0x82,
              0x83, 0xC0, 0xFC, 0xFF):
        yield Row("options", f"old_{n:02x}", packet.text(second_options=f"{n:02X}"), ["3.1.1:MQTT-3.8.3-4"], [], V311,
                  f"A SUBSCRIBE with options 0x{n:02X}")
    for n in (0x07, 0x0B, 0x0F, 0x13, 0x23, 0x2F, 0x31, 0x32, 0x34, 0x38, 0x3E, 0x41, 0x42, 0x60, 0x81, 0x82, 0x84, 0xC0, 0xC1,
              0xEE):
        ref = "MQTT-3.8.3-5" if n & 0xC0 else "U50-SUB-QOS3" if n & 3 == 3 else "U50-SUB-RH3"
        yield Row("options", f"new_{n:02x}", packet.text(second_options=f"{n:02X}"), [f"5.0:{ref}"],
                  [0x81, 0x82] if n & 0xC0 else [0x82, 0x81], V50, f"A SUBSCRIBE with options 0x{n:02X}")


def text_refs(side, packet, field, nul):
    if nul:
        old, new = "MQTT-1.5.3-2", "MQTT-1.5.4-2"
    else:
        old, new = "MQTT-1.5.3-1", "MQTT-1.5.4-1"
    if side.sender == "server":
        return side.refs(packet, old, "U50-UTF8-MALFORMED", new)
    return side.refs(packet, old, new)


TEXT_CODES = {"topic": 0x90, "will_topic": 0x90, "client_id": 0x85, "user_name": 0x86, "filter": 0x8F, "second_filter": 0x8F}
RETURN_CODES = {"client_id": 2, "user_name": 4}


def strings(side):
    for packet in side.packets:
        for field in packet.fields:
            if field.kind != "string" or field.name == "protocol_name":
                continue
            shape = side.topic if field.item[0] != "s" and field.item != "c" else 's"{}"'
            if packet.name == "publish_q1" and side.sender == "server":
                continue
            for nul, kinds in ((False, texts.ILL_FORMED), (True, texts.NUL)):
                for name, text in kinds:
                    yield Row("strings", f"{packet.name}_{field.name}_{name}",
                              packet.text(**{field.name: shape.format(text)}), text_refs(side, packet, field, nul),
                              [0x81, TEXT_CODES[field.name]], packet.versions,
                              f"{article(packet.type)} with {'U+0000' if nul else 'ill-formed UTF-8'} in its "
                              f"{field.name.replace('_', ' ')}", RETURN_CODES.get(field.name, 0))


CODE_REFS = {"CONNACK": "MQTT-3.2.2-8", "PUBACK": "MQTT-3.4.2-1", "PUBREC": "MQTT-3.5.2-1", "PUBREL": "MQTT-3.6.2-1",
             "PUBCOMP": "MQTT-3.7.2-1", "SUBACK": "MQTT-3.9.3-2", "UNSUBACK": "MQTT-3.11.3-2"}


def codes(side):
    wrong = facts.all_codes() | set(UNDEFINED_CODES)
    for name, ref in CODE_REFS.items():
        packet = bearers(side).get(name)
        field = packet and next(f for f in packet.fields if f.name in ("code", "codes"))
        for n in sorted(wrong - facts.legal_codes(name)) if packet else ():
            ending = {"properties": "p{}"} if packet.fields[-1] is field or name == "CONNACK" else {"properties": ""}
            yield Row("codes", f"{name.lower()}_{n:02x}", packet.text(**{field.name: f"{n:02X}"}, **ending),
                      property_refs(side, packet, ref), [0x82, 0x81], V50, f"{article(name)} with Reason Code 0x{n:02X}")
    if side.sender == "server":
        suback = next(p for p in side.packets if p.name == "suback")
        for n in (0x04, 0x08, 0x10, 0x40, 0x7E, 0x82, 0x83, 0x8F, 0x91, 0x97, 0x9E, 0xC0, 0xFE):
            yield Row("codes", f"suback_of_3_1_1_{n:02x}", suback.text(codes=f"{n:02X}"),
                      ["3.1.1:MQTT-4.8.0-1", "3.1.1:MQTT-3.9.3-2"], [], V311, f"A SUBACK with return code 0x{n:02X}")
