#include "harness/evidence/tape.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/hex.h"
#include "harness/evidence/shown.h"
#include "pcap/pcapng.h"

enum {
	HEX_BYTES_MAX = 1024,    /* of a packet, in the transcript */
	REMARK_LENGTH_MAX = 800, /* of a remark on a segment of many packets, in the capture */
	LINES_KEPT = 5000,       /* of a long transcript, at each of its ends */
	MADE_UP_PORT = 49152,    /* the first of those that a capture invents */
	MADE_UP_PORTS = 16384,
	MQTT_PORT = 1883,
};

void tape_init(struct tape *tape, struct arena *a, FILE *live)
{
	*tape = (struct tape){
		.arena = a,
		.start_us = clock_now_us(),
		.start_wall_us = clock_wall_us(),
		.live = live,
	};
}

int64_t tape_now_us(const struct tape *tape)
{
	return clock_now_us() - tape->start_us;
}

/* The event as a line of the transcript; false if it has none. */
static bool transcript_line(struct arena *a, const struct tape_event *e, struct record_event *line)
{
	static const struct {
		char direction; /* 0: no line */
		const char *text;
	} words[] = {
		[TAPE_CONNECTED] = { '-', "connected" },
		[TAPE_REFUSED] = { '-', "connection refused" },
		[TAPE_SENT] = { 0, NULL },
		[TAPE_RECEIVED] = { 0, NULL },
		[TAPE_PACKET_OUT] = { '>', NULL },
		[TAPE_PACKET_IN] = { '<', NULL },
		[TAPE_FIN_OUT] = { '>', "closes the connection" },
		[TAPE_FIN_IN] = { '<', "closes the connection" },
		[TAPE_RESET_OUT] = { '>', "resets the connection" },
		[TAPE_RESET_IN] = { '<', "resets the connection" },
		[TAPE_SHUT] = { '-', "reads nothing from here on" },
		[TAPE_OPENED] = { '-', NULL },
		[TAPE_TOLD] = { '>', NULL },
		[TAPE_SAID] = { '<', NULL },
		[TAPE_REMARK] = { '-', NULL },
	};

	if (!words[e->kind].direction)
		return false;
	*line = (struct record_event){
		.at_us = e->at_us,
		.peer = e->party ? e->party->name : "",
		.direction = words[e->kind].direction,
		.text = e->text ? e->text : words[e->kind].text,
	};
	if (e->data.len) {
		struct buf hex;
		buf_init(&hex, 4 * HEX_BYTES_MAX);
		hex_format(&hex, e->data.data, e->data.len, HEX_BYTES_MAX);
		line->hex = arena_text(a, buf_text(&hex));
		buf_fini(&hex);
	}
	return true;
}

static void print_live(const struct tape *tape, const struct tape_event *e)
{
	struct record_event line;

	if (tape->live && transcript_line(tape->arena, e, &line)) {
		fprintf(tape->live, "%9.3f %-12s %c %s\n", (double)line.at_us / 1000, line.peer,
			line.direction, line.text);
		fflush(tape->live);
	}
}

bool tape_keeps(const struct tape_party *party, enum packet_type type)
{
	const uint32_t messages = SPEC_PACKET(PUBLISH) | SPEC_PACKET(PUBACK) | SPEC_PACKET(PUBREC) |
		SPEC_PACKET(PUBREL) | SPEC_PACKET(PUBCOMP);

	return !party->off_the_record || !(messages & SPEC_PACKET(type));
}

void tape_add(struct tape *tape, enum tape_kind kind, const struct tape_party *party,
	struct bytes data, const char *text)
{
	if (party && party->off_the_record && (kind == TAPE_SENT || kind == TAPE_RECEIVED))
		return;
	bool keep = tape->bytes + data.len <= TAPE_BYTES_MAX;
	struct tape_event e = {
		.at_us = tape_now_us(tape),
		.kind = kind,
		.party = party,
		.text = text ? arena_text(tape->arena, text) : NULL,
	};

