#include "broker/main_store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/utf8.h"
#include "broker/core/delivery.h"
#include "broker/core/session.h"
#include "broker/core/stored.h"
#include "broker/store/pin.h"
#include "broker/store/reading.h"
#include "broker/store/recovery.h"
#include "broker/store/table.h"
#include "mqtt/cursor.h"
#include "spec/spec.h"

enum { TRIES = 10 }; /* to read what a broker is just writing */

/* ---- what a pair says, as JSON ------------------------------------------------------------- */

static json_t *text_of(struct mqtt_view v)
{
	return json_stringn(v.len ? (const char *)v.data : "", v.len);
}

/* Of a pair, shifted to the wall clock. */
static json_t *time_of(int64_t ms, int64_t shift_ms)
{
	char text[40];
	struct tm tm;

	if (ms == INT64_MAX)
		return json_null();
	ms += shift_ms;
	time_t seconds = (time_t)(ms / 1000);
	if (!gmtime_r(&seconds, &tm))
		return json_integer(ms);
	size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%03dZ", (int)(ms % 1000));
	return json_string(text);
}

static json_t *hex_of(struct mqtt_view v)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc((size_t)v.len * 2 + 1);

	if (!text)
		return NULL;
	for (uint32_t i = 0; i < v.len; i++) {
		text[2 * (size_t)i] = digits[v.data[i] >> 4];
		text[2 * (size_t)i + 1] = digits[v.data[i] & 15];
	}
	json_t *hex = json_stringn(text, (size_t)v.len * 2);
	free(text);
	return hex;
}

/* Payloads are text more often than not. */
static void payload_set(json_t *o, struct mqtt_view v)
{
	if (!v.len || utf8_check(v.data, v.len) == v.len)
		json_object_set_new(o, "payload", text_of(v));
	else
		json_object_set_new(o, "payload_hex", hex_of(v));
}

static void message_set(json_t *o, const struct stored_message *m, int64_t shift_ms)
{
	json_object_set_new(o, "topic", text_of(m->topic));
	payload_set(o, m->payload);
	json_object_set_new(o, "qos", json_integer(m->qos));
	json_object_set_new(o, "retain", json_boolean(m->retain));
	json_object_set_new(o, "expires", time_of(m->expires_ms, shift_ms));
	if (m->properties.len)
		json_object_set_new(o, "properties_hex", hex_of(m->properties));
}

static json_t *will_of(const struct stored_session *s, int64_t shift_ms)
{
	json_t *o = json_object();

	message_set(o, &s->will.message, shift_ms);
	json_object_del(o, "expires");
	json_object_set_new(o, "delay_s", json_integer(s->will.delay_s));
	json_object_set_new(
		o, "expiry_s", s->will.expires ? json_integer(s->will.lifetime_s) : json_null());
	if (!s->connected)
		json_object_set_new(o, "due", time_of(s->will.due_ms, shift_ms));
	return o;
}

static void session_set(json_t *o, const struct stored_session *s, int64_t shift_ms)
{
	json_object_set_new(o, "client_id", text_of(s->id));
	json_object_set_new(o, "version", json_string(spec_version_name(s->version)));
	json_object_set_new(o, "connected", json_boolean(s->connected));
	json_object_set_new(o, "expiry_s",
		s->expiry_s == SESSION_NEVER_EXPIRES ? json_null() : json_integer(s->expiry_s));
	if (!s->connected)
		json_object_set_new(o, "expires", time_of(s->expires_ms, shift_ms));
	if (s->realm)
		json_object_set_new(o, "listener", json_integer(s->realm));
	if (s->user_name.len)
		json_object_set_new(o, "user", text_of(s->user_name));
	if (s->has_will)
		json_object_set_new(o, "will", will_of(s, shift_ms));
}

static void subscription_set(json_t *o, const struct stored_subscription *s)
{
	json_object_set_new(o, "filter", text_of(s->filter));
	json_object_set_new(o, "qos", json_integer(s->qos));
	json_object_set_new(o, "no_local", json_boolean(s->no_local));
	json_object_set_new(o, "retain_as_published", json_boolean(s->retain_as_published));
	if (s->id)
		json_object_set_new(o, "identifier", json_integer(s->id));
}

