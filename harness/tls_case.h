/* The part of the language of cases that is about TLS: for cases with .over = OVER_TLS, which see it through
 * harness/case.h.
 */
#ifndef HARNESS_TLS_CASE_H
#define HARNESS_TLS_CASE_H

#include <stddef.h>

#include "harness/launch/pki.h"
#include "harness/transport/tls_facts.h"

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

/* ---- a client is judged -------------------------------------------------------------------- */

/* Who dials from here on finds this certificate in place of a good one; is asked for a certificate of its own, and let
 * in with a good one alone; finds this version of TLS and no other (0x0303: 1.2).
 */
#define show_certificate(t, pair) \
	show_certificate_at(AT("show_certificate(" #t ", " #pair ")"), (t), (pair))
#define want_certificate(t)   want_certificate_at(AT("want_certificate(" #t ")"), (t))
#define speak_tls(t, version) speak_tls_at(AT("speak_tls(" #t ", " #version ")"), (t), (version))

/* The next connection of the client, whose handshake may come to nothing: then there is no peer, and `fault` is the end
 * of a sentence that begins with the client.
 */
struct handshake {
	struct peer *peer;
	const char *fault;
};

#define await_handshake(t) await_handshake_at(AT("await_handshake(" #t ")"), (t))

/* The next connection of the client below TLS, once it has said something. What it says is thrown away. */
#define accept_bare(t) accept_bare_at(AT("accept_bare(" #t ")"), (t))

const struct tls_facts *tls_of(struct peer *peer);

void show_certificate_at(struct place at, struct test *t, enum pki_pair pair);
void want_certificate_at(struct place at, struct test *t);
void speak_tls_at(struct place at, struct test *t, unsigned version);
struct handshake await_handshake_at(struct place at, struct test *t);
struct peer *accept_bare_at(struct place at, struct test *t);
struct peer *dial_bare_at(struct place at, struct test *t, const char *name);
struct peer *expect_connection_at(struct place at, struct test *t, const char *name);
void disturb_at(struct place at, struct peer *p);
void cut_at(struct place at, struct peer *p);

#endif
