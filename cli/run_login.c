/* The user name and password that the clients of a run give. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/login.h"
#include "cli/run.h"

static bool complain(const struct run *run, int *code, const char *sentence)
{
	return run_complain(run, code, EXIT_USAGE, sentence);
}

/* Where it would be seen; NULL: nowhere. */
static const char *exposure_of(const struct run *run)
{
	if (!run->login.password)
		return NULL;
	if (run->options.capture)
		return "--capture records the real packets, and the password in them";
	if (run->options.wire)
		return "--wire keeps the real bytes, and the password in them";
	return NULL;
}

bool run_find_login(struct run *run, int *code)
{
	const struct run_options *o = &run->options;
	const char *error = NULL;

	if (run->role != ROLE_SERVER) {
		login_hide();
		return !(o->user || o->password_file) ||
			complain(run, code, "--user is for brokers, not for a client");
	}
	error = login_find(&run->arena, o->user, o->password_file,
		run->has_file ? &run->file : NULL, &run->login);
	login_hide();
	if (!error)
		error = exposure_of(run);
	return error ? complain(run, code, error) : true;
}
