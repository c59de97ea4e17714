/* Where things are in a site. A way depends on the thing alone, and never on what else is in the site, so
 * that a link stays the same from one making of the site to the next.
 *
 *	servers/eclipse-mosquitto/              a target; clients/... for one that is a client
 *	servers/eclipse-mosquitto/2.0.11/       a version of it; "unversioned" when it is not known
 *	statements/5.0/MQTT-4.3.3-10.html
 *	cases/qos2_duplicate_publish.html       a case; a table with all of its rows
 *	matrix/ws.html                          the matrix, over one transport
 *
 * Ways are relative to the root of the site and need no encoding in a link.
 */
#ifndef REPORTS_SITE_WAY_H
#define REPORTS_SITE_WAY_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct record_run;

const char *way_target(struct arena *a, const struct record_run *run);
const char *way_version(struct arena *a, const struct record_run *run);
const char *way_statement(struct arena *a, const char *name); /* "5.0:MQTT-4.3.3-10" */
const char *way_case(struct arena *a, const char *id);        /* also of a row, "table/row" */
const char *way_transport(struct arena *a, const char *transport);

/* A case and the rows of its table have a page in common: how much of an id is the case, and whether it is one. */
size_t way_case_length(const char *id);
bool way_is_same_case(const char *id, const char *other);

/* "../../", from a page at `way` back to the root; "" for a page that is there. */
const char *way_back(struct arena *a, const char *way);

#endif
