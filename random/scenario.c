#include "random/scenario.h"

#include "base/arena.h"
#include "random/dice.h"
#include "random/names.h"

enum {
	FEWEST = 2,
	SPEAKS_311 = 1,
	SPEAKS_50 = 2,
	WITH_WILL = 0x04, /* Reason Codes of DISCONNECT */
	UNSPECIFIED_ERROR = 0x80,
	SESSION_S = 300,
	LONG_S = 60,
	WAIT_MS = 700,
	LONG_WAIT_MS = 4300, /* after which all that was short is over */
	SUBSCRIPTIONS_AT_FIRST = 2,
	LARGE_BYTES = 1500,
	SECOND_IDENTIFIER = 30, /* that of a filter is its number and 1, or as much more */
	OF_WAYS = 1,            /* the seed of them: with other ways a scenario stays the same */
};

/* What the maker remembers of a client, so that its steps make sense: what would not is passed over when the
 * scenario is played, as it is after steps have been left out.
 */
struct maker {
	struct dice dice, way_dice;
	unsigned ways;
	const struct profile *profile;
	struct scenario *out;
	bool connected[SCENARIO_CLIENTS_MAX];
	bool holds[SCENARIO_CLIENTS_MAX];
	bool keeps[SCENARIO_CLIENTS_MAX]; /* a Session Expiry Interval above 0 */
};

static struct step *add(struct maker *m, enum step_kind kind, unsigned client)
{
	struct step *s = &m->out->steps[m->out->count++];

	*s = (struct step){ .kind = kind, .client = (uint8_t)client };
	return s;
}

static bool is_50(const struct maker *m, unsigned client)
{
	return m->out->versions[client] == MQTT_50;
}

static struct step_message message(struct maker *m, unsigned client)
{
	const struct profile *p = m->profile;
	struct dice *d = &m->dice;
	bool shared = dice_percent(d, p->shared);
	struct step_message made = {
		.topic = (uint8_t)(shared ? TOPIC_FIRST_SHARED +
					dice_below(d, TOPIC_COUNT - TOPIC_FIRST_SHARED)
					  : dice_below(d, TOPIC_FIRST_SHARED)),
		.qos = (uint8_t)dice_below(d, 3),
		.retain = dice_percent(d, p->retain),
	};

	made.empty = dice_percent(d, p->empty);
	if (!made.empty && dice_percent(d, 3))
		made.size = (uint16_t)dice_below(d, LARGE_BYTES);
	if (is_50(m, client) && dice_percent(d, p->properties))
		made.properties = (uint8_t)dice_below(d, WITH_ALL + 1);
	if (is_50(m, client) && dice_percent(d, p->clocks))
		made.expiry_s = (uint16_t)(dice_percent(d, 40) ? LONG_S : 1 + dice_below(d, 2));
	return made;
}

/* Half of them the usual one. */
static uint8_t any_way(struct maker *m)
{
	unsigned weights[WAY_COUNT];

	if (!m->ways || dice_percent(&m->way_dice, 50))
		return WAY_USUAL;
	for (unsigned i = 0; i < WAY_COUNT; i++)
		weights[i] = m->ways >> i & 1;
	return (uint8_t)dice_weighed(&m->way_dice, weights, WAY_COUNT);
}

/* One that ends while it is looked at, one that outlives everything, or one that no signed number holds. */
static uint32_t session_interval(struct maker *m)
{
	static const uint32_t vast[] = { UINT32_C(0x80000000), UINT32_MAX - 1, UINT32_MAX };
	struct dice *d = &m->dice;

	if (dice_percent(d, m->profile->clocks))
		return 1 + dice_below(d, 2);
	if (dice_percent(d, 10))
		return vast[dice_below(d, sizeof(vast) / sizeof(*vast))];
	return SESSION_S;
}

static void connect_client(struct maker *m, unsigned client)
{
	struct step *s = add(m, STEP_CONNECT, client);
	struct dice *d = &m->dice;
	bool kept = dice_percent(d, m->profile->kept);

	s->way = any_way(m);
	s->clean = is_50(m, client) ? dice_percent(d, m->profile->clean) : !kept;
	s->coded = is_50(m, client) && dice_percent(d, 40);
	s->session_s = is_50(m, client) && kept ? session_interval(m) : 0;
	s->will = dice_percent(d, m->profile->will);
	if (s->will) {
		s->message = message(m, client);
		s->message.empty = false; /* nobody could tell whose it is */
		if (is_50(m, client) && dice_percent(d, m->profile->clocks))
			s->delay_s = (uint16_t)(1 + dice_below(d, 2));
	}
	m->connected[client] = true;
	m->keeps[client] = s->session_s;
	m->holds[client] = false;
}

/* A client is in one share at most: the same filter every time. */
static unsigned share_of(unsigned client)
{
	return FILTER_FIRST_SHARED + client % (FILTER_COUNT - FILTER_FIRST_SHARED);
}

static unsigned any_filter(struct maker *m, unsigned client)
{
	if (is_50(m, client) && dice_percent(&m->dice, m->profile->shared))
		return share_of(client);
	return dice_below(&m->dice, FILTER_FIRST_SHARED);
}

