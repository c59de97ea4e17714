#include "random/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "random/names.h"

enum { WORDS_MAX = 40, IDENTIFIER_MAX = 60, HANDLING_MAX = 2, QOS_MAX = 2 };

static const char *const kind_names[STEP_KINDS] = {
	[STEP_CONNECT] = "connect",
	[STEP_PUBLISH] = "publish",
	[STEP_SUBSCRIBE] = "subscribe",
	[STEP_UNSUBSCRIBE] = "unsubscribe",
	[STEP_LEAVE] = "leave",
	[STEP_DROP] = "drop",
	[STEP_RESET] = "reset",
	[STEP_HOLD] = "hold",
	[STEP_HOLD_COMP] = "hold-pubcomp",
	[STEP_RELEASE] = "release",
	[STEP_REFUSE] = "refuse",
	[STEP_SETTLE] = "settle",
	[STEP_WAIT] = "wait",
};

/* ---- writing ------------------------------------------------------------------------------- */

static void write_message(struct buf *b, const struct step_message *m)
{
	buf_printf(b, " %s q%u", topic_name(m->topic), m->qos);
	if (m->retain)
		buf_add_text(b, " retain");
	if (m->empty)
		buf_add_text(b, " empty");
	if (m->properties)
		buf_printf(b, " properties %u", m->properties);
	if (m->size)
		buf_printf(b, " size %u", m->size);
	if (m->expiry_s)
		buf_printf(b, " expiry %u", m->expiry_s);
}

static void write_connect(struct buf *b, const struct step *s)
{
	if (s->way)
		buf_printf(b, " over %s", way_name(s->way));
	if (s->clean)
		buf_add_text(b, " clean");
	if (s->coded)
		buf_add_text(b, " coded");
	if (s->session_s)
		buf_printf(b, " keep %u", s->session_s);
	if (s->delay_s)
		buf_printf(b, " delay %u", s->delay_s);
	if (s->will) {
		buf_add_text(b, " will");
		write_message(b, &s->message);
	}
}

static void write_subscribe(struct buf *b, const struct step *s)
{
	buf_printf(b, " %s q%u", filter_name(s->filter), s->qos);
	if (s->no_local)
		buf_add_text(b, " no-local");
	if (s->as_published)
		buf_add_text(b, " as-published");
	if (s->handling)
		buf_printf(b, " handling %u", s->handling);
	if (s->identifier)
		buf_printf(b, " id %u", s->identifier);
}

static void write_step(struct buf *b, const struct step *s)
{
	if (s->kind == STEP_SETTLE || s->kind == STEP_WAIT)
		buf_add_text(b, kind_names[s->kind]);
	else
		buf_printf(b, "%u %s", s->client + 1u, kind_names[s->kind]);
	switch (s->kind) {
	case STEP_CONNECT: write_connect(b, s); break;
	case STEP_PUBLISH:
		write_message(b, &s->message);
		if (s->half)
			buf_add_text(b, " half");
		break;
	case STEP_SUBSCRIBE: write_subscribe(b, s); break;
	case STEP_UNSUBSCRIBE: buf_printf(b, " %s", filter_name(s->filter)); break;
	case STEP_LEAVE:
		if (s->code)
			buf_printf(b, " code %u", s->code);
		if (s->has_session)
			buf_printf(b, " keep %u", s->session_s);
		break;
	case STEP_WAIT: buf_printf(b, " %u", s->ms); break;
	default: break;
	}
}

void step_text(const struct step *s, char out[static STEP_TEXT_SIZE])
{
	struct buf b;

	buf_init(&b, STEP_TEXT_SIZE);
	write_step(&b, s);
	strncpy(out, buf_text(&b), STEP_TEXT_SIZE - 1);
	out[STEP_TEXT_SIZE - 1] = '\0';
	buf_fini(&b);
}

