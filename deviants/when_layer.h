/* Conditions of deviations: what heads, frames and bytes are like in a layer below MQTT (layer.h). */
#ifndef DEVIANTS_WHEN_LAYER_H
#define DEVIANTS_WHEN_LAYER_H

#include "deviants/passing.h"

/* ---- heads of HTTP ---- */
bool is_101(const struct passing *it);
bool is_no_101(const struct passing *it);
bool came_in_pieces(const struct passing *it);
bool has_field_in_capitals(const struct passing *it);
bool has_unknown_field(const struct passing *it); /* "X-Note" */
bool has_strange_reason(const struct passing *it);
bool has_many_protocols(const struct passing *it); /* a list with a comma in it */
bool has_no_key(const struct passing *it);
bool has_wrong_accept(const struct passing *it); /* not the one that belongs to the key */
bool has_no_upgrade(const struct passing *it);   /* no Upgrade to a WebSocket; likewise: */
bool has_no_connection(const struct passing *it);
bool has_other_protocol(const struct passing *it);
bool has_extension(const struct passing *it);

/* ---- frames ---- */
bool is_text_frame(const struct passing *it);
bool is_data_frame(const struct passing *it); /* that a message begins with, or goes on with */
bool is_later_frame(const struct passing *it);
bool is_fragment(const struct passing *it); /* that goes on with a message */
bool is_fragment_after_ping(const struct passing *it);
bool is_ping_frame(const struct passing *it);
bool is_pong_frame(const struct passing *it);
bool is_close_frame(const struct passing *it);
bool is_unmasked(const struct passing *it);
bool is_masked(const struct passing *it);
bool has_reserved_bits(const struct passing *it);
bool has_reserved_kind(const struct passing *it); /* an opcode without a meaning */
bool has_one_byte(const struct passing *it);
bool holds_more(const struct passing *it);     /* than one packet from its beginning on */
bool holds_no_whole(const struct passing *it); /* packet, or other bytes after those it holds */
bool came_with_head(const struct passing *it);

/* ---- bytes of TLS ---- */
bool is_no_tls(const struct passing *it);       /* the first bytes of a client are no record */
bool is_in_handshake(const struct passing *it); /* the client has sent a part of its first record */
bool another_shakes_hands(const struct passing *it); /* the same, on another connection */

#endif
