#include "broker/core/sessions.h"

#include "broker/core/hash.h"
#include "broker/core/memory.h"
#include "broker/core/session.h"

enum { FIRST_BUCKETS = 64 };

bool sessions_init(struct sessions *t, struct memory *memory, uint64_t seed)
{
	*t = (struct sessions){ .memory = memory, .seed = seed, .bucket_count = FIRST_BUCKETS };
	t->buckets = memory_take_zeroed(memory, FIRST_BUCKETS * sizeof(struct session *));
	return t->buckets != NULL;
}

void sessions_fini(struct sessions *t)
{
	memory_give(t->memory, t->buckets, t->bucket_count * sizeof(struct session *));
	*t = (struct sessions){ 0 };
}

struct session *sessions_find(const struct sessions *t, struct mqtt_view id)
{
	uint32_t hash = (uint32_t)hash_view(t->seed, id);
	struct session *s = t->buckets[hash & (t->bucket_count - 1)];

	while (s && !(s->hash == hash && mqtt_view_equal(session_id(s), id)))
		s = s->chained;
	return s;
}

static void buckets_grow(struct sessions *t)
{
	uint32_t count = t->bucket_count * 2;
	struct session **buckets = memory_take_zeroed(t->memory, count * sizeof(struct session *));

	if (!buckets)
		return;
	for (uint32_t i = 0; i < t->bucket_count; i++) {
		for (struct session *s = t->buckets[i], *next; s; s = next) {
			next = s->chained;
			s->chained = buckets[s->hash & (count - 1)];
			buckets[s->hash & (count - 1)] = s;
		}
	}
	memory_give(t->memory, t->buckets, t->bucket_count * sizeof(struct session *));
	t->buckets = buckets;
	t->bucket_count = count;
}

void sessions_add(struct sessions *t, struct session *s)
{
	if (t->count++ >= t->bucket_count)
		buckets_grow(t);
	s->hash = (uint32_t)hash_view(t->seed, session_id(s));
	s->chained = t->buckets[s->hash & (t->bucket_count - 1)];
	t->buckets[s->hash & (t->bucket_count - 1)] = s;
}

void sessions_remove(struct sessions *t, struct session *s)
{
	struct session **at = &t->buckets[s->hash & (t->bucket_count - 1)];

	while (*at != s)
		at = &(*at)->chained;
	*at = s->chained;
	t->count--;
}