	if (keep && data.len) {
		e.data = (struct bytes){ arena_copy(tape->arena, data.data, data.len), data.len };
		tape->bytes += data.len;
	}
	tape->events =
		arena_grow(tape->arena, tape->events, tape->count, &tape->capacity, sizeof(e));
	tape->events[tape->count++] = e;
	print_live(tape, &e);
}

uint64_t tape_key(const struct tape *tape)
{
	uint64_t key = DIGEST_NONE;

	for (size_t i = 0; i < tape->count; i++) {
		const struct tape_event *e = &tape->events[i];
		bool is_packet = e->kind == TAPE_PACKET_OUT || e->kind == TAPE_PACKET_IN;
		bool is_ours =
			e->kind == TAPE_SHUT || e->kind == TAPE_OPENED || e->kind == TAPE_REMARK;
		if (e->kind == TAPE_SENT || e->kind == TAPE_RECEIVED || is_ours)
			continue;
		key = digest_add(key, &e->kind, sizeof(e->kind));
		if (is_packet && e->text)
			key = digest_add(key, e->text, strcspn(e->text, " "));
	}
	return key;
}

/* Stands for the events that a long transcript leaves out. */
static struct record_event gap_line(const struct tape *tape, size_t first, size_t end)
{
	return (struct record_event){
		.at_us = tape->events[first].at_us,
		.peer = "",
		.direction = '-',
		.text = arena_printf(tape->arena,
			"%zu events are left out here; the capture has them", end - first),
	};
}

const struct record_event *tape_transcript(const struct tape *tape, size_t *count)
{
	bool is_long = tape->count > 2 * LINES_KEPT;
	size_t gap = is_long ? LINES_KEPT : tape->count;
	size_t gap_end = is_long ? tape->count - LINES_KEPT : tape->count;
	size_t most = gap + (tape->count - gap_end) + 1;
	struct record_event *lines = arena_alloc(tape->arena, most * sizeof(*lines));

	*count = 0;
	for (size_t i = 0; i < tape->count; i++) {
		if (i == gap && is_long) {
			lines[(*count)++] = gap_line(tape, gap, gap_end);
			i = gap_end;
		}
		if (transcript_line(tape->arena, &tape->events[i], &lines[*count]))
			(*count)++;
	}
	return lines;
}

/* The flow of a party, opened by its CONNECTED. */
struct flow_of {
	const struct tape_party *party;
	struct pcap_flow *flow;
};

struct pcap_state {
	const struct tape *tape;
	struct pcapng *file;
	struct flow_of *flows;
	size_t count, capacity;
	const char *pending; /* text of the packet whose bytes come next */
};

static struct pcap_flow *find_flow(const struct pcap_state *s, const struct tape_party *party)
{
	for (size_t i = s->count; i-- > 0;)
		if (s->flows[i].party == party)
			return s->flows[i].flow;
	return NULL;
}

/* A capture knows only IP addresses: connections over anything else are given one, each with a port
 * of its own. What lay in TLS or WebSocket is MQTT here, and not at a port of theirs.
 */
static struct sockaddr_storage party_address(const struct tape_party *p,
	const struct sockaddr_storage *at, bool is_opener, size_t serial)
{
	bool is_ip = at->ss_family == AF_INET || at->ss_family == AF_INET6;

	if (is_opener)
		return shown_address(
			at, is_ip ? 0 : (uint16_t)(MADE_UP_PORT + serial % MADE_UP_PORTS));
	return shown_address(at, is_ip && !p->is_inner ? 0 : MQTT_PORT);
}

