#include "broker/shell/settings_listener.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/arena.h"
#include "broker/shell/directive.h"
#include "broker/shell/settings.h"
#include "mqtt/text.h"

static bool is_placed(struct line *l)
{
	return l->listener ||
		line_wrong(l,
			arena_printf(l->arena,
				"%s is about the listener before it, and there is none", l->name));
}

/* ---- where it listens ---------------------------------------------------------------------- */

/* "listener 0 PATH": a Unix socket. */
static bool set_path(struct line *l, const char *path)
{
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return line_wrong(l, "the path of a Unix socket has 107 bytes at most");
	l->listener->path = arena_text(l->arena, path);
	return true;
}

static bool set_listener(struct line *l)
{
	struct settings *s = l->settings;
	char *rest;
	unsigned long port = strtoul(l->value, &rest, 10);

	if (!isdigit((unsigned char)*l->value) || port > 65535 || (*rest && !isblank(*rest)))
		return line_wrong(
			l, "listener takes a port from 0 to 65535, and an address if you like");
	while (isblank(*rest))
		rest++;
	bool is_path = !port && strchr(rest, '/');
	if (*rest && !is_path && !settings_address_valid(rest))
		return line_wrong(l,
			arena_printf(l->arena,
				"listener takes an IP address or localhost, not \"%s\"", rest));
	if (s->listener_count == LISTENERS_MAX)
		return line_wrong(l, "there are more listeners than 32");
	l->listener = &s->listeners[s->listener_count++];
	*l->listener = (struct listener_settings){ .port = (uint16_t)port,
		.access.allow_anonymous = true };
	if (is_path)
		return set_path(l, rest);
	if (*rest)
		l->listener->address = arena_text(l->arena, rest);
	return true;
}

static bool set_protocol(struct line *l)
{
	if (!is_placed(l))
		return false;
	if (!strcmp(l->value, "websockets"))
		l->listener->protocol = PROTOCOL_WEBSOCKETS;
	else if (strcmp(l->value, "mqtt"))
		return line_wrong(l, "protocol takes mqtt or websockets");
	return true;
}

static bool set_socket_domain(struct line *l)
{
	if (!is_placed(l))
		return false;
	if (!strcmp(l->value, "ipv4"))
		l->listener->family = FAMILY_IPV4;
	else if (!strcmp(l->value, "ipv6"))
		l->listener->family = FAMILY_IPV6;
	else
		return line_wrong(l, "socket_domain takes ipv4 or ipv6");
	return true;
}

/* -1 is mosquitto's "no limit". Before the first listener it is about all of them together. */
static bool set_max_connections(struct line *l)
{
	uint32_t *connections =
		l->listener ? &l->listener->max_connections : &l->settings->limits.connections;

	if (strcmp(l->value, "-1"))
		return line_u32(l, 1, UINT32_MAX, connections);
	*connections = l->listener ? 0 : UINT32_MAX;
	return true;
}

/* A Topic Name, but for "$": what begins with that is not for clients, or has a meaning of its own. */
static bool set_mount_point(struct line *l)
{
	if (!is_placed(l) || !line_text(l, &l->listener->mount_point))
		return false;
	return (mqtt_topic_valid(mqtt_view_of(l->value)) && *l->value != '$') ||
		line_wrong(l, "mount_point takes the beginning of a topic, without +, # and $");
}

static bool set_origin(struct line *l)
{
	const char *origin;

	if (!is_placed(l) || !line_text(l, &origin))
		return false;
	struct listener_settings *s = l->listener;
	s->origins = arena_grow(
		l->arena, s->origins, s->origin_count, &s->origin_capacity, sizeof(*s->origins));
	s->origins[s->origin_count++] = origin;
	return true;
}

/* ---- who is let in ------------------------------------------------------------------------- */

static bool set_per_listener(struct line *l)
{
	const struct access_settings *a = &l->settings->access;

	if (a->allow_anonymous_given || a->password_file || a->scram_file || a->acl_file ||
		a->psk_file)
		return line_wrong(l, "per_listener_settings comes before what it is about");
	return line_bool(l, &l->settings->per_listener);
}

/* Those that the line is about; NULL, with an error, if there are none. */
static struct access_settings *access_of(struct line *l)
{
	if (!l->settings->per_listener)
		return &l->settings->access;
	return is_placed(l) ? &l->listener->access : NULL;
}

static bool set_allow_anonymous(struct line *l)
{
	struct access_settings *a = access_of(l);

	if (!a)
		return false;
	a->allow_anonymous_given = true;
	return line_bool(l, &a->allow_anonymous);
}

static bool set_password_file(struct line *l)
{
	struct access_settings *a = access_of(l);

	return a && line_text(l, &a->password_file);
}

static bool set_scram_file(struct line *l)
{
	struct access_settings *a = access_of(l);

	return a && line_text(l, &a->scram_file);
}

static bool set_acl_file(struct line *l)
{
	struct access_settings *a = access_of(l);

	return a && line_text(l, &a->acl_file);
}

static bool set_psk_file(struct line *l)
{
	struct access_settings *a = access_of(l);

	return a && line_text(l, &a->psk_file);
}

/* ---- TLS ----------------------------------------------------------------------------------- */

static bool set_tls_version(struct line *l)
{
	if (!is_placed(l))
		return false;
	if (!strcmp(l->value, "tlsv1.3"))
		l->listener->tls.only_13 = true;
	else if (strcmp(l->value, "tlsv1.2"))
		return line_wrong(l, "tls_version takes tlsv1.2, which includes 1.3, or tlsv1.3");
	return true;
}

