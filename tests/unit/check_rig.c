#include "tests/unit/check_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_US = 1000, MILLION = 1000000, START_S = 1700000000, SESSION_BYTES = 1 << 20 };

static void on_found(
	void *to, const struct check_connection *connection, const struct check_finding *finding)
{
	struct rig *r = to;

	(void)connection;
	if (r->found_count == RIG_FOUND_MAX)
		return;
	struct rig_found *f = &r->found[r->found_count++];
	f->accused = finding->accused;
	snprintf(f->statement, sizeof(f->statement), "%s", finding->statement);
	snprintf(f->what, sizeof(f->what), "%s", finding->what);
	f->packet = finding->moment.packet;
	f->line_count = finding->line_count;
	for (size_t i = 0; i < finding->line_count; i++) {
		f->has_secret |= strstr(finding->lines[i].text, "secret") != NULL;
		f->has_secret |=
			finding->lines[i].hex && strstr(finding->lines[i].hex, "73 65 63 72 65 74");
	}
}

static void on_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count)
{
	struct rig *r = to;

	(void)findings;
	(void)count;
	r->last = *connection;
	snprintf(r->client_id, sizeof(r->client_id), "%s",
		connection->client_id ? connection->client_id : "");
	snprintf(r->version_name, sizeof(r->version_name), "%s",
		connection->version ? connection->version : "");
	r->over_count++;
}

void rig_init(struct rig *r, enum mqtt_version version)
{
	*r = (struct rig){ .version = version, .port = 1883, .host = 1 };
	r->judge.sessions = sessions_new(SESSION_BYTES);
	r->judge.postings = postings_new();
	r->judge.listener = (struct check_listener){ on_found, on_over };
	r->judge.to = r;
	arena_init(&r->judge.scratch);
	r->now.at_us = (int64_t)START_S * MILLION;
}

void rig_scope(struct rig *r, const struct scope *scope)
{
	r->scope = *scope;
	scope_begin(&r->scope, r->now.at_us);
	r->judge.scope = &r->scope;
}

void rig_fini(struct rig *r)
{
	rig_over(r);
	sessions_free(r->judge.sessions);
	postings_free(r->judge.postings);
	arena_fini(&r->judge.scratch);
}

static void begin(struct rig *r)
{
	if (r->connection)
		return;
	r->flow = (struct flow){ .number = r->flow.number + 1, .whole = !r->joined };
	r->flow.ends[!r->backwards] = (struct flow_end){ { 10, 0, 0, r->host }, r->port };
	r->flow.ends[r->backwards] = (struct flow_end){ { 10, 0, 0, 2 }, 50000 };
	r->flow.first = r->flow.last = r->now;
	r->connection = connection_new(&r->judge, &r->flow, !r->unknown);
}

static enum flow_from from_of(const struct rig *r, enum side side)
{
	return (side == SIDE_CLIENT) == !r->backwards ? FLOW_FROM_OPENER : FLOW_FROM_ACCEPTOR;
}

static void step(struct rig *r)
{
	begin(r);
	r->now.packet++;
	r->now.at_us += LINE_US;
	r->flow.last = r->now;
}

void rig_bytes(struct rig *r, enum side from, const void *data, size_t size)
{
	const uint8_t *at = data;

	step(r);
	while (size) {
		size_t n = r->chunk && r->chunk < size ? r->chunk : size;
		uint8_t *copy = malloc(n); /* nobody may look at it later, or past its end */
		if (!copy)
			abort();
		memcpy(copy, at, n);
		connection_bytes(
			r->connection, from_of(r, from), (struct bytes){ copy, n }, &r->now);
		free(copy);
		at += n;
		size -= n;
	}
}

void rig_gap(struct rig *r, enum side from, uint64_t missing)
{
	step(r);
	connection_gap(r->connection, from_of(r, from), missing, &r->now);
}

void rig_end(struct rig *r, enum side from, enum flow_end_how how)
{
	step(r);
	connection_ended(r->connection, from_of(r, from), how, &r->now);
}

void rig_wait(struct rig *r, double seconds)
{
	r->now.at_us += (int64_t)(seconds * MILLION);
}

void rig_over(struct rig *r)
{
	if (!r->connection)
		return;
	connection_over(r->connection);
	connection_free(r->connection);
	r->connection = NULL;
}

void rig_play(struct rig *r, const char *text)
{
	struct arena a;
	struct exchange_reader reader = { .arena = &a, .version = r->version, .at = text };
	struct exchange_step s;

	arena_init(&a);
	while (exchange_next(&reader, &s)) {
		switch (s.kind) {
		case STEP_PACKET: rig_bytes(r, s.from, s.bytes.data, s.bytes.len); break;
		case STEP_CLOSE: rig_end(r, s.from, FLOW_FIN); break;
		case STEP_NEW_CONNECTION: rig_over(r); break;
		}
	}
	arena_fini(&a);
}

unsigned rig_accused(const struct rig *r, enum side side, const char *statement)
{
	unsigned n = 0;

	for (size_t i = 0; i < r->found_count; i++) {
		const char *id = strchr(r->found[i].statement, ':') + 1;
		n += r->found[i].accused == side && (!statement || !strcmp(id, statement));
	}
	return n;
}
