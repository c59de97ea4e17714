#include "fuzz/agency.h"

#include <stdio.h>
#include <string.h>

#include "fuzz/exchange.h"
#include "harness/agent/contract.h"
#include "harness/transport/transport.h"

bool agency_init(struct agency *g, const struct client *client, enum mqtt_version version,
	const char **error)
{
	*g = (struct agency){ .client = client, .version = version };
	arena_init(&g->arena);
	arena_init(&g->scratch);
	g->listener = transport_listen(&g->arena, client->transport, client->tls, error);
	return g->listener && agency_launch(g, error);
}

void agency_fini(struct agency *g)
{
	agency_stop(g);
	listener_close(g->listener);
	arena_fini(&g->arena);
	arena_fini(&g->scratch);
}

static struct agent_place place_of(struct agency *g)
{
	return agent_place(&g->scratch, g->client, g->listener, g->version);
}

void agency_stop(struct agency *g)
{
	if (g->runs)
		agent_stop(&g->agent);
	g->runs = false;
}

bool agency_launch(struct agency *g, const char **error)
{
	agency_stop(g);
	g->connecting = g->disconnecting = 0;
	g->connected = false;
	g->heard = 0;
	struct agent_place place = place_of(g);
	g->runs = agent_start(&g->agent, &g->arena, g->client, &place, error);
	arena_reset(&g->scratch);
	return g->runs;
}

/* ---- commands -------------------------------------------------------------------------------- */

static const char *command(struct agency *g, unsigned id, const char *what)
{
	struct arena *a = &g->scratch;
	const struct connect connect = { 0 };
	const struct subscribe filters[] = { { .filter = EXCHANGE_MARK "/#", .qos = 2 }, { 0 } };
	struct publish publish = { .topic = EXCHANGE_MARK "/a", .payload = "told" };
	const struct disconnect disconnect = { 0 };

	if (!strcmp(what, "connect")) {
		struct agent_place place = place_of(g);
		return contract_connect(a, id, &place, EXCHANGE_MARK "a", &connect);
	}
	if (!strcmp(what, "subscribe"))
		return contract_subscribe(a, id, g->version, filters);
	if (!strcmp(what, "disconnect"))
		return contract_disconnect(a, id, g->version, &disconnect);
	if (!strncmp(what, "publish-", 8)) {
		publish.qos = what[8] == '2' ? 2 : 1;
		return contract_publish(a, id, g->version, &publish);
	}
	return contract_sync(a, id);
}

void agency_tell(struct agency *g, const char *what)
{
	agent_tell(&g->agent, command(g, ++g->last_id, what));
	if (!strcmp(what, "connect"))
		g->connecting = g->last_id;
	if (!strcmp(what, "disconnect"))
		g->disconnecting = g->last_id;
	arena_reset(&g->scratch);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void hear(struct agency *g, const char *line, size_t len)
{
	struct told told = { 0 };
	struct hello hello;
	const char *error;

	if (!contract_event(&g->scratch, line, len, &told, &hello, &error)) {
		if (!*g->fault)
			snprintf(g->fault, sizeof(g->fault), "%s", error);
		return;
	}
	if (told.command && told.command == g->connecting)
		g->connecting = 0;
	if (told.command && told.command == g->disconnecting)
		g->disconnecting = 0;
	if (told.kind == TOLD_CONNECTED)
		g->connected = true;
	if (told.kind == TOLD_DISCONNECTED)
		g->connected = false;
}

void agency_turn(struct agency *g)
{
	const char *line;
	size_t len;

	agent_turn(&g->agent);
	while ((line = agent_line(&g->agent, &len)))
		hear(g, line, len);
	arena_reset(&g->scratch);
}