static void open_flow(struct pcap_state *s, const struct tape_event *e, int64_t at_us)
{
	bool accepted = e->party->accepted;
	const struct tape_party *p = e->party;
	struct sockaddr_storage opener =
		party_address(p, accepted ? &p->remote : &p->local, true, s->count);
	struct sockaddr_storage acceptor =
		party_address(p, accepted ? &p->local : &p->remote, false, s->count);

	s->flows = arena_grow(s->tape->arena, s->flows, s->count, &s->capacity, sizeof(*s->flows));
	s->flows[s->count++] = (struct flow_of){
		.party = e->party,
		.flow = flow_open(s->file, at_us, (const struct sockaddr *)&opener,
			(const struct sockaddr *)&acceptor, p->name),
	};
}

static void write_event(struct pcap_state *s, const struct tape_event *e, const char *packet_in)
{
	int64_t at_us = s->tape->start_wall_us + e->at_us;
	struct pcap_flow *flow = e->party ? find_flow(s, e->party) : NULL;

	if (e->kind == TAPE_CONNECTED)
		open_flow(s, e, at_us);
	if (e->kind == TAPE_REFUSED) {
		struct sockaddr_storage opener =
			party_address(e->party, &e->party->local, true, s->count);
		struct sockaddr_storage acceptor =
			party_address(e->party, &e->party->remote, false, s->count);
		flow_refused(s->file, at_us, (const struct sockaddr *)&opener,
			(const struct sockaddr *)&acceptor, e->party->name);
	}
	if (!flow)
		return;
	const char *name = e->party->name;
	enum pcap_side ours = e->party->accepted ? PCAP_ACCEPTOR : PCAP_OPENER;
	enum pcap_side theirs = e->party->accepted ? PCAP_OPENER : PCAP_ACCEPTOR;
	switch (e->kind) {
	case TAPE_PACKET_OUT:
		s->pending = s->pending
			? arena_printf(s->tape->arena, "%s; %s", s->pending, e->text)
			: arena_printf(s->tape->arena, "%s > %s", name, e->text);
		break;
	case TAPE_SENT:
		flow_data(flow, at_us, ours, e->data.data, e->data.len, s->pending);
		s->pending = NULL;
		break;
	case TAPE_RECEIVED:
		flow_data(flow, at_us, theirs, e->data.data, e->data.len, packet_in);
		break;
	case TAPE_SHUT: flow_window(flow, at_us, ours, false); break;
	case TAPE_OPENED: flow_window(flow, at_us, ours, true); break;
	case TAPE_FIN_OUT: flow_fin(flow, at_us, ours, NULL); break;
	case TAPE_FIN_IN: flow_fin(flow, at_us, theirs, NULL); break;
	case TAPE_RESET_OUT: flow_reset(flow, at_us, ours, NULL); break;
	case TAPE_RESET_IN: flow_reset(flow, at_us, theirs, NULL); break;
	default: break;
	}
}

/* What the packets in a RECEIVED were: the PACKET_IN events right after it. */
static const char *received_text(const struct tape *tape, size_t i)
{
	const struct tape_event *e = &tape->events[i];
	const char *text = NULL;

	if (e->kind != TAPE_RECEIVED)
		return NULL;
	while (++i < tape->count && tape->events[i].kind == TAPE_PACKET_IN) {
		const char *one = tape->events[i].text;
		if (text && strlen(text) > REMARK_LENGTH_MAX)
			return arena_printf(tape->arena, "%s; ...", text);
		text = text ? arena_printf(tape->arena, "%s; %s", text, one)
			    : arena_printf(tape->arena, "%s < %s", e->party->name, one);
	}
	return text;
}

bool tape_write_pcap(
	const struct tape *tape, const char *path, const char *title, const char *verdict)
{
	struct pcap_state s = { .tape = tape, .file = pcapng_create(path, "mqttspec", title) };
	if (!s.file)
		return false;
	for (size_t i = 0; i < tape->count; i++)
		write_event(&s, &tape->events[i], received_text(tape, i));
	if (s.count)
		flow_remark(s.flows[s.count - 1].flow, tape->start_wall_us + tape_now_us(tape),
			verdict);
	return pcapng_close(s.file);
}
