/* The part of the language of cases that is about TLS: for cases with .over = OVER_TLS, which see it through
 * harness/case.h.
 */
#ifndef HARNESS_TLS_CASE_H
#define HARNESS_TLS_CASE_H

#include <stddef.h>

struct peer;
struct place;
struct test;

/* A connection below TLS, for send_bytes. What the target says to it is thrown away. */
#define dial_bare(t, name) dial_bare_at(AT("dial_bare(" #t ", " #name ")"), (t), (name))

/* Like dial, but a target that lets nobody in meanwhile is at fault. */
#define expect_connection(t, name) \
	expect_connection_at(AT("expect_connection(" #t ", " #name ")"), (t), (name))

/* Below TLS: bytes that are no record; the end of what the peer sends, without close_notify. */
#define disturb(peer) disturb_at(AT("disturb(" #peer ")"), (peer))
#define cut(peer)     cut_at(AT("cut(" #peer ")"), (peer))

struct peer *dial_bare_at(struct place at, struct test *t, const char *name);
struct peer *expect_connection_at(struct place at, struct test *t, const char *name);
void disturb_at(struct place at, struct peer *p);
void cut_at(struct place at, struct peer *p);

#endif
