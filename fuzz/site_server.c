/* A server under fuzz. */
#include "base/clock.h"
#include "fuzz/site.h"
#include "harness/peers/probe.h"
#include "harness/runner/target.h"

enum { DIAL_US = 2000000, PROBE_US = 300000 };

static enum opened open_connection(
	void *user, struct arena *a, struct pipe **pipe, const char **error)
{
	struct site *s = user;
	int64_t began_us = clock_now_us();

	*pipe = endpoint_dial(a, &s->target->endpoint, began_us + DIAL_US, error);
	int64_t waited_us = clock_now_us() - began_us;
	s->waited_us += waited_us < DIAL_US ? waited_us : DIAL_US;
	return *pipe ? OPENED : OPENED_NEVER;
}

static void look(struct site *s)
{
	struct record_death death;
	struct arena a;

	if (!s->launched)
		return;
	target_read(s->target);
	arena_init(&a);
	if (target_died(s->target, &a, &death))
		site_note_death(s, &death);
	arena_fini(&a);
}

/* With a CONNACK of either kind. */
static bool answers(struct site *s, bool *gone)
{
	struct capabilities c;
	struct arena a;
	const char *what;

	arena_init(&a);
	enum probe_status status =
		probe(&a, &s->target->endpoint, site_version(s, 0), PROBE_US, &c, &what);
	arena_fini(&a);
	*gone = status == PROBE_UNREACHABLE;
	return status == PROBE_SERVED || status == PROBE_REFUSED;
}

static bool renew(struct site *s)
{
	target_kill(s->target);
	return target_launch(s->target, &s->error) == TARGET_UP;
}

static void retire(struct site *s)
{
	target_stop(s->target);
}

static pid_t group(const struct site *s)
{
	return s->target->program.pid;
}

static size_t poll_for(const struct site *s, struct pollfd *fds, size_t count, size_t max)
{
	if (count < max)
		fds[count++] =
			(struct pollfd){ .fd = s->target->program.output_fd, .events = POLLIN };
	return count;
}

void site_init_server(struct site *s, struct target *target, unsigned versions)
{
	static const struct site_ops ops = { look, answers, renew, retire, group, poll_for };

	*s = (struct site){
		.ops = &ops,
		.stop_fd = -1,
		.ask_us = SITE_ASK_US,
		.target = target,
		.launched = target_is_launched(target),
		.versions = versions,
		.host = { .ours = SIDE_CLIENT,
			.demands = { .login = target->login },
			.user = s,
			.open = open_connection },
	};
	target->heard = complaints_hear;
	target->hearer = &s->complaints;
}
