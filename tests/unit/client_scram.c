/* SCRAM as the client plays it, with the server of libgsasl; what a server computes by itself is tested with
 * system/test_client_scram.py.
 */
#include "tests/unit/unit.h"

#include <gsasl.h>
#include <string.h>

#include "client/shell/scram.h"

static int on_property(Gsasl *library, Gsasl_session *session, Gsasl_property property)
{
	(void)library;
	if (property != GSASL_PASSWORD)
		return GSASL_NO_CALLBACK;
	return gsasl_property_set(session, GSASL_PASSWORD, "pencil");
}

struct both {
	struct scram *client;
	Gsasl *library;
	Gsasl_session *server;
	struct buf said; /* by the client, latest */
	char *out;       /* by the server, latest */
	size_t out_len;
};

static void set_up(struct both *b, const char *method, const char *password)
{
	*b = (struct both){ .client = scram_new(method, "me", password, strlen(password)) };
	assert_non_null(b->client);
	buf_init(&b->said, 1000);
	assert_int_equal(gsasl_init(&b->library), GSASL_OK);
	gsasl_callback_set(b->library, on_property);
	assert_int_equal(gsasl_server_start(b->library, method, &b->server), GSASL_OK);
}

static void tear_down(struct both *b)
{
	gsasl_finish(b->server);
	gsasl_done(b->library);
	gsasl_free(b->out);
	buf_fini(&b->said);
	scram_free(b->client);
}

static const char *client_step(struct both *b, enum engine_auth_phase phase)
{
	struct mqtt_view data = { (const uint8_t *)b->out, (uint32_t)b->out_len };

	buf_reset(&b->said);
	return scram_step(b->client, phase, data, &b->said);
}

static int server_step(struct both *b)
{
	gsasl_free(b->out);
	b->out = NULL;
	return gsasl_step(b->server, (const char *)b->said.data, b->said.len, &b->out, &b->out_len);
}

static void exchange(struct both *b, const char *method)
{
	gsasl_finish(b->server);
	assert_int_equal(gsasl_server_start(b->library, method, &b->server), GSASL_OK);
	b->out_len = 0;
	assert_null(client_step(b, ENGINE_AUTH_START));
	assert_int_equal(server_step(b), GSASL_NEEDS_MORE);
	assert_null(client_step(b, ENGINE_AUTH_CONTINUE));
	assert_int_equal(server_step(b), GSASL_OK);
	assert_null(client_step(b, ENGINE_AUTH_DONE));
	assert_int_equal(b->said.len, 0);
}

static void both_prove_themselves_again_and_again(void **state)
{
	static const char *const methods[] = { "SCRAM-SHA-256", "SCRAM-SHA-1" };
	struct both b;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		set_up(&b, methods[i], "pencil");
		exchange(&b, methods[i]);
		exchange(&b, methods[i]);
		tear_down(&b);
	}
}

static void a_wrong_password_is_noticed(void **state)
{
	struct both b;

	(void)state;
	set_up(&b, "SCRAM-SHA-256", "pen");
	assert_null(client_step(&b, ENGINE_AUTH_START));
	assert_int_equal(server_step(&b), GSASL_NEEDS_MORE);
	assert_null(client_step(&b, ENGINE_AUTH_CONTINUE));
	assert_int_equal(server_step(&b), GSASL_AUTHENTICATION_ERROR);
	tear_down(&b);
}

static void steps_out_of_order_are_refused(void **state)
{
	struct both b;

	(void)state;
	set_up(&b, "SCRAM-SHA-256", "pencil");
	assert_non_null(client_step(&b, ENGINE_AUTH_CONTINUE));
	assert_non_null(client_step(&b, ENGINE_AUTH_DONE));
	assert_null(client_step(&b, ENGINE_AUTH_START));
	assert_non_null(client_step(&b, ENGINE_AUTH_DONE)); /* without any proof */
	exchange(&b, "SCRAM-SHA-256");
	assert_non_null(client_step(&b, ENGINE_AUTH_CONTINUE));
	tear_down(&b);
}

static void other_methods_are_unknown(void **state)
{
	(void)state;
	assert_true(scram_knows("SCRAM-SHA-1"));
	assert_false(scram_knows("SCRAM-SHA-256-PLUS"));
	assert_false(scram_knows("PLAIN"));
	assert_false(scram_knows(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_prove_themselves_again_and_again),
		cmocka_unit_test(a_wrong_password_is_noticed),
		cmocka_unit_test(steps_out_of_order_are_refused),
		cmocka_unit_test(other_methods_are_unknown),
	};
	return cmocka_run_group_tests_name("client_scram", tests, NULL, NULL);
}
