/* A peer's connection: dialling or accepting, and closing. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/test.h"
#include "harness/transport/pace.h"

enum {
	READ_SIZE = 64 * 1024,
	INPUT_LIMIT = WIRE_REMAINING_LENGTH_MAX + WIRE_HEADER_MAX + READ_SIZE,
};

/* The parties of one role are told apart by a number: "client", "client#2". */
static const char *party_name(struct test *t, const char *role)
{
	unsigned same = 1;

	for (size_t i = 0; i < t->peer_count; i++)
		same += !strcmp(t->peers[i]->role, role);
	return same == 1 ? arena_text(t->arena, role) : arena_printf(t->arena, "%s#%u", role, same);
}

/* The prefix of the run and the letters and digits of the role, 23 characters at most: what every
 * server must accept. [MQTT-3.1.3-5] What a host wants before them comes on top of that.
 */
static const char *own_client_id(struct test *t, const char *role)
{
	char id[24];
	size_t len = (size_t)snprintf(id, sizeof(id), "%s", t->play->prefix);

	for (const char *c = role; *c && len < sizeof(id) - 1; c++)
		if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
			(*c >= 'A' && *c <= 'Z'))
			id[len++] = *c;
	id[len] = '\0';
	return guest_client_id(t->arena, test_guest(t), arena_text(t->arena, id));
}

struct peer *peer_new(struct test *t, const char *role)
{
	if (t->peer_count == PEERS_MAX)
		test_end(t, AT("join"), VERDICT_ERROR,
			"the case has more peers than the harness allows");
	struct peer *p = arena_new(t->arena, struct peer);
	p->test = t;
	p->role = arena_text(t->arena, role);
	p->version = t->speaks ? t->speaks : t->play->version;
	p->client_id = own_client_id(t, role);
	p->last_fence = FENCE_ID_BASE;
	p->party = arena_new(t->arena, struct tape_party);
	p->party->name = party_name(t, role);
	const struct peer *before = t->peer_count ? t->peers[t->peer_count - 1] : NULL;
	p->monitor =
		monitor_new(t->arena, p->version, test_theirs(t), before ? before->monitor : NULL);
	p->conduct =
		monitor_new(t->arena, p->version, test_ours(t), before ? before->conduct : NULL);
	buf_init(&p->in, INPUT_LIMIT);
	buf_init(&p->corked, INPUT_LIMIT);
	buf_init(&p->shown, INPUT_LIMIT);
	t->peers[t->peer_count++] = p;
	load_joins(p);
	return p;
}

/* What comes meanwhile on other connections is read at its time, and a Server Keep Alive kept. */
static void wait_for_turn(struct test *t)
{
	const struct guest *guest = test_guest(t);
	struct pace *pace = guest ? guest->pace : NULL;
	int64_t before_us = clock_now_us(), wait_us = pace_take(pace) - before_us;
	int64_t until_us = tape_now_us(&t->tape) + wait_us;

	if (!pace || wait_us <= 0)
		return;
	if (t->peer_count > 1)
		t->held_us = wait_us > t->held_us ? wait_us : t->held_us;
	lateness_add(&t->lateness, wait_us);
	while (tape_now_us(&t->tape) < until_us)
		test_pump(t, until_us);
}

int64_t test_paced_us(const struct test *t)
{
	const struct guest *guest = test_guest(t);

	return guest && guest->pace ? guest->pace->waited_us - t->unpaced_us : 0;
}

static struct pipe *dial_endpoint(
	struct peer *p, int64_t deadline_us, void *user, const char **error)
{
	(void)user;
	return endpoint_dial(p->test->arena, test_target(p->test), deadline_us, error);
}

bool peer_dial(struct peer *p, const char **error)
{
	return peer_dial_by(p, dial_endpoint, NULL, error);
}

bool peer_dial_by(struct peer *p, peer_dialler by_whom, void *user, const char **error)
{
	struct test *t = p->test;
	const struct endpoint *to = t->through ? t->through : t->play->target;
	const struct transport *by = to->transport;

	p->party->is_inner = by->is_secret || by->has_path;
	wait_for_turn(t);
	p->pipe = by_whom(p, clock_now_us() + t->play->answer_us, user, error);
	tap_name(&t->tap, p->party->name);
	if (!p->pipe) {
		p->party->remote = to->address;
		p->party->local = to->address;
		tape_add(&t->tape, TAPE_REFUSED, p->party, (struct bytes){ 0 },
			arena_printf(t->arena, "no connection: %s", *error));
		p->closed = true;
		return false;
	}
	p->party->local = p->pipe->local;
	p->party->remote = p->pipe->remote;
	p->last_begun_us = p->last_sent_us = tape_now_us(&t->tape);
	tape_add(&t->tape, TAPE_CONNECTED, p->party, (struct bytes){ 0 }, NULL);
	return true;
}

