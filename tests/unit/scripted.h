/* Plays one case against a server that does as a script says.
 *
 * A script is a line of steps, one connection each:
 *	r	read one packet
 *	s2002	send these bytes
 *	x	close; X: close with a reset
 *	p50	pause 50 ms
 *	e	echo PINGREQ as PINGRESP until the peer closes
 * At its end the server reads until the peer closes.
 */
#ifndef TESTS_UNIT_SCRIPTED_H
#define TESTS_UNIT_SCRIPTED_H

#include "tests/unit/unit.h"

#include "base/arena.h"

/* case.h and cmocka both have a `fail`; what follows needs that of cmocka alone. */
#undef fail
#include "harness/case.h"
#undef fail
#define fail() _fail(__FILE__, __LINE__)
#include "harness/play.h"

#define SCRIPTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The beginning of a script that lets a client in. */
#define CONNACK_311 "r s20020000 "
#define CONNACK_50  "r s2003000000 "

struct played {
	struct arena arena;
	struct record_case record;
};

/* `play` says which case, row and version, and may say more; the rest is filled in. */
void play_with(struct played *p, struct play play, const char *const *scripts);
void play(struct played *p, const struct case_def *def, enum mqtt_version v,
	const char *const *scripts);
void done(struct played *p);

#define assert_verdict(p, v) \
	assert_string_equal(verdict_name((p).record.verdict), verdict_name(VERDICT_##v))

void assert_contains(const char *text, const char *part);
bool transcript_has(const struct played *p, const char *part);

#endif
