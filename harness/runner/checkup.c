#include "harness/runner/checkup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/peers/errand.h"
#include "harness/peers/guest.h"

enum {
	WAIT_US = 250000, /* one short wait; then the message is published again */
	WINDOW = 8,       /* exchanges whose middle time is compared with those before */
	ROUNDS_MAX = 4096,
};

/* What the process reports of a target that is mute. */
static const char *const unanswered[] = { "CONNECT", "SUBSCRIBE", "PUBLISH" };

/* ---- in the process ------------------------------------------------------------------------ */

struct exchange {
	struct errand errand;
	const struct checkup *checkup;
	struct arena arena;
	const char *name; /* ClientId and topic, but for what a host wants before them */
	const char *topic;
};

static bool send_connect(struct exchange *x)
{
	struct packet packet = errand_connect(&x->errand, x->name);

	return errand_send(&x->errand, &packet);
}

static bool send_subscribe(struct exchange *x)
{
	struct filter filter = { .text = bytes_of(x->topic) };
	struct packet packet = wire_packet(SUBSCRIBE);

	packet.id = 1;
	packet.filters = &filter;
	packet.filter_count = 1;
	packet.properties.present = version_traits(x->checkup->version).properties;
	return errand_send(&x->errand, &packet);
}

static bool send_publish(struct exchange *x)
{
	struct packet packet = wire_packet(PUBLISH);

	packet.flags = wire_publish_flags(false, 0, false);
	packet.topic = bytes_of(x->topic);
	packet.payload = bytes_of("are you well?");
	packet.properties.present = version_traits(x->checkup->version).properties;
	return errand_send(&x->errand, &packet);
}

/* The connection is over. Bytes that make no packet yet are an answer, too. */
static enum checkup_result at_end(const struct exchange *x)
{
	return x->errand.first_len ? CHECKUP_OTHER : CHECKUP_SHUT;
}

/* Takes what comes until it is of this type; CHECKUP_RUNS: nothing more came in this short wait. */
static enum checkup_result receive(struct exchange *x, enum packet_type type, bool *ended)
{
	struct packet packet;

	x->errand.deadline_us = clock_now_us() + WAIT_US;
	for (;;) {
		enum wire_status status = errand_receive(&x->errand, &packet, ended);
		if (status == WIRE_NEED_MORE)
			return *ended ? at_end(x) : CHECKUP_RUNS;
		if (status == WIRE_MALFORMED)
			return CHECKUP_OTHER;
		if (packet.type == type)
			break;
	}
	bool refused = (type == CONNACK && packet.code) ||
		(type == SUBACK && (!packet.codes.len || packet.codes.data[0] >= 0x80));
	return refused ? CHECKUP_OTHER : CHECKUP_SERVED;
}

/* A message at QoS 0 may be lost, so that one is sent again and again. A connection that is closed
 * in the end, by a target that cleans up silent ones, was left without an answer all the same.
 */
static enum checkup_result ask(
	struct exchange *x, bool (*send)(struct exchange *x), bool again, enum packet_type answer)
{
	int64_t waits = x->checkup->limit_us / WAIT_US + 1;
	enum checkup_result result = CHECKUP_RUNS;
	bool ended = false;

	for (int64_t i = 0; i < waits && result == CHECKUP_RUNS && !ended; i++) {
		x->errand.deadline_us = clock_now_us() + x->checkup->limit_us;
		if ((!i || again) && !send(x))
			return at_end(x);
		result = receive(x, answer, &ended);
		if (ended && i >= x->checkup->answer_us / WAIT_US)
			result = CHECKUP_RUNS;
	}
	return result == CHECKUP_RUNS ? CHECKUP_MUTE : result;
}

/* *step gets the number of the packet that was not answered. */
static enum checkup_result converse(struct exchange *x, int *step)
{
	static bool (*const sends[])(
		struct exchange *) = { send_connect, send_subscribe, send_publish };
	static const enum packet_type answers[] = { CONNACK, SUBACK, PUBLISH };
	enum checkup_result result = CHECKUP_SERVED;

	for (*step = 0; *step < 3; ++*step) {
		result = ask(x, sends[*step], answers[*step] == PUBLISH, answers[*step]);
		if (result != CHECKUP_SERVED)
			return result;
	}
	struct packet bye = wire_packet(DISCONNECT);
	errand_send(&x->errand, &bye);
	return result;
}

