#include "check/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"

enum { BUCKETS = 4096, SESSION_BLOCK = 512 };

struct session {
	struct session *next;          /* in its bucket */
	struct session *older, *newer; /* in the order of use */
	uint64_t digest;               /* of the ClientId */
	struct session_place place;
	struct arena arena;          /* of what is kept */
	struct monitor *monitors[2]; /* by enum side; kept, or of a connection */
	bool is_kept;
	size_t id_len;
	uint8_t id[];
};

struct sessions {
	size_t limit_bytes, bytes;
	struct session *buckets[BUCKETS];
	struct session *oldest, *newest;
};

struct sessions *sessions_new(size_t limit_bytes)
{
	struct sessions *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->limit_bytes = limit_bytes;
	return s;
}

static size_t cost(const struct session *e)
{
	return sizeof(*e) + e->id_len + e->arena.taken;
}

static void unlink_used(struct sessions *s, struct session *e)
{
	*(e->older ? &e->older->newer : &s->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &s->newest) = e->older;
}

static void link_newest(struct sessions *s, struct session *e)
{
	e->older = s->newest;
	e->newer = NULL;
	*(s->newest ? &s->newest->newer : &s->oldest) = e;
	s->newest = e;
}

static void forget(struct sessions *s, struct session *e)
{
	struct session **at = &s->buckets[e->digest % BUCKETS];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlink_used(s, e);
	s->bytes -= cost(e);
	arena_fini(&e->arena);
	free(e);
}

static struct session *find(struct sessions *s, struct bytes client_id)
{
	uint64_t digest = digest_add(DIGEST_NONE, client_id.data, client_id.len);
	struct session *e = s->buckets[digest % BUCKETS];

	while (e &&
		(e->digest != digest ||
			!bytes_equal((struct bytes){ e->id, e->id_len }, client_id)))
		e = e->next;
	return e;
}

void sessions_forget(struct sessions *s, struct bytes client_id)
{
	struct session *e = client_id.len ? find(s, client_id) : NULL;

	if (e)
		forget(s, e);
}

void sessions_clear(struct sessions *s)
{
	while (s->oldest)
		forget(s, s->oldest);
}

void sessions_free(struct sessions *s)
{
	if (!s)
		return;
	sessions_clear(s);
	free(s);
}

static bool is_at(const struct session *e, const struct session_place *place)
{
	return e->place.ipv6 == place->ipv6 && e->place.server.port == place->server.port &&
		!memcmp(e->place.server.address, place->server.address, place->ipv6 ? 16 : 4);
}

const struct monitor *sessions_find(struct sessions *s, struct bytes client_id,
	const struct session_place *place, enum side judged)
{
	struct session *e = client_id.len ? find(s, client_id) : NULL;

	return e && is_at(e, place) ? e->monitors[judged] : NULL;
}

static struct session *make(struct sessions *s, struct bytes client_id)
{
	struct session *e = calloc(1, sizeof(*e) + client_id.len);

	if (!e)
		abort();
	arena_init_small(&e->arena, SESSION_BLOCK);
	e->digest = digest_add(DIGEST_NONE, client_id.data, client_id.len);
	e->id_len = client_id.len;
	memcpy(e->id, client_id.data, client_id.len);
	e->next = s->buckets[e->digest % BUCKETS];
	s->buckets[e->digest % BUCKETS] = e;
	link_newest(s, e);
	s->bytes += cost(e);
	return e;
}

static void limit(struct sessions *s)
{
	while (s->bytes > s->limit_bytes && s->oldest != s->newest)
		forget(s, s->oldest);
}

void sessions_use(struct sessions *s, struct bytes client_id, const struct session_place *place,
	struct monitor *const monitors[2])
{
	if (!client_id.len)
		return;
	struct session *e = find(s, client_id);
	if (e)
		forget(s, e);
	e = make(s, client_id);
	e->place = *place;
	memcpy(e->monitors, monitors, sizeof(e->monitors));
	limit(s);
}

static struct session *of_connection(
	struct sessions *s, struct bytes client_id, struct monitor *const monitors[2])
{
	struct session *e = client_id.len ? find(s, client_id) : NULL;

	return e && !e->is_kept && e->monitors[0] == monitors[0] ? e : NULL;
}

void sessions_keep(struct sessions *s, struct bytes client_id, struct monitor *const monitors[2])
{
	struct session *e = of_connection(s, client_id, monitors);

	if (!e)
		return;
	s->bytes -= cost(e);
	for (unsigned i = 0; i < 2; i++)
		e->monitors[i] = monitor_copy(&e->arena, monitors[i]);
	e->is_kept = true;
	s->bytes += cost(e);
	unlink_used(s, e);
	link_newest(s, e);
	limit(s);
}

void sessions_drop(struct sessions *s, struct bytes client_id, struct monitor *const monitors[2])
{
	struct session *e = of_connection(s, client_id, monitors);

	if (e)
		forget(s, e);
}

void sessions_move(struct sessions *s, struct bytes client_id, struct monitor *const from[2],
	struct monitor *const to[2])
{
	struct session *e = of_connection(s, client_id, from);

	if (e)
		memcpy(e->monitors, to, sizeof(e->monitors));
}
