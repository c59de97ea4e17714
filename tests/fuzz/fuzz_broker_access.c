/* Password files, SCRAM files and access lists of any content, and what a client of SCRAM says, the first byte says which: an error names file and line, and what
 * was read answers every question.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "broker/access/passwords.h"
#include "broker/access/psk_keys.h"
#include "broker/access/rights.h"
#include "broker/access/scram.h"
#include "broker/access/scram_users.h"
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

static void read_psk(struct arena *a, char *text, size_t len)
{
	const char *error = NULL;
	struct psk_keys *k = psk_keys_parse(a, "f", text, len, &error);

	if (!k) {
		demand_of_error(error);
		return;
	}
	DEMAND(!psk_keys_find(k, ":nobody"));
	psk_keys_free(k);
}

static void read_scram(struct arena *a, char *text, size_t len)
{
	const char *error = NULL;
	struct scram_users *u = scram_users_parse(a, "f", text, len, &error);
	struct scram_key key;
	char entry[SCRAM_TEXT_MAX];

	if (!u) {
		demand_of_error(error);
		return;
	}
	for (int i = 0; i < SCRAM_METHODS; i++) {
		enum scram_method method = (enum scram_method)i;
		DEMAND(scram_users_find(u, method, ":nobody", &key));
		if (!scram_users_know(u, method))
			continue;
		scram_key_write(&key, entry);
		DEMAND(!scram_key_read(&key, entry));
	}
	scram_users_clear(u);
}

/* Messages, each up to a line's end: nobody is let in without the password. */
static void converse(struct arena *a, const char *text, size_t len)
{
	static const char users[] = "n:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
				    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
				    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
	const char *error = NULL, *end = text + len;
	struct scram_users *u =
		scram_users_parse(a, "f", arena_text(a, users), sizeof(users) - 1, &error);
	struct scram *s = scram_new();
	struct scram_exchange *x = scram_begin(s, SCRAM_SHA_256);
	enum scram_status status = SCRAM_GOES_ON;
	struct mqtt_view say;

	while (status == SCRAM_GOES_ON && text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		stop = stop ? stop : end;
		struct mqtt_view data = { (const uint8_t *)text, (uint32_t)(stop - text) };
		status = scram_step(x, u, data, &say);
		DEMAND(status != SCRAM_DONE);
		text = stop + 1;
	}
	scram_end(x);
	scram_free(s);
	scram_users_clear(u);
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
	switch (data[0] & 7) {
	case 0: read_rights(&a, text, size - 1); break;
	case 1: read_passwords(&a, text, size - 1); break;
	case 2: read_scram(&a, text, size - 1); break;
	case 4: read_psk(&a, text, size - 1); break;
	case 3: converse(&a, text, size - 1); break;
	}
	arena_fini(&a);
	free(text);
	return 0;
}
