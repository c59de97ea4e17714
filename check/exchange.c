#include "check/exchange.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

enum {
	ARENA_BLOCK = 1024,
	COPY_AT = 16 *
		1024, /* bytes that an arena may grow by before what is of use moves out of it */
	PROP_ASSIGNED_CLIENT_IDENTIFIER = 0x12,
	PROP_SERVER_KEEP_ALIVE = 0x13,
	NAME_SHOWN = 128,
};

void exchange_init(struct exchange *x, struct judge *judge, struct check_connection *facts,
	const struct session_place *place)
{
	*x = (struct exchange){ .judge = judge, .facts = facts, .place = *place };
	arena_init_small(&x->arena, ARENA_BLOCK);
}

void exchange_fini(struct exchange *x)
{
	findings_fini(&x->findings);
	arena_fini(&x->arena);
}

/* ---- findings ------------------------------------------------------------------------------ */

bool exchange_is_told(const struct exchange *x)
{
	const struct scope *scope = x->judge->scope;

	if (!scope)
		return true;
	if (x->foreign || !scope_has_server(scope, x->facts))
		return false;
	return !scope->topic_count || x->facts->kind < CONNECTION_MQTT || x->concerned;
}

static bool is_finding_told(const struct exchange *x, const struct moment *moment, bool of_packet)
{
	return !x->judge->scope ||
		(scope_has_moment(x->judge->scope, moment->at_us) &&
			!(of_packet && x->about == ABOUT_OTHERS));
}

static void hand_out(struct exchange *x)
{
	const struct check_finding *finding;

	if (!findings_are_left(&x->findings) || !exchange_is_told(x))
		return;
	while ((finding = findings_next(&x->findings)))
		if (x->judge->listener.found)
			x->judge->listener.found(x->judge->to, x->facts, finding);
}

static void add(struct exchange *x, enum side accused, const char *statement, const char *what,
	const struct moment *moment, bool of_packet)
{
	struct check_finding finding = {
		.accused = accused, .statement = statement, .what = what, .moment = *moment
	};

	if (is_finding_told(x, moment, of_packet))
		findings_add(&x->findings, &x->recent, x->version, &finding, of_packet);
	if (accused == SIDE_CLIENT && of_packet)
		tolerance_breach(&x->tolerance, statement, moment->packet, recent_type(&x->recent));
}

static void add_all(struct exchange *x, enum side accused, const struct finding *list, size_t count,
	const struct moment *moment)
{
	for (size_t i = 0; i < count; i++)
		add(x, accused, list[i].statement, list[i].what, moment, true);
}

void exchange_fault(struct exchange *x, enum side accused, const char *statement, const char *what,
	const struct moment *moment)
{
	const char *name =
		arena_printf(&x->judge->scratch, "%s:%s", spec_version_name(x->version), statement);

	if (x->is_judged && spec_find(name))
		add(x, accused, name, what, moment, false);
}

static const char *seconds(struct exchange *x, int64_t us)
{
	return arena_printf(&x->judge->scratch, "%.1f", (double)us / 1e6);
}

static void add_silence_of_client(
	struct exchange *x, int64_t silence_us, const struct moment *moment)
{
	add(x, SIDE_CLIENT,
		version_statement(x->version, "3.1.1:MQTT-3.1.2-23", "5.0:MQTT-3.1.2-20"),
		arena_printf(&x->judge->scratch,
			"nothing was sent for %s s, and Keep Alive is %u s", seconds(x, silence_us),
			x->keep_alive.seconds),
		moment, false);
}

static void add_patience_of_server(
	struct exchange *x, int64_t silence_us, const char *how, const struct moment *moment)
{
	add(x, SIDE_SERVER,
		version_statement(x->version, "3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-22"),
		arena_printf(&x->judge->scratch,
			"%s after the client was silent for %s s, and Keep Alive is %u s", how,
			seconds(x, silence_us), x->keep_alive.seconds),
		moment, false);
}

/* ---- who it is ----------------------------------------------------------------------------- */

/* Text that does nothing to a terminal. */
static const char *printable(struct arena *a, struct bytes text)
{
	struct buf b;
	uint32_t code_point;

	buf_init(&b, 8 * NAME_SHOWN);
	for (size_t i = 0; i < text.len;) {
		size_t n = utf8_decode(text.data + i, text.len - i, &code_point);
		bool plain = n && code_point >= 0x20 && code_point != 0x7F &&
			!(code_point >= 0x80 && code_point < 0xA0);
		if (i >= NAME_SHOWN) {
			buf_add_text(&b, "...");
			break;
		}
		if (plain)
			buf_add(&b, text.data + i, n);
		else
			for (size_t k = 0; k < (n ? n : 1); k++)
				buf_printf(&b, "\\x%02X", text.data[i + k]);
		i += n ? n : 1;
	}
	const char *line = arena_text(a, buf_text(&b));
	buf_fini(&b);
	return line;
}

