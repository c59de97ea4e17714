#include "cli/login.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "harness/peers/demands.h"
#include "harness/runner/password.h"
#include "harness/runner/target_file.h"

static const char user_variable[] = "MQTTSPEC_USER";
static const char password_variable[] = "MQTTSPEC_PASSWORD";

/* NULL when it is not set, or empty. */
static const char *variable(struct arena *a, const char *name)
{
	const char *value = getenv(name);

	return value && *value ? arena_text(a, value) : NULL;
}

/* What is wrong with it; NULL: nothing. */
static const char *fault_of(const struct login *l)
{
	if (!l->user_name && l->password)
		return "a password needs a user name: --user NAME, or MQTTSPEC_USER";
	if (!l->user_name)
		return NULL;
	size_t len = strlen(l->user_name);
	if (len > LOGIN_SIZE_MAX || utf8_check((const uint8_t *)l->user_name, len) != len)
		return "the user name must be UTF-8, of at most 65535 bytes";
	if (l->password && strlen(l->password) > LOGIN_SIZE_MAX)
		return "a password has at most 65535 bytes";
	return NULL;
}

const char *login_find(struct arena *a, const char *user, const char *password_file,
	const struct target_file *file, struct login *out)
{
	const char *password = variable(a, password_variable), *path = password_file;
	const char *error = NULL;

	*out = (struct login){ .user_name = user ? user : variable(a, user_variable),
		.password = path ? NULL : password };
	if (!out->user_name && file && file->user_name) {
		out->user_name = file->user_name;
		if (!path && !password) {
			path = file->password_file;
			out->password = file->password;
		}
	}
	if (path)
		out->password = password_read(a, path, &error);
	if (error && path == password_file)
		return arena_printf(a, "--password-file %s", error);
	return error ? error : fault_of(out);
}

void login_hide(void)
{
	unsetenv(password_variable);
}
