/* Actions of deviations: what becomes of a packet, or of its connection. The argument of those that need none is 0. */
#ifndef DEVIANTS_THEN_H
#define DEVIANTS_THEN_H

#include "deviants/passing.h"

/* ---- whether and when it comes ---- */
void drop(struct passing *it, long none);
void repeat(struct passing *it, long times);        /* so many times in all */
void repeat_as_dup(struct passing *it, long none);  /* itself, and again with DUP 1 */
void swap_with_next(struct passing *it, long none); /* of its type */
void hang(struct passing *it, long none);           /* it and all after it, for ever */

/* ---- the connection ---- */
void end(struct passing *it, long none);         /* after this packet */
void end_instead(struct passing *it, long none); /* of it */
void keep_open(struct passing *it, long none);   /* EVENT_END: the other side does not hear of it */
void delay_end(struct passing *it, long ms);     /* EVENT_END */

/* ---- fields ---- */
void set_dup(struct passing *it, long value);
void set_retain(struct passing *it, long value);
void set_flags(struct passing *it, long flags); /* the low four bits of byte 1 */
void shift_id(struct passing *it, long by);
void set_id(struct passing *it, long id);
void set_code(struct passing *it, long code);    /* Reason Code, return code */
void set_codes(struct passing *it, long code);   /* all of SUBACK or UNSUBACK */
void lower_codes(struct passing *it, long none); /* granted QoS: one less, where there is one */
void raise_codes(struct passing *it, long none); /* QoS 1 becomes 2 */
void reverse_codes(struct passing *it, long none);
void drop_code(struct passing *it, long none); /* the last of SUBACK or UNSUBACK */
void add_code(struct passing *it, long code);
void set_session_present(struct passing *it, long value);
void set_ack_flags(struct passing *it, long flags);
void cut_payload(struct passing *it, long keep);    /* to so many bytes */
void change_payload(struct passing *it, long none); /* its first byte is another one */
void add_payload(struct passing *it, long bytes);
void extend_topic(struct passing *it, long none); /* one level too many */
void as_published(struct passing *it,
	long none); /* RETAIN as the publisher had set it, of a message that is not new */
void lengthen_body(struct passing *it, long bytes);   /* so many bytes of 0 at its end */
void lengthen_header(struct passing *it, long bytes); /* Remaining Length in so many */

/* ---- properties of the packet, 5.0; nothing happens where it has none ---- */
void remove_property(struct passing *it, long id);
void shift_property(struct passing *it,
	long id); /* a number: one more; a text: its first byte is another one */
void double_property(struct passing *it, long id);
void reverse_properties(struct passing *it, long none);
void add_number(struct passing *it, long id_and_value); /* ADD(id, value) */
void add_text(struct passing *it, long id);
void remove_properties(struct passing *it, long none); /* all */
#define ADD(id, value) ((long)(id) | (long)(value) << 8)

/* ---- CONNECT on its way to the server ---- */
void set_clean(struct passing *it, long value);
void set_keep_alive(struct passing *it, long s);
void scale_keep_alive(struct passing *it, long percent);
void change_id(struct passing *it, long none); /* the ClientId has another first letter */
void set_level(struct passing *it, long level);
void set_name(struct passing *it, long none); /* the protocol's, to the usual one */
void set_reserved(struct passing *it, long none);
void clear_reserved(struct passing *it, long none);
void remove_will(struct passing *it, long none);
void set_will_retain(struct passing *it, long value);
void set_will_qos(struct passing *it, long qos);
void change_will_payload(struct passing *it, long none);
void remove_will_properties(struct passing *it, long none);
void remove_will_property(struct passing *it, long id);
void reverse_will_properties(struct passing *it, long none);
void set_property(
	struct passing *it, long id_and_value); /* SET(id, value), added if it is not there */
#define SET ADD

/* ---- SUBSCRIBE and UNSUBSCRIBE on their way to the server ---- */
void set_filter_qos(struct passing *it, long qos);   /* of all filters that ask for more */
void raise_filter_qos(struct passing *it, long qos); /* of all that ask for less */
void set_options(struct passing *it, long bits);     /* OPTIONS(clear, set) */
#define OPTIONS(clear, set) ((long)(clear) | (long)(set) << 8)
void spoil_filters(struct passing *it, long none); /* they match nothing any more */
void spoil_last_filter(struct passing *it, long none);
void spoil_wildcards(struct passing *it, long none); /* those with wildcards */
void spoil_shares(struct passing *it, long none); /* the share becomes an ordinary subscription */

void hash_to_plus(struct passing *it, long none); /* filters that end in # end in + */
void lower_topic(struct passing *it, long none);  /* PUBLISH: small letters */
void lower_filters(struct passing *it, long none);
void repair_flags(struct passing *it, long none); /* those of Table 2-2 */

/* ---- what no packet asked for ---- */
void forget_subscriptions(
	struct passing *it, long none); /* the server is asked to, in the session's name */
void forget_one_subscription(struct passing *it, long none);
void send_to_client(struct passing *it,
	long type); /* an acknowledgement of this type, with the packet's identifier, back to who sent it */
void follow_by(struct passing *it,
	long type); /* the packet, one of this type with its identifier after it */
void precede_by(struct passing *it, long type); /* before it */
void send_system_message(
	struct passing *it, long none); /* back to who subscribed: a message of `$SYS/deviant` */
void restore_id(struct passing *it,
	long none); /* of an acknowledgement: that of the oldest PUBLISH whose identifier was changed */

#endif
