"""Rows of damaged packets, and the sides that are sent them: which statements they break there."""
import dataclasses

import packets
from packets import BOTH, V311, V50


@dataclasses.dataclass
class Row:
    table: str
    id: str
    template: str
    refs: list
    codes: list
    versions: str
    what: str  # "A PUBACK with flags 4"
    return_code: int = 0  # of a CONNACK of 3.1.1 that fits the error
    in_pieces: bool = False


class Server:
    """A server, which is sent the packets of a client."""
    prefix, sender, topic = "", "client", 't"{}"'
    packets = packets.of_client()
    # Flags that are tried in bad_flags and others.
    flags_elsewhere = {"connect": {1, 2, 8}, "puback": {1, 2, 8}, "pubrec": {1, 2}, "pubrel": {0, 1, 3, 10},
                       "pubcomp": {1, 2}, "subscribe": {0, 1, 3, 6, 10}, "unsubscribe": {0, 1, 3, 10},
                       "pingreq": {1, 2, 8}, "disconnect": {1, 2, 4, 8}, "publish": {6, 7, 14}}
    flags_50 = {"PUBREL": "MQTT-3.6.1-1", "SUBSCRIBE": "MQTT-3.8.1-1", "UNSUBSCRIBE": "MQTT-3.10.1-1",
                "DISCONNECT": "MQTT-3.14.1-1", "AUTH": "MQTT-3.15.1-1", "CONNECT": "MQTT-3.1.4-1"}

    def refs(self, packet, old, *new):
        """The statements of both versions; of 5.0 what binds the receiver comes first."""
        first = ["5.0:MQTT-3.1.4-1"] if packet.type == "CONNECT" else []
        last = [] if packet.type == "CONNECT" else ["5.0:MQTT-4.13.1-1"]
        return [f"3.1.1:{old or self.general_311(packet)}", *first, *(f"5.0:{n}" for n in new), *last]

    def general_311(self, packet):
        return "MQTT-3.1.4-1" if packet.type == "CONNECT" else "MQTT-4.8.0-1"

    def flags(self, packet):
        bound = self.flags_50.get(packet.type)
        if bound and bound != "MQTT-3.1.4-1":
            return ["3.1.1:MQTT-2.2.2-2", f"5.0:{bound}"]
        return self.refs(packet, "MQTT-2.2.2-2", "U50-FLAGS-MALFORMED")


class Client(Server):
    """A client, which is sent the packets of a server; 5.0 only advises it to close."""
    prefix, sender, topic = "client_", "server", 's"{}"'
    packets = packets.of_server()
    flags_elsewhere = {"connack": {1, 2, 8, 15}, "puback": {1, 2, 8}, "pubrec": {1, 2}, "pubrel": {0, 1, 3, 10},
                       "pubcomp": {1, 2}, "suback": {1, 2}, "unsuback": {1, 2}, "unsuback_long": {1, 2},
                       "pingresp": {1, 2, 8}, "auth": {1, 2}, "publish": {6, 7, 14}, "disconnect": {1}}
    flags_50 = {"DISCONNECT": "MQTT-3.14.1-1", "AUTH": "MQTT-3.15.1-1"}

    def refs(self, packet, old, *new):
        return [f"3.1.1:{old or 'MQTT-4.8.0-1'}", "5.0:U50-ERR-CLIENT", *(f"5.0:{n}" for n in new)]


SIDES = {"server": Server(), "client": Client()}


def bearers(side):
    """Of each packet of 5.0 the form with properties."""
    best = {}
    for packet in side.packets:
        if packet.versions != V311 and any(f.kind == "properties" for f in packet.fields):
            best.setdefault(packet.type, packet)
    return best


def places(side):
    """Where properties can stand: (what they are those of, its packet, the field)."""
    for name, packet in bearers(side).items():
        for field in packet.fields:
            if field.kind == "properties":
                yield ("Will Properties" if field.name == "will_properties" else name), packet, field


def place_id(where):
    return "will" if where == "Will Properties" else where.lower()


def with_properties(packet, field, inside, length=""):
    """The packet with these properties, after those that it cannot do without."""
    before = field.item[2:-1]
    return packet.text(**{field.name: f"p{length}{{{' '.join(x for x in (before, inside) if x)}}}"})


def article(name):
    return ("An " if name[0] in "AU" else "A ") + name


def property_refs(side, packet, *new):
    return [r for r in side.refs(packet, "", *new) if r.startswith("5.0:")]
