/* The verbs that send: each makes one packet and demands nothing. */
#include <string.h>

#include "base/clock.h"
#include "harness/peers/demands.h"
#include "harness/test.h"
#include "harness/wire/template.h"

enum { KEPT_SESSION_EXPIRY = 300, PROPERTIES_MAX = 32 };

static struct demands demands_of(const struct peer *p)
{
	const struct test *t = p->test;

	if (!t->play->target)
		return (struct demands){ 0 };
	return (struct demands){ p->is_somebody ? &p->login : t->play->target->login,
		offers(t)->keep_alive };
}

bool has_login(const struct test *t)
{
	const struct login *login = t->play->target ? t->play->target->login : NULL;

	return login && login->password;
}

static void send_built(struct place at, struct peer *p, const struct packet *packet,
	const struct wire_twist *twist)
{
	struct test *t = p->test;
	const struct demands demands = demands_of(p);
	struct packet own = *packet;
	size_t secret = demands_meet(&demands, &own);

	buf_fini(&p->building);
	buf_init(&p->building, WIRE_REMAINING_LENGTH_MAX + WIRE_HEADER_MAX);
	if (!wire_build(&p->building, p->version, &own, twist))
		test_end(t, at, VERDICT_ERROR, "the packet could not be built");
	peer_send(p, (struct bytes){ p->building.data, p->building.len }, secret);
	buf_fini(&p->building);
}

/* Those of the case, as a copy, present in every packet of 5.0 that has a place for them. */
static struct properties own_properties(const struct peer *p, const struct properties *props)
{
	struct properties own = { 0 };

	if (!version_traits(p->version).properties)
		return own;
	if (props)
		own = *props;
	own.present = true;
	return own;
}

static void add_property(struct test *t, struct properties *props, struct property more)
{
	struct property *list = arena_alloc(t->arena, (props->count + 1) * sizeof(*list));

	list[0] = more;
	if (props->count)
		memcpy(list + 1, props->list, props->count * sizeof(*list));
	props->list = list;
	props->count++;
}

static void add_will(struct peer *p, struct packet *packet, const struct will *will)
{
	struct test *t = p->test;
	const char *topic = topic_prefixed(t, will->topic, will->raw);

	packet->connect_flags |= CONNECT_WILL | (will->qos & 3) << 3;
	if (will->retain)
		packet->connect_flags |= CONNECT_WILL_RETAIN;
	packet->will_topic = bytes_of(topic);
	packet->will_payload = will->payload ? bytes_of(will->payload) : will->bytes;
	packet->will_properties = own_properties(p, will->props);
}

void send_connect_at(struct place at, struct peer *p, struct connect c)
{
	struct test *t = p->test;
	bool expires = version_traits(p->version).session_expiry;
	struct packet packet = wire_packet(CONNECT);

	if (c.client_id)
		p->client_id = arena_text(t->arena, c.client_id);
	p->connect = c;
	p->is_somebody = c.as;
	if (c.as)
		p->login = (struct login){ c.as->name, c.as->password, c.as->secret };
	packet.protocol_name = BYTES("MQTT");
	packet.level = (uint8_t)p->version;
	packet.keep_alive = (uint16_t)c.keep_alive;
	packet.client_id = bytes_of(p->client_id);
	packet.properties = own_properties(p, c.props);
	if (!c.kept || (c.clean && expires))
		packet.connect_flags |= CONNECT_CLEAN;
	if (expires && (c.kept || c.expiry.set))
		add_property(t, &packet.properties,
			(struct property)P_SESSION_EXPIRY(
				c.expiry.set ? c.expiry.value : KEPT_SESSION_EXPIRY));
	if (c.will.topic)
		add_will(p, &packet, &c.will);
	if (c.user_name)
		packet.connect_flags |= CONNECT_USER_NAME;
	if (c.password)
		packet.connect_flags |= CONNECT_PASSWORD;
	packet.user_name = bytes_of(c.user_name);
	packet.password = bytes_of(c.password);
	send_built(at, p, &packet, NULL);
}

