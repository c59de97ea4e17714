/* What is kept of a find, in a folder of its own:
 *
 *	finds/01-death/exchange       its text, for mqttspec fuzz --play
 *	               connection-1   the bytes that were sent there
 *	               capture.pcapng
 *	               transcript
 *	               command        that plays it again
 *	               about          what was seen, and how it was found
 */
#ifndef FUZZ_EVIDENCE_H
#define FUZZ_EVIDENCE_H

#include <stdbool.h>

#include "fuzz/hunt.h"

struct arena;

/* `replay` is the command up to the path of the exchange. Returns the folder, in the arena; NULL, with errno, when
 * something could not be written.
 */
const char *evidence_write(
	struct arena *a, const char *out, const struct find *find, const char *replay);

#endif
