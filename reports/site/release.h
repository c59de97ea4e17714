/* The order of a program's releases, from what it calls them: numbers count as numbers, a pre-release comes before
 * its release, and a revision of a package after it.
 *
 *	2.0.9 < 2.0.10-alpha.2 < 2.0.10-rc1 < 2.0.10 < 2.0.10-1 < 2.0.10.1 < 2.1
 */
#ifndef REPORTS_SITE_RELEASE_H
#define REPORTS_SITE_RELEASE_H

/* Below, at or above 0, as for strcmp; 0 only for equal texts. "" is older than all others. */
int release_compare(const char *a, const char *b);

#endif
