#include "fuzz/barrage.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "fuzz/situation.h"
#include "fuzz/trial.h"
#include "harness/runner/target.h"

enum {
	POLLED_MAX = BARRAGE_SLOTS_MAX * 4 + WITNESS_TALKS + 8,
	POLL_MS = 5,
	PROGRESS_EVERY_US = 500000,
	DESCRIPTORS_LIMIT = 64,
	DAMAGED_PERCENT = 94,
	CORPUS_PERCENT = 40,
	SUSPECTS_ILLEGAL = 1,
	TOGETHER_ILLEGAL = 16,
	CLIENT_EXCHANGES = 200, /* of a process: the client may keep what it could not send */
	DEATHS_MAX = 200,
	IN_VAIN_MAX = 3, /* hunts for one symptom */
	LEAK_HUNTS = 5,  /* a suspect has to be played many times */
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

/* ---- symptoms -------------------------------------------------------------------------------- */

static struct known_symptom *known_of(const struct barrage *c, const struct symptom *s)
{
	for (size_t i = 0; i < c->known_count; i++)
		if (symptom_same(&c->known[i].symptom, s))
			return &c->known[i];
	return NULL;
}

/* It has been found; or it was looked for so often in vain that it is given up. */
static bool is_known(const struct barrage *c, const struct symptom *s)
{
	const struct known_symptom *known = known_of(c, s);

	return known && (known->found || known->in_vain >= IN_VAIN_MAX);
}

static void know(struct barrage *c, const struct symptom *s, bool found)
{
	struct known_symptom *known = known_of(c, s);

	if (!known) {
		c->known = arena_grow(
			&c->arena, c->known, c->known_count, &c->known_capacity, sizeof(*c->known));
		known = &c->known[c->known_count++];
		*known = (struct known_symptom){ .symptom = *s };
	}
	known->found |= found;
	known->in_vain += !found;
}

static bool is_ignored(const struct barrage *c, const char *statement)
{
	for (const char *const *i = c->config->ignored; i && *i; i++)
		if (!strcmp(*i, statement) ||
			(strchr(statement, ':') && !strcmp(*i, strchr(statement, ':') + 1)))
			return true;
	return false;
}

static void stop_players(struct barrage *c)
{
	for (unsigned i = 0; i < c->config->slots; i++) {
		if (!c->playing[i])
			continue;
		player_stop(&c->players[i]);
		c->playing[i]->active = false;
		c->playing[i] = NULL;
	}
}

static void tell_progress(struct barrage *c, const char *hunting)
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

/* Those that were being played, then those before, the newest first. */
static size_t list_suspects(
	struct barrage *c, const struct played *first, const struct exchange **out)
{
	size_t count = 0;

