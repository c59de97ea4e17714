#include "tests/unit/unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "harness/wire.h"

static void a_publish_survives_the_round_trip(void **state)
{
	(void)state;
	struct arena a;
	struct buf b;
	arena_init(&a);
	buf_init(&b, 1000);
	struct packet p = wire_packet(PUBLISH);
	p.flags = wire_publish_flags(true, 2, false);
	p.topic = BYTES("q2/t");
	p.id = 7;
	p.payload = BYTES("once");
	assert_true(wire_build(&b, MQTT_50, &p, NULL));
	struct packet back;
	struct wire_result r = wire_parse(&a, MQTT_50, b.data, b.len, 1000, &back);
	assert_int_equal(r.status, WIRE_PACKET);
	assert_string_equal(
		wire_describe(&a, MQTT_50, &back), "PUBLISH \"q2/t\" q2 id 7 dup \"once\"");
	buf_fini(&b);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_publish_survives_the_round_trip),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
