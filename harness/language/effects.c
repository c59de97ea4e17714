/* What comes of a packet that a target should not have tolerated: whether there is anything to
 * judge after it, and whether anybody else is affected by it.
 */
#include <string.h>

#include "base/hex.h"
#include "harness/test.h"

#define MARKER "marker after the bad packet"

enum { MARKER_ID = 1000 }; /* which no table has */

/* ---- triggers ------------------------------------------------------------------------------ */

/* Whether the target lets the connection in. */
static bool is_let_in(struct peer *p)
{
	const uint32_t greetings = SPEC_PACKET(CONNACK) | SPEC_PACKET(AUTH);
	const struct arrival *a = peer_wait(p, greetings, test_answer_deadline_us(p->test));

	return a && !(a->packet.type == CONNACK && a->packet.code);
}

/* Whether the target goes on with a connection that it has let in. */
static bool is_still_served(struct place at, struct peer *p)
{
	struct test *t = p->test;

	peer_send_fence(at, p);
	return peer_wait(p, test_signs_of_life(t), test_answer_deadline_us(t)) &&
		!peer_wait_end(p, test_still_closing_us(t));
}

bool gets_closed_at(struct place at, struct peer *p)
{
	if (p->accepted ? is_still_served(at, p) : is_let_in(p))
		return false;
	return peer_wait_end(p, test_answer_deadline_us(p->test));
}

void require_closed_at(struct place at, struct peer *p)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape);

	if (!gets_closed_at(at, p))
		test_end(t, at, VERDICT_INAPPLICABLE,
			arena_printf(t->arena,
				"the target does not end the connection, so the statement was not "
				"on trial: %s",
				peer_situation(p, since_us)));
}

/* ---- harm ---------------------------------------------------------------------------------- */

static bool row_is_publish(const struct test *t)
{
	return t->play->row && t->play->row->template[0] == '3';
}

static unsigned lesser(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The QoS of the row's PUBLISH, by its first byte; one of 3 may be taken for any. */
static unsigned qos_of_row(const struct test *t)
{
	unsigned flags = (unsigned)hex_digit(t->play->row->template[1]);

	return lesser(flags >> 1 & 3, t->play->capabilities->maximum_qos);
}

struct peer *watch_row_at(struct place at, struct test *t, const char *filter)
{
	const struct capabilities *offered = t->play->capabilities;

	if (!row_is_publish(t) || (strpbrk(filter, "+#") && !offered->wildcards))
		return NULL;
	struct peer *watcher = join_at(at, t, "watcher", (struct connect){ 0 });
	subscribe_at(at, watcher,
		(struct subscribe){ .filter = filter, .qos = lesser(2, offered->maximum_qos) });
	return watcher;
}

/* Takes messages up to the marker; false if `sender` (may be NULL) is gone or the time is up. Counts
 * those before it.
 */
static bool await_marker(
	struct place at, struct peer *watcher, const struct peer *sender, size_t *before)
{
	struct test *t = watcher->test;
	int64_t until_us = test_answer_deadline_us(t);

	for (;;) {
		if (has_packet(watcher, PUBLISH)) {
			struct packet m = expect_message_at(at, watcher, (struct message){ 0 });
			if (bytes_equal(m.payload, bytes_of(MARKER)))
				return true;
			++*before;
		} else if (!is_open(watcher) || (sender && sender->ended) ||
			!test_pump(t, until_us)) {
			return false;
		}
	}
}

/* Goes on with a QoS 2 handshake that the target has begun. */
static bool release(struct place at, struct peer *p)
{
	struct arrival *pubrec =
		peer_wait(p, SPEC_PACKET(PUBREC), test_answer_deadline_us(p->test));

	if (!pubrec)
		return false;
	pubrec->taken = true;
	if (!version_traits(p->test->play->version).reason_codes || pubrec->packet.code < 0x80)
		send_ack_at(at, p, PUBREL, pubrec->packet.id, (struct ack){ 0 });
	return true;
}

/* Whether it has had an answer to the PINGREQ after the bad packet, and is still connected. */
static bool is_served(struct peer *p)
{
	bool answered = false;

	for (size_t i = 0; i < p->arrival_count; i++)
		answered |= p->arrivals[i].packet.type == PINGRESP;
	return answered && is_open(p);
}

/* By the culprit itself, since the standard orders only what one client sends. */
static bool marked_by_culprit(struct place at, struct peer *watcher, struct peer *culprit,
	struct publish marker, size_t *before)
{
	if (!is_served(culprit))
		return false;
	if (has_packet(culprit, PUBREC))
		release(at, culprit);
	marker.id = marker.qos ? MARKER_ID : 0;
	send_publish_at(at, culprit, marker);
	if (marker.qos == 2 && !release(at, culprit))
		return false;
	return await_marker(at, watcher, culprit, before);
}

size_t expect_no_harm_at(
	struct place at, struct peer *watcher, struct peer *culprit, struct publish marker)
{
	struct test *t = culprit->test;
	size_t before = 0;

	if (!watcher)
		return 0;
	marker.payload = MARKER;
	if (row_is_publish(t))
		marker.qos = qos_of_row(t);
	t->setting_up++;
	if (!marked_by_culprit(at, watcher, culprit, marker, &before)) {
		publish_at(at, join_at(at, t, "messenger", (struct connect){ 0 }), marker);
		if (!await_marker(at, watcher, NULL, &before))
			test_fail(t, at, "PUBLISH of the marker",
				peer_situation(watcher, tape_now_us(&t->tape)));
	}
	t->setting_up--;
	return before;
}
