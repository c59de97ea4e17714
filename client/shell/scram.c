#include "client/shell/scram.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

struct scram {
	Gsasl *library;
	Gsasl_session *session; /* NULL: none has begun */
	bool challenged;        /* the server's part of the nonce is there, and answered */
	bool proven;            /* the server knows the password, too */
	char *method, *user, *password;
	size_t password_len;
};

bool scram_knows(const char *method)
{
	return !strcmp(method, "SCRAM-SHA-256") || !strcmp(method, "SCRAM-SHA-1");
}

static char *copy(const void *data, size_t len)
{
	char *text = malloc(len + 1);

	if (!text)
		return NULL;
	memcpy(text, data, len);
	text[len] = 0;
	return text;
}

struct scram *scram_new(
	const char *method, const char *user, const void *password, size_t password_len)
{
	struct scram *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->method = strdup(method);
	s->user = strdup(user);
	s->password = copy(password, password_len);
	s->password_len = password_len;
	if (s->method && s->user && s->password && gsasl_init(&s->library) == GSASL_OK)
		return s;
	scram_free(s);
	return NULL;
}

void scram_free(struct scram *s)
{
	if (!s)
		return;
	if (s->session)
		gsasl_finish(s->session);
	if (s->library)
		gsasl_done(s->library);
	if (s->password)
		explicit_bzero(s->password, s->password_len);
	free(s->password);
	free(s->user);
	free(s->method);
	free(s);
}

static const char *begin(struct scram *s)
{
	if (s->session)
		gsasl_finish(s->session);
	s->session = NULL;
	s->challenged = s->proven = false;
	if (gsasl_client_start(s->library, s->method, &s->session) != GSASL_OK)
		return "this method of authentication is not in this build of libgsasl";
	if (gsasl_property_set(s->session, GSASL_AUTHID, s->user) != GSASL_OK ||
		gsasl_property_set_raw(s->session, GSASL_PASSWORD, s->password, s->password_len) !=
			GSASL_OK)
		return "no memory for authentication";
	return NULL;
}

static const char no_proof[] = "the server did not prove that it knows the password";
static const char no_scram[] = "the server breaks the rules of SCRAM";

static const char *why(const struct scram *s, int result)
{
	switch (result) {
	case GSASL_AUTHENTICATION_ERROR: return s->challenged ? no_proof : no_scram;
	case GSASL_MECHANISM_PARSE_ERROR: return no_scram;
	case GSASL_SASLPREP_ERROR: return "user name or password cannot be used with SCRAM";
	case GSASL_MALLOC_ERROR: return "no memory for authentication";
	default: return gsasl_strerror(result);
	}
}

static const char *proceed(struct scram *s, struct mqtt_view data, struct buf *answer)
{
	char *out = NULL;
	size_t len = 0;
	int result = gsasl_step(s->session, (const char *)data.data, data.len, &out, &len);
	bool ok = result == GSASL_OK || result == GSASL_NEEDS_MORE;

	s->proven = result == GSASL_OK;
	bool added = !ok || !len || buf_add(answer, out, len);
	gsasl_free(out);
	if (!added)
		return "no memory for authentication";
	if (!ok)
		return why(s, result);
	s->challenged = data.len > 0;
	return NULL;
}

/* What proves the server comes with CONNACK, or before it as one more challenge, which is answered by nothing. */
const char *scram_step(
	struct scram *s, enum engine_auth_phase phase, struct mqtt_view data, struct buf *answer)
{
	const char *fault = phase == ENGINE_AUTH_START ? begin(s) : NULL;

	if (fault)
		return fault;
	if (!s->session)
		return "the server goes on with what has not begun";
	if (phase == ENGINE_AUTH_DONE && !data.len)
		return s->proven ? NULL : no_proof;
	if (s->proven)
		return "the server goes on after the end of authentication";
	fault = proceed(s, data, answer);
	if (fault || phase != ENGINE_AUTH_DONE)
		return fault;
	return s->proven ? NULL : no_proof;
}
