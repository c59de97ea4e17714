/* A deviant around a client: its agent is launched, and led to connect to the deviant. */
#ifndef DEVIANTS_AGENT_H
#define DEVIANTS_AGENT_H

struct deviation;

/* Hands commands from standard input to the agent that the shell makes of `command`, and plays the deviation on the
 * connections that they lead to. The agent's standard output is ours. Returns its exit status; 2 with a sentence in
 * *error (static) when it could not be launched.
 */
int agent_play(const char *command, const struct deviation *d, const char **error);

#endif
