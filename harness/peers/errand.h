/* A plain connection for the harness's own business, off the record: probing what a target offers,
 * and clearing what a case run left on it.
 */
#ifndef HARNESS_ERRAND_H
#define HARNESS_ERRAND_H

#include "base/buf.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/transport.h"
#include "harness/wire/wire.h"

enum { ERRAND_FIRST_BYTES = 64 };

struct errand {
	struct arena *arena;
	enum mqtt_version version;
	const struct login *login; /* of the target */
	const struct guest *guest; /* the same */
	struct pipe *pipe;
	struct buf in;
	int64_t deadline_us;               /* monotonic: of the whole errand */
	unsigned received;                 /* packets */
	uint8_t first[ERRAND_FIRST_BYTES]; /* the first that came, packets or not */
	size_t first_len;
};

/* Waits for its turn to connect, then for limit_us at most. False, with a sentence, when there is no
 * connection.
 */
bool errand_start(struct errand *e, struct arena *a, const struct endpoint *target,
	enum mqtt_version version, int64_t limit_us, const char **error);
bool errand_send(struct errand *e, const struct packet *packet);

/* The next packet, whatever it is. WIRE_NEED_MORE: none came in time, or the connection ended, as
 * it does for us once there are more packets than an errand can be about.
 */
enum wire_status errand_receive(struct errand *e, struct packet *packet, bool *ended);
void errand_end(struct errand *e);

/* A CONNECT that starts anew and asks for nothing, in a form that every target accepts: with its
 * login, what its host wants ClientIds to begin with, and a Keep Alive that is longer than any errand.
 */
struct packet errand_connect(const struct errand *e, const char *client_id);

#endif
