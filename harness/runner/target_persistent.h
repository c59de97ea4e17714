/* [persistent] and [persistent file NAME] of a target's file: how one of its instances is launched that
 * keeps what it has over a stop, and how it is stopped.
 */
#ifndef HARNESS_TARGET_PERSISTENT_H
#define HARNESS_TARGET_PERSISTENT_H

#include <stdbool.h>

#include "harness/runner/target_document.h"

struct arena;
struct ini_setting;
struct target_file;

/* Under way, all zero at first; and what has become of it. */
struct target_persistent {
	int line;                          /* of the first of its sections; 0: there is none */
	const char *const *command;        /* NULL: that of [target] */
	const char *const *environment;    /* beyond that of [target]; or NULL */
	int stop_signal;                   /* for an orderly stop; 0: not said yet */
	unsigned stop_ms;                  /* how long that may take; 0: not said yet */
	struct target_documents documents; /* instead of those with their names, or besides */
};

/* One line of these sections. NULL: it is fine; else what is wrong, as a sentence. *with_section: with the head of
 * the section.
 */
const char *target_persistent_read(struct arena *a, struct target_persistent *p,
	const struct ini_setting *s, bool *with_section);

/* What no line says is as usual. */
void target_persistent_finish(struct target_persistent *p);

/* The file of a persistent instance: a copy of this one with what differs, and without users. In the
 * arena.
 */
const struct target_file *target_persistent_file(
	struct arena *a, const struct target_file *file, const struct target_persistent *p);

/* "SIGTERM". */
const char *target_persistent_signal_name(int number);

#endif
