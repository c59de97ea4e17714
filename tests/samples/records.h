/* Records for tests: every field of each in use, and none but what a record must have. */
#ifndef TESTS_SAMPLES_RECORDS_H
#define TESTS_SAMPLES_RECORDS_H

#include "record/record.h"

extern const struct record_run sample_run, sample_run_minimal;
extern const struct record_case sample_case, sample_case_minimal;
extern const struct record_death sample_death, sample_death_minimal;
extern const struct record_end sample_end, sample_end_minimal;

#endif
