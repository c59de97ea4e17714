#include "check/report.h"

#include <string.h>

#include "spec/spec.h"

enum { PORTS_SHOWN = 8 };

static const char *side_name(enum side side)
{
	return side == SIDE_CLIENT ? "client" : "server";
}

static double since(const struct check_report *r, int64_t at_us)
{
	return (double)(at_us - r->start_us) / 1e6;
}

/* ---- findings ------------------------------------------------------------------------------ */

static void print_line(const struct check_report *r, const struct finding_line *line, bool marked)
{
	fprintf(r->to, "   %c%8llu %12.6f %c %s\n", marked ? '*' : ' ',
		(unsigned long long)line->moment.packet, since(r, line->moment.at_us),
		line->from == SIDE_CLIENT ? '>' : '<', line->text);
	if (marked && line->hex)
		fprintf(r->to, "%26s%s\n", "", line->hex);
}

static void print_finding(const struct check_report *r, const struct check_finding *f)
{
	const struct spec_statement *statement = spec_find(f->statement);

	fprintf(r->to, "   packet %llu: the %s breaks %s: %s\n",
		(unsigned long long)f->moment.packet, side_name(f->accused), f->statement, f->what);
	if (statement)
		fprintf(r->to, "      %s\n", statement->summary);
	for (size_t i = 0; i < f->line_count; i++)
		print_line(r, &f->lines[i], i == f->at);
}

void check_report_found(
	void *to, const struct check_connection *connection, const struct check_finding *finding)
{
	const struct check_report *r = to;

	if (!r->live)
		return;
	fprintf(r->to, "#%u %s -> %s%s%s\n", connection->number, connection->ends[SIDE_CLIENT],
		connection->ends[SIDE_SERVER], connection->client_id ? "  " : "",
		connection->client_id ? connection->client_id : "");
	print_finding(r, finding);
	fflush(r->to);
}

/* ---- connections --------------------------------------------------------------------------- */

static bool is_mqtt(const struct check_connection *c)
{
	return c->kind >= CONNECTION_MQTT;
}

static void print_count(FILE *to, uint64_t n, const char *one, const char *many)
{
	fprintf(to, "  %llu %s", (unsigned long long)n, n == 1 ? one : many);
}

static void print_version(const struct check_report *r, const struct check_connection *c)
{
	if (c->kind == CONNECTION_FOREIGN)
		fprintf(r->to, "  MQTT of an unknown version, not judged");
	else if (c->kind == CONNECTION_OLD)
		fprintf(r->to, "  MQTT 3.1, not judged");
	else if (c->version)
		fprintf(r->to, "  MQTT %s%s", c->version,
			c->version_guessed ? " (worked out from its packets)" : "");
	else
		fprintf(r->to, "  MQTT of a version that its packets do not tell, not judged");
	if (strcmp(c->transport, "tcp") != 0)
		fprintf(r->to, " over %s", c->transport);
}

static void print_connection(const struct check_report *r, const struct check_connection *c)
{
	uint64_t findings = c->findings[0] + c->findings[1];
	uint64_t missing = c->missing[0] + c->missing[1];
	uint32_t again = c->retransmissions[0] + c->retransmissions[1];

	fprintf(r->to, "#%u %s -> %s", c->number, c->ends[SIDE_CLIENT], c->ends[SIDE_SERVER]);
	if (c->client_id)
		fprintf(r->to, "  \"%s\"", c->client_id);
	print_version(r, c);
	fprintf(r->to, "  %llu + %llu packets  %.3f s", (unsigned long long)c->packets[SIDE_CLIENT],
		(unsigned long long)c->packets[SIDE_SERVER],
		(double)(c->last.at_us - c->first.at_us) / 1e6);
	print_count(r->to, findings, "finding", "findings");
	if (again)
		print_count(r->to, again, "retransmission", "retransmissions");
	if (missing)
		print_count(r->to, missing, "byte missing", "bytes missing");
	if (!c->whole)
		fprintf(r->to, "  began before the capture");
	fputc('\n', r->to);
}

