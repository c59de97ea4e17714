/* Text held against a file of tests/unit/golden. After a change that is intended,
 *
 *	GOLDEN_UPDATE=1 build/dev/tests/test_reports; GOLDEN_UPDATE=1 build/dev/tests/test_compare
 *
 * writes those files anew: read their diff.
 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

/* Fails the test at the first line that differs. */
void golden_check(const char *name, const char *text);

#endif
