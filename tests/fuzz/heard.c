#include "tests/fuzz/heard.h"

#include "tests/fuzz/fuzz.h"

struct way {
	uint64_t bytes, missing;
	bool ended;
};

/* What has been heard of one connection. */
struct tally {
	struct heard *heard;
	struct way ways[2];
};

static void demand_moment(const struct tally *t, const struct moment *moment)
{
	DEMAND(moment->packet >= 1 && moment->packet <= t->heard->packets);
}

static void begun(void *to, struct flow *flow)
{
	struct heard *h = to;
	struct tally *t = calloc(1, sizeof(*t));

	DEMAND(t && !flow->judge);
	t->heard = h;
	flow->judge = t;
	DEMAND(flow->number == ++h->begun);
	/* Every eighth is ignored. */
	flow->ignored = flow->number % 8 == 0;
}

static void bytes(void *to, struct flow *flow, enum flow_from from, const uint8_t *data,
	size_t size, const struct moment *moment)
{
	struct tally *t = flow->judge;
	uint8_t sum = 0;

	(void)to;
	DEMAND(size && !flow->ignored && !t->ways[from].ended);
	for (size_t i = 0; i < size; i++)
		sum ^= data[i];             /* all of it can be read */
	flow->ways[from].probes += sum & 0; /* and has to be */
	t->ways[from].bytes += size;
	DEMAND(flow->ways[from].bytes == t->ways[from].bytes);
	demand_moment(t, moment);
}

static void gap(void *to, struct flow *flow, enum flow_from from, uint64_t missing,
	const struct moment *moment)
{
	struct tally *t = flow->judge;

	(void)to;
	DEMAND(missing && missing < UINT32_MAX / 2 && !flow->ignored && !t->ways[from].ended);
	t->ways[from].missing += missing;
	DEMAND(flow->ways[from].missing == t->ways[from].missing);
	demand_moment(t, moment);
}

static void ended(void *to, struct flow *flow, enum flow_from from, enum flow_end_how how,
	const struct moment *moment)
{
	struct tally *t = flow->judge;

	(void)to;
	DEMAND(how == FLOW_FIN || how == FLOW_RST);
	DEMAND(!t->ways[from].ended);
	t->ways[from].ended = true;
	demand_moment(t, moment);
}

static void over(void *to, struct flow *flow, enum flow_over_why why)
{
	struct heard *h = to;
	struct tally *t = flow->judge;
	char text[FLOW_END_TEXT];

	DEMAND(why != FLOW_ENDED || t->ways[0].ended || t->ways[1].ended);
	flow_end_text(flow, FLOW_FROM_OPENER, text);
	DEMAND(*text);
	free(t);
	flow->judge = NULL;
	h->over++;
}

const struct flow_listener heard_listener = { begun, bytes, gap, ended, over };

void heard_end(const struct heard *h, const struct flows *f)
{
	const struct flows_count *count = flows_counted(f);

	DEMAND(h->begun == h->over && count->flows == h->begun && count->flows_now == 0);
	DEMAND(count->packets == h->packets);
	DEMAND(count->fragments_lost <= count->fragments);
}