static struct peer *new_accepted(struct test *t, const char *role, struct pipe *pipe)
{
	struct peer *p = peer_new(t, role);

	p->pipe = pipe;
	p->party->accepted = true;
	p->party->is_inner = t->listener->transport->is_secret || t->listener->transport->has_path;
	p->party->local = pipe->local;
	p->party->remote = pipe->remote;
	tap_name(&t->tap, p->party->name);
	p->last_begun_us = p->last_sent_us = tape_now_us(&t->tape);
	tape_add(&t->tape, TAPE_CONNECTED, p->party, (struct bytes){ 0 }, NULL);
	return p;
}

struct peer *peer_accept_by(struct test *t, const char *role, int64_t until_us, peer_accepter by,
	void *user, const char **fault)
{
	struct pipe *pipe;

	*fault = NULL;
	t->accepting = true;
	while (!(pipe = by(t, clock_now_us() + test_answer_wait_us(t), user, fault)) && !*fault &&
		tape_now_us(&t->tape) < until_us && !client_gave_up(t))
		test_pump(t, until_us);
	t->accepting = false;
	return pipe ? new_accepted(t, role, pipe) : NULL;
}

/* The connection that has waited longest; NULL: none waits. */
static struct pipe *accept_next(struct test *t, int64_t deadline_us, void *user, const char **fault)
{
	(void)user;
	return listener_accept(t->arena, t->listener, deadline_us, fault);
}

struct peer *peer_accept(struct test *t, const char *role, int64_t until_us)
{
	const char *fault;
	struct peer *p;

	while (!(p = peer_accept_by(t, role, until_us, accept_next, NULL, &fault)) && fault)
		test_remark(t, NULL, "a connection did not come about: %s", fault);
	return p;
}

void peer_close(struct peer *p, bool reset)
{
	const struct finding *findings;

	if (!p->pipe || p->closed)
		return;
	peer_flush(p);
	tape_add(&p->test->tape, reset ? TAPE_RESET_OUT : TAPE_FIN_OUT, p->party,
		(struct bytes){ 0 }, NULL);
	monitor_closed(p->monitor, test_ours(p->test), &findings);
	monitor_closed(p->conduct, test_ours(p->test), &findings);
	if (reset)
		pipe_reset(p->pipe);
	else
		pipe_close(p->pipe);
	p->closed = true;
}

const char *peer_situation(struct peer *p, int64_t since_us)
{
	struct test *t = p->test;
	struct bytes rest = peer_rest(p);
	struct buf text;

	buf_init(&text, 4096);
	for (size_t i = 0; i < p->arrival_count && text.len < 600; i++)
		if (!p->arrivals[i].taken)
			buf_printf(&text, "%s%s", text.len ? ", " : "",
				wire_describe(t->arena, p->version, &p->arrivals[i].packet));
	const char *join = text.len ? ", then " : "";
	if (!p->pipe)
		buf_printf(&text, "%sno connection", join);
	else if (p->closed)
		buf_printf(&text, "%sthe peer itself closed the connection", join);
	else if (p->ended)
		buf_printf(&text, "%sthe connection %s%s after %.1f ms", join,
			p->ended == ENDED_FIN ? "closed" : "reset", text.len ? "" : " (no packet)",
			(double)(p->ended_us - p->last_sent_us) / 1000);
	else if (p->lost)
		buf_printf(&text, "%sno MQTT: %s", join, wire_describe_bytes(t->arena, rest));
	else
		buf_printf(&text, "%snothing%s for %.0f ms", join, text.len ? " more" : "",
			(double)(tape_now_us(&t->tape) - since_us) / 1000);
	if (rest.len && !p->lost)
		buf_printf(&text, "; unfinished packet: %s", wire_describe_bytes(t->arena, rest));
	const char *kept = arena_text(t->arena, buf_text(&text));
	buf_fini(&text);
	return kept;
}
