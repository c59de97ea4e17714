#include "harness/peers/leavings.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "harness/peers/errand.h"
#include "harness/versions.h"

enum {
	ROOM = 32 * 1024, /* bytes; pages that are not used cost nothing */
	SESSION_EXPIRY = 0x11,
	ASSIGNED_CLIENT_ID = 0x12,
	TOPIC_ALIAS = 0x23,
};

/* In front of each name. */
struct entry {
	uint8_t kind, version, cleared;
	uint16_t len;
};

struct leavings {
	_Atomic size_t used; /* moved on when an entry is whole */
	_Atomic size_t lost;
	uint8_t entries[];
};

enum { ENTRIES = ROOM - sizeof(struct leavings) };

struct leavings *leavings_new(void)
{
	void *shared = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return shared == MAP_FAILED ? NULL : shared;
}

void leavings_free(struct leavings *l)
{
	if (l)
		munmap(l, ROOM);
}

/* ---- what is noted ------------------------------------------------------------------------- */

static struct entry entry_at(const struct leavings *l, size_t at)
{
	struct entry e;

	memcpy(&e, l->entries + at, sizeof(e));
	return e;
}

bool leavings_next(const struct leavings *l, size_t *at, struct leaving *out)
{
	if (*at >= l->used)
		return false;
	struct entry e = entry_at(l, *at);
	*out = (struct leaving){
		.kind = (enum leaving_kind)e.kind,
		.version = (enum mqtt_version)e.version,
		.name = { l->entries + *at + sizeof(e), e.len },
		.cleared = e.cleared,
	};
	*at += sizeof(e) + e.len;
	return true;
}

static bool has(const struct leavings *l, const struct leaving *wanted)
{
	struct leaving one;

	for (size_t at = 0; leavings_next(l, &at, &one);)
		if (one.kind == wanted->kind && one.version == wanted->version && !one.cleared &&
			bytes_equal(one.name, wanted->name))
			return true;
	return false;
}

void leavings_note(struct leavings *l, const struct leaving *leaving)
{
	struct entry e = { .kind = (uint8_t)leaving->kind,
		.version = (uint8_t)leaving->version,
		.len = (uint16_t)leaving->name.len };
	size_t at = l->used;

	if (!leaving->name.len || has(l, leaving))
		return;
	if (leaving->name.len > ENTRIES - sizeof(e) - at) {
		l->lost++;
		return;
	}
	memcpy(l->entries + at, &e, sizeof(e));
	memcpy(l->entries + at + sizeof(e), leaving->name.data, leaving->name.len);
	l->used = at + sizeof(e) + leaving->name.len;
}

static void note(
	struct leavings *l, enum leaving_kind kind, enum mqtt_version version, struct bytes name)
{
	leavings_note(l, &(struct leaving){ .kind = kind, .version = version, .name = name });
}

static bool expires_later(const struct properties *properties)
{
	const struct property *expiry = properties_find(properties, SESSION_EXPIRY);

	return expiry && expiry->number;
}

/* A session with a retained Will is ended by us, so that the Will has been sent by then. */
static void connect_sent(struct leavings *l, enum mqtt_version version, const struct packet *packet)
{
	bool keeps = version_traits(version).session_expiry
		? expires_later(&packet->properties)
		: !(packet->connect_flags & CONNECT_CLEAN);
	bool retains =
		packet->connect_flags & CONNECT_WILL && packet->connect_flags & CONNECT_WILL_RETAIN;

	if (keeps || retains)
		note(l, LEFT_SESSION, version, packet->client_id);
	if (retains)
		note(l, LEFT_RETAINED, version, packet->will_topic);
}

/* A topic that gets an alias may be meant by a later packet that does not name it. */
static bool may_be_retained(const struct packet *publish)
{
	return (publish->retain && publish->payload.len) ||
		properties_find(&publish->properties, TOPIC_ALIAS);
}

void leavings_sent(struct leavings *l, enum mqtt_version version, const struct packet *packet,
	struct bytes client_id)
{
	if (packet->type == CONNECT)
		connect_sent(l, version, packet);
	else if (packet->type == PUBLISH && may_be_retained(packet))
		note(l, LEFT_RETAINED, version, packet->topic);
	else if (packet->type == DISCONNECT && expires_later(&packet->properties))
		note(l, LEFT_SESSION, version, client_id);
}