	if (first)
		out[count++] = &first->exchange;
	for (int active = 1; active >= 0; active--)
		for (size_t i = 1; i <= BARRAGE_PLAYED; i++) {
			struct played *p =
				&c->played[(c->next + BARRAGE_PLAYED - i) % BARRAGE_PLAYED];
			if (p->exchange.count && p->active == active && p != first)
				out[count++] = &p->exchange;
		}
	return count;
}

static void start_witness(struct barrage *c)
{
	if (c->witnessed)
		witness_end(&c->witness);
	if (!c->config->site->target)
		return;
	c->witnessed = true; /* what keeps it from starting is told by its next turn */
	witness_start(&c->witness, &c->config->site->target->endpoint,
		site_version(c->config->site, 0), ++c->config->site->witnesses,
		c->config->limit_us);
}

/* All is as it was in the beginning. */
static void go_on(struct barrage *c, bool renewed)
{
	struct site *site = c->config->site;
	bool mute;

	if (!renewed)
		site_ask(site, &mute);
	if (site->dead)
		c->lost = !site_renew(site);
	if (c->lost)
		return;
	if (renewed)
		resources_forget(&c->resources);
	start_witness(c);
}

/* A death or a report happened, whether it happens again or not. */
static bool is_sure(const struct find *find)
{
	enum symptom_kind kind = find->symptom.kind;

	return find->replays >= HUNT_REPLAYS || kind == SYMPTOM_DEATH || kind == SYMPTOM_REPORT;
}

/* What is not sure is mentioned. */
static void conclude(struct barrage *c, const struct hunt *h, struct find *find)
{
	const struct barrage_view *view = &c->config->view;

	if (!is_sure(find)) {
		c->unsure++;
		view->remark(view->user,
			arena_printf(&c->arena, "seen, and shown again %u of %d times: %s: %s",
				find->replays, HUNT_REPLAYS, symptom_word(find->symptom.kind),
				find->symptom.what));
		return;
	}
	if (!find->exchange.count) /* then it is among those that were played last */
		for (size_t i = h->suspect_count; i-- > 0;)
			exchange_append(&c->arena, &find->exchange, h->suspects[i]);
	c->finds++;
	view->found(view->user, find);
}

static void hunt_for(struct barrage *c, const struct symptom *symptom, const struct played *first)
{
	const struct barrage_config *config = c->config;
	const struct exchange *suspects[BARRAGE_PLAYED + 1];
	size_t count = list_suspects(c, first, suspects);
	bool alone = symptom->kind == SYMPTOM_ILLEGAL && first; /* else a witness got it */
	bool leaks = symptom->kind == SYMPTOM_MEMORY || symptom->kind == SYMPTOM_DESCRIPTORS;
	struct hunt h = {
		.site = config->site,
		.suspects = suspects,
		.suspect_count = alone ? SUSPECTS_ILLEGAL : count,
		.together = leaks || !config->site->launched ? 0
			: alone && count > TOGETHER_ILLEGAL  ? TOGETHER_ILLEGAL
							     : count,
		.limit_us = config->limit_us,
		.deadline_us = clock_now_us() + config->hunt_us * (leaks ? LEAK_HUNTS : 1),
	};
	struct find find;

	stop_players(c);
	if (c->witnessed)
		witness_end(&c->witness);
	c->witnessed = false;
	tell_progress(c, symptom->what);
	hunt_run(&h, &c->arena, symptom, &find);
	know(c, symptom, is_sure(&find));
	if (!symptom_same(symptom, &find.symptom))
		know(c, &find.symptom, is_sure(&find));
	conclude(c, &h, &find);
	if (site_is_stopped(config->site))
		return;
	bool renewed = config->site->launched && site_renew(config->site);
	go_on(c, renewed);
}

/* At a URL nothing can be played again once it is gone. */
static void handle_death(struct barrage *c)
{
	struct site *site = c->config->site;
	struct symptom death = site->death;

	c->deaths++;
	if (!site->launched) {
		hunt_for(c, &death, NULL);
		c->lost = true;
	} else if (!is_known(c, &death)) {
		hunt_for(c, &death, NULL);
	} else {
		stop_players(c);
		c->lost = c->deaths > DEATHS_MAX || !site_renew(site);
		if (!c->lost)
			go_on(c, true);
	}
}

static void handle_harm(struct barrage *c)
{
	struct site *site = c->config->site;
	char trouble[sizeof(c->witness.trouble)];
	bool mute;

	memcpy(trouble, c->witness.trouble, sizeof(trouble));
	struct symptom harm = symptom_make(SYMPTOM_HARM, "harm", "%s", trouble);
	if (!site_ask(site, &mute)) {
		handle_death(c);
	} else if (!is_known(c, &harm)) {
		hunt_for(c, &harm, NULL);
	} else {
		stop_players(c);
		go_on(c, site->launched && site_renew(site));
	}
}

static void hunt_report(struct barrage *c)
{
	struct site *site = c->config->site;
	char key[COMPLAINT_SIZE];

	complaint_key(site->complaints.grave, key);
	struct symptom report = symptom_make(SYMPTOM_REPORT, key, "%.400s", site->complaints.grave);
	complaints_forget(&site->complaints);
	if (!is_known(c, &report))
		hunt_for(c, &report, NULL);
}

static void handle_report(struct barrage *c)
{
	bool mute;

	if (site_ask(c->config->site, &mute))
		hunt_report(c);
	else
		handle_death(c);
}

static bool handle_finding(struct barrage *c, const struct finding *f, const struct played *p)
{
	struct symptom s = symptom_make(SYMPTOM_ILLEGAL, f->statement, "%s", f->what);

	if (is_ignored(c, f->statement) || is_known(c, &s))
		return false;
	hunt_for(c, &s, p);
	return true;
}

/* True: there was a hunt, and the player is stopped. */
static bool handle_findings(struct barrage *c, unsigned slot)
{
	const struct player *p = &c->players[slot];
	struct finding copies[TALK_FINDINGS_MAX];
	size_t count = 0;

	for (unsigned i = 1; i < p->talk_count; i++)
		for (size_t k = 0; p->talks[i] && k < p->talks[i]->finding_count; k++)
			if (count < TALK_FINDINGS_MAX)
				copies[count++] = p->talks[i]->findings[k];
	for (size_t i = 0; i < count; i++)
		if (handle_finding(c, &copies[i], c->playing[slot]))
			return true;
	return false;
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
	if (s.kind && !is_known(c, &s))
		hunt_for(c, &s, NULL);
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
	if (!is_known(c, &harm))
		hunt_for(c, &harm, NULL);
	else
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
		if (handle_findings(c, i))
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

static void watch(struct barrage *c)
{
	struct site *site = c->config->site;
	struct finding finding;

	if (!site_look(site)) {
		handle_death(c);
	} else if (*site->complaints.grave) {
		handle_report(c);
	} else if (c->witnessed && !witness_turn(&c->witness)) {
		handle_harm(c);
	} else if (c->witnessed && witness_take_finding(&c->witness, &finding)) {
		finding.what = arena_printf(
			&c->arena, "to a client that keeps every rule: %s", finding.what);
		handle_finding(c, &finding, NULL);
	} else if (site->launched && clock_now_us() >= c->look_us) {
		c->holds = true;
		if (is_idle(c))
			look_at_quiet(c);
	}
}

static bool is_over(const struct barrage *c, enum barrage_end *end)
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
		hunt_report(c);
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
	start_witness(c);
	if (c->witnessed && !witness_passes(&c->witness, config->site->stop_fd) &&
		*c->witness.trouble) {
		c->lost = true;
		config->site->error = arena_printf(&c->arena,
			"the target does not serve a client that keeps every rule: %s",
			c->witness.trouble);
	}
	while (!is_over(c, &end)) {
		play_slots(c);
		watch(c);
		if (!c->lost)
			wait_a_moment(c);
		if (clock_now_us() >= c->progress_us) {
			tell_progress(c, NULL);
			c->progress_us = clock_now_us() + PROGRESS_EVERY_US;
		}
	}
	stop_players(c);
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
