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
void set_flags(struct passing *it, long flags);   /* the low four bits of byte 1 */
void repair_flags(struct passing *it, long none); /* those of Table 2-2 */
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
