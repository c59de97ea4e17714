/* Signals that stop a long run become something to poll, so that it ends in order and leaves nothing behind. */
#ifndef CLI_INTERRUPTION_H
#define CLI_INTERRUPTION_H

#include <signal.h>
#include <stdbool.h>

/* SIGINT, SIGTERM and SIGHUP. Returns a descriptor that is readable once one has come, or -1: then they end the program
 * as usual. `before`, or NULL, is for sigprocmask when it is over.
 */
int interruption_catch(sigset_t *before);

/* Without waiting. Takes it, so that it does not come again once signals are as before. */
bool interruption_came(int fd);

#endif
