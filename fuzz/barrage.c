#include "fuzz/barrage.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fuzz/barrage_state.h"
#include "fuzz/inquiry.h"
#include "fuzz/situation.h"
#include "harness/runner/target.h"

enum {
	POLLED_MAX = BARRAGE_SLOTS_MAX * 4 + WITNESS_TALKS + 8,
	POLL_MS = 5,
	PROGRESS_EVERY_US = 500000,
	DESCRIPTORS_LIMIT = 64,
	DAMAGED_PERCENT = 94,
	CORPUS_PERCENT = 40,
	CLIENT_EXCHANGES = 200, /* of a process: the client may keep what it could not send */
};

/* ---- making ---------------------------------------------------------------------------------- */

static void make_exchange(struct barrage *c, struct played *p)
{
	const struct barrage_config *config = c->config;
	struct draw draw = draw_begin(config->seed, p->number);
	enum side ours = config->site->host.ours;

	const struct exchange *kept = config->corpus->count && draw_chance(&draw, CORPUS_PERCENT)
		? corpus_draw(config->corpus, &draw, config->site->versions)
		: NULL;
	if (kept) {
		p->exchange = exchange_copy(&p->arena, kept);
		damage_do(&p->arena, &draw, ours, &p->exchange);
		return;
	}
	enum situation s = (enum situation)draw_below(&draw, SITUATION_COUNT);
	enum mqtt_version version = site_version(config->site, draw_below(&draw, 2));
	p->exchange = ours == SIDE_CLIENT ? situation_make(&p->arena, &draw, s, version)
					  : situation_make_client(&p->arena, &draw, s, version);
	if (draw_chance(&draw, DAMAGED_PERCENT))
		damage_do(&p->arena, &draw, ours, &p->exchange);
}

/* The place of one that nobody plays any more. */
static struct played *free_place(struct barrage *c)
{
	struct played *p;

	do {
		p = &c->played[c->next];
		c->next = (c->next + 1) % BARRAGE_PLAYED;
	} while (p->active);
	return p;
}

static void begin(struct barrage *c, unsigned slot)
{
	struct played *p = free_place(c);

	arena_reset(&p->arena);
	p->exchange = (struct exchange){ 0 };
	p->number = c->exchanges++;
	make_exchange(c, p);
	p->active = true;
	c->playing[slot] = p;
	allowance_spend(&c->config->site->allowance, exchange_sends(&p->exchange), clock_now_us());
	player_begin(&c->players[slot], &p->exchange, slot + 1, NULL);
}

/* ---- what inquiries need, too ------------------------------------------------------------- */

void barrage_stop_players(struct barrage *c)
{
	for (unsigned i = 0; i < c->config->slots; i++) {
		if (!c->playing[i])
			continue;
		player_stop(&c->players[i]);
		c->playing[i]->active = false;
		c->playing[i] = NULL;
	}
}

void barrage_tell(struct barrage *c, const char *hunting)
{
	const struct barrage_config *config = c->config;
	int64_t passed_us = clock_now_us() - c->started_us;
	struct barrage_progress p = {
		.exchanges = c->exchanges,
		.packets = c->packets,
		.corpus = config->corpus->count,
		.finds = c->finds,
		.launches = config->site->launches,
		.passed_us = passed_us,
		.left_us = !config->time_us           ? -1
			: passed_us < config->time_us ? config->time_us - passed_us
						      : 0,
		.hunting = hunting,
	};

	if (config->view.progress)
		config->view.progress(config->view.user, &p);
}

void barrage_start_witness(struct barrage *c)
{
	if (c->witnessed)
		witness_end(&c->witness);
	if (!c->config->site->target)
		return;
	c->config->site->waited_us = 0; /* of what went on before it knows nothing */
	c->witnessed = true;            /* what keeps it from starting is told by its next turn */
	witness_start(&c->witness, &c->config->site->target->endpoint,
		site_version(c->config->site, 0), ++c->config->site->witnesses,
		c->config->limit_us);
}

