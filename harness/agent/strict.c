/* What docs/AGENT.md demands of an event, and a case that judges a client can do without. */
#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "harness/agent/contract.h"

enum { FIELDS = 3 };

enum answers { ALWAYS, NEVER, PERHAPS };

static const struct {
	enum answers answers;
	const char *needed[FIELDS];
} forms[] = {
	[TOLD_CONNECTED] = { ALWAYS, { NULL } },
	[TOLD_REFUSED] = { ALWAYS, { "code" } },
	[TOLD_ACKNOWLEDGED] = { ALWAYS, { NULL } },
	[TOLD_SYNCED] = { ALWAYS, { NULL } },
	[TOLD_DISCONNECTED] = { PERHAPS, { NULL } },
	[TOLD_MESSAGE] = { NEVER, { "topic", "qos", "retain" } },
	[TOLD_CHALLENGE] = { NEVER, { NULL } },
	[TOLD_ERROR] = { PERHAPS, { "text" } },
	[TOLD_UNSUPPORTED] = { ALWAYS, { "text" } },
	[TOLD_HELLO] = { NEVER, { "contract", "versions" } },
};

static const char *missing(struct arena *a, const json_t *event, const struct told *told)
{
	for (size_t i = 0; i < FIELDS && forms[told->kind].needed[i]; i++) {
		const char *name = forms[told->kind].needed[i];
		if (!json_object_get(event, name) &&
			!json_object_get(event, arena_printf(a, "%s_hex", name)))
			return arena_printf(a, "`%s` without `%s`", told_name(told->kind), name);
	}
	return NULL;
}

static const char *misplaced(struct arena *a, const json_t *event, const struct told *told)
{
	bool has_id = json_object_get(event, "id");
	const json_t *identifiers =
		json_object_get(json_object_get(event, "properties"), "subscription_identifier");

	if (forms[told->kind].answers == ALWAYS && !has_id)
		return arena_printf(a, "`%s` without an `id`", told_name(told->kind));
	if (forms[told->kind].answers == NEVER && has_id)
		return arena_printf(a, "`%s` with an `id`", told_name(told->kind));
	if (told->kind == TOLD_MESSAGE && identifiers && !json_is_array(identifiers))
		return "`message` whose `subscription_identifier` is no list";
	return NULL;
}

const char *contract_breach(struct arena *a, const char *line, size_t len, const struct told *told)
{
	json_t *event = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	const char *breach = missing(a, event, told);

	if (!breach)
		breach = misplaced(a, event, told);
	json_decref(event);
	return breach;
}
