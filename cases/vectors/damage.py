"""Everything that can be wrong with a packet, field by field; each error is a row."""
import dataclasses

import fields
import moments
import properties
from packets import V50
from sides import SIDES

FAMILIES = [fields.flags, fields.lengths, fields.cuts, fields.options, fields.strings, properties.strings,
            properties.lengths, properties.cuts, properties.errors, fields.codes, moments.directions]
SCENES = [moments.firsts, moments.second_connects, moments.after_disconnect]


def is_of_authentication(row):
    """An AUTH, which may come to those only who have asked for one."""
    return row.template.startswith("F") and row.versions == V50


def in_pieces(rows):
    """Of each table and packet one row, byte by byte."""
    groups = {}
    for row in rows:
        if not is_of_authentication(row):
            groups.setdefault((row.table, row.id.split("_")[0]), []).append(row)
    for (table, _), found in groups.items():
        row = found[len(found) // 2]
        yield dataclasses.replace(row, table="pieces", id=f"{table}_{row.id}", in_pieces=True,
                                  what=row.what + ", byte by byte,")


# What stands in tables that are written by hand: tests/unit/cases.c finds what stands twice.
ELSEWHERE = {(role, f"{table}/{name}") for role, table, names in [
    ("server", "fields", "connect_level_missing connect_flags_missing publish_q1_id_missing publish_q2_id_missing "
     "publish_properties_missing subscribe_properties_missing subscribe_filter_missing subscribe_options_missing "
     "subscribe_second_options_missing unsubscribe_properties_missing unsubscribe_filter_missing"),
    ("server", "properties", "disconnect_foreign_message_expiry_interval"),
    ("client", "fields", "connack_code_missing connack_properties_missing publish_properties_missing publish_q1_id_missing "
     "publish_q2_id_missing suback_properties_missing suback_codes_missing unsuback_long_properties_missing "
     "unsuback_long_codes_missing"),
    ("client", "properties", "connack_server_keep_alive_one_byte disconnect_foreign_maximum_qos"),
    ("client", "codes", "connack_01 connack_7f connack_8b connack_a2 connack_ff puback_01 puback_7f puback_92 pubcomp_10 "
     "pubcomp_7f pubcomp_80 pubrec_01 pubrec_7f pubrec_92 pubrel_10 pubrel_7f pubrel_80 suback_03 suback_10 suback_11 "
     "suback_7f suback_81 suback_ff unsuback_01 unsuback_7f unsuback_97 unsuback_ff"),
] for name in names.split()}


def rows(role):
    side = SIDES[role]
    found = [r for family in FAMILIES for r in family(side) if (role, f"{r.table}/{r.id}") not in ELSEWHERE]
    found += in_pieces(found)
    for row in found:
        if is_of_authentication(row):
            row.table, row.id = "auth", f"{row.table}_{row.id}"
    found += [r for scene in SCENES for r in scene(side)]
    return found
