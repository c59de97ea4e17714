#include "harness/peers/scram.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "harness/users.h"

struct scram {
	Gsasl *library;
	Gsasl_session *session;
};

bool scram_knows(const char *method)
{
	return !strcmp(method, "SCRAM-SHA-256") || !strcmp(method, "SCRAM-SHA-1");
}

struct scram *scram_new(const char *method, const struct user *user)
{
	struct scram *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (gsasl_init(&s->library) != GSASL_OK ||
		gsasl_client_start(s->library, method, &s->session) != GSASL_OK) {
		scram_free(s);
		return NULL;
	}
	gsasl_property_set(s->session, GSASL_AUTHID, user->name);
	gsasl_property_set(s->session, GSASL_PASSWORD, user->password ? user->password : "");
	return s;
}

enum scram_status scram_step(
	struct scram *s, struct arena *a, struct bytes heard, struct bytes *say)
{
	char *out = NULL;
	size_t len = 0;
	int status = gsasl_step(s->session, (const char *)heard.data, heard.len, &out, &len);

	*say = (struct bytes){ out ? arena_copy(a, out, len) : NULL, len };
	gsasl_free(out);
	return status == GSASL_OK            ? SCRAM_DONE
		: status == GSASL_NEEDS_MORE ? SCRAM_GOES_ON
					     : SCRAM_BROKEN;
}

void scram_free(struct scram *s)
{
	if (!s)
		return;
	if (s->session)
		gsasl_finish(s->session);
	if (s->library)
		gsasl_done(s->library);
	free(s);
}
