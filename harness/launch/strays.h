/* Processes that a program has started, even those that left its group or its user: they all have the
 * program's mark in their environment.
 */
#ifndef HARNESS_STRAYS_H
#define HARNESS_STRAYS_H

/* Kills every process whose environment has this "NAME=value". */
void strays_kill(const char *mark);

#endif