void scenario_write(struct buf *to, const struct scenario *s)
{
	buf_printf(to, "seed %llu\n", (unsigned long long)s->seed);
	if (s->careful)
		buf_add_text(to, "careful\n");
	for (unsigned i = 0; i < s->clients; i++)
		buf_printf(to, "client %u %s\n", i + 1, spec_version_name(s->versions[i]));
	buf_printf(to, "observer %s\n", spec_version_name(s->versions[OBSERVER]));
	for (size_t i = 0; i < s->count; i++) {
		write_step(to, &s->steps[i]);
		buf_add_text(to, "\n");
	}
}

/* ---- reading ------------------------------------------------------------------------------- */

/* A line, word by word. */
struct line {
	char *words[WORDS_MAX];
	size_t count, at;
	const char *wrong; /* what is wrong with it; NULL: nothing so far */
};

static const char *next(struct line *l)
{
	return l->at < l->count ? l->words[l->at++] : NULL;
}

static bool next_is(struct line *l, const char *word)
{
	bool is = l->at < l->count && !strcmp(l->words[l->at], word);

	l->at += is;
	return is;
}

static unsigned number(struct line *l, unsigned least, unsigned most)
{
	const char *word = next(l);
	char *end = NULL;
	unsigned long n = word && *word >= '0' && *word <= '9' ? strtoul(word, &end, 10) : 0;

	if (!end || *end || n < least || n > most) {
		l->wrong = l->wrong ? l->wrong : "a number is missing or out of range";
		return least;
	}
	return (unsigned)n;
}

static uint8_t qos(struct line *l)
{
	for (unsigned i = 0; i <= QOS_MAX; i++)
		if (next_is(l, (const char[]){ 'q', (char)('0' + i), '\0' }))
			return (uint8_t)i;
	return 0;
}

static uint8_t name(struct line *l, int (*find)(const char *name), const char *wrong)
{
	const char *word = next(l);
	int found = word ? find(word) : -1;

	if (found < 0)
		l->wrong = wrong;
	return found < 0 ? 0 : (uint8_t)found;
}

static void read_message(struct line *l, struct step_message *m)
{
	m->topic = name(l, topic_find, "no topic of a scenario is called so");
	m->qos = qos(l);
	m->retain = next_is(l, "retain");
	m->empty = next_is(l, "empty");
	if (next_is(l, "properties"))
		m->properties = (uint8_t)number(l, 0, WITH_ALL);
	if (next_is(l, "size"))
		m->size = (uint16_t)number(l, 0, UINT16_MAX);
	if (next_is(l, "expiry"))
		m->expiry_s = (uint16_t)number(l, 0, UINT16_MAX);
}

static void read_connect(struct line *l, struct step *s)
{
	if (next_is(l, "over"))
		s->way = name(l, way_find, "no transport is called so");
	s->clean = next_is(l, "clean");
	s->coded = next_is(l, "coded");
	if (next_is(l, "keep"))
		s->session_s = number(l, 0, UINT32_MAX);
	if (next_is(l, "delay"))
		s->delay_s = (uint16_t)number(l, 0, UINT16_MAX);
	s->will = next_is(l, "will");
	if (s->will)
		read_message(l, &s->message);
}

static void read_subscribe(struct line *l, struct step *s)
{
	s->filter = name(l, filter_find, "no filter of a scenario is called so");
	s->qos = qos(l);
	s->no_local = next_is(l, "no-local");
	s->as_published = next_is(l, "as-published");
	if (next_is(l, "handling"))
		s->handling = (uint8_t)number(l, 0, HANDLING_MAX);
	if (next_is(l, "id"))
		s->identifier = (uint8_t)number(l, 1, IDENTIFIER_MAX);
	if (s->no_local && filter_is_of_share(s->filter))
		l->wrong = "No Local is not for shares";
}

static void read_leave(struct line *l, struct step *s)
{
	if (next_is(l, "code"))
		s->code = (uint8_t)number(l, 0, UINT8_MAX);
	s->has_session = next_is(l, "keep");
	if (s->has_session)
		s->session_s = number(l, 0, UINT32_MAX);
}