static void name_client(struct exchange *x, struct bytes client_id)
{
	x->client_id = (struct bytes){ arena_copy(&x->arena, client_id.data, client_id.len),
		client_id.len };
	x->facts->client_id = printable(&x->arena, client_id);
	x->foreign = x->judge->scope && !scope_has_client(x->judge->scope, x->facts->client_id);
}

static void begin(struct exchange *x, enum mqtt_version version)
{
	x->version = version;
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		x->monitors[side] = monitor_new(&x->arena, version, (enum side)side, NULL);
		monitor_lean(x->monitors[side], &x->judge->scratch);
		if (x->joined)
			monitor_join(x->monitors[side]);
	}
	x->is_judged = true;
	if (!x->facts->version) {
		x->facts->version = spec_version_name(version);
		x->facts->version_guessed = true;
	}
	x->taken_by_copy = x->arena.taken;
}

void exchange_take_up(struct exchange *x, enum mqtt_version version)
{
	x->joined = true;
	x->facts->kind = CONNECTION_MQTT;
	x->facts->version = spec_version_name(version);
	x->facts->version_guessed = true;
	begin(x, version);
}

/* By its first CONNECT. */
static void meet(struct exchange *x, const struct packet *p)
{
	bool is_mqtt = bytes_equal(p->protocol_name, BYTES("MQTT"));
	bool is_old =
		bytes_equal(p->protocol_name, BYTES("MQIsdp")) && (p->level & 0x7F) == MQTT_31;

	name_client(x, p->client_id);
	x->keep_alive_s = p->keep_alive;
	x->facts->version_guessed = false;
	x->facts->version = version_traits(is_old ? MQTT_31 : p->level).name;
	if (is_old || !is_mqtt || (p->level != MQTT_311 && p->level != MQTT_50)) {
		sessions_forget(x->judge->sessions, x->client_id);
		if (!is_old)
			postings_end(x->judge->postings);
		x->facts->kind = is_old ? CONNECTION_OLD : CONNECTION_FOREIGN;
		x->is_judged = false;
		x->version = MQTT_311;
		return;
	}
	x->facts->kind = CONNECTION_MQTT;
	if (!x->monitors[0] || x->version != p->level)
		begin(x, p->level);
}

/* ---- sessions ------------------------------------------------------------------------------ */

/* CONNACK says whether the session goes on: the monitors look at what is known of it then. */
static void recall_session(struct exchange *x)
{
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		monitor_follow(x->monitors[side],
			sessions_find(
				x->judge->sessions, x->client_id, &x->place, (enum side)side));
}

static void accepted(struct exchange *x, const struct packet *p, const struct moment *moment)
{
	const struct property *assigned =
		properties_find(&p->properties, PROP_ASSIGNED_CLIENT_IDENTIFIER);
	const struct property *keep_alive = properties_find(&p->properties, PROP_SERVER_KEEP_ALIVE);

	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		monitor_follow(x->monitors[side], NULL);
	/* A message that never comes is a quarrel about its topic as well. */
	if (x->judge->scope && scope_has_subscriber(x->judge->scope, x->monitors[SIDE_SERVER]))
		x->concerned = true;
	if (p->code || x->joined)
		return;
	if (assigned)
		name_client(x, assigned->value);
	x->in_session = monitor_session_stays(x->monitors[SIDE_SERVER]);
	if (x->in_session)
		sessions_use(x->judge->sessions, x->client_id, &x->place, x->monitors);
	else
		sessions_forget(x->judge->sessions, x->client_id);
	keep_alive_begin(
		&x->keep_alive, keep_alive ? keep_alive->number : x->keep_alive_s, moment->at_us);
}

static void leave_session(struct exchange *x)
{
	if (!x->in_session)
		return;
	x->in_session = false;
	if (!x->joined && monitor_session_stays(x->monitors[SIDE_SERVER]))
		sessions_keep(x->judge->sessions, x->client_id, x->monitors);
	else
		sessions_drop(x->judge->sessions, x->client_id, x->monitors);
}

/* What a long connection has replaced is still in its arena: what is of use moves to another one. */
static void renew(struct exchange *x)
{
	struct arena left = x->arena;
	struct monitor *moved[2];

	arena_init_small(&x->arena, ARENA_BLOCK);
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		moved[side] = monitor_copy(&x->arena, x->monitors[side]);
	x->client_id.data = arena_copy(&x->arena, x->client_id.data, x->client_id.len);
	if (x->facts->client_id)
		x->facts->client_id = arena_text(&x->arena, x->facts->client_id);
	if (x->in_session)
		sessions_move(x->judge->sessions, x->client_id, x->monitors, moved);
	memcpy(x->monitors, moved, sizeof(moved));
	arena_fini(&left);
	x->taken_by_copy = x->arena.taken;
}

