/* The properties of a message that is passed on. */
#include "tests/unit/scripted.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

CASE(forwarded, .title = "Properties as they were published", .refs = { "5.0:MQTT-3.3.2-18" },
	.level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a");
	double came_ms = wait_packet_ms(client, PUBLISH, 150);
	check(t, !isnan(came_ms) && came_ms <= (double)now_us(t) / 1000, "a time of arrival",
		"it is otherwise");
	struct packet message = expect(client, PUBLISH);
	check_forwarded(t, message,
		PROPS(P_PAYLOAD_FORMAT(0), P_USER("a", "1"), P_USER("a", "2"), P_CONTENT_TYPE("x"),
			P_MESSAGE_EXPIRY(9)));
}

static void a_message_keeps_its_properties(void **state)
{
	(void)state;
	static const struct {
		const char *properties; /* with their length */
		enum verdict verdict;
		const char *says; /* what was due, before the packet that came */
		const char *came;
	} samples[] = {
		{ "12 26000161000131 26000161000132 03000178", VERDICT_PASS, NULL, NULL },
		{ "12 03000178 26000161000131 26000161000132", VERDICT_PASS, NULL, NULL },
		{ "14 0100 26000161000131 26000161000132 03000178", VERDICT_PASS, NULL, NULL },
		{ "17 0200000008 26000161000131 26000161000132 03000178", VERDICT_PASS, NULL,
			NULL },
		{ "12 26000161000132 26000161000131 03000178", VERDICT_FAIL, "User Property as",
			"User Property altered: PUBLISH" },
		{ "0B 26000161000131 03000178", VERDICT_FAIL, "User Property as published",
			"User Property missing: PUBLISH" },
		{ "0E 26000161000131 26000161000132", VERDICT_FAIL, "Content Type as published",
			"Content Type missing: PUBLISH" },
		{ "00", VERDICT_FAIL, "User Property, Content Type as published",
			"User Property, Content Type missing: PUBLISH" },
		{ "12 26000161000131 26000161000132 03000179", VERDICT_FAIL, "Content Type as",
			"Content Type altered: PUBLISH" },
		{ "16 26000161000131 26000161000132 03000178 09000178", VERDICT_FAIL,
			"no Correlation Data but", "Correlation Data added: PUBLISH" },
		{ "14 0101 26000161000131 26000161000132 03000178", VERDICT_FAIL,
			"no Payload Format", "Payload Format Indicator added: PUBLISH" },
		{ NULL, VERDICT_FAIL, "a time of arrival", NULL },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		char script[200] = CONNACK_50 "r s900400010000";
		if (samples[i].properties) {
			char hex[100] = "";
			for (const char *c = samples[i].properties; *c; c++)
				if (*c != ' ')
					strncat(hex, c, 1);
			snprintf(script, sizeof(script),
				CONNACK_50 "r s900400010000 s30%02zX00046B312F61%s p20",
				6 + strlen(hex) / 2, hex);
		}
		play_with(&p,
			(struct play){
				.def = &case_forwarded, .version = MQTT_50, .answer_us = 1000000 },
			SCRIPTS(script));
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(samples[i].verdict));
		if (samples[i].says)
			assert_contains(p.record.failure->expected, samples[i].says);
		if (samples[i].came)
			assert_contains(p.record.failure->actual, samples[i].came);
		done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_keeps_its_properties),
	};
	return cmocka_run_group_tests_name("forwarded", tests, NULL, NULL);
}
