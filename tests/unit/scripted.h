/* Plays one case against a server that does as a script says.
 *
 * A script is a line of steps, one connection each:
 *	r	read one packet
 *	a	read one packet and give it its answer: accept a CONNECT, grant, acknowledge, go on with a
 *		handshake
 *	e	the same with all that come but a CONNECT, until the peer closes
 *	s2002	send these bytes
 *	m31:a=x	send a PUBLISH that begins with this byte: payload "x" on topic "a", to which the prefix
 *		of the case run is added; m32:7:a=x with identifier 7
 *	p50	pause 50 ms
 *	x	close; X: close with a reset
 * At its end the server reads until the peer closes. In 5.0 answers and messages have no properties.
 */
#ifndef TESTS_UNIT_SCRIPTED_H
#define TESTS_UNIT_SCRIPTED_H

#include "tests/unit/unit.h"

/* case.h and cmocka both have a `fail`; what follows needs that of cmocka alone. */
#undef fail
#include "harness/case.h"
#undef fail
#define fail() _fail(__FILE__, __LINE__)

#include "base/arena.h"
#include "harness/play.h"

#define PLAY_PREFIX "k1"
#define CONNACK_311 "r s20020000 "
#define CONNACK_50  "r s2003000000 "

struct played {
	struct arena arena;
	struct record_case record;
};

/* What a server offers that limits nothing. */
struct capabilities offers_all(void);

/* Plays it; `play` needs .def and .version, and may have more: of a .target, its login and users count. The n-th script serves the n-th connection. In
 * a case with a budget the first one is the pulse: SCRIPT_PULSE.
 */
void play_with(struct played *p, struct play play, const char *const *scripts);
void play(struct played *p, const struct case_def *def, enum mqtt_version v,
	const char *const *scripts);

/* The same in a case with packets that never come: it waits for them briefly. If the verdict is another one, and
 * something has been waited for in vain, it is played once more with a long wait, as the runner does: a machine
 * that is busy may take longer than what is brief.
 */
void play_for(struct played *p, enum verdict verdict, struct play play, const char *const *scripts);
void done(struct played *p);

#define SCRIPTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SCRIPT_PULSE "a e"

#define assert_verdict(p, v) \
	assert_string_equal(verdict_name((p).record.verdict), verdict_name(VERDICT_##v))

void assert_contains(const char *text, const char *part);

/* The statement that the failure accuses, by its id alone, whatever the version. */
void assert_accused(const struct played *p, const char *id);

/* Played in each version that an id is given for: the verdict, and the statement that is accused. */
struct accusation {
	const struct case_def *def;
	const char *script; /* in a form that serves both versions */
	enum verdict verdict;
	const char *difference;     /* NULL: any, or none */
	const char *id_311, *id_50; /* NULL: not played in this version */
};

void assert_accusations(const struct accusation *list, size_t count);

#define ASSERT_ACCUSATIONS(list) assert_accusations((list), sizeof(list) / sizeof(*(list)))

/* How many lines of the transcript have this text. */
size_t transcript_count(const struct played *p, const char *part);

#endif
