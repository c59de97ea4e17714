#include "broker/shell/exchanges.h"

#include <stdlib.h>

#include "broker/access/scram.h"
#include "broker/access/scram_users.h"
#include "broker/shell/connection.h"

struct exchange {
	struct connection *connection;
	struct scram_exchange *scram;
	bool again;
};

bool exchanges_init(struct exchanges *e)
{
	*e = (struct exchanges){
		.scram = scram_new(), .most = EXCHANGES_MOST, .most_again = EXCHANGES_MOST_AGAIN
	};
	return e->scram;
}

void exchanges_fini(struct exchanges *e)
{
	for (uint32_t i = 0; i < e->count; i++)
		scram_end(e->list[i].scram);
	scram_end(e->last);
	scram_free(e->scram);
	free(e->list);
	*e = (struct exchanges){ 0 };
}

static bool room(struct exchanges *e, bool again)
{
	if (e->count >= e->most || (again && e->again >= e->most_again))
		return false;
	if (e->count < e->capacity)
		return true;
	uint32_t capacity = e->capacity ? e->capacity * 2 : 16;
	struct exchange *list = realloc(e->list, capacity * sizeof(*list));
	if (!list)
		return false;
	e->list = list;
	e->capacity = capacity;
	return true;
}

static bool begin(struct exchanges *e, struct connection *c, enum scram_method method, bool again)
{
	struct scram_exchange *scram = room(e, again) ? scram_begin(e->scram, method) : NULL;

	if (!scram)
		return false;
	e->list[e->count++] = (struct exchange){ c, scram, again };
	e->again += again;
	c->login = e->count;
	c->exchanges = true;
	return true;
}

/* Takes it out of the list; the last one gets its place. */
static struct scram_exchange *take(struct exchanges *e, struct connection *c)
{
	uint32_t place = c->login;
	struct scram_exchange *scram = e->list[place - 1].scram;

	e->again -= e->list[place - 1].again;
	e->list[place - 1] = e->list[--e->count];
	e->list[place - 1].connection->login = place;
	c->login = 0;
	c->exchanges = false;
	return scram;
}

void exchanges_end(struct exchanges *e, struct connection *c)
{
	scram_end(take(e, c));
}

static int verdict_of(enum scram_status status, struct broker_auth_answer *answer)
{
	switch (status) {
	case SCRAM_GOES_ON: return BROKER_AUTH_CONTINUE;
	case SCRAM_DONE: return 0;
	case SCRAM_REFUSED: return MQTT_BAD_USER_NAME_OR_PASSWORD;
	case SCRAM_LACKS: return MQTT_SERVER_BUSY;
	default:
		answer->reason = "the Authentication Data is not SCRAM's";
		return MQTT_NOT_AUTHORIZED;
	}
}

int exchanges_step(struct exchanges *e, struct connection *c, const struct scram_users *users,
	bool again, struct mqtt_view method, struct mqtt_view data,
	struct broker_auth_answer *answer)
{
	enum scram_method known;

	scram_end(e->last);
	e->last = NULL;
	if (!scram_method_named(method, &known) || !scram_users_know(users, known))
		return MQTT_BAD_AUTHENTICATION_METHOD;
	if (!c->exchanges && !begin(e, c, known, again))
		return MQTT_SERVER_BUSY;
	struct scram_exchange *scram = e->list[c->login - 1].scram;
	enum scram_status status = scram_step(scram, users, data, &answer->data);
	if (status == SCRAM_DONE)
		answer->user_name = scram_user(scram);
	if (status != SCRAM_GOES_ON)
		e->last = take(e, c);
	return verdict_of(status, answer);
}
