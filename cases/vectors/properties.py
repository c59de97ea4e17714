"""What can be wrong with the properties of each packet. A family is a generator of rows."""
import facts
import texts
from packets import V50
from sides import Row, article, place_id, places, property_refs, with_properties

UNDEFINED_PROPERTIES = ["05", "0A", "10", "1B", "2B", "v200", "v268435455"]


def string_forms(prop):
    if prop.type == "UTF-8 String Pair":
        return [("_name", prop.id + ' s"{}" s"v"'), ("_value", prop.id + ' s"n" s"{}"')]
    return [("", prop.id + ' s"{}"')] if prop.type == "UTF-8 Encoded String" else []


def strings(side):
    for where, packet, field in places(side):
        for prop in facts.properties():
            if not prop.stands_in(where, side.sender) or prop.id == "15" and side.sender == "client":
                continue
            if prop.id in field.item:
                continue
            for part, form in string_forms(prop):
                for nul, kinds in ((False, texts.OF_PROPERTY), (True, texts.NUL_OF_PROPERTY)):
                    pair = prop.type == "UTF-8 String Pair"
                    new = "MQTT-1.5.7-1" if pair else "MQTT-1.5.4-2" if nul else "MQTT-1.5.4-1"
                    for name, text in kinds:
                        yield Row("property_strings", f"{place_id(where)}_{prop.name}{part}_{name}",
                                  with_properties(packet, field, form.format(text)),
                                  property_refs(side, packet, new), [0x81], V50,
                                  f"{article(packet.type)} with {'U+0000' if nul else 'ill-formed UTF-8'} in "
                                  f"{prop.name.replace('_', ' ')}")


LENGTH_FORMS = [("length_of_one_more", 'p+1{26 s"n" s"v"}'), ("length_of_one_less", 'p-1{26 s"n" s"vw"}'),
                ("length_beyond_end", 'p16000{26 s"n" s"v"}'), ("length_in_five_bytes", "8180808000"),
                ("length_of_all_bits", "FFFFFFFF7F")]


def lengths(side):
    for where, packet, field in places(side):
        for name, item in LENGTH_FORMS:
            if name == "length_of_one_more" and packet.fields[-1] is not field and side.sender == "server":
                continue  # the byte after them might be an identifier
            ref = "U50-VBI-MAX" if "five" in name or "bits" in name else "U50-PROP-LENGTH"
            yield Row("properties", f"{place_id(where)}_{name}", packet.text(**{field.name: item}),
                      property_refs(side, packet, ref), [0x81], V50,
                      f"{article(packet.type)} with a wrong Property Length")


def cuts(side):
    for where, packet, field in places(side):
        for prop in facts.properties():
            if not prop.stands_in(where, side.sender) or prop.id in field.item:
                continue
            for name, item in [("nothing", ""), *facts.CUTS[prop.type]]:
                yield Row("properties", f"{place_id(where)}_{prop.name}_{name}",
                          with_properties(packet, field, f"{prop.id} {item}".strip()),
                          property_refs(side, packet, "U50-PROP-LENGTH"), [0x81], V50,
                          f"{article(packet.type)} whose properties end within {prop.name.replace('_', ' ')}")


def errors(side):
    """Those that the packet does not have, those twice, and values that are none."""
    for where, packet, field in places(side):
        foreign = property_refs(side, packet, "U50-PROP-WRONG-PACKET")
        for number in UNDEFINED_PROPERTIES:
            yield Row("properties", f"{place_id(where)}_undefined_{number.lower()}",
                      with_properties(packet, field, f"{number} 00"), foreign, [0x81, 0x82], V50,
                      f"{article(packet.type)} with a property that is not defined")
        for prop in facts.properties():
            stands = prop.stands_in(where, side.sender) and prop.id not in field.item
            title = f"{article(packet.type)} with {prop.name.replace('_', ' ')}"
            if not stands and where == "DISCONNECT":
                yield Row("properties", f"{place_id(where)}_foreign_{prop.name}", with_properties(packet, field, prop.item),
                          foreign, [0x81, 0x82], V50, title + ", which it does not have")
            if not stands or not prop.stands_once_in(where):
                continue
            if not (prop.silent and where == "PUBLISH"):
                yield Row("properties", f"{place_id(where)}_{prop.name}_twice",
                          with_properties(packet, field, f'{prop.item} 26 s"n" s"v" {prop.item}'),
                          property_refs(side, packet, "U50-PROP-ONCE"), [0x82, 0x81], V50, title + " twice")
            if prop.flag and prop.type == "Byte" and prop.id != "01":
                for value in ("03", "7F", "80", "FE"):
                    yield Row("properties", f"{place_id(where)}_{prop.name}_of_{value.lower()}",
                              with_properties(packet, field, f"{prop.id} {value}"),
                              property_refs(side, packet, RANGES[prop.id]), [0x82, 0x81], V50, title + f" 0x{value}")


RANGES = {"17": "U50-REQPROB-RANGE", "19": "U50-REQRESP-RANGE", "24": "U50-MAXQOS-RANGE", "25": "U50-RETAINAVAIL-RANGE",
          "28": "U50-WILDCARDAVAIL", "29": "U50-SUBIDAVAIL", "2A": "U50-SHAREDAVAIL"}
