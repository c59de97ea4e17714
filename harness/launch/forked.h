/* A process that a program of ours, which has loaded all that it needs, forks for us (docs/AGENT.md):
 *
 *	we                                   the program
 *	four descriptors             ──▶     forks, and forks again: one waits for the other
 *	                             ◀──     the number of the process
 *	                             ◀──     its status, when it has ended
 *
 * The descriptors are its stdin, stdout and stderr, and the pipe that the answers come through.
 */
#ifndef HARNESS_FORKED_H
#define HARNESS_FORKED_H

#include <stdbool.h>

struct program;

/* `socket_fd` leads to the program. False when no process comes within the time. */
bool forked_start(int socket_fd, int limit_ms, struct program *out);

bool forked_ended(struct program *p, int *status); /* for program_ended */

#endif
