/* The judge of captures on any streams. The first byte: bit 0: the connections began before the capture; bit 1:
 * their server is known; bit 2: all bytes come one by one. Then come chunks, each after two bytes: whose (bit 7 of the
 * first), whether something before it was lost (bit 6), and how long it is (the other fourteen bits). A chunk of
 * length 0 ends that side's direction, and a second one the connection.
 *
 * What is found must be statements, and no bytes of CONNECT but its beginning may be shown.
 */
#include <string.h>

#include "check/connection.h"
#include "tests/fuzz/fuzz.h"

enum { SESSION_BYTES = 1 << 14, CHUNK_US = 700000, MEMORY_MAX = 1 << 24, CONNECT_SHOWN = 12 };

struct traffic {
	struct judge judge;
	struct flow flow;
	struct connection *connection;
	bool joined, known, bytewise;
	bool over[2];
	struct moment now;
};

static void demand_of_line(const struct finding_line *line)
{
	DEMAND(line->text && *line->text);
	if (line->hex && line->hex[0] == '1')
		DEMAND(strcspn(line->hex, ".") <= 3 * CONNECT_SHOWN);
}

static void on_found(
	void *to, const struct check_connection *connection, const struct check_finding *finding)
{
	(void)to;
	DEMAND(connection->kind >= CONNECTION_MQTT);
	DEMAND(spec_find(finding->statement) && *finding->what);
	DEMAND(finding->line_count <= FINDING_LINES);
	for (size_t i = 0; i < finding->line_count; i++)
		demand_of_line(&finding->lines[i]);
}

static void on_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count)
{
	uint64_t told = 0;

	(void)to;
	(void)findings;
	for (size_t i = 0; i < connection->tally_count; i++)
		told += connection->tallies[i].told;
	DEMAND(told == count);
}

static void begin(struct traffic *t)
{
	t->flow = (struct flow){ .number = t->flow.number + 1, .whole = !t->joined };
	t->flow.ends[FLOW_FROM_ACCEPTOR].port = 1883;
	t->flow.ends[FLOW_FROM_OPENER].port = 50000;
	t->flow.first = t->flow.last = t->now;
	t->connection = connection_new(&t->judge, &t->flow, t->known);
	t->over[0] = t->over[1] = false;
}

static void end(struct traffic *t)
{
	DEMAND(connection_memory(t->connection) < MEMORY_MAX);
	connection_over(t->connection);
	connection_free(t->connection);
	t->connection = NULL;
}

static void tell(struct traffic *t, enum flow_from from, const uint8_t *data, size_t size)
{
	size_t chunk = t->bytewise ? 1 : size;

	for (size_t at = 0; at < size; at += chunk)
		connection_bytes(t->connection, from, (struct bytes){ data + at, chunk }, &t->now);
}

static void tell_end(struct traffic *t, enum flow_from from)
{
	if (!t->over[from]) {
		t->over[from] = true;
		connection_ended(t->connection, from, FLOW_FIN, &t->now);
		return;
	}
	end(t);
	begin(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct traffic t = { .judge.listener = { on_found, on_over } };

	if (!size)
		return 0;
	t.joined = *data & 1;
	t.known = *data & 2;
	t.bytewise = *data & 4;
	data++;
	size--;
	t.judge.to = &t;
	t.judge.sessions = sessions_new(SESSION_BYTES);
	t.judge.postings = postings_new();
	arena_init(&t.judge.scratch);
	begin(&t);
	while (size >= 2) {
		enum flow_from from = *data & 0x80 ? FLOW_FROM_ACCEPTOR : FLOW_FROM_OPENER;
		bool lost = *data & 0x40;
		size_t chunk = (size_t)(*data & 0x3F) << 8 | data[1];
		data += 2;
		size -= 2;
		chunk = chunk < size ? chunk : size;
		t.now.packet++;
		t.now.at_us += CHUNK_US;
		t.flow.last = t.now;
		if (lost && !t.over[from])
			connection_gap(t.connection, from, 1, &t.now);
		if (!chunk)
			tell_end(&t, from);
		else if (!t.over[from])
			tell(&t, from, data, chunk);
		data += chunk;
		size -= chunk;
	}
	end(&t);
	sessions_free(t.judge.sessions);
	postings_free(t.judge.postings);
	arena_fini(&t.judge.scratch);
	return 0;
}
