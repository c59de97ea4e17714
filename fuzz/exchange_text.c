/* The text of an exchange: one step a line, as exchange.h shows it. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"
#include "fuzz/exchange.h"

static const char *const words[] = {
	[STEP_OPEN] = "open",
	[STEP_SEND] = "send",
	[STEP_AWAIT] = "await",
	[STEP_CLOSE] = "close",
	[STEP_RESET] = "reset",
	[STEP_TELL] = "tell",
};

enum { FILE_BYTES_MAX = 16 * 1024 * 1024 };

static const char answer_word[] = "answer";

/* ---- writing ------------------------------------------------------------------------------- */

/* What the bytes mean, for people. */
static const char *meaning(struct arena *a, enum mqtt_version version, struct bytes bytes)
{
	struct packet packet;
	struct wire_result r =
		wire_parse(a, version, bytes.data, bytes.len, WIRE_REMAINING_LENGTH_MAX, &packet);
	size_t rest = r.status == WIRE_PACKET ? bytes.len - r.consumed : 0;

	switch (r.status) {
	case WIRE_PACKET:
		return rest ? arena_printf(a, "%s, and %zu bytes more",
				      wire_describe(a, version, &packet), rest)
			    : wire_describe(a, version, &packet);
	case WIRE_NEED_MORE: return "unfinished";
	case WIRE_MALFORMED: return arena_printf(a, "malformed: %s", r.what);
	}
	return "";
}

static void write_send(FILE *to, struct arena *a, const struct exchange *e, size_t at)
{
	const struct step *s = &e->steps[at];

	fprintf(to, "# %s\n", meaning(a, exchange_version(e, at), s->bytes));
	if (s->id_at == EXCHANGE_NO_ID)
		fprintf(to, "send %u", s->connection);
	else
		fprintf(to, "%s %u %u", answer_word, s->connection, s->id_at + 1U);
	if (s->damaged)
		fputs(" damaged", to);
	for (size_t i = 0; i < s->bytes.len; i++)
		fprintf(to, " %02X", s->bytes.data[i]);
}

static void write_step(FILE *to, struct arena *a, const struct exchange *e, size_t at)
{
	const struct step *s = &e->steps[at];

	switch (s->kind) {
	case STEP_OPEN:
		fprintf(to, "open %u %s", s->connection, spec_version_name(s->version));
		break;
	case STEP_SEND: write_send(to, a, e, at); break;
	case STEP_AWAIT:
		fprintf(to, "await %u %s", s->connection, spec_packet_name(s->type));
		break;
	case STEP_CLOSE:
	case STEP_RESET: fprintf(to, "%s %u", words[s->kind], s->connection); break;
	case STEP_TELL: fprintf(to, "tell %s", s->what); break;
	}
	fputc('\n', to);
}

bool exchange_write(FILE *to, const struct exchange *e, const char *title)
{
	struct arena a;

	arena_init(&a);
	if (title)
		fprintf(to, "# %s\n", title);
	for (size_t i = 0; i < e->count; i++)
		write_step(to, &a, e, i);
	arena_fini(&a);
	return !ferror(to);
}

/* ---- reading ------------------------------------------------------------------------------- */

struct reader {
	struct arena *arena;
	unsigned line;
	char *rest; /* of the line */
	const char **error;
	bool opened[EXCHANGE_CONNECTIONS_MAX + 1];
};

static bool complain(struct reader *r, const char *sentence)
{
	*r->error = arena_printf(r->arena, "line %u: %s", r->line, sentence);
	return false;
}

/* The next word, or NULL. */
static char *next_word(struct reader *r)
{
	while (isspace((unsigned char)*r->rest))
		r->rest++;
	if (!*r->rest)
		return NULL;
	char *word = r->rest;
	while (*r->rest && !isspace((unsigned char)*r->rest))
		r->rest++;
	if (*r->rest)
		*r->rest++ = '\0';
	return word;
}

static bool read_number(struct reader *r, unsigned most, const char *what, unsigned *out)
{
	const char *word = next_word(r);

	*out = 0;
	for (const char *c = word; c && *c; c++) {
		if (*c < '0' || *c > '9' || *out > most)
			return complain(r, arena_printf(r->arena, "\"%s\" is no %s", word, what));
		*out = *out * 10 + (unsigned)(*c - '0');
	}
	if (!word || !*out || *out > most)
		return complain(
			r, arena_printf(r->arena, "here goes a %s, from 1 to %u", what, most));
	return true;
}

static bool read_connection(struct reader *r, struct step *s)
{
	if (!read_number(r, EXCHANGE_CONNECTIONS_MAX, "connection", &s->connection))
		return false;
	if (s->kind == STEP_OPEN && r->opened[s->connection])
		return complain(r, "this connection has been opened before");
	if (s->kind != STEP_OPEN && !r->opened[s->connection])
		return complain(r, "this connection has not been opened");
	r->opened[s->connection] = true;
	return true;
}

