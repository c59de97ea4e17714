/* At most so many connections a second, over this process and all that it forks: each connection takes
 * a turn, turns are evenly spaced, and whoever has one waits until it comes.
 *
 *	pace_new ──▶ pace_take, then wait until then     who has something else to do meanwhile
 *	    └──────▶ pace_wait                           who has not
 *
 * A process whose time is limited gets back what it waits, which is counted where others see it:
 *
 *	parent: pace_open(account), fork        child: pace_charge(account)
 *	        pace_charged_us(account)
 */
#ifndef HARNESS_PACE_H
#define HARNESS_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace_shared;

enum { PACE_ACCOUNTS = 1024 };

struct pace {
	struct pace_shared *shared;
	int64_t interval_us; /* between two turns */
	int64_t waited_us;   /* by this process, so far */
	unsigned account;    /* where others see it, too, if ... */
	bool charges;        /* ... anybody looks */
};

/* False with errno. */
bool pace_init(struct pace *p, unsigned per_second);
void pace_fini(struct pace *p);

/* An account of these has nothing in it; what this process waits is added to it, before it waits; how
 * much is there. They are numbered from 0; other numbers mean one of them. NULL: none of it.
 */
void pace_open(struct pace *p, unsigned account);
void pace_charge(struct pace *p, unsigned account);
int64_t pace_charged_us(const struct pace *p, unsigned account);

/* Takes the next turn: when it comes, monotonic. NULL: now. */
int64_t pace_take(struct pace *p);

/* The same, and waits for it. Returns how long that was. */
int64_t pace_wait(struct pace *p);

/* When the next turn would come, if it were taken now: in the past where nobody waits. */
int64_t pace_next_us(const struct pace *p);

#endif
