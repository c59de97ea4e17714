#include "broker/access/policies.h"

#include <stdio.h>

#include "broker/access/passwords.h"
#include "broker/access/rights.h"
#include "broker/access/scram_users.h"

static bool policy_read(
	struct policy *p, struct arena *a, const struct policy_files *files, const char **error)
{
	*p = (struct policy){ .allow_anonymous = files->allow_anonymous };
	if (files->password_file &&
		!(p->passwords = passwords_read(a, files->password_file, error)))
		return false;
	if (files->scram_file && !(p->scram = scram_users_read(a, files->scram_file, error)))
		return false;
	return !files->acl_file || (p->rights = rights_read(a, files->acl_file, error));
}

bool policies_read(struct policies *p, const struct policy_files *files, unsigned count,
	char *error, unsigned error_size)
{
	const char *why = "";

	*p = (struct policies){ 0 };
	arena_init(&p->arena);
	p->list = arena_alloc(&p->arena, count * sizeof(*p->list));
	while (p->count < count) {
		unsigned at = p->count++;
		if (policy_read(&p->list[at], &p->arena, &files[at], &why))
			continue;
		snprintf(error, error_size, "%s", why);
		policies_free(p);
		return false;
	}
	return true;
}

void policies_free(struct policies *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		passwords_clear(p->list[i].passwords);
		scram_users_clear(p->list[i].scram);
		rights_fini(p->list[i].rights);
	}
	arena_fini(&p->arena);
	*p = (struct policies){ 0 };
}
