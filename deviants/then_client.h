/* Further actions, which rows about clients need. The argument of those that need none is 0. */
#ifndef DEVIANTS_THEN_CLIENT_H
#define DEVIANTS_THEN_CLIENT_H

#include "deviants/passing.h"

/* ---- notes, for conditions of when_client.h ---- */

/* Their places among the notes of a lane or session; a deviation may keep others in those before. */
enum {
	NOTE_CONNECTION = NOTES - 1, /* of the lane to the server */
	NOTE_HELD = NOTES - 2,       /* likewise: a Packet Identifier, 0: none */
	NOTE_ID = NOTES - 1,         /* of the session: likewise */
};

void note(struct passing *it, long value);             /* for this connection */
void note_filter_count(struct passing *it, long none); /* for this connection */
void note_id(struct passing *it, long none);           /* the packet's, for the session */

/* ---- whether and when it comes ---- */
void delay(struct passing *it, long ms); /* others may pass it */
void repeat_later(struct passing *it,
	long ms); /* itself, and so much later once more, a PUBLISH with DUP 1 */
void repeat_at_qos0(struct passing *it, long none); /* a PUBLISH, and once more at QoS 0 */
void keep_packet(struct passing *it, long none);    /* a copy, for the session ... */
void resend_kept(
	struct passing *it, long none); /* ... goes back to where this comes from, with DUP 1 */

/* ---- CONNECT ---- */
void remove_field(struct passing *it, long flag); /* a flag, and what it announces */
void add_flags(
	struct passing *it, long flags); /* and nothing that they announce, where it is not there */
void announce(struct passing *it, long flag);   /* the flag is set, the field is not there */
void unannounce(struct passing *it, long flag); /* the field stays where its flag is cleared */
void change_user_name(struct passing *it, long none); /* their first letter is another one: */
void change_password(struct passing *it, long none);
void change_will_topic(struct passing *it, long none);
void spoil_user_name(struct passing *it, long none); /* they are no UTF-8: */
void spoil_id(struct passing *it, long none);
void swap_login(struct passing *it, long none); /* user name and password take each other's place */
void spoil_name(struct passing *it, long none); /* the protocol's */
void spoil_will_topic(struct passing *it, long none); /* it ends in a wildcard */

/* ---- a PUBLISH ---- */
enum text {
	TEXT_EMPTY,
	TEXT_HASH_LAST,   /* "a/#" */
	TEXT_HASH_BEHIND, /* "a#" */
	TEXT_PLUS_BEHIND, /* "a+" */
	TEXT_NUL,
	TEXT_ILL_FORMED,
	TEXT_SHARE_NAMELESS, /* "$share//a" */
	TEXT_SHARE_BARE,     /* "$share/a" */
};
void set_topic(struct passing *it, long text);
void strip_slash(struct passing *it, long none); /* the first that begins or ends an empty level */
void strip_byte_order_mark(struct passing *it, long none); /* of the topic */
void set_qos(struct passing *it, long qos);
void cut_payload_at_zero(struct passing *it, long none);
void hold_id(struct passing *it,
	long none); /* the identifier is the one that is to be used wrongly ... */
void release_held(struct passing *it, long none); /* ... is not any more ... */
void use_held_id(
	struct passing *it, long none); /* ... is used, if there is one (restore_id undoes it) */
void take_held_id(struct passing *it, long none); /* the same, in an answer */
void use_noted_id(struct passing *it, long none); /* that of note_id */

/* ---- an acknowledgement ---- */
void answer_as(struct passing *it, long type); /* a SUBACK or UNSUBACK of success in its place */

/* ---- properties ---- */
void set_text(struct passing *it, long id); /* "deviant", in the place of any other */
void add_wildcard(
	struct passing *it, long id);      /* a text with a wildcard, in the place of any other */
void add_nul(struct passing *it, long id); /* a text with U+0000, or a pair */

/* ---- SUBSCRIBE and UNSUBSCRIBE ---- */
void set_filters(struct passing *it, long text);
void remove_filters(struct passing *it, long none); /* all */
void remove_last_filter(struct passing *it, long none);

#endif