static void subscribe(struct maker *m, unsigned client)
{
	struct step *s = add(m, STEP_SUBSCRIBE, client);
	struct dice *d = &m->dice;

	s->filter = (uint8_t)any_filter(m, client);
	s->qos = (uint8_t)dice_below(d, 3);
	if (!is_50(m, client))
		return;
	s->no_local = !filter_is_of_share(s->filter) && dice_percent(d, 20);
	s->as_published = dice_percent(d, 30);
	s->handling = (uint8_t)(dice_percent(d, 60) ? 0 : 1 + dice_below(d, 2));
	if (dice_percent(d, 50))
		s->identifier = (uint8_t)(s->filter + 1u +
			(dice_percent(d, 30) ? (unsigned)SECOND_IDENTIFIER : 0));
}

static void leave(struct maker *m, unsigned client)
{
	struct step *s = add(m, STEP_LEAVE, client);

	if (is_50(m, client) && dice_percent(&m->dice, 25))
		s->code = dice_percent(&m->dice, 60) ? WITH_WILL : UNSPECIFIED_ERROR;
	/* Raised from 0 it would be a Protocol Error. */
	s->has_session = m->keeps[client] && dice_percent(&m->dice, 20);
	s->session_s = s->has_session && dice_percent(&m->dice, 30) ? SESSION_S : 0;
	m->connected[client] = false;
}

static void publish(struct maker *m, unsigned client)
{
	struct step *s = add(m, STEP_PUBLISH, client);

	s->message = message(m, client);
	s->half = s->message.qos == 2 && dice_percent(&m->dice, m->profile->half);
	m->holds[client] |= s->half; /* something is there to be released */
}

static void act(struct maker *m, unsigned client)
{
	const struct profile *p = m->profile;
	enum step_kind kind = dice_weighed(&m->dice, p->weights, STEP_KINDS);

	if ((kind == STEP_RELEASE && !m->holds[client]) ||
		(kind == STEP_REFUSE && !is_50(m, client)))
		kind = STEP_PUBLISH;
	switch (kind) {
	case STEP_CONNECT: connect_client(m, client); break;
	case STEP_SUBSCRIBE: subscribe(m, client); break;
	case STEP_UNSUBSCRIBE: add(m, kind, client)->filter = (uint8_t)any_filter(m, client); break;
	case STEP_LEAVE: leave(m, client); break;
	case STEP_DROP:
	case STEP_RESET:
		add(m, kind, client);
		m->connected[client] = false;
		break;
	case STEP_HOLD:
	case STEP_HOLD_COMP:
		add(m, kind, client);
		m->holds[client] = true;
		break;
	case STEP_RELEASE:
		add(m, kind, client);
		m->holds[client] = false;
		break;
	case STEP_REFUSE: add(m, kind, client); break;
	case STEP_SETTLE: add(m, kind, 0); break;
	case STEP_WAIT:
		add(m, kind, 0)->ms = (uint16_t)(WAIT_MS + dice_below(&m->dice, 2) * LONG_WAIT_MS);
		break;
	default: publish(m, client); break;
	}
}

static void begin(struct maker *m)
{
	for (unsigned i = 0; i < m->out->clients; i++) {
		connect_client(m, i);
		for (int n = 0; n < SUBSCRIPTIONS_AT_FIRST; n++)
			subscribe(m, i);
	}
	add(m, STEP_SETTLE, 0);
}

static enum mqtt_version version(struct maker *m, unsigned versions)
{
	bool both = versions == (SPEAKS_311 | SPEAKS_50);

	if (both)
		return dice_percent(&m->dice, 60) ? MQTT_50 : MQTT_311;
	return versions == SPEAKS_311 ? MQTT_311 : MQTT_50;
}

void random_scenario(struct arena *a, uint64_t seed, const struct profile *profile,
	const struct scenario_size *size, struct scenario *out)
{
	struct maker m = { .profile = profile, .out = out, .ways = size->ways };

	dice_init(&m.dice, seed);
	dice_init(&m.way_dice, dice_seed(seed, OF_WAYS));
	*out = (struct scenario){ .seed = seed };
	out->clients = size->clients
		? size->clients
		: FEWEST + dice_below(&m.dice, SCENARIO_CLIENTS_MAX - FEWEST + 1);
	for (unsigned i = 0; i < SESSIONS; i++)
		out->versions[i] = version(&m, size->versions);
	size_t first = out->clients * (1 + SUBSCRIPTIONS_AT_FIRST) + 1;
	out->steps = arena_alloc(a, (first + size->steps + 1) * sizeof(*out->steps));
	begin(&m);
	while (out->count < size->steps) {
		unsigned client = dice_below(&m.dice, out->clients);
		if (m.connected[client])
			act(&m, client);
		else if (dice_percent(&m.dice, profile->away))
			connect_client(&m, client);
	}
	add(&m, STEP_SETTLE, 0);
}

unsigned scenario_wait_ms(const struct scenario *s)
{
	unsigned ms = 0;

	for (size_t i = 0; i < s->count; i++)
		ms += s->steps[i].kind == STEP_WAIT ? s->steps[i].ms : 0;
	return ms;
}
