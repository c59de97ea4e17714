"""What the tables of spec/ say about properties and Reason Codes, as templates of packets need it."""
import csv
import pathlib

SPEC = pathlib.Path(__file__).resolve().parent.parent.parent / "spec"
FILES = ["properties-5.0.tsv", "reason-codes-5.0.tsv"]
# A legal value of each type, and the parts that it may be cut into: none of them is whole.
VALUES = {"Byte": "01", "Two Byte Integer": "n10", "Four Byte Integer": "w60", "Variable Byte Integer": "v5",
          "Binary Data": 's"data"', "UTF-8 Encoded String": 's"text"', "UTF-8 String Pair": 's"n" s"v"'}
STRING_CUTS = [("half_a_length", "00"), ("no_characters", "n4"), ("one_character_less", 'n4 b"tex"')]
CUTS = {"Byte": [], "Two Byte Integer": [("one_byte", "00")],
        "Four Byte Integer": [("one_byte", "00"), ("two_bytes", "0000"), ("three_bytes", "000000")],
        "Variable Byte Integer": [("unended", "80")], "Binary Data": STRING_CUTS, "UTF-8 Encoded String": STRING_CUTS,
        "UTF-8 String Pair": [("half_a_name_length", "00"), ("no_name", "n1"), ("no_value", 's"n"'),
                              ("half_a_value_length", 's"n" 00'), ("no_characters_of_value", 's"n" n1')]}


def rows(name):
    with open(SPEC / name, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


class Property:
    def __init__(self, row):
        self.id = row["id"][2:]
        self.name = row["name"].lower().replace(" ", "_")
        self.type = row["type"]
        self.packets = {p.split(" (")[0].strip() for p in row["packets"].split(",")}
        self.directed = {p.split(" (")[0].strip(): p for p in row["packets"].split(",") if "(" in p}
        self.repeats = row["may_repeat"]
        self.silent = "silent for PUBLISH" in row["may_repeat"]
        self.flag = row["range"].startswith("0 or 1")
        self.item = f"{self.id} {VALUES[self.type]}"

    def stands_in(self, packet, sender):
        """Whether `packet` of that side, "client" or "server", may have it."""
        where = self.directed.get(packet, "")
        other = "server to client" if sender == "client" else "client to server"
        return packet in self.packets and other not in where


    def stands_once_in(self, packet):
        return not self.repeats.startswith("yes") and f"{packet}: yes" not in self.repeats


def properties():
    return [Property(row) for row in rows(FILES[0])]


def legal_codes(packet):
    return {int(r["code"], 16) for r in rows(FILES[1]) if packet in r["packets"].split(", ")}


def all_codes():
    return {int(r["code"], 16) for r in rows(FILES[1])}