void send_publish_at(struct place at, struct peer *p, struct publish m)
{
	struct test *t = p->test;
	struct packet packet = wire_packet(PUBLISH);

	packet.flags = wire_publish_flags(m.dup, m.qos, m.retain);
	packet.id = (uint16_t)m.id;
	packet.topic = bytes_of(topic_prefixed(t, m.topic, m.raw));
	packet.payload = m.payload ? bytes_of(m.payload) : m.bytes;
	packet.properties = own_properties(p, m.props);
	send_built(at, p, &packet, NULL);
}

static void send_filters(
	struct place at, struct peer *p, enum packet_type type, const struct subscribe *s)
{
	struct test *t = p->test;
	struct packet packet = wire_packet(type);
	size_t more = 0;

	while (s->more && s->more[more].filter)
		more++;
	packet.id = (uint16_t)s->id;
	packet.properties = own_properties(p, s->props);
	packet.filters = arena_alloc(t->arena, (more + 1) * sizeof(*packet.filters));
	for (size_t i = 0; i <= more; i++) {
		const struct subscribe *one = i ? &s->more[i - 1] : s;
		packet.filters[packet.filter_count++] = (struct filter){
			.text = bytes_of(filter_prefixed(t, one->filter, one->raw)),
			.options = (uint8_t)(one->qos | (unsigned)one->no_local << 2 |
				(unsigned)one->retain_as_published << 3 |
				one->retain_handling << 4),
		};
		p->raw_filters |= one->raw;
	}
	send_built(at, p, &packet, NULL);
}

void send_subscribe_at(struct place at, struct peer *p, struct subscribe s)
{
	send_filters(at, p, SUBSCRIBE, &s);
}

void send_unsubscribe_at(struct place at, struct peer *p, struct subscribe s)
{
	send_filters(at, p, UNSUBSCRIBE, &s);
}

/* The last message that came with this identifier; NULL: none. */
static const struct packet *message_of(const struct peer *p, unsigned id)
{
	for (size_t i = p->arrival_count; i-- > 0;)
		if (p->arrivals[i].packet.type == PUBLISH && p->arrivals[i].packet.id == id)
			return &p->arrivals[i].packet;
	return NULL;
}

/* A case that begins the handshake of one QoS has taken the message for one of that QoS. If it came at
 * another, our answer would be wrong because of the target.
 */
static void check_handshake(struct place at, struct peer *p, enum packet_type type, unsigned id)
{
	struct test *t = p->test;
	unsigned due = type == PUBACK ? 1 : 2;
	const struct packet *m = type == PUBACK || type == PUBREC ? message_of(p, id) : NULL;

	if (!m || m->qos == due || p->misbehaves || test_theirs(t) != SIDE_SERVER)
		return;
	struct bytes topic = bytes_of(topic_prefixed(
		t, arena_printf(t->arena, "%.*s", (int)m->topic.len, m->topic.data), false));
	const struct posting *sent = posting_find(t, p->client_id, topic, m->payload);
	const char *came = arena_printf(t->arena, "PUBLISH %u at QoS %u", id, m->qos);
	if (sent && sent->qos < m->qos) /* [MQTT-3.8.4-8] */
		test_differ(t, at, DIFFERENCE(SPEC_QOS, "PUBLISH"),
			arena_printf(t->arena, "PUBLISH at QoS %u, as it was published, at most",
				sent->qos),
			came);
	test_end(t, at, VERDICT_INCONCLUSIVE,
		arena_printf(t->arena, "%s, where the case needs one at QoS %u", came, due));
}

