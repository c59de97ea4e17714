#include "fuzz/inquiry.h"

#include <string.h>

#include "base/clock.h"
#include "fuzz/barrage_state.h"
#include "harness/runner/target.h"

enum {
	SUSPECTS_ILLEGAL = 1,
	TOGETHER_ILLEGAL = 16,
	DEATHS_MAX = 200,
	IN_VAIN_MAX = 3, /* hunts for one symptom */
	LEAK_HUNTS = 5,  /* a suspect has to be played many times */
};

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
	barrage_start_witness(c);
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

	barrage_stop_players(c);
	if (c->witnessed)
		witness_end(&c->witness);
	c->witnessed = false;
	barrage_tell(c, symptom->what);
	hunt_run(&h, &c->arena, symptom, &find);
	know(c, symptom, is_sure(&find));
	if (!symptom_same(symptom, &find.symptom))
		know(c, &find.symptom, is_sure(&find));
	conclude(c, &h, &find);
	enum barrage_end end;
	if (barrage_is_over(c, &end)) /* nobody needs another target */
		return;
	bool renewed = config->site->launched && site_renew(config->site);
	go_on(c, renewed);
}

/* At a URL nothing can be played again once it is gone. */
void inquiry_death(struct barrage *c)
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
		barrage_stop_players(c);
		c->lost = c->deaths > DEATHS_MAX || !site_renew(site);
		if (!c->lost)
			go_on(c, true);
	}
}

void inquiry_harm(struct barrage *c)
{
	struct site *site = c->config->site;
	char trouble[sizeof(c->witness.trouble)];
	bool mute;

	memcpy(trouble, c->witness.trouble, sizeof(trouble));
	struct symptom harm = symptom_make(SYMPTOM_HARM, "harm", "%s", trouble);
	if (!site_ask(site, &mute)) {
		inquiry_death(c);
	} else if (!is_known(c, &harm)) {
		hunt_for(c, &harm, NULL);
	} else {
		barrage_stop_players(c);
		go_on(c, site->launched && site_renew(site));
	}
}

void inquiry_last_words(struct barrage *c)
{
	struct site *site = c->config->site;
	char key[COMPLAINT_SIZE];

	complaint_key(site->complaints.grave, key);
	struct symptom report = symptom_make(SYMPTOM_REPORT, key, "%.400s", site->complaints.grave);
	complaints_forget(&site->complaints);
	if (!is_known(c, &report))
		hunt_for(c, &report, NULL);
}

void inquiry_report(struct barrage *c)
{
	bool mute;

	if (site_ask(c->config->site, &mute))
		inquiry_last_words(c);
	else
		inquiry_death(c);
}

bool inquiry_finding(struct barrage *c, const struct finding *f, const struct played *p)
{
	struct symptom s = symptom_make(SYMPTOM_ILLEGAL, f->statement, "%s", f->what);

	if (is_ignored(c, f->statement) || is_known(c, &s))
		return false;
	hunt_for(c, &s, p);
	return true;
}

/* True: there was a hunt, and the player is stopped. */
bool inquiry_findings(struct barrage *c, unsigned slot)
{
	const struct player *p = &c->players[slot];
	struct finding copies[TALK_FINDINGS_MAX];
	size_t count = 0;

	for (unsigned i = 1; i < p->talk_count; i++)
		for (size_t k = 0; p->talks[i] && k < p->talks[i]->finding_count; k++)
			if (count < TALK_FINDINGS_MAX)
				copies[count++] = p->talks[i]->findings[k];
	for (size_t i = 0; i < count; i++)
		if (inquiry_finding(c, &copies[i], c->playing[slot]))
			return true;
	return false;
}

bool inquiry_symptom(struct barrage *c, const struct symptom *s)
{
	if (is_known(c, s))
		return false;
	hunt_for(c, s, NULL);
	return true;
}
