/* A deviant around a client: its agent is launched, and led to connect to the deviant. */
#ifndef DEVIANTS_AGENT_H
#define DEVIANTS_AGENT_H

struct arena;
struct deviation;

/* Hands commands from standard input to the agent that the shell makes of `command`, and plays the deviation on the
 * connections that they lead to. The agent's standard output is ours. `pki` is a folder with certificates, for a
 * deviation that is an end of TLS; else it may be NULL. Returns the agent's exit status; 2 with a sentence in *error, in
 * the arena, when it could not be launched.
 */
int agent_play(struct arena *a, const char *command, const struct deviation *d, const char *pki,
	const char **error);

#endif
