#include "random/venue.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "harness/peers/leavings.h"
#include "harness/runner/result.h"
#include "harness/transport/transport.h"
#include "random/play.h"

enum {
	HUSH_US = 600000,  /* for what is due, where a find is only looked for ... */
	HASTY_US = 200000, /* ... and where it is made shorter */
	HUSH_ROUND_TRIPS = 20,
	ANSWERS = 10,        /* that one may wait for in vain ... */
	GRACE_US = 10000000, /* ... and time for everything else */
	STEP_US = 20000,
	SERIAL_DIGITS = 5,
	BASE = 36,
	CLEAR_US = 1000000, /* for each connection that clears up */
};

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

bool venue_init(struct venue *v)
{
	uint8_t bytes[sizeof(v->prefix) - 1];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		v->prefix[i] = digits[bytes[i] % BASE];
	v->prefix[sizeof(bytes)] = '\0';
	v->serial = 0;
	v->leavings = leavings_new();
	return v->leavings;
}

size_t venue_fini(struct venue *v)
{
	struct arena a;

	arena_init(&a);
	if (!v->gone)
		leavings_clear(v->leavings, &a, target_endpoint(v->target, v->routes.list[0]),
			arena_printf(&a, "%sCleaner", v->prefix), CLEAR_US);
	size_t left = leavings_count(v->leavings, LEFT_SESSION) +
		leavings_count(v->leavings, LEFT_RETAINED) + leavings_lost(v->leavings);
	leavings_free(v->leavings);
	v->leavings = NULL;
	arena_fini(&a);
	return left;
}

nfds_t venue_poll(const struct venue *v, struct pollfd fds[static VENUE_POLLED])
{
	fds[0] = (struct pollfd){ .fd = v->stop_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = v->target->program.output_fd, .events = POLLIN };
	return VENUE_POLLED;
}

void venue_attend(struct venue *v)
{
	if (target_is_launched(v->target))
		target_read(v->target);
}

static void set_prefix(struct playing *p, struct venue *v)
{
	unsigned n = v->serial++;
	size_t len = strlen(v->prefix);

	memcpy(p->prefix, v->prefix, len);
	for (size_t i = 0; i < SERIAL_DIGITS; i++, n /= BASE)
		p->prefix[len + SERIAL_DIGITS - 1 - i] = digits[n % BASE];
	p->prefix[len + SERIAL_DIGITS] = '\0';
}

/* Without a clock of the standard's there is no budget: whatever a scenario waits for is an event. */
static const struct case_def definition = {
	.id = "random",
	.file = "random/scenario.c",
	.title = "A scenario from a seed: everyone gets what the standard says, and nothing else",
	.level = MUST,
	.role = ROLE_SERVER,
	.versions = BOTH,
	.play = random_play,
};

/* The longest of all ways there are. */
static struct round_trip distance(const struct venue *v)
{
	struct round_trip most = { 0 };

	for (size_t i = 0; i < v->routes.count; i++)
		if (v->round_trips[i].most_us > most.most_us)
			most = v->round_trips[i];
	return most;
}

static void set_ways(struct random_row *row, const struct venue *v)
{
	for (size_t i = 0; i < v->routes.count; i++) {
		int way = way_find(v->routes.list[i]->name);
		if (way > 0)
			row->ways[way] = target_endpoint(v->target, v->routes.list[i]);
	}
}

