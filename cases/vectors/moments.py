"""Packets at the wrong moment, or of the wrong side. A family is a generator of rows."""
import packets
from packets import BOTH, V311, V50
from sides import Row, article

FOREIGN = {
    "client": [("connack_refused_3_1_1", "20 r 0005", V311), ("connack_refused", "20 r 0087 p{}", V50),
               ("connack_session_present", "20 r 0100 p{}", BOTH), ("suback_failure", "90 r m1 p{} 80", BOTH),
               ("suback_of_two", "90 r m1 p{} 0102", BOTH), ("suback_with_flags", "92 r m1 p{} 00", BOTH),
               ("suback_empty", "90 00", BOTH), ("unsuback_of_two", "B0 r m1 p{} 0011", V50), ("unsuback_empty", "B0 00", BOTH),
               ("pingresp_with_flags", "D1 r", BOTH), ("pingresp_with_byte", "D0 r 00", BOTH),
               ("connack_empty", "20 00", BOTH), ("type_0_with_body", "00 r m1 00", BOTH), ("type_15_flags_2", "F2 r 00", V311)],
    "server": [("subscribe_with_flags_0", '80 r m7 p{} s"a" 00', BOTH), ("subscribe_empty", "82 00", BOTH),
               ("subscribe_of_two", '82 r m7 p{} s"a" 00 s"b" 01', BOTH), ("unsubscribe_empty", "A2 00", BOTH),
               ("unsubscribe_of_two", 'A2 r m7 p{} s"a" s"b"', BOTH), ("pingreq_with_flags", "C1 r", BOTH),
               ("pingreq_with_byte", "C0 r 00", BOTH), ("connect_empty", "10 00", BOTH),
               ("connect_with_flags", '11 r s"MQTT" l 02 n0 p{} c', BOTH),
               ("connect_with_will", '10 r s"MQTT" l 06 n0 p{} c p{} s"w" s"bye"', BOTH),
               ("type_15_flags_2", "F2 r 00", V311)]}


def directions(side):
    for name, template, versions in FOREIGN[side.sender]:
        old = "U311-PKT-TYPE"
        yield Row("directions", name, template, side.refs(side.packets[1], old, "U50-PKT-TYPE"), [0x82, 0x81], versions,
                  "A packet that its sender may not send")


def firsts(side):
    """What comes before CONNECT, or before CONNACK, is wrong whatever it is."""
    if side.sender == "client":
        refs = ["3.1.1:MQTT-3.1.0-1", "5.0:MQTT-3.1.0-1", "5.0:MQTT-4.13.1-1"]
    else:
        refs = ["3.1.1:MQTT-4.8.0-1", "3.1.1:MQTT-3.2.0-1", "5.0:U50-ERR-CLIENT", "5.0:MQTT-3.2.0-1"]
    before = "CONNECT" if side.sender == "client" else "CONNACK"
    elsewhere = {"publish", "publish_q1", "publish_q2", "puback", "pubrel", "subscribe", "unsubscribe", "pingreq", "disconnect",
                 "suback", "pingresp", "unsuback", "unsuback_long", "disconnect_long", "auth", "connect", "connack"}
    if side.sender == "server":
        elsewhere |= {"pubrec", "pubcomp"}
    for packet in side.packets:
        if packet.name not in elsewhere:
            yield Row("firsts", packet.name, packet.text(), refs, [0x82, 0x81], packet.versions,
                      f"{article(packet.type)} before {before}")
        if packet.type in ("CONNECT", "CONNACK", "DISCONNECT", "AUTH") or packet.name.endswith("_long"):
            continue
        if packet.type != "PUBLISH":
            yield Row("firsts", f"{packet.name}_with_flags_15", packet.text(packet.first[0] + "F"), refs, [0x82, 0x81],
                      packet.versions, f"{article(packet.type)} with wrong flags before {before}")
        yield Row("firsts", f"{packet.name}_empty", f"{packet.first} 00", refs, [0x82, 0x81], packet.versions,
                  f"{article(packet.type)} without fields before {before}")
    for name, template, versions in FOREIGN[side.sender][:9]:
        if not name.startswith(("connect", "connack")):
            yield Row("firsts", f"foreign_{name}", template, refs, [0x82, 0x81], versions,
                      f"A packet that its sender may not send, before {before}")


def second_connects(side):
    if side.sender != "client":
        return
    one = packets.connect()
    refs = ["3.1.1:MQTT-3.1.0-2", "5.0:MQTT-3.1.0-2"]
    plain = {"flags": "02", "will_properties": "", "will_topic": "", "will_payload": "", "user_name": "", "password": ""}
    for name, template in [
            ("with_will", one.text(flags="06", user_name="", password="")), ("kept_session", one.text(**{**plain, "flags": "00"})),
            ("flags_15", one.text("1F", **plain)), ("reserved_flag", one.text(**{**plain, "flags": "03"})),
            ("other_protocol", one.text(**{**plain, "protocol_name": 's"MQXX"'})),
            ("other_level", one.text(**{**plain, "level": "06"})), ("empty", "10 00"),
            ("cut", '10 r s"MQTT" l 02'), ("stray_byte", one.text(**plain) + " 00")]:
        yield Row("second_connects", name, template, refs, [0x82, 0x81], BOTH, "A second CONNECT")


def after_disconnect(side):
    if side.sender != "client":
        return
    elsewhere = {"publish_q1", "publish_q2", "subscribe", "unsubscribe", "pingreq", "disconnect", "connect"}
    for packet in side.packets:
        for name, first, template in [("", packet.first, packet.text()),
                                      ("_with_flags_15", packet.first[0] + "F", packet.text(packet.first[0] + "F"))]:
            if name or packet.name not in elsewhere:
                yield Row("after_disconnect", packet.name + name, "E000 " + template,
                          ["3.1.1:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-1"], [], packet.versions,
                          f"{article(packet.type)} after DISCONNECT")
    for name, template, versions in FOREIGN["client"]:
        yield Row("after_disconnect", name, "E000 " + template, ["3.1.1:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-1"], [], versions,
                  "A packet that no client may send, after DISCONNECT")
