#include "broker/shell/listeners.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "broker/shell/channel.h"
#include "broker/shell/tls.h"

static bool resolve(const struct listener_settings *s, struct sockaddr_storage *address)
{
	const char *name = s->address;

	if (s->path) {
		struct sockaddr_un *path = (struct sockaddr_un *)address;
		path->sun_family = AF_UNIX;
		snprintf(path->sun_path, sizeof(path->sun_path), "%s", s->path);
		return true;
	}
	if (!strcmp(name, "localhost"))
		name = s->family == FAMILY_IPV6 ? "::1" : "127.0.0.1";
	return !uv_ip4_addr(name, s->port, (struct sockaddr_in *)address) ||
		!uv_ip6_addr(name, s->port, (struct sockaddr_in6 *)address);
}

/* What its connections are wrapped in. */
static void wrap(struct entrance *e, const struct listener_settings *s, struct tls *tls)
{
	if (tls) {
		e->inner = e->channel;
		e->channel = &channel_tls;
		e->tls = tls;
	}
	e->origins = s->origins;
	e->origin_count = s->origin_count;
	e->most = s->max_connections;
	e->mount = mqtt_view_of(s->mount_point);
}

static int open_one(struct listener *l, uv_loop_t *loop, struct connections *all,
	const struct listener_settings *s)
{
	struct sockaddr_storage address = { 0 };
	bool websockets = s->protocol == PROTOCOL_WEBSOCKETS;

	l->only_v6 = s->family == FAMILY_IPV6;
	if (!resolve(s, &address))
		return UV_EINVAL;
	return listener_open(l, loop, (struct sockaddr *)&address, all,
		websockets ? &channel_websocket : &channel_plain);
}

bool listeners_open(struct listeners *l, uv_loop_t *loop, struct connections *all,
	const struct settings *settings, char *error, unsigned error_size)
{
	static const struct listener_settings standard = { .address = "127.0.0.1", .port = 1883 };
	unsigned count = settings->listener_count ? settings->listener_count : 1;
	struct tls_set set;

	if (!tls_set_read(&set, settings, error, error_size))
		return false;
	l->per_listener = settings->per_listener;
	while (l->count < count) {
		const struct listener_settings *s =
			settings->listener_count ? &settings->listeners[l->count] : &standard;
		int e = open_one(&l->list[l->count], loop, all, s);
		if (e) {
			snprintf(error, error_size, "listener %u %s: %s", s->port,
				s->path ? s->path : s->address, uv_strerror(e));
			tls_set_drop(&set);
			return false;
		}
		wrap(&l->list[l->count].entrance, s, set.list[l->count]);
		l->list[l->count].entrance.realm = settings->per_listener ? (uint8_t)l->count : 0;
		set.list[l->count++] = NULL;
	}
	return true;
}

bool listeners_fit(const struct listeners *l, const struct settings *settings)
{
	unsigned count = settings->listener_count ? settings->listener_count : 1;

	if (l->count != count || l->per_listener != settings->per_listener)
		return false;
	for (unsigned i = 0; i < settings->listener_count; i++) {
		const struct listener_settings *s = &settings->listeners[i];
		const struct entrance *e = &l->list[i].entrance;
		bool same_place = !s->port || l->list[i].port == s->port;
		if (!same_place || !e->tls == tls_is_wanted(&s->tls) ||
			!mqtt_view_equal(e->mount, mqtt_view_of(s->mount_point)))
			return false;
	}
	return true;
}

void listeners_renew(struct listeners *l, struct tls_set *set)
{
	for (unsigned i = 0; i < l->count; i++) {
		struct tls *old = l->list[i].entrance.tls;
		l->list[i].entrance.tls = set->list[i];
		set->list[i] = old;
	}
}

bool listeners_retry(struct listeners *l)
{
	bool waits = false;

	for (unsigned i = 0; i < l->count; i++) {
		listener_retry(&l->list[i]);
		waits |= l->list[i].waits;
	}
	return waits;
}

void listeners_close(struct listeners *l)
{
	while (l->count)
		listener_close(&l->list[--l->count]);
}

void listeners_fini(struct listeners *l)
{
	for (unsigned i = 0; i < LISTENERS_MAX; i++)
		tls_drop(l->list[i].entrance.tls);
}
