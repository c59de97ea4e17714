#include "deviants/passing.h"

#include <string.h>

#include "base/clock.h"
#include "deviants/properties.h"

enum { PACKET_LIMIT = 280 * 1024 * 1024 };

/* ---- what the world learns ------------------------------------------------------------------ */

/* Where an alias stands for the topic, what it stands for. */
static struct bytes topic_of(struct passing *it)
{
	const struct packet *p = it->packet;
	const struct property *alias = properties_find(&p->properties, PROP_TOPIC_ALIAS);

	if (!alias || alias->number >= COURSE_ALIASES)
		return p->topic;
	struct bytes *stands_for = &it->lane->alias[alias->number];
	it->alias_before = *stands_for;
	if (p->topic.len)
		*stands_for =
			(struct bytes){ arena_copy(&it->x->arena, p->topic.data, p->topic.len),
				p->topic.len };
	if (p->topic.len && it->way == TO_SERVER)
		world_alias(it->x->world, it->x->session, alias->number, p->topic);
	return *stands_for;
}

static void learn_connect(struct exchange *x, const struct packet *p)
{
	x->session = world_connect(x->world, p);
	x->world->silent--;
	x->connection = x->session->connections;
	x->version = x->session->version;
	x->clean = p->connect_flags & CONNECT_CLEAN;
	x->will = p->connect_flags & CONNECT_WILL;
	x->keep_alive = p->keep_alive;
	x->course.takes_over = x->session->open > 1;
	course_connect(&x->course, &x->arena, p);
}

static void learn_flight(struct exchange *x, enum way way, const struct packet *p)
{
	unsigned *back = &x->in_flight[way_back(way)];

	if (p->type == PUBLISH && p->qos && !p->dup)
		x->in_flight[way]++;
	if (*back && (p->type == PUBACK || p->type == PUBCOMP))
		--*back;
}

static void learn_course(struct passing *it)
{
	struct course_way *own = &it->lane->course;
	int64_t heard_us = it->x->lane[TO_SERVER].course.latest_us;

	it->was_under_way = ids_has(&own->under_way, it->packet->id);
	it->was_settled = ids_has(&own->settled, it->packet->id);
	it->silent_us = heard_us ? clock_now_us() - heard_us : 0;
	course_pass(own, &it->x->lane[way_back(it->way)].course, it->packet);
}

static void learn_from_server(struct passing *it)
{
	struct exchange *x = it->x;
	const struct packet *p = it->packet;

	if (p->type == PUBLISH) {
		it->origin = world_origin(x->world, it->topic, p->payload);
		course_message(&x->course, it->topic, p->payload);
	}
	if (p->type == CONNACK) {
		x->refused = p->code;
		course_connack(&x->course, p);
		if (!p->code)
			world_let_in(x->world, x->course.user, x->course.password);
	}
}

static void learn(struct passing *it)
{
	struct exchange *x = it->x;
	const struct packet *p = it->packet;

	it->lane->count[p->type]++;
	learn_flight(x, it->way, p);
	learn_course(it);
	if (p->type == PUBLISH)
		it->topic = topic_of(it);
	if (it->way == TO_CLIENT) {
		learn_from_server(it);
		return;
	}
	if (p->type == CONNECT || p->type == PINGREQ)
		x->pinged_us = it->lane->course.latest_us;
	if (p->type == CONNECT && !x->session)
		learn_connect(x, p);
	else if (p->type == SUBSCRIBE && x->session)
		world_subscribe(x->world, x->session, p);
	else if (p->type == UNSUBSCRIBE && x->session)
		it->removed = world_unsubscribe(x->session, p);
	else if (p->type == PUBLISH)
		world_publish(x->world, x->session, x->version, p, it->topic);
	else if (p->type == DISCONNECT)
		x->disconnected = true;
}

/* ---- what the deviation does ---------------------------------------------------------------- */

static bool step_applies(const struct step *s, const struct passing *it)
{
	for (size_t i = 0; i < CONDITIONS && s->when[i]; i++)
		if (!s->when[i](it))
			return false;
	return true;
}

void passing_deviate(struct passing *it, const struct deviation *d, uint32_t type)
{
	for (size_t i = 0; d && i < STEPS && d->steps[i].then; i++) {
		const struct step *s = &d->steps[i];

		if (s->way == it->way && s->types & type && step_applies(s, it))
			s->then(it, s->argument);
	}
}

bool passing_is_watched(const struct deviation *d, enum way way, uint32_t types)
{
	for (size_t i = 0; d && i < STEPS && d->steps[i].then; i++)
		if (d->steps[i].way == way && d->steps[i].types & types)
			return true;
	return false;
}