static enum checkup_result exchange(const struct checkup *c, unsigned serial, int *step)
{
	struct exchange x = { .checkup = c };
	enum checkup_result result = CHECKUP_OTHER;
	const char *error;

	arena_init(&x.arena);
	x.name = arena_printf(&x.arena, "%sCHECKUP%u", c->prefix, serial);
	x.topic = guest_topic(&x.arena, c->target->guest, x.name);
	if (errand_start(&x.errand, &x.arena, c->target, c->version, c->limit_us, &error))
		result = converse(&x, step);
	errand_end(&x.errand);
	arena_fini(&x.arena);
	return result;
}

/* One that is closed before any answer is tried again. */
static enum checkup_result exchange_patiently(const struct checkup *c, unsigned serial, int *step)
{
	enum checkup_result result = exchange(c, serial, step);

	for (unsigned i = 1; i < c->shut_tries && result == CHECKUP_SHUT; i++) {
		usleep((useconds_t)c->shut_pause_us);
		result = exchange(c, serial, step);
	}
	return result;
}

static int compare_times(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

static int64_t middle(const int64_t *took_us)
{
	int64_t sorted[WINDOW];

	memcpy(sorted, took_us, sizeof(sorted));
	qsort(sorted, WINDOW, sizeof(*sorted), compare_times);
	return sorted[WINDOW / 2];
}

/* The last ones were not faster by a fifth than those before them. */
static bool is_warm(const int64_t *took_us, size_t count)
{
	if (count < 2 * WINDOW || count % WINDOW)
		return false;
	return 5 * middle(&took_us[count - WINDOW]) >= 4 * middle(&took_us[count - 2 * WINDOW]);
}

static void work(void *user, FILE *out)
{
	const struct checkup *c = user;
	int64_t warm_until_us = c->started_us + c->warm_us;
	int64_t took_us[ROUNDS_MAX];
	enum checkup_result result = CHECKUP_SERVED;
	bool warm = !c->warm_us;
	size_t count = 0;
	int step = 0;

	while ((count < c->exchanges || !warm) && count < ROUNDS_MAX) {
		int64_t before_us = clock_now_us();
		result = exchange_patiently(c, c->serial + (unsigned)count, &step);
		if (result != CHECKUP_SERVED)
			break;
		took_us[count++] = clock_now_us() - before_us;
		warm = warm || clock_now_us() >= warm_until_us || is_warm(took_us, count);
	}
	if (result == CHECKUP_MUTE)
		fprintf(out, "%s", unanswered[step]);
	else if (result == CHECKUP_SHUT)
		fputs("shut", out);
	else if (result == CHECKUP_SERVED)
		fputs("served", out);
}

/* ---- outside of it ------------------------------------------------------------------------- */

void checkup_init(struct checkup *c)
{
	*c = (struct checkup){ .worker.fd = -1, .mute_to = "" };
}

bool checkup_start(struct checkup *c)
{
	checkup_stop(c);
	c->started_us = clock_now_us();
	c->mute_to = "";
	c->runs = worker_start(&c->worker, work, c);
	c->serial += ROUNDS_MAX;
	if (!c->runs)
		worker_fini(&c->worker);
	return c->runs;
}

enum checkup_result checkup_look(struct checkup *c)
{
	enum checkup_result result = CHECKUP_OTHER;

	if (!worker_read(&c->worker))
		return CHECKUP_RUNS;
	const char *said = buf_text(&c->worker.out);
	if (!strcmp(said, "served"))
		result = CHECKUP_SERVED;
	else if (!strcmp(said, "shut"))
		result = CHECKUP_SHUT;
	for (size_t i = 0; i < sizeof(unanswered) / sizeof(*unanswered); i++)
		if (!strcmp(said, unanswered[i])) {
			c->mute_to = unanswered[i];
			result = CHECKUP_MUTE;
		}
	checkup_stop(c);
	return result;
}

void checkup_stop(struct checkup *c)
{
	if (!c->runs)
		return;
	worker_fini(&c->worker);
	c->worker.fd = -1;
	c->runs = false;
}
