/* The broker's sockets: listeners, connections and the event loop around the core.
 *
 *   one turn:   poll ──▶ accept, read in large chunks ──▶ link_input ──▶ tick, then one gathered write for
 *               each link that has news
 */
#ifndef BROKER_SHELL_SERVER_H
#define BROKER_SHELL_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "broker/shell/settings.h"

struct server;

/* Binds the listeners. NULL on failure, with a sentence in `error`. The settings and the log are
 * borrowed.
 */
struct server *server_new(const struct settings *settings, struct log *log, const char *version,
	char *error, unsigned error_size);

/* Reads the files that the settings name, and starts nothing. False, with a sentence, if any of them is wrong. */
bool server_check(const struct settings *settings, char *error, unsigned error_size);

/* The port of a listener, even where the system chose it. */
uint16_t server_port(const struct server *s, unsigned listener);

/* Takes over what can change while it runs: what is logged, users, rights. False, with a sentence and all as it
 * was, if any of it cannot be had.
 */
bool server_apply(
	struct server *s, const struct settings *settings, char *error, unsigned error_size);

/* Called in the loop's thread on SIGHUP. */
void server_on_reload(struct server *s, void (*reload)(void *context), void *context);

/* Serves until SIGTERM or SIGINT, then ends in order: clients are told, and get a few seconds. */
void server_run(struct server *s);

void server_free(struct server *s);

#endif
