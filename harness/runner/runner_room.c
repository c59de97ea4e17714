/* When there is no room on the disk: the run goes on without captures, and what cannot be recorded is
 * counted. Each further line is tried, since room may come back.
 */
#include "harness/runner/runner_job.h"

#include <errno.h>
#include <string.h>

static void give_up_captures(struct runner *r, const char *why)
{
	const struct runner_config *c = r->config;

	if (r->no_captures)
		return;
	r->no_captures = true;
	if (c->view.remark)
		c->view.remark(c->view.user,
			arena_printf(&r->arena, "%s; the run goes on without captures", why));
}

void room_for_capture(struct runner *r, const struct record_case *record)
{
	if (record->pcap_error)
		give_up_captures(r, record->pcap_error);
}

void room_for_line(struct runner *r, bool written)
{
	if (written)
		return;
	const char *why = arena_text(&r->arena, strerror(errno));
	r->unrecorded++;
	r->unrecorded_why = why;
	give_up_captures(r, arena_printf(&r->arena, "the record cannot be written: %s", why));
}
