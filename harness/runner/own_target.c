#include "harness/runner/own_target.h"

#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

#include "harness/runner/target_persistent.h"
#include "harness/transport/transport.h"
#include "record/record.h"

static struct own_target *own(struct instance *i)
{
	return (struct own_target *)((char *)i - offsetof(struct own_target, instance));
}

const char *own_target_lack(
	struct arena *a, const struct target *usual, const struct transport *transport)
{
	if (!target_is_launched(usual))
		return "only a program that mqttspec launches can be restarted: it needs a target "
		       "file "
		       "with a `command` and a section [persistent] (docs/TARGETS.md)";
	if (!usual->file->persistent.line)
		return "the target's file has no section [persistent], which says how an instance "
		       "is "
		       "launched that keeps what it has over a restart (docs/TARGETS.md)";
	if (!target_offers(target_persistent_file(a, usual->file, &usual->file->persistent), NULL,
		    transport))
		return arena_printf(a,
			"the [persistent] of the target's file does not listen over %s: it has no "
			"{%s}",
			transport->name, transport->place);
	return NULL;
}

int64_t own_target_limit_us(const struct target_file *file, unsigned starts)
{
	return (int64_t)starts * 1000 * (file->ready_ms + file->persistent.stop_ms);
}

/* ---- what the verbs call ------------------------------------------------------------------- */

static enum instance_status start(struct instance *i, struct arena *a, const char **why)
{
	struct own_target *o = own(i);
	const char *error = NULL;
	enum target_status status =
		o->begun ? target_resume(&o->target, &error) : target_launch(&o->target, &error);

	if (status == TARGET_UP) {
		o->begun = true;
		return INSTANCE_UP;
	}
	*why = error ? arena_text(a, error) : "somebody else has taken its port meanwhile";
	return !error ? INSTANCE_ROBBED : o->target.late ? INSTANCE_LATE : INSTANCE_DOWN;
}

static void signal_it(struct instance *i, bool orderly)
{
	struct own_target *o = own(i);

	if (o->target.program.pid > 0)
		kill(-o->target.program.pid,
			orderly ? o->target.file->persistent.stop_signal : SIGKILL);
}

static bool ended(struct instance *i, int wait_ms)
{
	struct own_target *o = own(i);

	return target_ended(&o->target, wait_ms, &o->status);
}

static bool is_told_signal(const struct own_target *o, int number)
{
	return number == SIGKILL || number == SIGTERM ||
		number == o->target.file->persistent.stop_signal;
}

static bool died(struct instance *i, bool told, struct arena *a, struct record_death *death)
{
	struct own_target *o = own(i);
	int status = o->status;

	if (told && (WIFEXITED(status) || is_told_signal(o, WTERMSIG(status))))
		return false;
	*death = (struct record_death){
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		.stderr_tail = tail_text(&o->target.tail, a),
		.during = "",
	};
	return true;
}

static const char *said(struct instance *i, struct arena *a)
{
	target_read(&own(i)->target);
	return tail_text(&own(i)->target.tail, a);
}

static void end(struct instance *i)
{
	program_kill(&own(i)->target.program);
}

/* ---- the whole ----------------------------------------------------------------------------- */

void own_target_init(struct own_target *o, const struct target *usual,
	const struct transport *transport, const char *folder)
{
	const struct target_persistent *p = &usual->file->persistent;

	*o = (struct own_target){
		.instance = {
			.name = usual->file->name,
			.stop_name = target_persistent_signal_name(p->stop_signal),
			.stop_ms = p->stop_ms,
			.start = start,
			.signal = signal_it,
			.ended = ended,
			.died = died,
			.said = said,
			.end = end,
		},
		.route = transport,
	};
	arena_init(&o->arena);
	target_init(&o->target, target_persistent_file(&o->arena, usual->file, p));
	o->target.login = usual->login;
	o->target.guest = usual->guest;
	o->target.files = usual->files;
	o->target.path = usual->path;
	o->target.routes = &o->route;
	o->target.route_count = 1;
	o->target.lent_folder = folder;
	o->target.lent_pki = target_pki(usual, &o->arena);
	o->target.endpoint = *target_endpoint(usual, transport); /* till it has one of its own */
}

void own_target_fini(struct own_target *o)
{
	target_kill(&o->target);
	target_fini(&o->target);
	arena_fini(&o->arena);
}
