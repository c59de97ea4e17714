/* The user name and password that the clients of a run give, from the first of these that has one:
 * the command line, the environment, the target's file. The password of the file is for its own
 * user name only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "harness/runner/password.h"

static const char user_variable[] = "MQTTSPEC_USER";
static const char password_variable[] = "MQTTSPEC_PASSWORD";

static bool complain(const struct run *run, int *code, const char *sentence)
{
	fprintf(stderr, "mqttspec %s: %s\n", run->options.command->name, sentence);
	*code = EXIT_USAGE;
	return false;
}

/* NULL when it is not set, or empty. */
static const char *variable(struct arena *a, const char *name)
{
	const char *value = getenv(name);

	return value && *value ? arena_text(a, value) : NULL;
}

/* What is wrong with it; NULL: nothing. */
static const char *fault_of(const struct run *run)
{
	const struct login *l = &run->login;

	if (!l->user_name && l->password)
		return "a password needs a user name: --user NAME, or MQTTSPEC_USER";
	if (!l->user_name)
		return NULL;
	size_t len = strlen(l->user_name);
	if (len > LOGIN_SIZE_MAX || utf8_check((const uint8_t *)l->user_name, len) != len)
		return "the user name must be UTF-8, of at most 65535 bytes";
	if (l->password && strlen(l->password) > LOGIN_SIZE_MAX)
		return "a password has at most 65535 bytes";
	if (l->password && run->options.capture)
		return "--capture records the real packets, and the password in them";
	if (l->password && run->options.wire)
		return "--wire keeps the real bytes, and the password in them";
	return NULL;
}

bool run_find_login(struct run *run, int *code)
{
	const struct run_options *o = &run->options;
	struct login *l = &run->login;
	const char *user = variable(&run->arena, user_variable);
	const char *password = variable(&run->arena, password_variable);
	const char *path = o->password_file, *error = NULL;

	unsetenv(password_variable); /* the programs that we launch have no business with it */
	if (run->role != ROLE_SERVER)
		return !(o->user || path) ||
			complain(run, code, "--user is for brokers, not for a client");
	l->user_name = o->user ? o->user : user;
	l->password = path ? NULL : password;
	if (!l->user_name && run->file.user_name) {
		l->user_name = run->file.user_name;
		if (!path && !password) {
			path = run->file.password_file;
			l->password = run->file.password;
		}
	}
	if (path)
		l->password = password_read(&run->arena, path, &error);
	if (error && path == o->password_file)
		error = arena_printf(&run->arena, "--password-file %s", error);
	if (!error)
		error = fault_of(run);
	return error ? complain(run, code, error) : true;
}