static void delivery_set(json_t *o, const struct stored_delivery *d)
{
	static const char *const states[] = { "waiting", "sent", "released" };
	struct mqtt_cursor at = cursor_of(d->ids);
	json_t *ids = json_array();
	uint32_t id;

	json_object_set_new(o, "sequence", json_integer(d->sequence));
	json_object_set_new(o, "state", json_string(states[d->state]));
	if (d->serial)
		json_object_set_new(o, "message", json_integer((json_int_t)d->serial));
	if (d->id)
		json_object_set_new(o, "packet_id", json_integer(d->id));
	json_object_set_new(o, "qos", json_integer(d->qos));
	json_object_set_new(o, "retain", json_boolean(d->retain));
	while (cursor_u32(&at, &id))
		json_array_append_new(ids, json_integer(id));
	json_object_set_new(o, "identifiers", ids);
	if (d->share.len)
		json_object_set_new(o, "share", text_of(d->share));
}

static void received_set(json_t *o, const struct stored_received *r)
{
	json_t *ids = json_array();

	for (uint32_t id = 0; (id = stored_received_next(r, id)); id++)
		json_array_append_new(ids, json_integer(id));
	json_object_set_new(o, "packet_ids", ids);
}

static json_t *pair_of(const struct stored *p, int64_t shift_ms)
{
	json_t *o = json_object();
	const char *kind = "retained", *number = NULL;

	switch (p->kind) {
	case STORED_SESSION: kind = "session", number = "session"; break;
	case STORED_SUBSCRIPTION: kind = "subscription", number = "session"; break;
	case STORED_RECEIVED: kind = "received", number = "session"; break;
	case STORED_DELIVERY: kind = "delivery", number = "session"; break;
	case STORED_MESSAGE: kind = "message", number = "message"; break;
	case STORED_RETAINED: break;
	}
	json_object_set_new(o, "kind", json_string(kind));
	if (number)
		json_object_set_new(o, number, json_integer((json_int_t)p->number));
	switch (p->kind) {
	case STORED_SESSION: session_set(o, &p->session, shift_ms); break;
	case STORED_SUBSCRIPTION: subscription_set(o, &p->subscription); break;
	case STORED_RECEIVED: received_set(o, &p->received); break;
	case STORED_DELIVERY: delivery_set(o, &p->delivery); break;
	case STORED_MESSAGE:
	case STORED_RETAINED: message_set(o, &p->message, shift_ms); break;
	}
	return o;
}

/* ---- --dump -------------------------------------------------------------------------------- */

struct dump {
	FILE *to;
	int64_t shift_ms; /* of the times in pairs */
	bool unknown;     /* a pair that this broker does not know */
};

static bool print(FILE *to, json_t *o)
{
	int e = json_dumpf(o, to, JSON_COMPACT);

	json_decref(o);
	return !e && putc('\n', to) != EOF;
}

static bool print_pair(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct dump *d = context;
	struct stored p;

	if (stored_read(&p, key, value))
		return print(d->to, pair_of(&p, d->shift_ms));
	d->unknown = true;
	return true;
}

static bool print_head(FILE *to, const struct head *h)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string("store"));
	json_object_set_new(o, "format", json_integer(h->format));
	json_object_set_new(o, "commit", json_integer((json_int_t)head_commit(h)));
	json_object_set_new(o, "written", time_of((int64_t)h->wall_ms, 0));
	return print(to, o);
}

/* While a broker writes, its first pages may be read half old, half new, and so may a block of its journal; or the
 * journal's files may change places.
 */
static enum reading_state look(struct reading *r, const char *folder)
{
	enum reading_state state = READING_BAD;

	for (unsigned i = 0; i < TRIES && state == READING_BAD; i++) {
		state = reading_open(r, folder);
		if (state != READING_OK || reading_is_latest(r))
			continue;
		snprintf(r->error, sizeof(r->error), "%s: it changes too fast", r->path);
		reading_close(r);
		state = READING_BAD;
	}
	return state;
}

