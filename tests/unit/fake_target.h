/* A target that does little more than answer CONNECT, and misbehaves as told. */
#ifndef TESTS_UNIT_FAKE_TARGET_H
#define TESTS_UNIT_FAKE_TARGET_H

#include <stdbool.h>

/* Writes a target file that launches it. Modes:
 *   plain      all is well, until a connection says "die", "die later" or "deaf"
 *   broker     answers CONNECT, SUBSCRIBE and PUBLISH, until a connection says "die", "die later" or
 *              "mute" or "shut" and for how many seconds; "count" is answered by the number of CONNECTs so far
 *   closer     the same, but closes a connection that it does not answer, after some time
 *   half       the same, but never answers a SUBSCRIBE
 *   exit       exits before it listens
 *   idle       never listens
 *   stubborn   ignores SIGTERM
 *   parent     has a child in a session of its own, whose id it prints
 *   robbed     on its first launch another process takes its port first; the id of that one is in
 *              test_target.taken
 *   robbed_2   the same with {port_2}
 *   ports      prints {port}, {port_2}, {port_9} and {port_2} again
 *   missing    the program does not exist
 */
bool fake_target_write(const char *path, const char *mode, unsigned ready_ms);

#endif