void send_ack_at(struct place at, struct peer *p, enum packet_type type, unsigned id, struct ack a)
{
	struct packet packet = wire_packet(type);

	check_handshake(at, p, type, id);
	packet.id = (uint16_t)id;
	if (version_traits(p->version).reason_codes && (a.code.set || a.props)) {
		packet.code = (uint8_t)a.code.value;
		packet.has_code = true;
		if (a.props)
			packet.properties = own_properties(p, a.props);
	}
	send_built(at, p, &packet, NULL);
}

void send_pingreq_at(struct place at, struct peer *p)
{
	struct packet packet = wire_packet(PINGREQ);

	send_built(at, p, &packet, NULL);
}

void send_disconnect_at(struct place at, struct peer *p, struct disconnect d)
{
	struct packet packet = wire_packet(DISCONNECT);

	if (version_traits(p->version).reason_codes && (d.code.set || d.props)) {
		packet.code = (uint8_t)d.code.value;
		packet.has_code = true;
		if (d.props)
			packet.properties = own_properties(p, d.props);
	}
	send_built(at, p, &packet, NULL);
}

void send_auth_at(struct place at, struct peer *p, struct disconnect d)
{
	struct packet packet = wire_packet(AUTH);

	packet.code = (uint8_t)d.code.value;
	packet.has_code = d.code.set || d.props;
	packet.properties = own_properties(p, d.props);
	send_packet_at(at, p, packet, NULL);
}

void send_packet_at(
	struct place at, struct peer *p, struct packet packet, const struct wire_twist *twist)
{
	p->spells |= twist != NULL;
	send_built(at, p, &packet, twist);
}

void send_template_at(struct place at, struct peer *p, const char *text)
{
	struct test *t = p->test;
	struct template_values values = {
		.version = p->version,
		.client_id = p->client_id,
		.topic_prefix = t->play->client ? "" : arena_printf(t->arena, "%s/", t->topics),
	};
	struct bytes bytes;
	const char *error;

	if (!template_expand(t->arena, text, &values, &bytes, &error))
		test_end(t, at, VERDICT_ERROR, arena_printf(t->arena, "template: %s", error));
	p->spells = true;
	const struct demands demands = demands_of(p);
	size_t secret = demands_meet_in_bytes(t->arena, &demands, p->version, &bytes);
	peer_send(p, bytes, secret);
}

void send_row_at(struct place at, struct peer *p)
{
	test_send_row(at, p, p->test->play->row->template);
}

void test_send_row(struct place at, struct peer *p, const char *text)
{
	p->bytewise = p->test->play->row->in_pieces;
	send_template_at(at, p, text);
	p->bytewise = false;
}

void send_bytes_at(struct place at, struct peer *p, struct bytes bytes)
{
	(void)at;
	p->misbehaves = true;
	peer_send(p, bytes, 0);
}

void send_together_at(struct place at, struct peer *p)
{
	(void)at;
	p->gathers = true;
}

void only_until_at(struct place at, struct test *t, int64_t since_us, unsigned ms)
{
	(void)at;
	t->question_until_us =
		ms ? since_us + (int64_t)ms * 1000 + t->play->round_trip.least_us : 0;
}

void in_time_at(struct place at, struct test *t, int64_t since_us, unsigned ms)
{
	only_until_at(at, t, since_us, ms);
	test_check_question(t, at);
	only_until_at(at, t, 0, 0);
}

void drop_at(struct place at, struct peer *p)
{
	(void)at;
	peer_close(p, false);
}

void abort_connection_at(struct place at, struct peer *p)
{
	(void)at;
	peer_close(p, true);
}

void hang_at(struct place at, struct peer *p)
{
	(void)at;
	p->hangs = true;
	p->hang_begun_us = p->last_begun_us;
	p->hang_us = p->last_sent_us;
	test_remark(p->test, p, "says nothing from here on");
}

void let_pass_at(struct place at, struct test *t, unsigned ms)
{
	int64_t until_us = tape_now_us(&t->tape) + (int64_t)ms * 1000;

	(void)at;
	while (tape_now_us(&t->tape) < until_us)
		test_pump(t, until_us);
}