static void print_untold(const struct check_report *r, const struct check_connection *c)
{
	for (size_t i = 0; i < c->tally_count; i++) {
		const struct finding_tally *t = &c->tallies[i];
		if (t->times > t->told)
			fprintf(r->to, "   %llu more times the %s breaks %s\n",
				(unsigned long long)(t->times - t->told), side_name(t->accused),
				t->statement);
	}
}

void check_report_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count)
{
	const struct check_report *r = to;

	if (!is_mqtt(connection) ||
		(r->quiet && !connection->findings[0] && !connection->findings[1]))
		return;
	print_connection(r, connection);
	for (size_t i = 0; !r->live && i < count; i++)
		print_finding(r, &findings[i]);
	print_untold(r, connection);
	if (r->live)
		fflush(r->to);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void print_left_out(const struct check_report *r, const struct check_count *n)
{
	fprintf(r->to, "; %llu other connection%s of MQTT %s left out\n",
		(unsigned long long)n->left_out, n->left_out == 1 ? "" : "s",
		n->left_out == 1 ? "is" : "are");
}

static void print_ports(const struct check_report *r, const struct check *check)
{
	struct flows_port ports[PORTS_SHOWN];
	size_t count = flows_ports(check_flows(check), ports, PORTS_SHOWN);
	const struct flows_count *counted = flows_counted(check_flows(check));

	fprintf(r->to, "%s: no MQTT", r->name);
	if (check_counted(check)->left_out) {
		fprintf(r->to, " that was asked for");
		print_left_out(r, check_counted(check));
		return;
	}
	if (!counted->packets) {
		fprintf(r->to, ": there is no packet in it\n");
		return;
	}
	if (!count) {
		fprintf(r->to, ": none of its %llu packets is of TCP\n",
			(unsigned long long)counted->packets);
		return;
	}
	fprintf(r->to, " in %u connections of TCP, to port%s", counted->flows,
		count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++)
		fprintf(r->to, "%s %u (%u)", i ? "," : "", ports[i].port, ports[i].flows);
	fprintf(r->to, "%s\n", count == PORTS_SHOWN ? ", ..." : "");
}

static uint64_t of_mqtt(const struct check_count *n)
{
	uint64_t sum = 0;

	for (int kind = CONNECTION_MQTT; kind <= CONNECTION_FOREIGN; kind++)
		sum += n->connections[kind];
	return sum;
}

void check_report_end(const struct check_report *r, const struct check *check)
{
	const struct check_count *n = check_counted(check);
	uint64_t mqtt = of_mqtt(n);

	if (n->connections[CONNECTION_TLS])
		fprintf(r->to, "%llu of TLS: nothing can be seen of them\n",
			(unsigned long long)n->connections[CONNECTION_TLS]);
	if (!mqtt) {
		print_ports(r, check);
		return;
	}
	fprintf(r->to, "%llu connection%s of MQTT, %llu packets", (unsigned long long)mqtt,
		mqtt == 1 ? "" : "s", (unsigned long long)n->packets);
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		fprintf(r->to, "; the %s broke", side == SIDE_CLIENT ? "clients" : "servers");
		if (n->findings[side])
			fprintf(r->to, " rules %llu time%s, on %llu connection%s",
				(unsigned long long)n->findings[side],
				n->findings[side] == 1 ? "" : "s",
				(unsigned long long)n->connections_with[side],
				n->connections_with[side] == 1 ? "" : "s");
		else
			fprintf(r->to, " none");
	}
	if (n->left_out)
		print_left_out(r, n);
	else
		fputc('\n', r->to);
	if (n->gaps)
		fprintf(r->to,
			"%llu of them miss%s bytes: after a gap only what stands by itself is "
			"judged\n",
			(unsigned long long)n->gaps, n->gaps == 1 ? "es" : "");
}
