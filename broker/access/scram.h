/* The server's side of SCRAM (RFC 5802, RFC 7677), by libgsasl, without channel binding: both sides prove that they
 * know the password, and neither shows it.
 *
 *      client-first ──▶ scram_step ──▶ server-first      SCRAM_GOES_ON
 *      client-final ──▶ scram_step ──▶ server-final      SCRAM_DONE
 *
 * A client may begin with nothing; it is then answered with nothing.
 */
#ifndef BROKER_ACCESS_SCRAM_H
#define BROKER_ACCESS_SCRAM_H

#include "broker/access/scram_key.h"
#include "mqtt/view.h"

struct scram;
struct scram_exchange;
struct scram_users;

/* What exchanges have in common: the library. NULL without memory. */
struct scram *scram_new(void);
void scram_free(struct scram *s); /* its exchanges are freed; NULL is fine */

/* NULL without memory. */
struct scram_exchange *scram_begin(struct scram *s, enum scram_method method);
void scram_end(struct scram_exchange *x); /* wipes what is secret; NULL is fine */

enum scram_status {
	SCRAM_GOES_ON, /* *say is for the client, and may be empty */
	SCRAM_DONE,    /* as before; it is who it says it is: scram_user */
	SCRAM_REFUSED, /* the password is wrong, or there is no such user: which of the two is not told */
	SCRAM_BROKEN, /* what the client said is not SCRAM's, or does not belong here */
	SCRAM_LACKS,  /* memory */
};

/* After any status but SCRAM_GOES_ON, the exchange is over. The users are looked at during the call only. *say is
 * valid until the next call.
 */
enum scram_status scram_step(struct scram_exchange *x, const struct scram_users *users,
	struct mqtt_view data, struct mqtt_view *say);

/* Who it is, after SCRAM_DONE. */
struct mqtt_view scram_user(const struct scram_exchange *x);

#endif
