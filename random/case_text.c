#include "random/case_text.h"

#include "random/names.h"
#include "random/play.h"
#include "random/stage.h"
#include "random/text.h"

static void write_message(FILE *to, const struct step_message *m, unsigned number)
{
	fprintf(to, ".topic = \"%s\"", topic_name(m->topic));
	if (m->empty)
		fprintf(to, ", .payload = \"\"");
	else
		fprintf(to, ", .payload = \"n%u\"", number);
	if (m->qos)
		fprintf(to, ", .qos = %u", m->qos);
	if (m->retain)
		fprintf(to, ", .retain = true");
	if (m->properties & WITH_USER)
		fprintf(to,
			",\n\t\t.props = PROPS(P_USER(\"number\", \"%u\"), P_USER(\"a\", \"b\"))",
			number);
}

static void write_connect(
	FILE *to, const struct scenario *s, const struct step *step, unsigned *messages)
{
	bool is_50 = s->versions[step->client] == MQTT_50;
	bool kept = is_50 ? step->session_s || !step->clean : !step->clean;

	fprintf(to, "client%u = join(t, \"client%u\"", step->client + 1u, step->client + 1u);
	if (s->versions[step->client] != random_version(s))
		fprintf(to, ", .other_version = true");
	if (kept)
		fprintf(to, ", .kept = true");
	if (kept && is_50 && step->clean)
		fprintf(to, ", .clean = true");
	if (kept && is_50 && !step->session_s)
		fprintf(to, ", .expiry = SET(0)");
	if (step->will) {
		fprintf(to, ",\n\t\t.will = { ");
		write_message(to, &step->message, ++*messages);
		fprintf(to, " }");
	}
	fprintf(to, ");\n");
	/* In the language of cases either can only be set for a whole case run. */
	if (step->way != WAY_USUAL)
		fprintf(to, "\t/* client%u: this connection travelled over %s (--transports) */\n",
			step->client + 1u, way_name(step->way));
	if (step->coded && is_50)
		fprintf(to,
			"\t/* client%u: its acknowledgements spell out 0x00: send_ack() with .code "
			"= SET(0) */\n",
			step->client + 1u);
}

static void write_subscribe(FILE *to, const struct step *s)
{
	fprintf(to, "subscribe(client%u, .filter = \"%s\"", s->client + 1u, filter_name(s->filter));
	if (s->qos)
		fprintf(to, ", .qos = %u", s->qos);
	if (s->no_local)
		fprintf(to, ", .no_local = true");
	if (s->as_published)
		fprintf(to, ", .retain_as_published = true");
	if (s->handling)
		fprintf(to, ", .retain_handling = %u", s->handling);
	if (s->identifier)
		fprintf(to, ",\n\t\t.props = PROPS(P_SUBSCRIPTION_ID(%u))",
			payload_identifier(s->identifier));
	fprintf(to, ");\n");
}

static void write_step(
	FILE *to, const struct scenario *s, const struct step *step, unsigned *messages)
{
	unsigned client = step->client + 1u;

	if (step->kind == STEP_SETTLE)
		return;
	fprintf(to, "\t");
	switch (step->kind) {
	case STEP_CONNECT: write_connect(to, s, step, messages); break;
	case STEP_PUBLISH:
		fprintf(to, "%spublish(client%u, ", step->half ? "send_" : "", client);
		write_message(to, &step->message, ++*messages);
		fprintf(to,
			step->half ? ", .id = next_id(client%u)); /* PUBREL waits */\n" : ");\n",
			client);
		break;
	case STEP_SUBSCRIBE: write_subscribe(to, step); break;
	case STEP_UNSUBSCRIBE:
		fprintf(to, "unsubscribe(client%u, .filter = \"%s\");\n", client,
			filter_name(step->filter));
		break;
	case STEP_LEAVE:
		fprintf(to,
			step->code ? "leave(client%u, .code = SET(%u));\n" : "leave(client%u);\n",
			client, step->code);
		break;
	case STEP_DROP: fprintf(to, "drop(client%u);\n", client); break;
	case STEP_RESET: fprintf(to, "abort_connection(client%u);\n", client); break;
	case STEP_HOLD:
		fprintf(to,
			"/* client%u: what comes is taken by expect(), and not acknowledged */\n",
			client);
		break;
	case STEP_HOLD_COMP:
		fprintf(to, "/* client%u: QoS 2 is answered with PUBREC, and no further */\n",
			client);
		break;
	case STEP_RELEASE:
		fprintf(to, "/* client%u: send_ack() for what was held back */\n", client);
		break;
	case STEP_REFUSE:
		fprintf(to,
			"/* client%u: send_ack() with .code = SET(0x80) for what comes next */\n",
			client);
		break;
	case STEP_WAIT: fprintf(to, "let_pass(t, %u);\n", step->ms); break;
	default: break;
	}
}

void case_write(FILE *to, const struct scenario *s, const char *statement, size_t number)
{
	unsigned messages = 0;
	bool mixed = false;

	for (unsigned i = 0; i < s->clients; i++)
		mixed |= s->versions[i] != random_version(s);
	fprintf(to,
		"/* From a random scenario, seed %llu. Each expectation has to be written where it "
		"belongs:\n"
		" * expect_message() for what must come, a marker for what must not "
		"(docs/WRITING-CASES.md).\n"
		" */\n#include \"harness/case.h\"\n\nCASE(random_find_%zu,\n"
		"     .title = \"...\",\n     .refs = { \"%s\" },\n     .level = MUST, .versions = "
		"%s)\n{\n",
		(unsigned long long)s->seed, number, statement,
		random_version(s) == MQTT_50 ? "V50" : "V311");
	if (mixed)
		fprintf(to, "\t/* clients of both versions */\n");
	for (unsigned i = 0; i < s->clients; i++)
		fprintf(to, "\tstruct peer *client%u;\n", i + 1);
	fprintf(to, "\n");
	for (size_t i = 0; i < s->count; i++)
		write_step(to, s, &s->steps[i], &messages);
	fprintf(to, "}\n\nCHAPTER(random_find_%zu, \"A find\", &case_random_find_%zu);\n", number,
		number);
}