/* ---- quiet ----------------------------------------------------------------------------------- */

static bool is_idle(const struct barrage *c)
{
	for (unsigned i = 0; i < c->config->slots; i++)
		if (c->playing[i])
			return false;
	return true;
}

/* A garbage collector, or a compiler at run time, works on for a while. */
static bool stays_busy(const struct barrage *c)
{
	enum { LOOKS = 50 };
	int busy = 0;

	while (busy < LOOKS && !site_is_stopped(c->config->site) && site_is_busy(c->config->site))
		busy++;
	return busy == LOOKS;
}

static void look_at_quiet(struct barrage *c)
{
	static const char *const sentences[] = {
		[LEAK_MEMORY] = "its memory grows and grows",
		[LEAK_DESCRIPTORS] = "more and more of its descriptors are open",
	};
	bool busy = stays_busy(c);
	enum leak leak = c->config->site->dead
		? LEAK_NONE
		: resources_look(&c->resources, site_usage(c->config->site));
	struct symptom s = { 0 };

	if (busy)
		s = symptom_make(SYMPTOM_BUSY, "busy", "it goes on working while nobody asks");
	else if (leak)
		s = symptom_make(leak == LEAK_MEMORY ? SYMPTOM_MEMORY : SYMPTOM_DESCRIPTORS,
			leak == LEAK_MEMORY ? "memory" : "descriptors", "%s", sentences[leak]);
	if (s.kind)
		inquiry_symptom(c, &s);
	c->holds = false;
	c->look_us = clock_now_us() + c->config->look_us;
}

