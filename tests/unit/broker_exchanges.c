/* Enhanced authentication under way: how much of it there may be. */
#include "tests/unit/unit.h"

#include "base/arena.h"
#include "broker/access/scram_users.h"
#include "broker/core/broker.h"
#include "broker/shell/connection.h"
#include "broker/shell/exchanges.h"

/* RFC 7677, section 3. */
static const char users_text[] = "user:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
				 "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
				 "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

struct world {
	struct arena arena;
	struct exchanges exchanges;
	struct scram_users *users;
	struct connection connections[6];
};

static int set_up(void **state)
{
	static struct world w;
	const char *error;

	w = (struct world){ 0 };
	arena_init(&w.arena);
	assert_true(exchanges_init(&w.exchanges));
	w.users = scram_users_parse(&w.arena, "users", arena_text(&w.arena, users_text),
		sizeof(users_text) - 1, &error);
	assert_non_null(w.users);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	exchanges_fini(&w->exchanges);
	scram_users_clear(w->users);
	arena_fini(&w->arena);
	return 0;
}

static int begin(struct world *w, unsigned connection, bool again)
{
	struct broker_auth_answer answer = { 0 };

	return exchanges_step(&w->exchanges, &w->connections[connection], w->users, again,
		MQTT_VIEW("SCRAM-SHA-256"), MQTT_VIEW("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), &answer);
}

static void those_who_are_in_leave_room_for_those_who_are_not(void **state)
{
	struct world *w = *state;

	assert_int_equal(w->exchanges.most, EXCHANGES_MOST);
	assert_int_equal(w->exchanges.most_again, EXCHANGES_MOST_AGAIN);
	w->exchanges.most = 4;
	w->exchanges.most_again = 2;
	assert_int_equal(begin(w, 0, true), BROKER_AUTH_CONTINUE);
	assert_int_equal(begin(w, 1, true), BROKER_AUTH_CONTINUE);
	assert_int_equal(begin(w, 2, true), MQTT_SERVER_BUSY);
	assert_int_equal(begin(w, 2, false), BROKER_AUTH_CONTINUE);
	assert_int_equal(begin(w, 3, false), BROKER_AUTH_CONTINUE);
	assert_int_equal(begin(w, 4, false), MQTT_SERVER_BUSY);
	/* What ends makes room for one of its kind. */
	exchanges_end(&w->exchanges, &w->connections[2]);
	assert_int_equal(begin(w, 4, true), MQTT_SERVER_BUSY);
	assert_int_equal(begin(w, 4, false), BROKER_AUTH_CONTINUE);
	exchanges_end(&w->exchanges, &w->connections[0]);
	assert_int_equal(begin(w, 5, true), BROKER_AUTH_CONTINUE);
	assert_int_equal(w->exchanges.count, 4);
	assert_int_equal(w->exchanges.again, 2);
	/* A step that goes wrong ends it as well: a first message is no second one. */
	assert_int_not_equal(begin(w, 5, true), BROKER_AUTH_CONTINUE);
	assert_int_equal(w->exchanges.again, 1);
	assert_int_equal(begin(w, 0, true), BROKER_AUTH_CONTINUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			those_who_are_in_leave_room_for_those_who_are_not, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("broker_exchanges", tests, NULL, NULL);
}