SETTING(set_cafile, is_placed(l) && line_text(l, &l->listener->tls.cafile))
SETTING(set_capath, is_placed(l) && line_text(l, &l->listener->tls.capath))
SETTING(set_certfile, is_placed(l) && line_text(l, &l->listener->tls.certfile))
SETTING(set_keyfile, is_placed(l) && line_text(l, &l->listener->tls.keyfile))
SETTING(set_crlfile, is_placed(l) && line_text(l, &l->listener->tls.crlfile))
SETTING(set_ciphers, is_placed(l) && line_text(l, &l->listener->tls.ciphers))
SETTING(set_ciphers_tls13, is_placed(l) && line_text(l, &l->listener->tls.ciphers_tls13))
SETTING(set_psk_hint, is_placed(l) && line_text(l, &l->listener->tls.psk_hint))
SETTING(set_require, is_placed(l) && line_bool(l, &l->listener->tls.require_certificate))
SETTING(set_identity, is_placed(l) && line_bool(l, &l->listener->tls.identity_as_user))
SETTING(set_subject, is_placed(l) && line_bool(l, &l->listener->tls.subject_as_user))

static const struct directive directives[] = {
	{ "acl_file", set_acl_file },
	{ "allow_anonymous", set_allow_anonymous },
	{ "cafile", set_cafile },
	{ "capath", set_capath },
	{ "certfile", set_certfile },
	{ "ciphers", set_ciphers },
	{ "ciphers_tls1.3", set_ciphers_tls13 },
	{ "crlfile", set_crlfile },
	{ "keyfile", set_keyfile },
	{ "listener", set_listener },
	{ "max_connections", set_max_connections },
	{ "mount_point", set_mount_point },
	{ "password_file", set_password_file },
	{ "per_listener_settings", set_per_listener },
	{ "protocol", set_protocol },
	{ "psk_file", set_psk_file },
	{ "psk_hint", set_psk_hint },
	{ "require_certificate", set_require },
	{ "scram_file", set_scram_file },
	{ "socket_domain", set_socket_domain },
	{ "tls_version", set_tls_version },
	{ "use_identity_as_username", set_identity },
	{ "use_subject_as_username", set_subject },
	{ "websockets_origin", set_origin },
};

const struct directive *settings_listener_directives(size_t *count)
{
	*count = sizeof(directives) / sizeof(*directives);
	return directives;
}

bool settings_listener_adds(const struct directive *d)
{
	return d->set == set_listener || d->set == set_origin;
}

bool settings_listener_is_shared(const struct directive *d)
{
	return d->set == set_acl_file || d->set == set_allow_anonymous ||
		d->set == set_password_file || d->set == set_psk_file || d->set == set_scram_file ||
		d->set == set_per_listener;
}

/* ---- the whole of it ----------------------------------------------------------------------- */

static bool family_fits(const struct listener_settings *s)
{
	bool v6 = strchr(s->address, ':');

	return s->family == FAMILY_ANY || (s->family == FAMILY_IPV6) == v6;
}

/* NULL, or what is wrong with keys that both sides know. */
static const char *psk_lack_of(const struct tls_settings *t)
{
	if (t->certfile || t->keyfile || t->cafile || t->capath || t->crlfile ||
		t->require_certificate || t->subject_as_user)
		return "psk_hint is for keys in the place of certificates";
	return t->psk_file ? NULL : "psk_hint takes a psk_file";
}

/* NULL, or what is wrong with certificates. */
static const char *tls_lack_of(const struct tls_settings *t)
{
	bool any = t->cafile || t->capath || t->crlfile || t->require_certificate ||
		t->identity_as_user || t->subject_as_user;

	if (!t->certfile != !t->keyfile)
		return t->certfile ? "it has a certfile, but no keyfile"
				   : "it has a keyfile, but no certfile";
	if (any && !t->certfile)
		return "TLS takes a certfile and a keyfile";
	if ((t->identity_as_user || t->subject_as_user) && !t->require_certificate)
		return "names from certificates take require_certificate true";
	if (t->identity_as_user && t->subject_as_user)
		return "the user name is either the identity or the subject of a certificate";
	if (t->require_certificate && !t->cafile && !t->capath)
		return "require_certificate takes a cafile or a capath";
	if (t->crlfile && !t->cafile && !t->capath)
		return "crlfile takes a cafile or a capath";
	return NULL;
}

/* NULL, or what is wrong with a listener. */
static const char *lack_of(const struct listener_settings *s)
{
	const char *lack = s->tls.psk_hint ? psk_lack_of(&s->tls) : tls_lack_of(&s->tls);

	if (lack)
		return lack;
	if (!s->path && !family_fits(s))
		return "the address is not of its socket_domain";
	if (s->origin_count && s->protocol != PROTOCOL_WEBSOCKETS)
		return "websockets_origin takes protocol websockets";
	return NULL;
}

bool settings_listener_finish(
	struct settings *s, struct arena *a, const char *path, const char **error)
{
	if (s->listener_count && !s->access.allow_anonymous_given)
		s->access.allow_anonymous = false;
	for (unsigned i = 0; i < s->listener_count; i++) {
		struct listener_settings *l = &s->listeners[i];
		if (!l->access.allow_anonymous_given)
			l->access.allow_anonymous = false;
		if (!l->path && !l->address)
			l->address = l->family == FAMILY_IPV4 ? "0.0.0.0" : "::";
		if (l->tls.psk_hint)
			l->tls.psk_file = s->per_listener ? l->access.psk_file : s->access.psk_file;
		const char *lack = lack_of(l);
		if (!lack)
			continue;
		*error = l->path ? arena_printf(a, "%s: listener 0 %s: %s", path, l->path, lack)
				 : arena_printf(a, "%s: listener %u: %s", path, l->port, lack);
		return false;
	}
	return true;
}