/* A client is to connect again, whatever came before. */
static void ask_client(struct barrage *c)
{
	struct symptom harm =
		symptom_make(SYMPTOM_HARM, "harm", "the client does not connect any more");
	bool mute;

	if (c->exchanges % CLIENT_EXCHANGES == 0)
		c->lost = !site_renew(c->config->site);
	if (!site_ask(c->config->site, &mute) || !mute)
		return;
	if (!inquiry_symptom(c, &harm))
		c->lost = !site_renew(c->config->site);
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* New is what got an answer that no connection has got before. */
static void offer(struct barrage *c, const struct player *p, const struct exchange *e)
{
	for (unsigned i = 1; i < p->talk_count; i++)
		if (p->talks[i] && corpus_offer(c->config->corpus, p->talks[i]->signature, e))
			return;
}

/* For what was more than one packet in a step, or was asked at the end. */
static void spend_more(struct barrage *c, uint64_t packets, const struct exchange *e)
{
	unsigned spent = exchange_sends(e);

	if (packets > spent)
		allowance_spend(&c->config->site->allowance, packets - spent, clock_now_us());
}

static void play_slots(struct barrage *c)
{
	const struct barrage_config *config = c->config;
	struct allowance *allowance = &config->site->allowance;

	for (unsigned i = 0; i < config->slots && !config->site->dead; i++) {
		struct player *p = &c->players[i];
		if (!c->playing[i] && !c->holds && allowance_is_there(allowance, clock_now_us()))
			begin(c, i);
		if (!c->playing[i] || player_turn(p) != PLAYER_DONE)
			continue;
		c->packets += player_packets(p);
		spend_more(c, player_packets(p), &c->playing[i]->exchange);
		offer(c, p, &c->playing[i]->exchange);
		if (inquiry_findings(c, i))
			return;
		c->playing[i]->active = false;
		c->playing[i] = NULL;
		if (config->site->host.ours == SIDE_SERVER)
			ask_client(c);
	}
}

static void wait_a_moment(struct barrage *c)
{
	struct pollfd fds[POLLED_MAX];
	size_t count = 0;
	const struct site *site = c->config->site;

	fds[count++] = (struct pollfd){ .fd = c->config->site->stop_fd, .events = POLLIN };
	count = site->ops->poll(site, fds, count, POLLED_MAX);
	if (c->witnessed)
		count = witness_poll(&c->witness, fds, count, POLLED_MAX);
	for (unsigned i = 0; i < c->config->slots; i++)
		if (c->playing[i])
			count = player_poll(&c->players[i], fds, count, POLLED_MAX);
	poll(fds, count, POLL_MS);
}

static bool is_witness_well(struct barrage *c)
{
	struct site *site = c->config->site;

	witness_waited(&c->witness, site->waited_us);
	site->waited_us = 0;
	return witness_turn(&c->witness);
}

static void watch(struct barrage *c)
{
	struct site *site = c->config->site;
	struct finding finding;

	if (!site_look(site)) {
		inquiry_death(c);
	} else if (*site->complaints.grave) {
		inquiry_report(c);
	} else if (c->witnessed && !is_witness_well(c)) {
		inquiry_harm(c);
	} else if (c->witnessed && witness_take_finding(&c->witness, &finding)) {
		char what[SYMPTOM_TEXT_SIZE];
		snprintf(what, sizeof(what), "to a client that keeps every rule: %.400s",
			finding.what);
		finding.what = what;
		inquiry_finding(c, &finding, NULL);
	} else if (site->launched && clock_now_us() >= c->look_us) {
		c->holds = true;
		if (is_idle(c))
			look_at_quiet(c);
	}
}

bool barrage_is_over(const struct barrage *c, enum barrage_end *end)
{
	const struct barrage_config *config = c->config;

	if (site_is_stopped(config->site))
		*end = BARRAGE_INTERRUPTED;
	else if (c->lost)
		*end = BARRAGE_TARGET_LOST;
	else if (c->finds >= config->finds_max)
		*end = BARRAGE_ENOUGH;
	else if (config->time_us && clock_now_us() - c->started_us >= config->time_us)
		*end = BARRAGE_TIME;
	else
		return false;
	return true;
}

/* Hears its last words. Those who stop us do not wait for a hunt. */
static void retire(struct barrage *c)
{
	struct site *site = c->config->site;

	if (site->dead)
		return;
	if (c->witnessed)
		witness_end(&c->witness);
	c->witnessed = false;
	site_retire(site);
	if (*site->complaints.grave)
		inquiry_last_words(c);
}

enum barrage_end barrage_run(struct barrage *c, const struct barrage_config *config)
{
	enum barrage_end end = BARRAGE_TIME;

	memset(c, 0, sizeof(*c));
	c->config = config;
	arena_init(&c->arena);
	for (size_t i = 0; i < BARRAGE_PLAYED; i++)
		arena_init_small(&c->played[i].arena, 4096);
	for (unsigned i = 0; i < config->slots; i++)
		player_init(&c->players[i], &config->site->host);
	c->resources.memory_limit_kib = config->memory_kib;
	c->resources.descriptor_limit = DESCRIPTORS_LIMIT;
	c->started_us = clock_now_us();
	c->look_us = c->started_us + config->look_us;
	barrage_start_witness(c);
	if (c->witnessed && !witness_passes(&c->witness, config->site->stop_fd) &&
		*c->witness.trouble) {
		c->lost = true;
		config->site->error = arena_printf(&c->arena,
			"the target does not serve a client that keeps every rule: %s",
			c->witness.trouble);
	}
	while (!barrage_is_over(c, &end)) {
		play_slots(c);
		watch(c);
		if (!c->lost)
			wait_a_moment(c);
		if (clock_now_us() >= c->progress_us) {
			barrage_tell(c, NULL);
			c->progress_us = clock_now_us() + PROGRESS_EVERY_US;
		}
	}
	barrage_stop_players(c);
	if (end == BARRAGE_TIME || end == BARRAGE_INTERRUPTED)
		retire(c);
	return end;
}

void barrage_fini(struct barrage *c)
{
	if (c->witnessed)
		witness_end(&c->witness);
	for (unsigned i = 0; i < c->config->slots; i++)
		player_fini(&c->players[i]);
	for (size_t i = 0; i < BARRAGE_PLAYED; i++)
		arena_fini(&c->played[i].arena);
	arena_fini(&c->arena);
}
