/* Verdict and expectation as other people's test formats know them: four ends and a sentence.
 *
 *                     expected                           unexpected
 *   pass nonstrict    OK                                 FAILURE: the target's file foresees worse
 *   info              OK                                 FAILURE
 *   inapplicable      SKIPPED, with the reason           FAILURE
 *   fail crash        KNOWN: never red                   FAILURE
 *   inconclusive      KNOWN                              ERROR: nothing was learned of the target
 *   error             KNOWN                              ERROR
 */
#ifndef REPORTS_OUTCOME_H
#define REPORTS_OUTCOME_H

#include "record/record.h"

struct buf;

enum outcome { OUTCOME_OK, OUTCOME_SKIPPED, OUTCOME_KNOWN, OUTCOME_FAILURE, OUTCOME_ERROR };

enum { OUTCOME_COUNT = OUTCOME_ERROR + 1 };

enum outcome outcome_of(const struct record_case *record);

/* Appends why, in one line: "MQTT-4.3.3-10: expected PUBREC 7, actual connection closed". Nothing
 * for a plain pass.
 */
void outcome_message(struct buf *b, const struct record_case *record);

#endif
