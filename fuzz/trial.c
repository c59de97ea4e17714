#include "fuzz/trial.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "fuzz/witness.h"
#include "harness/runner/target.h"

enum {
	PLAY_US = 20000000, /* for one exchange */
	POLLED_MAX = 64,
	POLL_MS = 5,
	LEAK_PLAYS = 150, /* so that what leaks does it often enough to be sure */
	LEAK_KIB_A_PLAY = 4,
	SETTLE_MS = 300,
	BUSY_LOOKS = 10, /* one after the other, all busy */
};

void trial_init(struct trial *t, struct site *site, const struct symptom *wanted, int64_t limit_us)
{
	*t = (struct trial){
		.site = site, .wanted = *wanted, .limit_us = limit_us, .plays = LEAK_PLAYS
	};
	player_init(&t->player, &site->host);
}

void trial_fini(struct trial *t)
{
	player_fini(&t->player);
}

/* False: it is stopped. */
static bool await_allowance(struct trial *t)
{
	struct pollfd fds[POLLED_MAX];

	while (!allowance_is_there(&t->site->allowance, clock_now_us())) {
		if (!site_look(t->site) || site_is_stopped(t->site))
			return false;
		poll(fds, t->site->ops->poll(t->site, fds, 0, POLLED_MAX), POLL_MS);
	}
	return true;
}

static void play(struct trial *t, const struct exchange *e, struct tape *tape)
{
	int64_t deadline_us;
	struct pollfd fds[POLLED_MAX];

	if (!await_allowance(t))
		return;
	deadline_us = clock_now_us() + PLAY_US;
	player_begin(&t->player, e, 0, tape);
	while (player_turn(&t->player) != PLAYER_DONE) {
		if (clock_now_us() >= deadline_us || !site_look(t->site) ||
			site_is_stopped(t->site)) {
			player_stop(&t->player);
			break;
		}
		size_t count = player_poll(&t->player, fds, 0, POLLED_MAX);
		poll(fds, t->site->ops->poll(t->site, fds, count, POLLED_MAX), POLL_MS);
	}
	allowance_spend(&t->site->allowance, player_packets(&t->player), clock_now_us());
}

static bool wants(const struct trial *t, enum symptom_kind kind)
{
	return t->wanted.kind == kind || t->wanted.kind == SYMPTOM_NONE;
}

static bool is_wanted(const struct trial *t, struct symptom *seen, struct symptom found)
{
	if (t->wanted.kind != SYMPTOM_NONE && !symptom_same(&found, &t->wanted))
		return false;
	*seen = found;
	return true;
}

/* ---- by kind --------------------------------------------------------------------------------- */

static bool shows_illegal(const struct trial *t, struct witness *w, struct symptom *seen)
{
	const struct finding *f = player_finding(
		&t->player, t->wanted.kind == SYMPTOM_ILLEGAL ? t->wanted.key : NULL);
	struct finding of_witness;

	if (!wants(t, SYMPTOM_ILLEGAL))
		return false;
	if (f)
		return is_wanted(
			t, seen, symptom_make(SYMPTOM_ILLEGAL, f->statement, "%s", f->what));
	while (w && witness_take_finding(w, &of_witness))
		if (is_wanted(t, seen,
			    symptom_make(SYMPTOM_ILLEGAL, of_witness.statement,
				    "to a client that keeps every rule: %s", of_witness.what)))
			return true;
	return false;
}

/* LeakSanitizer looks at what a program has lost when that ends. */
static bool is_told_at_the_end(const struct symptom *wanted)
{
	return wanted->kind == SYMPTOM_REPORT && strstr(wanted->key, "LeakSanitizer");
}

static bool shows_report(const struct trial *t, struct symptom *seen)
{
	char key[COMPLAINT_SIZE];
	const char *grave = t->site->complaints.grave;

	if (!*grave && is_told_at_the_end(&t->wanted))
		site_retire(t->site);
	complaint_key(grave, key);
	return *grave && wants(t, SYMPTOM_REPORT) &&
		is_wanted(t, seen, symptom_make(SYMPTOM_REPORT, key, "%.400s", grave));
}

static bool shows_busy(const struct trial *t, struct symptom *seen)
{
	if (!wants(t, SYMPTOM_BUSY) || !t->site->launched)
		return false;
	for (int i = 0; i < BUSY_LOOKS; i++)
		if (site_is_stopped(t->site) || !site_is_busy(t->site))
			return false;
	return is_wanted(t, seen,
		symptom_make(
			SYMPTOM_BUSY, "busy", "it goes on working while nobody asks for anything"));
}

static struct usage settled_usage(const struct trial *t)
{
	poll(NULL, 0, SETTLE_MS);
	site_look(t->site);
	return site_usage(t->site);
}

