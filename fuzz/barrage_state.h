/* A barrage under way: what barrage.c, which plays, and inquiry.c, which looks into what shows, have in common. */
#ifndef FUZZ_BARRAGE_STATE_H
#define FUZZ_BARRAGE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "fuzz/corpus.h"
#include "fuzz/hunt.h"
#include "fuzz/site.h"
#include "fuzz/witness.h"

enum { BARRAGE_SLOTS_MAX = 64, BARRAGE_PLAYED = 256 };

struct barrage_progress {
	uint64_t exchanges, packets;
	size_t corpus;
	unsigned finds, launches;
	int64_t passed_us, left_us; /* left_us -1: without end */
	const char *hunting;        /* the symptom that is hunted for; NULL: none */
};

struct barrage_view {
	void *user;
	void (*found)(void *user, const struct find *find);
	void (*remark)(void *user, const char *sentence);
	void (*progress)(void *user, const struct barrage_progress *progress);
};

struct barrage_config {
	struct site *site;
	struct corpus *corpus;
	uint64_t seed;
	int64_t time_us;            /* 0: until it is stopped */
	unsigned slots;             /* exchanges at a time */
	unsigned finds_max;         /* the barrage ends with that many */
	int64_t limit_us;           /* for the witnesses */
	int64_t hunt_us;            /* for cutting one down */
	int64_t look_us;            /* from one look at what is used to the next */
	uint64_t memory_kib;        /* growth that is a leak */
	const char *const *ignored; /* statements, NULL after the last; or NULL */
	struct barrage_view view;
};

enum barrage_end {
	BARRAGE_TIME,
	BARRAGE_INTERRUPTED,
	BARRAGE_ENOUGH,      /* finds_max */
	BARRAGE_TARGET_LOST, /* and it could not be launched again: site->error, or it is at a URL */
};

/* An exchange, from its making until others need its place. */
struct played {
	struct arena arena;
	struct exchange exchange;
	uint64_t number;
	bool active;
};

struct known_symptom {
	struct symptom symptom;
	bool found;
	unsigned in_vain; /* hunts that did not show it again */
};

struct barrage {
	const struct barrage_config *config;
	struct arena arena; /* of finds */
	struct played played[BARRAGE_PLAYED];
	size_t next; /* place for the next one */
	struct player players[BARRAGE_SLOTS_MAX];
	struct played *playing[BARRAGE_SLOTS_MAX]; /* NULL: the slot is free */
	bool holds;                                /* nothing new begins */

	struct witness witness;
	bool witnessed;
	struct resources resources;
	int64_t look_us; /* when the next look at quiet is due */
	int64_t progress_us;
	int64_t started_us;

	struct known_symptom *known; /* what has been looked into */
	size_t known_count, known_capacity;
	unsigned deaths;
	uint64_t exchanges, packets;
	unsigned finds, unsure;
	bool lost;
};

/* Whether it has come to its end, and why. */
bool barrage_is_over(const struct barrage *c, enum barrage_end *end);

/* Ends what is being played, wherever it is. */
void barrage_stop_players(struct barrage *c);

/* `hunting` as in the progress. */
void barrage_tell(struct barrage *c, const char *hunting);

/* New ones, in place of those that there are. */
void barrage_start_witness(struct barrage *c);

#endif