void leavings_came(struct leavings *l, enum mqtt_version version, const struct packet *packet,
	struct bytes client_id, bool keeps)
{
	if (packet->type != CONNACK || packet->code)
		return;
	const struct property *assigned = properties_find(&packet->properties, ASSIGNED_CLIENT_ID);
	if ((assigned && keeps) || expires_later(&packet->properties))
		note(l, LEFT_SESSION, version, assigned ? assigned->value : client_id);
}

/* ---- clearing it --------------------------------------------------------------------------- */

static void mark_cleared(struct leavings *l, size_t at)
{
	struct entry e = entry_at(l, at);

	e.cleared = 1;
	memcpy(l->entries + at, &e, sizeof(e));
}

static bool is_let_in(struct errand *e, const struct packet *connect)
{
	struct packet packet;
	bool ended;

	return errand_send(e, connect) && errand_receive(e, &packet, &ended) == WIRE_PACKET &&
		packet.type == CONNACK && packet.code == 0;
}

/* When the connection ends, all that was sent before has been read. */
static bool say_goodbye(struct errand *e)
{
	struct packet bye = wire_packet(DISCONNECT);
	struct packet packet;
	bool ended = false;

	errand_send(e, &bye);
	while (!ended && errand_receive(e, &packet, &ended) != WIRE_NEED_MORE)
		;
	return ended;
}

/* A clean start under the ClientId ends its session. */
static bool forget_session(struct errand *e, struct bytes client_id)
{
	struct packet connect = errand_connect(e, "");

	connect.client_id = client_id;
	return is_let_in(e, &connect) && say_goodbye(e);
}

static bool send_empty(struct errand *e, struct bytes topic)
{
	struct packet empty = wire_packet(PUBLISH);

	empty.flags = wire_publish_flags(false, 0, true);
	empty.topic = topic;
	empty.properties.present = version_traits(e->version).properties;
	return errand_send(e, &empty);
}

/* Those of its version, on one connection. */
static void clear_retained(struct leavings *l, struct errand *e, const char *client_id)
{
	struct packet connect = errand_connect(e, client_id);
	struct leaving one;
	bool ok = is_let_in(e, &connect);

	for (size_t at = 0; ok && leavings_next(l, &at, &one);)
		if (one.kind == LEFT_RETAINED && one.version == e->version && !one.cleared)
			ok = send_empty(e, one.name);
	if (!ok || !say_goodbye(e))
		return;
	for (size_t at = 0, next = 0; leavings_next(l, &next, &one); at = next)
		if (one.kind == LEFT_RETAINED && one.version == e->version)
			mark_cleared(l, at);
}

/* False: no connection. */
static bool clear_session(struct leavings *l, struct arena *a, const struct endpoint *target,
	size_t at, const struct leaving *session, int64_t limit_us)
{
	struct errand e;
	const char *error;
	bool connects = errand_start(&e, a, target, session->version, limit_us, &error);

	if (connects && forget_session(&e, session->name))
		mark_cleared(l, at);
	errand_end(&e);
	return connects;
}

static bool has_retained(const struct leavings *l, enum mqtt_version version)
{
	struct leaving one;

	for (size_t at = 0; leavings_next(l, &at, &one);)
		if (one.kind == LEFT_RETAINED && one.version == version && !one.cleared)
			return true;
	return false;
}

void leavings_clear(struct leavings *l, struct arena *a, const struct endpoint *target,
	const char *client_id, int64_t limit_us)
{
	struct leaving one;

	for (size_t at = 0, next = 0; leavings_next(l, &next, &one); at = next)
		if (one.kind == LEFT_SESSION && !one.cleared &&
			!clear_session(l, a, target, at, &one, limit_us))
			return;
	for (int i = 0; i < VERSION_COUNT; i++) {
		struct errand e;
		const char *error;
		if (!has_retained(l, version_at(i)))
			continue;
		if (errand_start(&e, a, target, version_at(i), limit_us, &error))
			clear_retained(l, &e, client_id);
		errand_end(&e);
	}
}

/* ---- what is left -------------------------------------------------------------------------- */

size_t leavings_count(const struct leavings *l, enum leaving_kind kind)
{
	struct leaving one;
	size_t count = 0;

	for (size_t at = 0; leavings_next(l, &at, &one);)
		count += one.kind == kind && !one.cleared;
	return count;
}

size_t leavings_lost(const struct leavings *l)
{
	return l->lost;
}

void leavings_take_over(struct leavings *l, const struct leavings *from)
{
	struct leaving one;

	for (size_t at = 0; leavings_next(from, &at, &one);)
		if (!one.cleared)
			leavings_note(l, &one);
	l->lost += from->lost;
}
