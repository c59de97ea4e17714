/* Actions of deviations: what becomes of heads, frames and bytes in a layer below MQTT (layer.h). The argument of those
 * that need none is 0.
 */
#ifndef DEVIANTS_THEN_LAYER_H
#define DEVIANTS_THEN_LAYER_H

#include "deviants/passing.h"

/* ---- heads of HTTP ---- */
enum edit {
	EDIT_PROTOCOL_NONE, /* Sec-WebSocket-Protocol */
	EDIT_PROTOCOL_OLD,
	EDIT_PROTOCOL_CHAT,
	EDIT_PROTOCOL_MQTT,
	EDIT_ACCEPT_NONE, /* Sec-WebSocket-Accept */
	EDIT_ACCEPT_WRONG,
	EDIT_VERSION_NONE, /* Sec-WebSocket-Version */
	EDIT_VERSION_8,
	EDIT_VERSION_13,
	EDIT_KEY, /* Sec-WebSocket-Key */
	EDIT_KEY_NONE,
	EDIT_KEY_SHORT,
	EDIT_UPGRADE, /* Upgrade */
	EDIT_UPGRADE_NONE,
	EDIT_CONNECTION, /* Connection */
	EDIT_CONNECTION_NONE,
	EDIT_HOST_NONE,
	EDIT_EXTENSION, /* Sec-WebSocket-Extensions */
	EDIT_EXTENSION_NONE,
};
void edit_field(struct passing *it, long edit);
void keep_key(struct passing *it, long none);   /* of a request, to be able to: */
void answer_key(struct passing *it, long none); /* Sec-WebSocket-Accept for the one that was kept */
void choose_first(struct passing *it, long none); /* of a list of subprotocols the first is left */
void open_anyway(struct passing *it, long none);  /* an answer of any kind becomes a good one */
void refuse_upgrade(struct passing *it, long none); /* 400 */
void set_path(struct passing *it, long none);       /* of a request: "/" */
void set_method(struct passing *it, long none);     /* of a request: POST */

/* ---- frames ---- */
void set_opcode(struct passing *it, long opcode);
void set_reserved_bits(struct passing *it, long bits);
void set_masked(struct passing *it, long masked);   /* with a key of 0 */
void cut_frame(struct passing *it, long none);      /* to the first packet */
void change_frame(struct passing *it, long none);   /* the first byte of its payload */
void say_disconnect(struct passing *it, long none); /* a frame with DISCONNECT before this one */

/* ---- the connections ---- */
void trust(struct passing *it,
	long whom); /* EVENT_TRUST, before any connection: nothing is left to do */
void strike(struct passing *it, long none); /* all of them break */

#endif
