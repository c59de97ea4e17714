/* The life of the target: one that has ended, or that serves nobody any more, is launched again. */
#include <signal.h>

#include "base/clock.h"
#include "harness/runner/checkup.h"
#include "harness/runner/port.h"
#include "random/venue.h"

enum {
	ACCEPT_LIMIT_US = 1000000,
	END_MS = 3000,        /* for a program that is not well: it may be about to end ... */
	MUTE_MS = 300,        /* ... which is less likely where it keeps its connections */
	RETURN_US = 10000000, /* for what listens at a URL, which somebody else may launch again */
	PAUSE_MS = 100,
	SHUT_TRIES = 3,
	SHUT_PAUSE_US = 100000,
	LOOK_MS = 50,
};

static bool wait_a_little(const struct venue *v, int ms)
{
	struct pollfd stop = { .fd = v->stop_fd, .events = POLLIN };

	poll(&stop, 1, ms);
	return !stop.revents;
}

static bool accepts(const struct venue *v)
{
	return endpoint_accepts(target_endpoint(v->target, v->routes.list[0]), ACCEPT_LIMIT_US);
}

/* Whether it serves a plain client; *mute_to: what it did not answer. */
static enum checkup_result check_up(struct venue *v, const char **mute_to)
{
	enum checkup_result result = CHECKUP_OTHER;
	struct checkup c;

	checkup_init(&c);
	c.target = target_endpoint(v->target, v->routes.list[0]);
	c.version = v->surveys[version_place(MQTT_311)].unserved ? MQTT_50 : MQTT_311;
	c.prefix = v->prefix;
	c.serial = v->serial++;
	c.limit_us = c.answer_us = v->surveys[version_place(c.version)].answer_us;
	c.exchanges = 1;
	c.shut_tries = SHUT_TRIES;
	c.shut_pause_us = SHUT_PAUSE_US;
	if (!checkup_start(&c))
		return result;
	while ((result = checkup_look(&c)) == CHECKUP_RUNS) {
		struct pollfd fds[VENUE_POLLED + 1];
		nfds_t n = venue_poll(v, fds);
		fds[n++] = (struct pollfd){ .fd = c.worker.fd, .events = POLLIN };
		poll(fds, n, LOOK_MS);
		venue_attend(v);
		if (fds[0].revents)
			break;
	}
	*mute_to = c.mute_to;
	checkup_stop(&c);
	return result;
}

void venue_learn_pulse(struct venue *v)
{
	const char *mute_to;

	v->has_pulse = target_is_launched(v->target) && check_up(v, &mute_to) == CHECKUP_SERVED;
}

/* It lives, and serves nobody. */
static void end_target(
	struct venue *v, struct arena *a, struct record_death *death, const char *note)
{
	target_read(v->target);
	*death = (struct record_death){
		.signal = SIGKILL,
		.stderr_tail = tail_text(&v->target->tail, a),
		.during = "",
		.note = note,
	};
	target_kill(v->target);
}

/* NULL: it serves, or nobody can say; else what it does instead. */
static const char *ailment(struct venue *v, struct arena *a, int *patience_ms)
{
	const char *mute_to = "";

	*patience_ms = END_MS;
	if (!accepts(v))
		return "accepted no connections any more, and mqttspec ended it";
	switch (v->has_pulse ? check_up(v, &mute_to) : CHECKUP_SERVED) {
	case CHECKUP_MUTE:
		*patience_ms = MUTE_MS;
		return arena_printf(
			a, "went mute: it answered no %s, and mqttspec ended it", mute_to);
	case CHECKUP_SHUT: return "closed every connection before CONNACK, and mqttspec ended it";
	case CHECKUP_OTHER: return ""; /* it may be about to end */
	default: return NULL;
	}
}

static bool launched_has_died(struct venue *v, struct arena *a, struct record_death *death)
{
	int patience_ms;

	if (target_died(v->target, a, death))
		return true;
	const char *note = ailment(v, a, &patience_ms);
	if (!note)
		return false;
	for (int ms = 0; ms < patience_ms && wait_a_little(v, PAUSE_MS); ms += PAUSE_MS)
		if (target_died(v->target, a, death))
			return true;
	if (!wait_a_little(v, 0)) /* it is no more than stopped */
		return false;
	if (patience_ms != MUTE_MS)
		note = ailment(v, a, &patience_ms);
	if (!note || !*note)
		return false;
	end_target(v, a, death, note);
	return true;
}

bool venue_has_died(struct venue *v, struct arena *a, struct record_death *death)
{
	if (target_is_launched(v->target))
		return launched_has_died(v, a, death);
	for (int i = 0; i < SHUT_TRIES; i++)
		if (accepts(v) || !wait_a_little(v, PAUSE_MS))
			return false;
	*death = (struct record_death){
		.stderr_tail = "", .during = "", .note = "accepted no connections any more"
	};
	return true;
}

static bool launch_again(struct venue *v)
{
	switch (target_launch(v->target, &v->gone)) {
	case TARGET_UP: v->gone = NULL; return true;
	case TARGET_CANCELLED: v->gone = NULL; return false;
	case TARGET_FAILED: return false;
	}
	return false;
}

static bool await_return(struct venue *v)
{
	int64_t until_us = clock_now_us() + RETURN_US;

	while (!accepts(v))
		if (clock_now_us() >= until_us || !wait_a_little(v, PAUSE_MS)) {
			v->gone = "it did not come back";
			return false;
		}
	return true;
}

bool venue_revive(struct venue *v)
{
	v->revivals++;
	return target_is_launched(v->target) ? launch_again(v) : await_return(v);
}

bool venue_renew(struct venue *v)
{
	if (!target_is_launched(v->target))
		return true;
	if (v->ending)
		v->ending(v->user);
	target_kill(v->target);
	return launch_again(v);
}
