/* Times that people type: "12.5", seconds since the start of a capture; "2026-05-01T12:30:00.25", in local time as
 * tcpdump shows it, or with Z or +02:00 at its end. A blank does for the T, and the time of day may be left out.
 */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

#include "check/scope.h"

/* False: it is none. */
bool moment_read(const char *text, struct scope_time *time);

#endif
