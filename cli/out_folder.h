/* The folder that a run writes into: run.jsonl, pcap/, target.log. It is tried before anything runs.
 *
 *	out/2026-11-28-2314-mosquitto/    of its own, unless the user names one
 *	out/latest                        a link to the newest of them
 */
#ifndef CLI_OUT_FOLDER_H
#define CLI_OUT_FOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct arena;

struct out_folder {
	const char *path;
	FILE *record; /* run.jsonl, locked against other runs */
	FILE *log;    /* target.log */
};

/* Makes a new folder for a run of `target` that begins at `started_us` (since the epoch), also where several
 * begin at once, and returns its name. What keeps it from being made is left to out_folder_open to find.
 */
const char *out_folder_make(struct arena *a, const char *target, int64_t started_us);

/* Lets out/latest lead to `path`, one of out_folder_make; a latest that is no link stays as it is. */
void out_folder_link(struct arena *a, const char *path);

/* Makes it if need be. Of an earlier run in the same folder, the record, the log, and the captures
 * that its record names are replaced; nothing else is touched. False, with a sentence.
 */
bool out_folder_open(struct arena *a, const char *path, struct out_folder *out, const char **error);

/* False, with errno, when something could not be written. */
bool out_folder_close(struct out_folder *out);

#endif
