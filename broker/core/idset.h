/* A set of Packet Identifiers: the QoS 2 messages that were received and not yet released. Nothing is
 * allocated while it is empty.
 */
#ifndef BROKER_CORE_IDSET_H
#define BROKER_CORE_IDSET_H

#include <stdbool.h>
#include <stdint.h>

struct memory;

struct idset {
	uint16_t *slots;   /* open addressing; 0: free, as no identifier is 0 */
	uint32_t capacity; /* a power of two; at most half of it is in use */
	uint32_t count;
};

enum idset_result { IDSET_ADDED, IDSET_THERE, IDSET_NO_MEMORY };

void idset_fini(struct idset *s, struct memory *memory);
enum idset_result idset_add(struct idset *s, struct memory *memory, uint16_t id);
bool idset_has(const struct idset *s, uint16_t id);
bool idset_remove(
	struct idset *s, struct memory *memory, uint16_t id); /* false: it was not there */

#endif
