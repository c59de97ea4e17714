/* Processes that a program has started, even those that left its group or its user: they all have the
 * program's mark in their environment.
 */
#ifndef HARNESS_STRAYS_H
#define HARNESS_STRAYS_H

#include <stdbool.h>
#include <sys/types.h>

/* Kills every process whose environment has this "NAME=value", and waits until they are gone, five seconds at most. */
void strays_kill(const char *mark);

/* The same with every process of a group. */
void strays_kill_group(pid_t group);

/* Whether any process of this group is alive, even if only one of its threads is left. */
bool strays_in_group(pid_t group);

#endif
