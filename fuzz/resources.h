/* What a launched target uses: memory and descriptors of its process group, and whether it is at work, from /proc; and what
 * of it has to be called a leak.
 *
 * Only what a target keeps while nobody asks anything of it counts, and only growth that goes on: it is looked at
 * when all is quiet (resources_look), again and again.
 */
#ifndef FUZZ_RESOURCES_H
#define FUZZ_RESOURCES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct usage {
	uint64_t memory_kib; /* resident */
	uint64_t descriptors;
	bool runs;          /* a thread of it runs at this moment, or waits for a processor */
	unsigned processes; /* 0: nothing could be read */
};

enum { RESOURCES_LOOKS = 6 };

struct resources {
	struct usage looks[RESOURCES_LOOKS]; /* the oldest first */
	unsigned count;
	uint64_t memory_limit_kib; /* growth beyond this, over all looks, is an accusation */
	uint64_t descriptor_limit;
};

/* Of all processes of the group. */
struct usage usage_of(pid_t group);

/* The target is new: what it uses first is what it needs. */
void resources_forget(struct resources *r);

enum leak { LEAK_NONE, LEAK_MEMORY, LEAK_DESCRIPTORS };

/* A look at quiet. An accusation needs growth at each of the last RESOURCES_LOOKS looks, and the limit passed
 * between the first and the last of them.
 */
enum leak resources_look(struct resources *r, struct usage now);

#endif
