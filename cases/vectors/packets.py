"""Packets of either side as lists of fields, and what their damage is an offence against."""
import dataclasses

V311, V50, BOTH = "V311", "V50", "BOTH"


@dataclasses.dataclass
class Field:
    name: str
    item: str  # as harness/wire/template.h spells it
    kind: str  # "byte", "id", "number", "string", "binary", "properties", "payload"
    may_end: str = ""  # the version in which the packet may end before this field: "", "3.1.1", "5.0", "both"


@dataclasses.dataclass
class Packet:
    name: str  # of the form, which begins with the packet's
    first: str
    fields: list
    versions: str = BOTH

    @property
    def type(self):
        return self.name.split("_")[0].upper()

    def text(self, first=None, **changed):
        """The template, with other items in the place of some fields."""
        items = [changed.get(f.name, f.item) for f in self.fields]
        return " ".join([first or self.first, "r", *(i for i in items if i)])


def identifier():
    return Field("id", "m1", "id")


def properties(may_end=""):
    return Field("properties", "p{}", "properties", may_end)


def acknowledgement(name, first):
    return Packet(name, first, [identifier()])


def long_acknowledgement(name, first):
    return Packet(name + "_long", first, [identifier(), Field("code", "00", "byte", "5.0"), properties("5.0")], V50)


ACKS = [("puback", "40"), ("pubrec", "50"), ("pubrel", "62"), ("pubcomp", "70")]


def publishes(topic):
    def one(name, first, *more):
        return Packet(name, first, [Field("topic", topic, "string"), *more, properties("3.1.1"),
                                    Field("payload", 'b"x"', "payload", "both")])
    return [one("publish", "30"), one("publish_q1", "32", identifier()), one("publish_q2", "34", identifier())]


def connect():
    return Packet("connect", "10", [
        Field("protocol_name", 's"MQTT"', "string"), Field("level", "l", "byte"), Field("flags", "C6", "byte"),
        Field("keep_alive", "n60", "number"), properties(), Field("client_id", "c", "string"),
        Field("will_properties", "p{}", "properties"), Field("will_topic", 't"w"', "string"),
        Field("will_payload", 's"bye"', "binary"), Field("user_name", 's"user"', "string"),
        Field("password", 's"password"', "binary")])


def of_client():
    """What a server may be sent."""
    return [
        connect(), *publishes('t"a"'), *(acknowledgement(*a) for a in ACKS), *(long_acknowledgement(*a) for a in ACKS),
        Packet("subscribe", "82", [identifier(), properties(), Field("filter", 't"a"', "string"),
                                   Field("options", "00", "byte"), Field("second_filter", 't"b"', "string", "both"),
                                   Field("second_options", "00", "byte")]),
        Packet("unsubscribe", "A2", [identifier(), properties(), Field("filter", 't"a"', "string"),
                                     Field("second_filter", 't"b"', "string", "both")]),
        Packet("pingreq", "C0", []), Packet("disconnect", "E0", []),
        Packet("disconnect_long", "E0", [Field("code", "00", "byte", "5.0"), properties("5.0")], V50)]


def of_server():
    """What a client may be sent."""
    return [
        Packet("connack", "20", [Field("flags", "00", "byte"), Field("code", "00", "byte"), properties()]),
        *publishes('s"a"'), *(acknowledgement(*a) for a in ACKS), *(long_acknowledgement(*a) for a in ACKS),
        Packet("suback", "90", [identifier(), properties(), Field("codes", "00", "byte")]),
        Packet("unsuback", "B0", [identifier()], V311),
        Packet("unsuback_long", "B0", [identifier(), properties(), Field("codes", "00", "byte")], V50),
        Packet("pingresp", "D0", []),
        Packet("disconnect", "E0", [], V50),
        Packet("disconnect_long", "E0", [Field("code", "00", "byte", "5.0"), properties("5.0")], V50),
        Packet("auth", "F0", [Field("code", "18", "byte", "5.0"), Field("properties", 'p{15 s"mqttspec"}', "properties", "5.0")],
               V50)]