/* ---- packets ------------------------------------------------------------------------------- */

/* All that needs an answer has got it. */
static bool has_been_read(const struct exchange *x)
{
	return x->tolerance.pongs >= x->tolerance.pings &&
		!monitor_under_way(x->monitors[SIDE_CLIENT]);
}

void exchange_heard(struct exchange *x, enum side from, const struct moment *moment, bool troubled)
{
	int64_t silence;

	if (!x->is_judged || x->over[SIDE_CLIENT] || x->over[SIDE_SERVER])
		return;
	if (!has_been_read(x))
		keep_alive_excuse_server(&x->keep_alive);
	if (from == SIDE_CLIENT) {
		silence = keep_alive_client(&x->keep_alive, moment->at_us, troubled);
		if (silence)
			add_silence_of_client(x, silence, moment);
	} else {
		silence = keep_alive_server(&x->keep_alive, moment->at_us);
		if (silence)
			add_patience_of_server(x, silence, "it goes on", moment);
	}
}

static void judge_tolerance(
	struct exchange *x, enum side from, const struct packet *p, const struct moment *moment)
{
	if (from == SIDE_CLIENT) {
		tolerance_client(
			&x->tolerance, p, monitor_is_under_way(x->monitors[SIDE_CLIENT], p->id));
	} else if (tolerance_server(&x->tolerance, p)) {
		add(x, SIDE_SERVER, x->tolerance.statement,
			arena_printf(&x->judge->scratch,
				"it goes on after packet %llu of the client, which breaks this",
				(unsigned long long)x->tolerance.packet),
			moment, true);
	}
}

/* A message that another connection, or this one, has published. */
static void judge_qos(struct exchange *x, const struct packet *p, const struct moment *moment)
{
	const struct monitor *m = x->monitors[SIDE_SERVER];
	struct bytes topic = monitor_topic(m, p);
	const struct flow_end *server = &x->place.server;
	int published = postings_qos(x->judge->postings, server, p, topic, moment->at_us);
	int least, most;

	if (published < 0 || !monitor_grants(m, topic, &least, &most))
		return;
	if (p->qos <= published && p->qos >= (published < least ? published : least)) {
		postings_settle(x->judge->postings, server, p, topic);
		return;
	}
	add(x, SIDE_SERVER, version_statement(x->version, "3.1.1:MQTT-3.8.4-6", "5.0:MQTT-3.8.4-8"),
		arena_printf(&x->judge->scratch,
			"QoS %u, but it was published with QoS %d, and granted was %d", p->qos,
			published, p->qos > published ? most : least),
		moment, true);
}

/* What others may get from a client, whether its version is judged or not. */
static void note_posting(struct exchange *x, const struct packet *p, const struct moment *moment)
{
	const struct monitor *m = x->monitors[SIDE_CLIENT];

	if (p->type == CONNECT && p->will_topic.len)
		postings_will(x->judge->postings, p);
	else if (p->type == SUBSCRIBE)
		postings_begin(x->judge->postings);
	else if (p->type == PUBLISH)
		postings_publish(x->judge->postings, &x->place.server, p,
			m ? monitor_topic(m, p) : p->topic, moment->at_us);
}

static void judge_packet(
	struct exchange *x, enum side from, const struct packet *p, const struct moment *moment)
{
	const struct finding *list;
	bool is_answer = p->type == CONNACK && from == SIDE_SERVER;
	enum side other = from == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

	if (is_answer)
		recall_session(x);
	if (from == SIDE_CLIENT)
		judge_tolerance(x, from, p, moment);
	size_t count = monitor_packet(x->monitors[from], from, p, &list);
	add_all(x, from, list, count, moment);
	monitor_packet(x->monitors[other], from, p, &list);
	if (from == SIDE_SERVER)
		judge_tolerance(x, from, p, moment);
	if (from == SIDE_SERVER && p->type == PUBLISH && !count)
		judge_qos(x, p, moment);
	if (is_answer)
		accepted(x, p, moment);
	if (x->arena.taken > 2 * x->taken_by_copy + COPY_AT)
		renew(x);
}

/* Before the monitors see it, since what they find of it is told or not; and a Topic Alias that it brings needs no
 * monitor, while one that it uses has been seen by them before.
 */
static void look_at_topic(struct exchange *x, enum side from, const struct packet *p)
{
	const struct monitor *sender = x->monitors[from];

	x->about = scope_about(x->judge->scope, p,
		sender && p->type == PUBLISH ? monitor_topic(sender, p) : p->topic);
	x->concerned |= x->about == ABOUT_WANTED;
}

