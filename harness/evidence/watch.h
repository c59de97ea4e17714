/* What is judged in every case run, whatever its case is about. */
#ifndef HARNESS_WATCH_H
#define HARNESS_WATCH_H

#include <stdbool.h>

#include "harness/monitor/monitor.h"
#include "spec/spec.h"

/* Whether the statement is accused wherever its breach is seen on that side: by a rule of the monitor, or as
 * what a difference breaks anyway (spec/blame.tsv).
 */
bool watch_covers(const struct spec_statement *s, enum side judged);

#endif
