/* Keep Alive, 3.1.2.10, as clients keep it: a client with nothing to say says PINGREQ in time. */
#include <math.h>

#include "harness/client_case.h"

#define CANNOT_BE_OFF "the client cannot switch its Keep Alive off; it is told 60 s instead"

enum {
	LATE_MS = 2000, /* how long to wait after the time for a PINGREQ */
	PAUSE_MS = 300,
};

static double now_ms(const struct test *t)
{
	return (double)now_us(t) / 1000;
}

/* How long a pause is watched: as long as the machine may be blamed for what does not come. */
static double watched_ms(unsigned seconds)
{
	return 1000.0 * seconds + (500.0 * seconds > LATE_MS ? 500.0 * seconds : LATE_MS);
}

/* When the first PINGREQ after `from_ms` came, or NAN; all are answered. */
static double next_ping_ms(struct test *t, struct peer *server, double from_ms, unsigned seconds)
{
	double came;

	do {
		double left_ms = from_ms + watched_ms(seconds) - now_ms(t);
		came = wait_packet_ms(server, PINGREQ, left_ms > 0 ? (unsigned)left_ms : 0);
		if (isnan(came))
			return NAN;
		expect(server, PINGREQ);
		send_pingresp(server);
	} while (came < from_ms);
	return came;
}

/*   client                    server
 *                        <--  PUBLISH, at another time in each round
 *   PUBACK               -->       ┐
 *                                  │ at most the Keep Alive
 *   PINGREQ              -->       ┘
 *                        <--  PINGRESP
 */
static void watch_pauses(struct test *t, struct peer *server, unsigned seconds, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		let_pass(t, 370 * i);
		send_publish(server, .topic = "other/t", .payload = "x", .qos = 1, .id = i + 1);
		double last_ms = wait_packet_ms(server, PUBACK, LATE_MS);
		expect_ack(server, PUBACK, i + 1);
		double came_ms = next_ping_ms(t, server, last_ms, seconds);
		measure_but_one(
			t, "pause before PINGREQ", "ms", came_ms - last_ms, 0, 1000 * seconds);
		if (isnan(came_ms))
			return;
	}
}

/* A client may have its own least Keep Alive, and say no to less. */
static struct peer *admit_with(struct test *t, unsigned seconds, double *connected_ms)
{
	unsigned command = do_connect(t, .keep_alive = seconds);

	synced(t);
	require(t, !told_waiting(t, TOLD_ERROR), "it takes no Keep Alive as short as this");
	struct peer *server = accept_client(t);
	*connected_ms = wait_packet_ms(server, CONNECT, LATE_MS);
	struct packet connect = need(server, CONNECT);
	require(t, connect.keep_alive == seconds, "it takes another Keep Alive instead");
	send_connack(server);
	expect_connected(t, command);
	return server;
}

#define SECONDS(n) (&(const unsigned){ n })

/* Some clients take no less than five seconds; with six, a tenth too late is more than the slack. */
static const struct vector keep_alives[] = {
	{ "keep_alive_2", .extra = SECONDS(2) },
	{ "keep_alive_6", .extra = SECONDS(6) },
};

static unsigned seconds_of_row(const struct test *t)
{
	return *(const unsigned *)row(t)->extra;
}

/* Fewer rounds for the longer Keep Alive. */
static unsigned rounds_for(unsigned seconds)
{
	return seconds > 2 ? 2 : 4;
}

CLIENT_CASE(ping_in_time, .title = "An idle client sends PINGREQ before its Keep Alive is over",
	.refs = { "3.1.1:MQTT-3.1.2-23", "5.0:MQTT-3.1.2-20" }, .level = MUST, .versions = BOTH,
	.budget_ms = 14000, ROWS(keep_alives))
{
	unsigned seconds = seconds_of_row(t);
	double connected_ms;
	struct peer *server = admit_with(t, seconds, &connected_ms);
	watch_pauses(t, server, seconds, rounds_for(seconds));
}

/* What a client receives does not count, only what it sends. Each pause lies between two packets as they came,
 * so the first begins with CONNECT.
 */
CLIENT_CASE(ping_amid_messages,
	.title = "A client that only receives sends PINGREQ before its Keep Alive is over",
	.refs = { "3.1.1:MQTT-3.1.2-23", "5.0:MQTT-3.1.2-20" }, .level = MUST, .versions = BOTH,
	.budget_ms = 14000, ROWS(keep_alives))
{
	unsigned seconds = seconds_of_row(t);
	double last_ms;
	struct peer *server = admit_with(t, seconds, &last_ms);
	for (unsigned i = 0; i < rounds_for(seconds); i++) {
		double came_ms = NAN;
		while (isnan(came_ms) && now_ms(t) < last_ms + watched_ms(seconds)) {
			send_publish(server, .topic = "other/t", .payload = "x");
			came_ms = wait_packet_ms(server, PINGREQ, PAUSE_MS);
		}
		measure_but_one(
			t, "pause before PINGREQ", "ms", came_ms - last_ms, 0, 1000 * seconds);
		if (isnan(came_ms))
			return;
		expect(server, PINGREQ);
		send_pingresp(server);
		last_ms = came_ms;
	}
}

