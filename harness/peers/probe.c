#include "harness/peers/probe.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"
#include "harness/capabilities.h"
#include "harness/peers/errand.h"

static void defaults(struct capabilities *c)
{
	*c = (struct capabilities){
		.maximum_qos = 2,
		.retain = true,
		.wildcards = true,
		.subscription_ids = true,
		.shared = true,
		.receive_maximum = 65535,
		.maximum_packet_size = UINT32_MAX,
		.queue = UINT32_MAX,
	};
}

static void apply(struct capabilities *c, const struct property *p)
{
	switch (p->id) {
	case 0x11:
		c->has_session_expiry = true;
		c->session_expiry = p->number;
		break;
	case 0x13: c->server_keep_alive = (uint16_t)p->number; break;
	case 0x21: c->receive_maximum = (uint16_t)p->number; break;
	case 0x22: c->topic_alias_maximum = (uint16_t)p->number; break;
	case 0x24: c->maximum_qos = (uint8_t)p->number; break;
	case 0x25: c->retain = p->number; break;
	case 0x27: c->maximum_packet_size = p->number; break;
	case 0x28: c->wildcards = p->number; break;
	case 0x29: c->subscription_ids = p->number; break;
	case 0x2A: c->shared = p->number; break;
	default: break;
	}
}

static bool begins_with(const struct errand *e, const char *bytes, size_t len)
{
	return e->first_len >= len && !memcmp(e->first, bytes, len);
}

/* The first line, as far as it can be printed. */
static const char *first_line(const struct errand *e)
{
	size_t len = 0;

	while (len < e->first_len && e->first[len] >= ' ' && e->first[len] <= '~')
		len++;
	return arena_printf(e->arena, "%.*s", (int)len, (const char *)e->first);
}

/* An answer that is no CONNACK, by its first bytes. */
static const char *no_connack(const struct errand *e)
{
	struct buf hex;

	if (begins_with(e, "HTTP/", 5))
		return arena_printf(
			e->arena, "its answer to CONNECT looks like HTTP: \"%s\"", first_line(e));
	if (begins_with(e, "\x15\x03", 2))
		return "its answer to CONNECT is an alert of TLS";
	buf_init(&hex, 4 * ERRAND_FIRST_BYTES);
	hex_format(&hex, e->first, e->first_len, 16);
	const char *what = arena_printf(e->arena, "its answer to CONNECT is no CONNACK: %s%s%s%s",
		buf_text(&hex), *first_line(e) ? " (\"" : "", first_line(e),
		*first_line(e) ? "\")" : "");
	buf_fini(&hex);
	return what;
}

/* That it closed, and why, as far as the transport knows. */
static const char *closed(const struct errand *e)
{
	static const char what[] = "it closed the connection without an answer to CONNECT";

	return e->pipe->ended_by ? arena_printf(e->arena, "%s: %s", what, e->pipe->ended_by) : what;
}

static enum probe_status read_connack(struct errand *e, struct capabilities *out, const char **what)
{
	struct packet packet;
	bool ended;
	enum wire_status status = errand_receive(e, &packet, &ended);

	if (status == WIRE_NEED_MORE && e->first_len) {
		*what = no_connack(e);
		return PROBE_STRANGE;
	}
	if (status == WIRE_NEED_MORE) {
		*what = ended ? closed(e) : "it did not answer CONNECT in time";
		return ended ? PROBE_STRANGE : PROBE_SILENT;
	}
	if (status == WIRE_MALFORMED || packet.type != CONNACK) {
		*what = no_connack(e);
		return PROBE_STRANGE;
	}
	if (packet.code) {
		out->refusal = packet.code;
		*what = arena_printf(e->arena, "it answers a CONNECT of MQTT %s with %s",
			spec_version_name(e->version),
			wire_describe(e->arena, e->version, &packet));
		return PROBE_REFUSED;
	}
	for (size_t i = 0; i < packet.properties.count; i++)
		apply(out, &packet.properties.list[i]);
	out->served = true;
	struct packet bye = wire_packet(DISCONNECT);
	errand_send(e, &bye);
	return PROBE_SERVED;
}

static enum probe_status ask(struct arena *a, const struct endpoint *target,
	enum mqtt_version version, int64_t answer_us, uint16_t keep_alive, struct capabilities *out,
	const char **what)
{
	struct errand e;
	enum probe_status status = PROBE_UNREACHABLE;

	defaults(out);
	if (errand_start(&e, a, target, version, answer_us, what)) {
		const char *id = arena_printf(a, "mqttspecprobe%d", (int)getpid());
		struct packet connect = errand_connect(&e, id);
		connect.keep_alive = keep_alive;
		errand_send(&e, &connect);
		status = read_connack(&e, out, what);
	}
	errand_end(&e);
	return status;
}

/* What is said first in another protocol, and how its servers begin their answer to it. */
static const struct {
	const char *name;
	struct bytes request;
	struct bytes answers[2];
} others[] = {
	{ "TLS",
		BYTES("\x16\x03\x01\x00\x33\x01\x00\x00\x2f\x03\x03" /* a ClientHello of TLS 1.2 ... */
		      "mqttspec mqttspec mqttspec mqtts"             /* ... its random bytes ... */
		      "\x00\x00\x08\x13\x01\xc0\x2f\x00\x9c\x00\x2f\x01\x00"), /* ... four ciphers */
		{ BYTES("\x16\x03"), BYTES("\x15\x03") } },
	{ "HTTP", BYTES("GET / HTTP/1.0\r\n\r\n"), { BYTES("HTTP/"), BYTES("HTTP/") } },
};

static bool speaks(struct arena *a, const struct endpoint *target, int64_t limit_us, size_t other)
{
	const struct bytes *request = &others[other].request, *answers = others[other].answers;
	struct errand e;
	struct packet packet;
	const char *error;
	bool ended, found = false;

	if (errand_start(&e, a, target, MQTT_311, limit_us, &error)) {
		pipe_write(e.pipe, request->data, request->len);
		errand_receive(&e, &packet, &ended);
		for (int i = 0; i < 2; i++)
			found |= begins_with(&e, (const char *)answers[i].data, answers[i].len);
	}
	errand_end(&e);
	return found;
}

const char *probe_other(struct arena *a, const struct endpoint *target, int64_t limit_us)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (speaks(a, target, limit_us, i))
			return others[i].name;
	return NULL;
}

bool probe_refused_version(const struct capabilities *c)
{
	return c->refusal == 0x01 || c->refusal == 0x84;
}

/* A server may refuse a CONNECT for reasons of its own (3.1.4), a Keep Alive of 0 among them. */
enum probe_status probe(struct arena *a, const struct endpoint *target, enum mqtt_version version,
	int64_t answer_us, struct capabilities *out, const char **what)
{
	struct capabilities with;
	const char *unused;
	enum probe_status status = ask(a, target, version, answer_us, 0, out, what);

	if (status != PROBE_STRANGE && (status != PROBE_REFUSED || probe_refused_version(out)))
		return status;
	if (ask(a, target, version, answer_us, KEEP_ALIVE_INSTEAD_S, &with, &unused) !=
		PROBE_SERVED)
		return status;
	*out = with;
	out->keep_alive = KEEP_ALIVE_INSTEAD_S;
	return PROBE_SERVED;
}
