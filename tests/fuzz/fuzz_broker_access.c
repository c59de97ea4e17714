/* Password files and access lists of any content, the first byte says which: an error names file and line, and what
 * was read answers every question.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "broker/access/passwords.h"
#include "broker/access/rights.h"
#include "tests/fuzz/fuzz.h"

static void demand_of_error(const char *error)
{
	int line;

	DEMAND(error && sscanf(error, "f:%d: ", &line) == 1 && line >= 1);
}

static void read_passwords(struct arena *a, char *text, size_t len)
{
	const char *error = NULL;
	struct passwords *p = passwords_parse(a, "f", text, len, &error);

	if (!p) {
		demand_of_error(error);
		return;
	}
	const struct password *nobodys = passwords_find(p, MQTT_VIEW(":nobody"));
	DEMAND(nobodys->never && nobodys->iterations <= PASSWORD_ITERATIONS_MAX);
	if (nobodys->iterations < 1000)
		DEMAND(!password_matches(nobodys, "x", 1));
	passwords_clear(p);
}

static void read_rights(struct arena *a, char *text, size_t len)
{
	static const struct rights_client clients[] = { { { 0 }, { (const uint8_t *)"c", 1 } },
		{ { (const uint8_t *)"u", 1 }, { (const uint8_t *)"c", 1 } },
		{ { (const uint8_t *)"a+b", 3 }, { (const uint8_t *)"$SYS", 4 } } };
	const char *error = NULL;
	struct rights *r = rights_parse(a, "f", text, len, &error);

	if (!r) {
		demand_of_error(error);
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		/* Whoever may read something may also subscribe to it. */
		static const char *const topics[] = { "a", "a/b/", "$SYS/x", "u/c" };
		for (size_t t = 0; t < 4; t++) {
			struct mqtt_view topic = mqtt_view_of(topics[t]);
			bool reads = rights_allow(r, &clients[i], topic, RIGHT_READ);
			DEMAND(!reads || rights_allow_filter(r, &clients[i], topic));
			rights_allow(r, &clients[i], topic, RIGHT_WRITE);
		}
		rights_allow_filter(r, &clients[i], MQTT_VIEW("$share/g/a/#"));
	}
	rights_fini(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;

	if (!size)
		return 0;
	char *text = malloc(size); /* one byte for the NUL in the place of the first */
	memcpy(text, data + 1, size - 1);
	arena_init(&a);
	if (data[0] & 1)
		read_passwords(&a, text, size - 1);
	else
		read_rights(&a, text, size - 1);
	arena_fini(&a);
	free(text);
	return 0;
}