CLIENT_CASE(ping_on_each_connection,
	.title = "An idle client sends PINGREQ on its second connection as on its first",
	.refs = { "3.1.1:MQTT-3.1.2-23", "5.0:MQTT-3.1.2-20" }, .level = MUST, .versions = BOTH,
	.budget_ms = 14000, ROWS(keep_alives))
{
	unsigned seconds = seconds_of_row(t);
	double connected_ms;
	struct peer *server = admit_with(t, seconds, &connected_ms);
	fence(server);
	client_leaves(server);
	server = admit_with(t, seconds, &connected_ms);
	watch_pauses(t, server, seconds, 2);
}

static const struct vector server_keep_alives[] = {
	{ "shorter_2", .extra = &(const unsigned[]){ 60, 2 } },
	{ "shorter_6", .extra = &(const unsigned[]){ 60, 6 } },
	{ "instead_of_none", .extra = &(const unsigned[]){ 0, 6 } },
};

CLIENT_CASE(server_keep_alive_kept,
	.title = "A client keeps to the Server Keep Alive of CONNACK instead of its own",
	.refs = { "5.0:MQTT-3.1.2-21", "5.0:MQTT-3.2.2-21" }, .level = MUST, .versions = V50,
	.budget_ms = 14000, ROWS(server_keep_alives))
{
	const unsigned *seconds = row(t)->extra;
	require(t, seconds[0] || !offers(t)->keep_alive, CANNOT_BE_OFF);
	struct peer *server = admit(
		t, .keep_alive = seconds[0], .connack = PROPS(P_SERVER_KEEP_ALIVE(seconds[1])));
	watch_pauses(t, server, seconds[1], rounds_for(seconds[1]));
}

/* One that holds for the connection of its CONNACK alone. */
CLIENT_CASE(server_keep_alive_once, .title = "A Server Keep Alive does not outlive its connection",
	.refs = { "5.0:MQTT-3.1.2-20", "5.0:MQTT-3.1.2-21" }, .level = MUST, .versions = V50,
	.budget_ms = 14000)
{
	struct peer *server = admit(t, .keep_alive = 6, .connack = PROPS(P_SERVER_KEEP_ALIVE(600)));
	client_leaves(server);
	server = admit(t, .keep_alive = 6);
	watch_pauses(t, server, 6, 2);
}

/* What is reasonable is up to the client. */
CLIENT_CASE(pingresp_never_comes,
	.title = "A client whose PINGREQ is not answered gives the connection up",
	.refs = { "3.1.1:U311-PINGRESP-WAIT", "5.0:U50-PINGRESP-WAIT" }, .level = SHOULD,
	.versions = BOTH, .budget_ms = 15000, ROWS(keep_alives))
{
	enum { PATIENCE_MS = 8000 };
	unsigned seconds = seconds_of_row(t);
	double connected_ms;
	struct peer *server = admit_with(t, seconds, &connected_ms);
	double asked_ms = wait_packet_ms(server, PINGREQ, 1000 * seconds + LATE_MS);
	require(t, !isnan(asked_ms), "it sends no PINGREQ in time");
	hang(server);
	wait_closed_ms(server, PATIENCE_MS + 1000 * seconds);
	double ms = now_ms(t) - asked_ms;
	if (is_open(server))
		observe(t, "the connection is kept for %.0f ms without PINGRESP", ms);
	else
		observe(t, "given up %.0f ms after PINGREQ", ms);
}

/* A clock of no time would have run out with the first fence. A client may ping of its own accord, but hardly
 * as often as this.
 */
static void expect_calm(struct test *t, struct peer *server)
{
	enum { FENCES = 20 };

	for (unsigned i = 0; i < FENCES; i++)
		fence(server);
	if (packets_waiting(server, PINGREQ) >= FENCES)
		nonstrict(t, "a PINGREQ comes with every packet of the server");
}

/* A client may be done when it likes. */
CLIENT_CASE(keep_alive_off, .title = "A client without Keep Alive stays connected",
	.refs = { "3.1.1:U311-KEEPALIVE-ZERO", "5.0:U50-KEEPALIVE-ZERO" }, .level = MAY,
	.versions = BOTH)
{
	require(t, !offers(t)->keep_alive, CANNOT_BE_OFF);
	struct peer *server = admit(t);
	expect_calm(t, server);
}

CLIENT_CASE(server_keep_alive_off, .title = "A Server Keep Alive of 0 is no Keep Alive of no time",
	.refs = { "5.0:U50-KEEPALIVE-ZERO", "5.0:MQTT-3.2.2-21" }, .level = MAY, .versions = V50)
{
	struct peer *server = admit(t, .keep_alive = 60, .connack = PROPS(P_SERVER_KEEP_ALIVE(0)));
	expect_calm(t, server);
}

CHAPTER(client_keep_alive, "Keep Alive of clients", &case_ping_in_time, &case_ping_amid_messages,
	&case_ping_on_each_connection, &case_server_keep_alive_kept, &case_server_keep_alive_once,
	&case_pingresp_never_comes, &case_keep_alive_off, &case_server_keep_alive_off);