static void set_play(struct playing *p, const struct venue *v, const struct scenario *s,
	const struct manner *how)
{
	enum mqtt_version version = random_version(s);
	const struct survey *survey = &v->surveys[version_place(version)];
	const struct round_trip trip = distance(v);

	for (int i = 0; i < VERSION_COUNT; i++) {
		p->offers[i] = v->surveys[i].capabilities;
		p->row.offers[i] = &p->offers[i];
	}
	set_ways(&p->row, v);
	p->row.scenario = s;
	int64_t hush_us = how->hasty ? HASTY_US : HUSH_US;
	p->row.hush_us = how->patient ? 0 : hush_us + HUSH_ROUND_TRIPS * trip.most_us;
	p->row.careful = how->careful || s->careful;
	p->row.told = how->whole;
	snprintf(p->id, sizeof(p->id), "seed_%llu", (unsigned long long)s->seed);
	p->vector = (struct vector){ .id = p->id, .extra = &p->row };
	p->play = (struct play){
		.def = &definition,
		.row = &p->vector,
		.version = version,
		.segmentation = SEGMENT_WHOLE,
		.transport = v->routes.list[0],
		.target = target_endpoint(v->target, v->routes.list[0]),
		.capabilities = &p->offers[version_place(version)],
		.known = survey->known,
		.prefix = p->prefix,
		.seed = s->seed,
		.answer_us = survey->answer_us,
		.slack_us = trip.most_us,
		.round_trip = trip,
		.leavings = p->leavings,
		.pcap_path = how->pcap,
	};
	p->item = (struct plan_item){ .def = &definition,
		.row = &p->vector,
		.version = version,
		.transport = p->play.transport,
		.cut = { SEGMENT_WHOLE, 0 },
		.id = arena_printf(&p->arena, "random/%s", p->id) };
	int64_t steps_us = (int64_t)s->count * (STEP_US + 4 * trip.most_us);
	int64_t limit_us = ANSWERS * survey->answer_us + GRACE_US + steps_us +
		(int64_t)scenario_wait_ms(s) * 1000;
	p->play.limit_us = limit_us - GRACE_US / 4;
	p->deadline_us = clock_now_us() + limit_us;
}

/* Of what went well nobody reads the transcript. */
static void work(void *user, FILE *out)
{
	const struct playing *p = user;
	struct record_case record;
	struct arena arena;

	arena_init(&arena);
	play_case(&arena, &p->play, &record);
	if (!p->whole && verdict_is_good(record.verdict))
		record.transcript_count = 0;
	record.expected = verdict_is_good(record.verdict);
	record_write_case(out, &record);
	arena_fini(&arena);
}

bool playing_start(
	struct playing *p, struct venue *v, const struct scenario *s, const struct manner *how)
{
	*p = (struct playing){ .whole = how->whole, .venue = v, .leavings = leavings_new() };
	arena_init(&p->arena);
	if (!p->leavings)
		return false;
	set_prefix(p, v);
	set_play(p, v, s, how);
	return worker_start(&p->worker, work, p);
}

bool playing_look(struct playing *p, struct record_case *out)
{
	if (worker_read(&p->worker)) {
		result_take(&p->arena, &p->item, &p->worker, out);
		return true;
	}
	if (clock_now_us() < p->deadline_us)
		return false;
	worker_kill(&p->worker);
	result_blank(&p->arena, &p->item, VERDICT_ERROR, "the scenario did not end in time", out);
	return true;
}

void playing_fini(struct playing *p)
{
	worker_fini(&p->worker);
	if (p->leavings && p->venue->leavings)
		leavings_take_over(p->venue->leavings, p->leavings);
	leavings_free(p->leavings);
	arena_fini(&p->arena);
}

/* False: there is no target any more. */
static bool take_pulse(struct venue *v, struct playing *p, struct record_case *out)
{
	struct record_death death;

	if (verdict_is_good(out->verdict) || !venue_has_died(v, &p->arena, &death))
		return true;
	result_crash(&p->arena, &death, NULL, out);
	return venue_revive(v);
}

bool venue_play(struct venue *v, struct playing *p, const struct scenario *s,
	const struct manner *how, struct record_case *out)
{
	enum { LOOK_MS = 200 };

	if (!playing_start(p, v, s, how))
		return false;
	while (!playing_look(p, out)) {
		struct pollfd fds[VENUE_POLLED + 1];
		nfds_t n = venue_poll(v, fds);
		fds[n++] = (struct pollfd){ .fd = p->worker.fd, .events = POLLIN };
		poll(fds, n, LOOK_MS);
		venue_attend(v);
		if (v->meanwhile)
			v->meanwhile(v->user);
		if (fds[0].revents)
			return false;
	}
	return take_pulse(v, p, out);
}