static bool read_bytes(struct reader *r, struct step *s)
{
	struct buf bytes;
	const char *word = next_word(r);

	buf_init(&bytes, EXCHANGE_BYTES_MAX);
	s->damaged = word && !strcmp(word, "damaged");
	if (s->damaged)
		word = next_word(r);
	bool ok = true;
	for (; ok && word; word = next_word(r)) {
		int high = hex_digit(word[0]), low = high < 0 ? -1 : hex_digit(word[1]);
		ok = low >= 0 && !word[2] && buf_add_u8(&bytes, (uint8_t)(high << 4 | low));
		if (!ok)
			complain(r,
				arena_printf(r->arena,
					bytes.failed
						? "more than 1 MiB in one write%.0s"
						: "\"%s\" is no byte of two hexadecimal digits",
					word));
	}
	s->bytes = (struct bytes){ arena_copy(r->arena, bytes.data, bytes.len), bytes.len };
	buf_fini(&bytes);
	if (ok && s->id_at != EXCHANGE_NO_ID && s->id_at + 2U > s->bytes.len)
		return complain(r, "the identifier would lie beyond the end");
	return ok;
}

static bool read_version(struct reader *r, struct step *s)
{
	const char *word = next_word(r);

	if (word && !strcmp(word, "5.0"))
		s->version = MQTT_50;
	else if (word && !strcmp(word, "3.1.1"))
		s->version = MQTT_311;
	else
		return complain(r, "here goes a version: 3.1.1 or 5.0");
	return true;
}

static bool read_type(struct reader *r, struct step *s)
{
	const char *word = next_word(r);

	for (unsigned type = CONNECT; word && type <= AUTH; type++)
		if (!strcmp(word, spec_packet_name(type))) {
			s->type = (uint8_t)type;
			return true;
		}
	return complain(r, "here goes the name of a Control Packet: CONNACK");
}

static bool read_told(struct reader *r, struct step *s)
{
	const char *word = next_word(r);

	if (!word)
		return complain(r, "here goes a command for the agent");
	s->what = arena_text(r->arena, word);
	return true;
}

static bool read_rest(struct reader *r, struct step *s, bool answers)
{
	unsigned at;

	if (s->kind == STEP_TELL)
		return read_told(r, s);
	if (!read_connection(r, s))
		return false;
	switch (s->kind) {
	case STEP_OPEN: return read_version(r, s);
	case STEP_AWAIT: return read_type(r, s);
	case STEP_SEND:
		if (answers && !read_number(r, EXCHANGE_NO_ID - 1, "place in the packet", &at))
			return false;
		if (answers)
			s->id_at = (uint16_t)(at - 1);
		return read_bytes(r, s);
	default: return true;
	}
}

static bool read_step(struct reader *r, const char *word, struct step *s)
{
	bool answers = !strcmp(word, answer_word);
	size_t kind = answers ? STEP_SEND : STEP_OPEN;

	while (!answers && kind <= STEP_TELL && strcmp(word, words[kind]) != 0)
		kind++;
	if (kind > STEP_TELL)
		return complain(r,
			arena_printf(r->arena,
				"\"%s\" is no step: open, send, answer, await, close, reset, tell",
				word));
	*s = (struct step){ .kind = (enum step_kind)kind, .id_at = EXCHANGE_NO_ID };
	if (!read_rest(r, s, answers))
		return false;
	const char *more = next_word(r);
	return !more || complain(r, arena_printf(r->arena, "\"%s\" is too much", more));
}

bool exchange_read(struct arena *a, const char *text, struct exchange *out, const char **error)
{
	struct reader r = { .arena = a, .error = error };
	char *copy = arena_text(a, text), *line;

	*out = (struct exchange){ 0 };
	while ((line = strsep(&copy, "\n"))) {
		struct step step;
		r.line++;
		line[strcspn(line, "#")] = '\0';
		r.rest = line;
		const char *word = next_word(&r);
		if (!word)
			continue;
		if (out->count == EXCHANGE_STEPS_MAX)
			return complain(&r, "there are too many steps");
		if (!read_step(&r, word, &step))
			return false;
		exchange_add(a, out, step);
	}
	return out->count || complain(&r, "there is no step in it");
}

/* False, with errno. */
static bool read_file(const char *path, struct buf *out)
{
	char chunk[4096];
	size_t n;
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(out, chunk, n);
	bool ok = !ferror(file);
	int why = errno;
	fclose(file);
	errno = why;
	return ok;
}

bool exchange_load(struct arena *a, const char *path, struct exchange *out, const char **error)
{
	const char *why = "it is too long";
	struct buf text;

	buf_init(&text, FILE_BYTES_MAX);
	bool ok = read_file(path, &text);
	if (!ok)
		why = arena_text(a, strerror(errno));
	ok = ok && !text.failed && exchange_read(a, buf_text(&text), out, &why);
	buf_fini(&text);
	if (!ok)
		*error = arena_printf(a, "%s: %s", path, why);
	return ok;
}