static int dump(struct reading *r, FILE *to)
{
	struct dump d = { .to = to, .shift_ms = head_shift_ms(&r->head) };
	bool ok = print_head(to, &r->head) && reading_all(r, print_pair, &d);

	if (!ok || fflush(to) || ferror(to)) {
		fprintf(stderr, "mqttspec-broker: %s\n",
			*r->error              ? r->error
				: to == stdout ? "standard output cannot be written"
					       : "a temporary file cannot be written");
		return EXIT_FAILURE;
	}
	if (d.unknown)
		fprintf(stderr, "mqttspec-broker: %s: there are pairs of an unknown kind\n",
			r->path);
	return d.unknown ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int no_store(const struct reading *r, enum reading_state state)
{
	fprintf(stderr, "mqttspec-broker: %s%s\n", state == READING_BAD ? r->error : r->path,
		state == READING_BAD ? "" : ": there is no store");
	return EXIT_FAILURE;
}

static int pinned_dump(struct reading *r, const char *folder, FILE *to)
{
	struct pin pin;

	enum reading_state state = look(r, folder);
	if (state != READING_OK)
		return no_store(r, state);
	reading_close(r);
	int e = pin_set(&pin, folder);
	if (e) {
		fprintf(stderr, "mqttspec-broker: %s: %s\n", folder, table_error(e));
		return EXIT_FAILURE;
	}
	state = look(r, folder);
	int code = state == READING_OK ? dump(r, to) : no_store(r, state);
	if (state == READING_OK)
		reading_close(r);
	pin_drop(&pin);
	return code;
}

/* The pages are kept for no longer than reading takes, however slowly somebody reads what comes of that: unless it goes to a
 * file, it is put into one without a name first.
 */
static FILE *spool_open(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st))
		return NULL;
	return S_ISREG(st.st_mode) ? stdout : tmpfile();
}

static bool spool_print(FILE *spool)
{
	char part[1 << 14];
	size_t len;

	rewind(spool);
	while ((len = fread(part, 1, sizeof(part), spool)))
		if (fwrite(part, 1, len, stdout) != len)
			return errno == EPIPE; /* who reads it has seen enough */
	return !ferror(spool) && (!fflush(stdout) || errno == EPIPE);
}

static int spooled_dump(struct reading *r, const char *folder)
{
	FILE *spool = spool_open();

	if (!spool) {
		fprintf(stderr,
			"mqttspec-broker: there is no standard output, or no temporary file: %s\n",
			strerror(errno));
		return EXIT_FAILURE;
	}
	int code = pinned_dump(r, folder, spool);
	if (spool == stdout)
		return code;
	if (!spool_print(spool)) {
		fprintf(stderr, "mqttspec-broker: standard output cannot be written\n");
		code = EXIT_FAILURE;
	}
	fclose(spool);
	return code;
}

int main_dump(const char *folder)
{
	struct reading *r = calloc(1, sizeof(*r));

	if (!r)
		return EXIT_FAILURE;
	int code = spooled_dump(r, folder);
	free(r);
	return code;
}

/* ---- --recover ----------------------------------------------------------------------------- */

int main_recover(const char *folder)
{
	struct recovery r;
	char error[READING_PATH + READING_TEXT];

	if (!recovery_run(&r, folder, error, sizeof(error))) {
		fprintf(stderr, "mqttspec-broker: %s\n", error);
		return EXIT_FAILURE;
	}
	printf("%s/data.mdb: %" PRIu64 " pairs saved, %" PRIu64
	       " damaged pairs or pages left out; the old file is %s\n",
		folder, r.saved, r.lost, r.kept);
	json_t *written = r.head.number ? time_of((int64_t)r.head.wall_ms, 0) : NULL;
	if (written)
		printf("It is what there was after commit %" PRIu64
		       ", at %s: a later one, if there was any, cannot be read.\n",
			head_commit(&r.head), json_string_value(written));
	json_decref(written);
	return EXIT_SUCCESS;
}
