/* The captures that go into a site: those that a run has written beside its record, and nothing else that a record
 * may name. Those below TLS and WebSocket (--wire) have the secrets of their connections in them, and are not
 * for everybody: they stay behind.
 */
#ifndef CLI_SITE_CAPTURE_H
#define CLI_SITE_CAPTURE_H

#include <stdbool.h>

struct arena;
struct runs;
struct site;
struct site_folder;

/* Lets the case runs forget every capture that is not there, or not to be shown; with `none`, all of them. */
void site_capture_choose(struct arena *a, struct runs *runs, bool none);

/* Copies the others beside the pages of their versions. False: one could not be written. */
bool site_capture_copy(struct arena *a, const struct site *site, struct site_folder *to);

#endif
