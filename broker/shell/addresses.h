/* How many connections each address has. Within broker/shell only. */
#ifndef BROKER_SHELL_ADDRESSES_H
#define BROKER_SHELL_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

struct address_count;
struct sockaddr_storage;

struct addresses {
	uint32_t most; /* connections of one address; 0: no limit, nothing is counted */
	struct address_count **buckets; /* hash table; NULL while there is no limit */
};

/* False without memory. */
bool addresses_init(struct addresses *a, uint32_t most);
void addresses_fini(struct addresses *a); /* none may be counted any longer */

/* One more. False if this address has as many as it may, or without memory. `*count` is what
 * addresses_leave is to be given; NULL where nothing is counted.
 */
bool addresses_come(
	struct addresses *a, const struct sockaddr_storage *from, struct address_count **count);
void addresses_leave(struct addresses *a, struct address_count *count); /* NULL is fine */

#endif
