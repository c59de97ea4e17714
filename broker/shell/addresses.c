#include "broker/shell/addresses.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BUCKETS = 1 << 12 };

struct address_count {
	struct address_count *next;
	uint32_t count;
	uint8_t family;
	uint8_t bytes[16];
};

bool addresses_init(struct addresses *a, uint32_t most)
{
	*a = (struct addresses){ .most = most };
	if (most)
		a->buckets = calloc(BUCKETS, sizeof(struct address_count *));
	return !most || a->buckets;
}

void addresses_fini(struct addresses *a)
{
	free(a->buckets);
	a->buckets = NULL;
}

static struct address_count **find(struct addresses *a, const struct address_count *key)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof(key->bytes); i++)
		hash = (hash ^ key->bytes[i]) * 16777619u;
	struct address_count **at = &a->buckets[hash % BUCKETS];
	while (*at &&
		((*at)->family != key->family ||
			memcmp((*at)->bytes, key->bytes, sizeof(key->bytes)) != 0))
		at = &(*at)->next;
	return at;
}

bool addresses_come(
	struct addresses *a, const struct sockaddr_storage *from, struct address_count **count)
{
	struct address_count key = { .family = (uint8_t)from->ss_family };

	*count = NULL;
	if (!a->most || from->ss_family == AF_UNIX)
		return true;
	if (from->ss_family == AF_INET)
		memcpy(key.bytes, &((const struct sockaddr_in *)from)->sin_addr, 4);
	else
		memcpy(key.bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
	struct address_count **at = find(a, &key);
	if (!*at) {
		*at = malloc(sizeof(key));
		if (!*at)
			return false;
		**at = key;
	}
	if ((*at)->count == a->most)
		return false;
	(*at)->count++;
	*count = *at;
	return true;
}

void addresses_leave(struct addresses *a, struct address_count *count)
{
	if (!count || --count->count)
		return;
	struct address_count **at = find(a, count);
	*at = count->next;
	free(count);
}
