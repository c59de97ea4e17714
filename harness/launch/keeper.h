/* A small process that ends a launched program if this one is killed and cannot do so itself.
 *
 *   mqttspec ──── pipe ────▶ keeper        the pipe ends with mqttspec and its workers; then the keeper
 *      └──▶ program, group, strays ◀──┘    kills what is left of the program, and ends
 *
 * docs/decisions/0017-the-keeper.md says why the kernel's signal on the parent's death is not enough.
 */
#ifndef HARNESS_KEEPER_H
#define HARNESS_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

struct keeper {
	pid_t pid; /* 0: none */
	int fd;    /* our end of the pipe; -1 */
};

/* No keeper. */
#define KEEPER_NONE      \
	{                \
		.fd = -1 \
	}

/* Watches over this process group, and everything that has this mark. False with errno. */
bool keeper_start(struct keeper *k, pid_t group, const char *mark);

/* Sends it home; it kills nobody. To be called before the number of the group is free for others.
 * Harmless when there is none.
 */
void keeper_end(struct keeper *k);

#endif
