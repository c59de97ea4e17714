/* The durable store of the broker: pairs of key and value in a folder, by a journal and LMDB. What goes into it, and what comes
 * out again, is the core's affair (broker/core/record.h).
 *
 *      put, remove ──▶ batch ──commit──▶ FOLDER/journal-0, -1 ──a thread──▶ FOLDER/data.mdb
 *
 * The functions from store_put to store_begin are those of struct broker_store (broker/core/broker.h).
 */
#ifndef BROKER_STORE_STORE_H
#define BROKER_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "mqtt/view.h"

struct store;

enum { STORE_BEAT_MS = 10000 };

struct store_settings {
	const char *folder;  /* there has to be one */
	bool sync;           /* a commit is on the disk, and not just on its way */
	uint64_t most_bytes; /* all files together; 0: as many as the disk has */
};

/* Locks the folder, and opens the store in it or makes one. NULL, with a sentence that begins with the path, if it is
 * missing or cannot be written, another broker has it, or what is in it is not ours, newer or damaged: then nothing in
 * it has changed. The settings' folder and the log are borrowed.
 */
struct store *store_open(
	const struct store_settings *settings, struct log *log, char *error, unsigned error_size);

/* In the order of their keys. */
typedef bool store_take(void *context, struct mqtt_view key, struct mqtt_view value);

/* Hands out all pairs, then begins to write: what was removed meanwhile goes first. False, with a sentence, if `take` refuses
 * one, it is damaged, or it cannot be written: then nothing in the folder has changed.
 */
bool store_load(struct store *s, store_take *take, void *context, char *error, unsigned error_size);

/* The clock of the pairs: the wall clock when the store was made, and counting on since then whatever the wall clock was set
 * to while a broker ran. What it is now (ms since 1970).
 */
int64_t store_now_ms(const struct store *s);

/* By that clock: the latest time at which an earlier broker can have ended. 0: there was none. */
int64_t store_ended_ms(const struct store *s);

/* Whether it was opened with the same settings. */
bool store_fits(const struct store *s, const struct store_settings *settings);

/* To be called every STORE_BEAT_MS. */
void store_beat(struct store *s);

bool store_put(void *store, struct mqtt_view key, struct mqtt_view value);
void store_amend(void *store, struct mqtt_view key, struct mqtt_view value);
void store_remove(void *store, struct mqtt_view key);
bool store_commit(void *store);

/* A commit that another thread waits for. store_begin hands it over, by what store_hand was given; that thread calls
 * store_write, and tells this one, which calls store_end: whether it is durable. Meanwhile there are further changes,
 * and no other commit. In the end whoever hands it over sees to it that none is under way.
 */
void store_hand(struct store *s, void (*hand)(void *context), void *context);
bool store_begin(void *store);
void store_write(struct store *s);
bool store_end(struct store *s);

/* What was not committed is gone. NULL is fine. */
void store_close(struct store *s);

#endif