/* ---- handing on ---------------------------------------------------------------------------- */

void passing_write(struct passing *it, struct bytes bytes)
{
	struct lane *l = it->lane;

	if (it->kept && it->packet && !l->kept.len) {
		buf_add(&l->kept, bytes.data, bytes.len);
		l->kept_type = it->packet->type;
		return;
	}
	for (unsigned i = 0; i < it->copies; i++)
		if (it->delay_ms)
			exchange_write_later(it->x, it->way, bytes, it->delay_ms);
		else
			exchange_write(it->x, it->way, bytes);
	if (it->copies && l->kept.len && it->packet && l->kept_type == it->packet->type) {
		exchange_write(it->x, it->way, (struct bytes){ l->kept.data, l->kept.len });
		buf_reset(&l->kept);
	}
}

static void hand_on_packet(struct passing *it)
{
	struct buf built;

	if (!it->changed) {
		struct bytes rest = { it->raw.data + it->lane->streamed,
			it->raw.len - it->lane->streamed };
		passing_write(it, rest);
		return;
	}
	buf_init(&built, PACKET_LIMIT);
	if (it->tail) {
		it->twist.set_remaining_length = true;
		it->twist.remaining_length = it->packet->remaining_length + it->tail;
	}
	if (wire_build(&built, it->x->version, it->packet, &it->twist) &&
		(!it->tail || memset(buf_extend(&built, it->tail), 0, it->tail)))
		passing_write(it, (struct bytes){ built.data, built.len });
	buf_fini(&built);
}

static void pass_packet(struct passing *it, const struct deviation *d)
{
	bool streamed = it->lane->streamed;

	learn(it);
	if (!streamed)
		passing_deviate(it, d, SPEC_PACKET(it->packet->type));
	if (it->way == TO_CLIENT && exchange_swallows(it->x, it->packet))
		it->copies = 0;
	hand_on_packet(it);
	if (it->ends)
		exchange_end(it->x);
}

static void pass_bytes(struct passing *it, const struct deviation *d)
{
	passing_deviate(it, d, EVENT_MALFORMED);
	hand_on_packet(it);
	if (it->ends)
		exchange_end(it->x);
}

/* Of a packet that nobody will look at, what is there goes on at once. */
static void stream(struct exchange *x, enum way way)
{
	struct lane *l = &x->lane[way];

	exchange_write(x, way, (struct bytes){ l->in.data + l->streamed, l->in.len - l->streamed });
	l->streamed = l->in.len;
}

static void pass_first(struct exchange *x, enum way way, const struct deviation *d,
	struct arena *scratch, bool *waits)
{
	struct lane *l = &x->lane[way];
	struct packet p;
	struct wire_result r =
		wire_parse(scratch, x->version, l->in.data, l->in.len, PACKET_LIMIT, &p);
	struct passing it = { .x = x, .way = way, .lane = l, .arena = scratch, .copies = 1 };
	size_t len = r.consumed ? r.consumed : l->in.len;

	if (r.status == WIRE_NEED_MORE) {
		*waits = true;
		l->pieces++;
		it.raw = (struct bytes){ l->in.data, l->in.len };
		passing_deviate(&it, d, EVENT_BEGUN);
		if (!passing_is_watched(d, way, SPEC_PACKET(l->in.data[0] >> 4)))
			stream(x, way);
		return;
	}
	it.raw = (struct bytes){ l->in.data, len };
	if (r.status == WIRE_PACKET) {
		it.packet = &p;
		pass_packet(&it, d);
	} else {
		l->lost = !r.consumed;
		it.rule = r.rule;
		pass_bytes(&it, d);
	}
	l->streamed = l->pieces = 0;
	buf_consume(&l->in, len);
}

void passing_all(struct exchange *x, enum way way, const struct deviation *d)
{
	struct lane *l = &x->lane[way];
	bool waits = false;

	while (l->in.len && !l->lost && !waits && !x->over) {
		struct arena scratch;

		arena_init(&scratch);
		pass_first(x, way, d, &scratch, &waits);
		arena_fini(&scratch);
	}
	if (l->lost && l->in.len) {
		stream(x, way);
		l->streamed = 0;
		buf_reset(&l->in);
	}
}

void passing_end(struct exchange *x, enum way way, const struct deviation *d)
{
	struct arena scratch;
	struct passing it = {
		.x = x, .way = way, .lane = &x->lane[way], .arena = &scratch, .copies = 1
	};

	if (it.lane->in.len > it.lane->streamed)
		stream(x, way);
	arena_init(&scratch);
	passing_deviate(&it, d, EVENT_END);
	arena_fini(&scratch);
}
