#include "harness/evidence/tap_pcap.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "harness/evidence/shown.h"
#include "harness/transport/tap.h"
#include "pcap/pcapng.h"

enum {
	TOGETHER_US = 1000,           /* what is read within this time came together ... */
	TOGETHER_BYTES = 1024 * 1024, /* ... up to this much of it */
};

struct flow_of {
	const struct tapped *of;
	struct pcap_flow *flow;
};

struct state {
	const struct tap_pcap *how;
	struct arena *arena;
	struct pcapng *file;
	struct flow_of *flows;
	size_t count, capacity;
	struct buf together;
};

static struct pcap_flow *find_flow(const struct state *s, const struct tapped *of)
{
	for (size_t i = s->count; i-- > 0;)
		if (s->flows[i].of == of)
			return s->flows[i].flow;
	return NULL;
}

static void open_flow(struct state *s, const struct tapped *t, int64_t at_us)
{
	const struct sockaddr_storage opener =
		shown_address(t->accepted ? &t->remote : &t->local, 0);
	const struct sockaddr_storage acceptor =
		shown_address(t->accepted ? &t->local : &t->remote, s->how->port);

	if (*t->secrets)
		pcapng_tls_secrets(s->file, t->secrets);
	s->flows = arena_grow(s->arena, s->flows, s->count, &s->capacity, sizeof(*s->flows));
	s->flows[s->count++] = (struct flow_of){
		.of = t,
		.flow = flow_open(s->file, at_us, (const struct sockaddr *)&opener,
			(const struct sockaddr *)&acceptor, t->name),
	};
}

static void write_event(struct state *s, const struct tap_event *e)
{
	static const char full[] =
		"From here on nothing of this connection is kept: the bytes of a "
		"case run would have been too many.";
	int64_t at_us = e->at_us + s->how->wall_us;
	struct pcap_flow *flow = find_flow(s, e->of);
	enum pcap_side ours = e->of->accepted ? PCAP_ACCEPTOR : PCAP_OPENER;
	enum pcap_side theirs = e->of->accepted ? PCAP_OPENER : PCAP_ACCEPTOR;

	switch (e->kind) {
	case TAP_OPENED: open_flow(s, e->of, at_us); break;
	case TAP_SENT: flow_data(flow, at_us, ours, e->data, e->size, NULL); break;
	case TAP_RECEIVED: flow_data(flow, at_us, theirs, e->data, e->size, NULL); break;
	case TAP_FIN_OUT: flow_fin(flow, at_us, ours, NULL); break;
	case TAP_FIN_IN: flow_fin(flow, at_us, theirs, NULL); break;
	case TAP_RESET_OUT: flow_reset(flow, at_us, ours, NULL); break;
	case TAP_RESET_IN: flow_reset(flow, at_us, theirs, NULL); break;
	case TAP_SHUT: flow_window(flow, at_us, ours, false); break;
	case TAP_FULL: flow_remark(flow, at_us, full); break;
	}
}

/* OpenSSL reads the head of a record and then the rest: in the capture that is one read, as if by anybody else.
 * Returns how many events that were.
 */
static size_t write_received(struct state *s, const struct tap_event *e, size_t count)
{
	struct tap_event all = *e;
	size_t n = 0;

	buf_reset(&s->together);
	while (n < count && e[n].kind == TAP_RECEIVED && e[n].of == e->of &&
		e[n].at_us - e->at_us < TOGETHER_US &&
		s->together.len + e[n].size <= TOGETHER_BYTES) {
		buf_add(&s->together, e[n].data, e[n].size);
		n++;
	}
	all.data = s->together.data;
	all.size = s->together.len;
	if (n < 2 || s->together.failed) {
		write_event(s, e);
		return 1;
	}
	write_event(s, &all);
	return n;
}

bool tap_write_pcap(const struct tap *tap, const struct tap_pcap *how)
{
	struct state s = {
		.how = how,
		.arena = tap->arena,
		.file = pcapng_create(how->path, "mqttspec", how->title),
	};

	if (!s.file)
		return false;
	buf_init(&s.together, TOGETHER_BYTES);
	for (size_t i = 0; i < tap->count;) {
		const struct tap_event *e = &tap->events[i];
		if (e->kind == TAP_RECEIVED) {
			i += write_received(&s, e, tap->count - i);
		} else {
			write_event(&s, e);
			i++;
		}
	}
	buf_fini(&s.together);
	if (s.count)
		flow_remark(s.flows[s.count - 1].flow, clock_now_us() + how->wall_us, how->last);
	return pcapng_close(s.file);
}
