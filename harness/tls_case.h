/* The part of the language of cases that is about TLS: for cases with .over = OVER_TLS, which see it through
 * harness/case.h.
 */
#ifndef HARNESS_TLS_CASE_H
#define HARNESS_TLS_CASE_H

#include <stddef.h>

#include "harness/certificates.h"
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

/* In a case with .of_certificates: one that shows such a certificate. It is not open if the target has refused it in the
 * handshake; in TLS 1.3 it learns of that only when it reads. Without such a certificate the run is `inapplicable`.
 */
#define dial_showing(t, name, certificate)                                                    \
	dial_showing_at(AT("dial_showing(" #t ", " #name ", " #certificate ")"), (t), (name), \
		(certificate))

/* Like dial, at this version of TLS alone, TLS_1_0 to TLS_1_3; it is not open if the target does not speak it. */
enum tls_version { TLS_1_0 = 10, TLS_1_1, TLS_1_2, TLS_1_3 };

#define dial_version(t, name, version) \
	dial_version_at(AT("dial_version(" #t ", " #name ", " #version ")"), (t), (name), (version))

/* Of a connection that has ended: whether the target has ended TLS, too, by close_notify. -1: there is no telling. */
int has_close_notify(const struct peer *peer);

/* Below TLS: bytes that are no record; the end of what the peer sends, without close_notify. */
#define disturb(peer) disturb_at(AT("disturb(" #peer ")"), (peer))
#define cut(peer)     cut_at(AT("cut(" #peer ")"), (peer))

/* ---- a client is judged -------------------------------------------------------------------- */

/* Who dials from here on finds this certificate in place of a good one; is asked for a certificate of its own, and let
 * in with a good one alone; finds this version of TLS and no other.
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
void speak_tls_at(struct place at, struct test *t, enum tls_version version);
struct handshake await_handshake_at(struct place at, struct test *t);
struct peer *accept_bare_at(struct place at, struct test *t);
struct peer *dial_bare_at(struct place at, struct test *t, const char *name);
struct peer *expect_connection_at(struct place at, struct test *t, const char *name);
struct peer *dial_showing_at(
	struct place at, struct test *t, const char *name, enum certificate certificate);
struct peer *dial_version_at(
	struct place at, struct test *t, const char *name, enum tls_version version);
void disturb_at(struct place at, struct peer *p);
void cut_at(struct place at, struct peer *p);

#endif