/* The first series warms it up; what the second one adds is a leak. */
static bool shows_leak(struct trial *t, const struct exchange *e, struct symptom *seen)
{
	struct usage before = { 0 }, after = { 0 };

	for (int series = 0; series < 2; series++) {
		before = settled_usage(t);
		for (unsigned i = 0;
			i < t->plays && site_look(t->site) && !site_is_stopped(t->site); i++)
			play(t, e, NULL);
		after = settled_usage(t);
	}
	if (t->site->dead || site_is_stopped(t->site))
		return false;
	if (t->wanted.kind == SYMPTOM_DESCRIPTORS)
		return after.descriptors >= before.descriptors + t->plays / 2 &&
			is_wanted(t, seen,
				symptom_make(SYMPTOM_DESCRIPTORS, "descriptors",
					"%u times played, and %llu descriptors more are open",
					t->plays,
					(unsigned long long)(after.descriptors -
						before.descriptors)));
	return after.memory_kib >= before.memory_kib + t->plays * LEAK_KIB_A_PLAY &&
		is_wanted(t, seen,
			symptom_make(SYMPTOM_MEMORY, "memory",
				"%u times played, and it has %llu KiB more", t->plays,
				(unsigned long long)(after.memory_kib - before.memory_kib)));
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool begin_witness(struct trial *t, struct witness *w)
{
	return witness_start(w, &t->site->target->endpoint, site_version(t->site, 0),
		       ++t->site->witnesses, t->limit_us) &&
		witness_passes(w, t->site->stop_fd);
}

static bool shows_death(struct trial *t, struct symptom *seen)
{
	bool mute;

	if (site_ask(t->site, &mute) && mute && wants(t, SYMPTOM_HARM))
		return is_wanted(t, seen,
			symptom_make(SYMPTOM_HARM, "harm", "it does not answer CONNECT any more"));
	return t->site->dead && wants(t, SYMPTOM_DEATH) && is_wanted(t, seen, t->site->death);
}

static bool shows_harm(struct witness *w, struct trial *t, struct symptom *seen)
{
	return !witness_passes(w, t->site->stop_fd) && *w->trouble && !t->site->dead &&
		is_wanted(t, seen, symptom_make(SYMPTOM_HARM, "harm", "%s", w->trouble));
}

/* The order: what tells most comes first. */
static bool play_and_look(struct trial *t, const struct exchange *e, struct tape *tape,
	struct witness *w, struct symptom *seen)
{
	play(t, e, tape);
	if (site_is_stopped(t->site))
		return false;
	if (shows_death(t, seen))
		return true;
	if (t->site->dead)
		return false;
	return shows_report(t, seen) || (w && shows_harm(w, t, seen)) ||
		shows_illegal(t, w, seen) || shows_busy(t, seen);
}

/* A client is to have done with what was before. */
static bool is_free(struct trial *t)
{
	bool mute;

	return (site_ask(t->site, &mute) && !mute) || site_renew(t->site);
}

/* Of an exchange that is only played: nothing comes after it. */
static bool shows_last_words(struct trial *t, struct symptom *seen)
{
	if (t->wanted.kind != SYMPTOM_NONE || t->site->dead || site_is_stopped(t->site))
		return false;
	site_retire(t->site);
	return shows_report(t, seen);
}

bool trial_shows(struct trial *t, const struct exchange *e, struct tape *tape, struct symptom *seen)
{
	struct witness w = { 0 };
	bool witnessed = t->site->target && (wants(t, SYMPTOM_HARM) || wants(t, SYMPTOM_ILLEGAL));
	bool shows;

	if (site_is_stopped(t->site) || (!site_look(t->site) && !site_renew(t->site)))
		return false;
	if (t->site->agency && !is_free(t))
		return false;
	/* what keeps it busy may have come before */
	if (t->wanted.kind == SYMPTOM_BUSY && site_is_busy(t->site) && !site_renew(t->site))
		return false;
	complaints_forget(&t->site->complaints);
	if (t->wanted.kind == SYMPTOM_MEMORY || t->wanted.kind == SYMPTOM_DESCRIPTORS)
		return shows_leak(t, e, seen);
	if (witnessed && !begin_witness(t, &w)) { /* what was before is over */
		witness_end(&w);
		if (site_is_stopped(t->site) || !site_renew(t->site) || !begin_witness(t, &w)) {
			witness_end(&w);
			return false;
		}
	}
	shows = play_and_look(t, e, tape, witnessed ? &w : NULL, seen);
	if (witnessed)
		witness_end(&w);
	shows = shows || shows_last_words(t, seen);
	if (shows && (seen->kind == SYMPTOM_BUSY || seen->kind == SYMPTOM_HARM))
		site_renew(t->site);
	return shows;
}