static void read_step(struct line *l, const struct scenario *scenario, struct step *s)
{
	bool of_all = !strcmp(l->words[0], "settle") || !strcmp(l->words[0], "wait");

	*s = (struct step){ .kind = STEP_KINDS };
	if (!of_all)
		s->client = (uint8_t)(number(l, 1, scenario->clients ? scenario->clients : 1) - 1);
	for (unsigned kind = 0; kind < STEP_KINDS && s->kind == STEP_KINDS; kind++)
		if ((kind == STEP_SETTLE || kind == STEP_WAIT) == of_all &&
			next_is(l, kind_names[kind]))
			s->kind = (uint8_t)kind;
	switch (s->kind) {
	case STEP_CONNECT: read_connect(l, s); break;
	case STEP_PUBLISH:
		read_message(l, &s->message);
		s->half = next_is(l, "half");
		break;
	case STEP_SUBSCRIBE: read_subscribe(l, s); break;
	case STEP_UNSUBSCRIBE:
		s->filter = name(l, filter_find, "no filter of a scenario is called so");
		break;
	case STEP_LEAVE: read_leave(l, s); break;
	case STEP_WAIT: s->ms = (uint16_t)number(l, 0, WAIT_MS_MAX); break;
	case STEP_KINDS: l->wrong = l->wrong ? l->wrong : "there is no such step"; break;
	default: break;
	}
}

static enum mqtt_version read_version(struct line *l)
{
	if (next_is(l, "3.1.1"))
		return MQTT_311;
	if (!next_is(l, "5.0"))
		l->wrong = "a version is 3.1.1 or 5.0";
	return MQTT_50;
}

static void split(char *text, struct line *out)
{
	char *rest = text;

	*out = (struct line){ 0 };
	for (char *word; (word = strtok_r(rest, " \t\r", &rest));) {
		if (out->count == WORDS_MAX)
			out->wrong = "it has too many words";
		else
			out->words[out->count++] = word;
	}
}

static void read_line(struct line *l, struct scenario *out)
{
	if (next_is(l, "seed")) {
		const char *word = next(l);
		out->seed = word ? strtoull(word, NULL, 10) : 0;
	} else if (next_is(l, "careful")) {
		out->careful = true;
	} else if (next_is(l, "client")) {
		if (number(l, out->clients + 1, out->clients + 1) > SCENARIO_CLIENTS_MAX)
			l->wrong = "there are eight clients at most";
		if (!l->wrong)
			out->versions[out->clients++] = read_version(l);
	} else if (next_is(l, "observer")) {
		out->versions[OBSERVER] = read_version(l);
	} else if (out->count == SCENARIO_STEPS_MAX) {
		l->wrong = "it is too long a scenario";
	} else {
		read_step(l, out, &out->steps[out->count++]);
	}
	if (!l->wrong && l->at < l->count)
		l->wrong = "it has words that do not belong there";
}

bool scenario_read(struct arena *a, const char *text, struct scenario *out, const char **error)
{
	char *copy = arena_text(a, text);
	unsigned n = 0;

	*out = (struct scenario){ .steps = arena_alloc(
					  a, SCENARIO_STEPS_MAX * sizeof(struct step)) };
	out->versions[OBSERVER] = MQTT_50;
	for (char *at = copy; at && *at;) {
		char *end = strchr(at, '\n');
		struct line l;
		if (end)
			*end++ = '\0';
		n++;
		split(at, &l);
		at = end;
		if (!l.count || *l.words[0] == '#')
			continue;
		read_line(&l, out);
		if (l.wrong) {
			*error = arena_printf(a, "line %u: %s", n, l.wrong);
			return false;
		}
	}
	if (!out->clients || !out->count) {
		*error = "it has no clients, or no steps";
		return false;
	}
	return true;
}
