/* Where a target is. */
#include "tests/unit/scripted.h"

#include <string.h>

#include "harness/transport/endpoint.h"

static void urls_are_read_as_people_write_them(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		const char *read; /* or a part of the error */
		bool ok;
	} samples[] = {
		{ "mqtt://127.0.0.1:1884", "mqtt://127.0.0.1:1884", true },
		{ "127.0.0.1", "mqtt://127.0.0.1:1883", true },
		{ "[::1]:1884", "mqtt://[::1]:1884", true },
		{ "mqtt://[::1]", "mqtt://[::1]:1883", true },
		{ "http://127.0.0.1", "scheme", false },
		{ "mqtt://127.0.0.1:70000", "from 1 to 65535", false },
		{ "mqtt://127.0.0.1:x", "\"x\" is none", false },
		{ "mqtt://", "form", false },
		{ "mqtt://127.0.0.1/", "mqtt://127.0.0.1:1883", true },
		{ "mqtt://127.0.0.1/mqtt", "leave out /mqtt", false },
		{ "mqtts://127.0.0.1", "mqtts://127.0.0.1:8883", true },
		{ "mqtts://127.0.0.1/mqtt", "leave out /mqtt", false },
		{ "mqtts://:1", "form", false },
		{ "ssl://127.0.0.1", "MQTT over TLS is mqtts://; ", false },
		{ "ws://127.0.0.1", "ws://127.0.0.1:80/mqtt", true },
		{ "ws://127.0.0.1:8080/", "ws://127.0.0.1:8080/", true },
		{ "wss://[::1]/a/b?c=d", "wss://[::1]:443/a/b?c=d", true },
		{ "wss://127.0.0.1:0/mqtt", "from 1 to 65535", false },
		{ "ws://127.0.0.1/a b", "visible ASCII", false },
		{ "ws://127.0.0.1/a#b", "no #", false },
		{ "ws://me:secret@127.0.0.1/", "--password-file", false },
		{ "mqtt://me:secret@127.0.0.1", "--password-file", false },
		{ "me@127.0.0.1", "--user", false },
		{ "unix:///run/mqtt.sock", "unix:///run/mqtt.sock", true },
		{ "unix://run/mqtt.sock", "form", false },
		{ "unix:///", "form", false },
		{ "unix:///1234567890123456789012345678901234567890123456789012345678901234567890"
		  "12345678901234567890123456789012345678",
			"107", false },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct arena a;
		struct endpoint e;
		const char *error = NULL;
		arena_init(&a);
		assert_int_equal(endpoint_parse(&a, samples[i].url, &e, &error), samples[i].ok);
		assert_contains(samples[i].ok ? e.url : error, samples[i].read);
		if (error)
			assert_null(strstr(error, "secret"));
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_read_as_people_write_them),
	};
	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
