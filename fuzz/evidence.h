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
#include <stdio.h>

#include "fuzz/hunt.h"

struct arena;

/* `replay` is the command up to the path of the exchange. The number is one more than that of the last find there, of
 * this run or an earlier one. Returns the folder, in the arena; NULL, with errno, when something could not be written.
 */
const char *evidence_write(
	struct arena *a, const char *out, const struct find *find, const char *replay);

/* A line for each event of the tape. */
void evidence_print(FILE *to, const struct tape *tape);

#endif
