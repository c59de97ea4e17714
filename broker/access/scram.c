#include "broker/access/scram.h"

#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/access/scram_users.h"

enum { DATA_MAX = 4096 /* of one message: names, nonces and hashes are far shorter */ };

struct scram {
	Gsasl *library;
};

struct scram_exchange {
	Gsasl_session *session;
	enum scram_method method;
	const struct scram_users *users; /* during scram_step */
	bool keyed;
	struct scram_key key; /* once the user is known */
	char *said;           /* by us, latest */
};

static bool key_find(struct scram_exchange *x)
{
	const char *user = gsasl_property_fast(x->session, GSASL_AUTHID);

	if (!x->keyed && user)
		x->keyed = scram_users_find(x->users, x->method, user, &x->key);
	return x->keyed;
}

/* The library asks for what it needs as it goes. */
static int on_property(Gsasl *library, Gsasl_session *session, Gsasl_property property)
{
	struct scram_exchange *x = gsasl_session_hook_get(session);
	char iterations[16];

	(void)library;
	if (property != GSASL_SCRAM_ITER && property != GSASL_SCRAM_SALT &&
		property != GSASL_SCRAM_STOREDKEY && property != GSASL_SCRAM_SERVERKEY)
		return GSASL_NO_CALLBACK;
	if (!key_find(x))
		return GSASL_MALLOC_ERROR;
	snprintf(iterations, sizeof(iterations), "%u", x->key.iterations);
	return gsasl_property_set(session, property,
		property == GSASL_SCRAM_ITER                ? iterations
			: property == GSASL_SCRAM_SALT      ? x->key.salt
			: property == GSASL_SCRAM_STOREDKEY ? x->key.stored
							    : x->key.server);
}

struct scram *scram_new(void)
{
	struct scram *s = calloc(1, sizeof(*s));

	if (s && gsasl_init(&s->library) == GSASL_OK) {
		gsasl_callback_set(s->library, on_property);
		return s;
	}
	free(s);
	return NULL;
}

void scram_free(struct scram *s)
{
	if (!s)
		return;
	gsasl_done(s->library);
	free(s);
}

struct scram_exchange *scram_begin(struct scram *s, enum scram_method method)
{
	struct scram_exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->method = method;
	if (gsasl_server_start(s->library, scram_method_name(method), &x->session) == GSASL_OK) {
		gsasl_session_hook_set(x->session, x);
		return x;
	}
	free(x);
	return NULL;
}

void scram_end(struct scram_exchange *x)
{
	if (!x)
		return;
	gsasl_finish(x->session);
	gsasl_free(x->said);
	explicit_bzero(x, sizeof(*x));
	free(x);
}

/* Nobody acts for somebody else here: an authorization identity is the user's own, if there is one. */
static bool acts_for_other(const struct scram_exchange *x)
{
	const char *user = gsasl_property_fast(x->session, GSASL_AUTHID),
		   *as = gsasl_property_fast(x->session, GSASL_AUTHZID);

	return !user || (as && *as && strcmp(as, user) != 0);
}

static enum scram_status status_of(const struct scram_exchange *x, int result)
{
	switch (result) {
	case GSASL_OK: return acts_for_other(x) ? SCRAM_REFUSED : SCRAM_DONE;
	case GSASL_NEEDS_MORE: return SCRAM_GOES_ON;
	/* Which is also its word for a nonce that is not the one sent. */
	case GSASL_AUTHENTICATION_ERROR: return SCRAM_REFUSED;
	case GSASL_MALLOC_ERROR: return SCRAM_LACKS;
	default: return SCRAM_BROKEN;
	}
}

/* The library lets these pass: NUL, which RFC 5802 has no place for, and a first message that binds a channel, though
 * the name of the method does not end in -PLUS (section 6).
 */
static bool is_strange(struct mqtt_view data)
{
	return data.len > DATA_MAX || (data.len && *data.data == 'p') ||
		(data.len && memchr(data.data, 0, data.len));
}

enum scram_status scram_step(struct scram_exchange *x, const struct scram_users *users,
	struct mqtt_view data, struct mqtt_view *say)
{
	size_t len = 0;

	*say = (struct mqtt_view){ 0 };
	if (is_strange(data))
		return SCRAM_BROKEN;
	gsasl_free(x->said);
	x->said = NULL;
	x->users = users;
	int result = gsasl_step(
		x->session, data.len ? (const char *)data.data : "", data.len, &x->said, &len);
	x->users = NULL;
	enum scram_status status = status_of(x, result);
	if (len && (status == SCRAM_GOES_ON || status == SCRAM_DONE))
		*say = (struct mqtt_view){ (const uint8_t *)x->said, (uint32_t)len };
	if (status != SCRAM_GOES_ON)
		explicit_bzero(&x->key, sizeof(x->key));
	return status;
}

struct mqtt_view scram_user(const struct scram_exchange *x)
{
	return mqtt_view_of(gsasl_property_fast(x->session, GSASL_AUTHID));
}
