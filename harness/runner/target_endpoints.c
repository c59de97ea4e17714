#include "harness/runner/target_endpoints.h"

#include "harness/case.h"
#include "harness/launch/words.h"
#include "harness/runner/port.h"
#include "harness/runner/target.h"
#include "harness/transport/transport.h"

/* With its handshakes; who does not listen yet refuses at once. */
enum { ACCEPT_LIMIT_US = 2000000 };

/* What a URL does not say. */
static bool equip(struct target *t, struct endpoint *e, const char **error)
{
	e->login = t->login;
	e->guest = t->guest;
	if (e->transport->has_path && t->path)
		e->path = t->path;
	if (!e->transport->is_secret)
		return true;
	if (!t->tls)
		t->tls = tls_new_dialling(&t->arena, &t->files, error);
	e->tls = t->tls;
	return t->tls;
}

/* ---- where it is reached -------------------------------------------------------------------- */

const struct endpoint *target_endpoint(const struct target *t, const struct transport *transport)
{
	for (size_t i = 0; i < t->further_count; i++)
		if (t->further[i].transport == transport)
			return &t->further[i];
	return &t->endpoint;
}

/* ---- where users or certificates are asked for ---------------------------------------------- */

/* `values` for the placeholders of the URLs. */
static bool find_list(struct target *t, const char *const *url, const struct placeholder *values,
	struct endpoint **list, size_t *count, const char **error)
{
	size_t capacity = 0;

	*list = NULL;
	for (*count = 0; url && *url; url++) {
		*list = arena_grow(&t->arena, *list, *count, &capacity, sizeof(**list));
		struct endpoint *e = &(*list)[(*count)++];
		if (!endpoint_parse(&t->arena, words_fill(&t->arena, *url, values), e, error) ||
			!equip(t, e, error))
			return false;
	}
	return true;
}

/* Whoever connects there shows a good one, unless a case says otherwise. */
static bool find_certificates(
	struct target *t, const struct placeholder *values, const char **error)
{
	const struct target_certificates *c = &t->file->certificates;
	struct arena *a = &t->arena;

	t->certificates = c->those;
	if (!c->line)
		return true;
	if (!t->certificates.folder)
		t->certificates.folder = target_pki(t, &t->arena);
	if (!find_list(t, c->urls, values, &t->for_certificates, &t->for_certificates_count, error))
		return false;
	for (size_t i = 0; i < t->for_certificates_count; i++) {
		if (!t->for_certificates[i].tls) {
			*error = arena_printf(
				a, "%s: [certificates] are for TLS", t->for_certificates[i].url);
			return false;
		}
		struct tls_files files = t->tls->files;
		files.cert = arena_printf(a, "%s/client.pem", t->certificates.folder);
		files.key = arena_printf(a, "%s/client.key", t->certificates.folder);
		if (!t->certified && !(t->certified = tls_new_dialling(a, &files, error)))
			return false;
		t->for_certificates[i].tls = t->certified;
	}
	return true;
}

bool target_find_special(struct target *t, const struct placeholder *values, const char **error)
{
	const struct target_file *f = t->file;

	if (!f)
		return true;
	return find_list(t, f->users_urls, values, &t->for_users, &t->for_users_count, error) &&
		find_certificates(t, values, error);
}

struct endpoint target_certificates_endpoint(
	const struct target *t, const struct transport *transport)
{
	static const struct certificates none = {
		.lack = "the target's file has no [certificates], or no `url` for this transport "
			"in "
			"them: see docs/TARGETS.md, Certificates of clients"
	};
	struct endpoint e = *target_endpoint(t, transport);

	e.certificates = &none;
	for (size_t i = 0; i < t->for_certificates_count; i++) {
		if (t->for_certificates[i].transport != transport)
			continue;
		e = t->for_certificates[i];
		e.certificates = &t->certificates;
	}
	return e;
}

struct endpoint target_users_endpoint(const struct target *t, const struct transport *transport)
{
	static const struct users elsewhere = {
		.lack = "the [users] of the target's file have no `url` for this transport"
	};
	const struct users *users = t->users && t->for_users_count ? &elsewhere : t->users;
	struct endpoint e = *target_endpoint(t, transport);

	for (size_t i = 0; t->users && i < t->for_users_count; i++) {
		if (t->for_users[i].transport != transport)
			continue;
		e = t->for_users[i];
		users = t->users;
	}
	e.users = users;
	if (users && users->count)
		e.login = &t->first_user;
	return e;
}

bool target_use_url(struct target *t, const char *url, const char **error)
{
	return endpoint_parse(&t->arena, url, &t->endpoint, error) &&
		equip(t, &t->endpoint, error) &&
		target_find_special(t, (const struct placeholder[]){ { 0 } }, error);
}

/* ---- of a launched program ---------------------------------------------------------------------- */

bool target_offers(
	const struct target_file *file, const char *url, const struct transport *transport)
{
	const char *rest;

	if (!file || !file->command)
		return transport_of_url(url, &rest) == transport;
	return target_file_asks(file, transport->place);
}

bool target_wants(const struct target *t, const struct transport *transport)
{
	for (size_t i = 0; i < t->route_count; i++)
		if (t->routes[i] == transport)
			return true;
	return !t->route_count;
}

static bool set_endpoint(struct target *t, const struct transport *transport, struct endpoint *out,
	const char **error)
{
	const char *url = places_url(&t->places, &t->arena, transport, t->folder, t->path);

	return endpoint_parse(&t->arena, url, out, error) && equip(t, out, error);
}

bool target_find_endpoints(struct target *t, const char **error)
{
	struct arena *a = &t->arena;
	size_t capacity = 0;
	bool any = false;

	t->further = NULL;
	t->further_count = 0;
	for (size_t i = 0; transports[i]; i++) {
		struct endpoint *out = &t->endpoint;
		if (!target_wants(t, transports[i]) || !target_offers(t->file, NULL, transports[i]))
			continue;
		if (any) {
			t->further = arena_grow(
				a, t->further, t->further_count, &capacity, sizeof(*t->further));
			out = &t->further[t->further_count++];
		}
		if (!set_endpoint(t, transports[i], out, error))
			return false;
		any = true;
	}
	return any || set_endpoint(t, transports[0], &t->endpoint, error);
}

const struct endpoint *target_silent_at(const struct target *t, struct arena *a, const char **why)
{
	if ((*why = endpoint_silence(a, &t->endpoint, ACCEPT_LIMIT_US)))
		return &t->endpoint;
	for (size_t i = 0; i < t->further_count; i++)
		if ((*why = endpoint_silence(a, &t->further[i], ACCEPT_LIMIT_US)))
			return &t->further[i];
	for (size_t i = 0; i < t->for_users_count; i++)
		if (target_wants(t, t->for_users[i].transport) &&
			(*why = endpoint_silence(a, &t->for_users[i], ACCEPT_LIMIT_US)))
			return &t->for_users[i];
	for (size_t i = 0; i < t->for_certificates_count; i++)
		if (target_wants(t, t->for_certificates[i].transport) &&
			(*why = endpoint_silence(a, &t->for_certificates[i], ACCEPT_LIMIT_US)))
			return &t->for_certificates[i];
	return NULL;
}
