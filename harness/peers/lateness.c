#include "harness/peers/lateness.h"

#include "base/arena.h"
#include "base/clock.h"
#include "harness/peers/errand.h"
#include "harness/transport/transport.h"

enum {
	TURN_US = 50000,   /* the longest time between two turns, when all goes well ... */
	EXCUSE_US = 20000, /* ... and what is put down to the scheduler beyond it */
	BEAT_US = 100000,  /* between an answer to PINGREQ and the next one */
	ANSWER_US = 50000, /* in which it is answered, when all goes well, if it is next door */
	START_LIMIT_US = 2000000,
};

void lateness_watch(struct lateness *l, struct arena *a, const struct endpoint *target,
	enum mqtt_version version, const char *client_id, int64_t round_trip_us)
{
	struct errand e;
	struct packet connack;
	const char *error;
	bool ended;

	*l = (struct lateness){ .watched = true, .round_trip_us = round_trip_us };
	if (!target)
		return;
	if (errand_start(&e, a, target, version, START_LIMIT_US, &error)) {
		struct packet connect = errand_connect(&e, client_id);
		if (errand_send(&e, &connect) &&
			errand_receive(&e, &connack, &ended) == WIRE_PACKET &&
			connack.type == CONNACK && !connack.code) {
			l->pulse = e.pipe;
			e.pipe = NULL;
		}
	}
	errand_end(&e);
}

static void stop(struct lateness *l)
{
	pipe_close(l->pulse);
	l->pulse = NULL;
	l->asked_us = 0;
}

static void ask(struct lateness *l, int64_t now_us)
{
	static const uint8_t pingreq[] = { PINGREQ << 4, 0 };

	if (pipe_write(l->pulse, pingreq, sizeof(pingreq)) != sizeof(pingreq)) {
		stop(l);
		return;
	}
	l->asked_us = now_us;
	l->own_asked_us = l->own_us;
}

static int64_t excess(int64_t took_us, int64_t allowed_us)
{
	return took_us > allowed_us ? took_us - allowed_us : 0;
}

/* That the answer has been late by now. */
static int64_t pulse_excess(const struct lateness *l, int64_t now_us)
{
	int64_t own_us = l->own_us - l->own_asked_us;

	return l->asked_us ? excess(now_us - l->asked_us - own_us, ANSWER_US + l->round_trip_us)
			   : 0;
}

static void beat(struct lateness *l, int64_t now_us)
{
	uint8_t answer[64];

	if (!l->pulse)
		return;
	ssize_t n = pipe_read(l->pulse, answer, sizeof(answer));
	if (n == PIPE_END || n == PIPE_RESET || n == sizeof(answer)) { /* or a flood */
		stop(l);
		return;
	}
	if (n > 0 && l->asked_us) {
		l->target_us += pulse_excess(l, now_us);
		l->asked_us = 0;
		l->ask_us = now_us + BEAT_US;
	}
	if (!l->asked_us && now_us >= l->ask_us)
		ask(l, now_us);
}

void lateness_turn_at(struct lateness *l, int64_t now_us)
{
	if (!l->watched)
		return;
	if (l->turn_us)
		l->own_us += excess(now_us - l->turn_us, TURN_US + EXCUSE_US);
	l->turn_us = now_us;
	beat(l, now_us);
}

void lateness_turn(struct lateness *l)
{
	lateness_turn_at(l, clock_now_us());
}

void lateness_add(struct lateness *l, int64_t us)
{
	if (l->watched)
		l->own_us += us;
}

int64_t lateness_slice_us(const struct lateness *l, int64_t now_us, int64_t until_us)
{
	return l->watched && until_us > now_us + TURN_US ? now_us + TURN_US : until_us;
}

int lateness_fd(const struct lateness *l)
{
	return l->pulse ? l->pulse->fd : -1;
}

int64_t lateness_us_at(const struct lateness *l, int64_t now_us)
{
	return l->own_us + l->target_us + pulse_excess(l, now_us);
}

int64_t lateness_us(const struct lateness *l)
{
	return lateness_us_at(l, clock_now_us());
}

void lateness_end(struct lateness *l)
{
	static const uint8_t disconnect[] = { DISCONNECT << 4, 0 };

	if (!l->pulse)
		return;
	pipe_write(l->pulse, disconnect, sizeof(disconnect));
	stop(l);
}
