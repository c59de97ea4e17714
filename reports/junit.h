/* JUnit XML, as Jenkins, GitLab and the viewers of GitHub read it; tests/schemas/junit.xsd is the
 * shape that they have in common. docs/CI.md has the table of what becomes what.
 *
 *   testsuites
 *     testsuite "5.0 qos2"          one for each version and chapter
 *       properties                  of the run: target, versions, command; of those skipped, how
 *                                   many were inapplicable, and how many are known failures
 *       testcase                    one for each case run, with the file and line of its case
 *         properties                verdict, level, statements by id; why it was skipped
 *         skipped | failure | error
 *         system-out                the transcript
 *         system-err                what a target that died had written
 *     testsuite "run"               one testcase: is the record the whole story?
 */
#ifndef REPORTS_JUNIT_H
#define REPORTS_JUNIT_H

#include <stdio.h>

#include "reports/runs.h"

void report_junit(FILE *to, const struct runs *runs);

#endif
