/* The folder that a run writes into: run.jsonl, pcap/, target.log. It is tried before anything runs. */
#ifndef CLI_OUT_FOLDER_H
#define CLI_OUT_FOLDER_H

#include <stdbool.h>
#include <stdio.h>

struct arena;

struct out_folder {
	const char *path;
	FILE *record; /* run.jsonl, locked against other runs */
	FILE *log;    /* target.log */
};

/* Makes it if need be, and removes the captures of an earlier run. False, with a sentence. */
bool out_folder_open(struct arena *a, const char *path, struct out_folder *out, const char **error);

/* False, with errno, when something could not be written. */
bool out_folder_close(struct out_folder *out);

#endif