static void sum_up(
	struct exchange *x, enum side from, const struct packet *p, const struct moment *moment)
{
	const struct scope *scope = x->judge->scope;

	if (scope &&
		(x->foreign || x->about == ABOUT_OTHERS || (scope->topic_count && !x->concerned) ||
			!scope_has_moment(scope, moment->at_us) ||
			!scope_has_server(scope, x->facts)))
		return;
	summary_packet(x->judge->summary, x->facts->number, from, p,
		x->monitors[from] && p->type == PUBLISH ? monitor_topic(x->monitors[from], p)
							: p->topic,
		moment->at_us);
}

void exchange_packet(struct exchange *x, enum side from, const struct way_packet *packet,
	const struct moment *moment)
{
	const struct packet *p = &packet->packet;

	x->facts->packets[from]++;
	recent_add(&x->recent, from, packet->raw, moment);
	findings_go_on(&x->findings, &x->recent, x->version);
	hand_out(x);
	if (!x->joined && !x->facts->client_id && from == SIDE_CLIENT && p->type == CONNECT)
		meet(x, p);
	if (!x->facts->client_id && !x->joined && !x->monitors[0])
		begin(x, MQTT_311); /* another packet than CONNECT is the first */
	if (x->judge->scope && x->judge->scope->topic_count)
		look_at_topic(x, from, p);
	if (x->is_judged)
		judge_packet(x, from, p, moment);
	if (from == SIDE_CLIENT)
		note_posting(x, p, moment);
	if (x->judge->summary)
		sum_up(x, from, p, moment);
}

/* That of a CONNECT that cannot be read, if it has come to that. */
static enum mqtt_version version_in(struct bytes raw)
{
	const uint8_t *name = memmem(raw.data, raw.len < 12 ? raw.len : 12, "\0\4MQTT", 6);
	bool is_50 = raw.data[0] >> 4 == CONNECT && name && name + 6 < raw.data + raw.len &&
		name[6] == MQTT_50;

	return is_50 ? MQTT_50 : MQTT_311;
}

void exchange_malformed(struct exchange *x, enum side from, const struct way_packet *packet,
	const struct moment *moment, bool accuse)
{
	const struct finding *list;

	x->facts->packets[from]++;
	recent_add(&x->recent, from, packet->raw, moment);
	if (!x->joined && !x->monitors[0]) {
		sessions_clear(x->judge->sessions);
		begin(x, version_in(packet->raw));
	}
	x->about = ABOUT_NO_TOPIC;
	if (!x->is_judged)
		return;
	if (from == SIDE_CLIENT)
		postings_end(x->judge->postings);
	if (from == SIDE_CLIENT)
		tolerance_client_malformed(&x->tolerance, packet->raw.data[0] >> 4);
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		size_t count = monitor_malformed(x->monitors[side], from, &packet->result, &list);
		if (accuse && (enum side)side == from)
			add_all(x, from, list, count, moment);
	}
}

void exchange_unseen(struct exchange *x, enum side from, const struct moment *moment)
{
	if (from == SIDE_CLIENT)
		keep_alive_missed(&x->keep_alive, moment->at_us);
	if (!x->facts->client_id)
		sessions_clear(x->judge->sessions);
	postings_end(x->judge->postings);
	x->tolerance.unsure = true;
	x->joined = true;
	for (int side = SIDE_CLIENT; x->monitors[0] && side <= SIDE_SERVER; side++)
		monitor_join(x->monitors[side]);
}

void exchange_closed(struct exchange *x, enum side from, const struct moment *moment)
{
	const struct finding *list;

	if (x->over[from])
		return;
	if (x->is_judged && from == SIDE_SERVER && !x->over[SIDE_CLIENT]) {
		if (!has_been_read(x))
			keep_alive_excuse_server(&x->keep_alive);
		int64_t silence = keep_alive_server(&x->keep_alive, moment->at_us);
		if (silence)
			add_patience_of_server(x, silence, "it ends the connection", moment);
	}
	x->over[from] = true;
	for (int side = SIDE_CLIENT; x->monitors[0] && side <= SIDE_SERVER; side++)
		monitor_closed(x->monitors[side], from, &list);
}

void exchange_over(struct exchange *x)
{
	leave_session(x);
	hand_out(x);
	if (x->judge->summary && exchange_is_told(x))
		summary_silence(x->judge->summary, x->facts, x->keep_alive.longest_us,
			x->keep_alive.seconds);
	x->facts->tallies = x->findings.tallies;
	x->facts->tally_count = x->findings.tally_count;
	memcpy(x->facts->findings, x->findings.totals, sizeof(x->facts->findings));
}
