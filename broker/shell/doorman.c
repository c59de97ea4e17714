#include "broker/shell/doorman.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/access/passwords.h"
#include "broker/access/rights.h"
#include "broker/shell/connection.h"
#include "broker/shell/settings.h"
#include "broker/shell/tls.h"
#include "broker/shell/tls_channel.h"

enum {
	SECRETS_MAX = 64 << 20, /* of all logins under way */
	NAME_MAX_BYTES = 1 << 20,
};

/* ---- passwords ----------------------------------------------------------------------------- */

struct login {
	uv_work_t work;
	struct doorman *doorman;
	struct connection *connection; /* NULL: it is gone, or was decided otherwise */
	struct password password;
	bool right;
	size_t len;
	uint8_t secret[];
};

static void login_forget(struct login *login)
{
	struct doorman *d = login->doorman;
	uint32_t place = login->connection->login;
	struct login *last = d->logins[--d->count];

	d->logins[place - 1] = last;
	last->connection->login = place;
	login->connection->login = 0;
	login->connection = NULL;
}

static void login_free(struct login *login)
{
	login->doorman->bytes -= login->len;
	explicit_bzero(login, sizeof(*login) + login->len);
	free(login);
}

/* In a thread of libuv. */
static void on_work(uv_work_t *work)
{
	struct login *login = work->data;

	login->right = password_matches(&login->password, login->secret, login->len);
}

static void on_worked(uv_work_t *work, int status)
{
	static const struct broker_auth_answer answer = { 0 };
	struct login *login = work->data;
	struct connection *c = login->connection;

	if (c) {
		login_forget(login);
		connections_tell_time(c->entrance->all);
		link_decide(c->link, !status && login->right ? 0 : MQTT_BAD_USER_NAME_OR_PASSWORD,
			&answer);
	}
	login_free(login);
}

static bool logins_room(struct doorman *d)
{
	if (d->count < d->capacity)
		return true;
	uint32_t capacity = d->capacity ? d->capacity * 2 : 64;
	struct login **logins = realloc(d->logins, capacity * sizeof(*logins));
	if (!logins)
		return false;
	d->logins = logins;
	d->capacity = capacity;
	return true;
}

/* Without a password, there is as much to do as with one. */
static struct login *login_new(struct doorman *d, const struct passwords *passwords,
	struct connection *c, const struct mqtt_connect *connect)
{
	size_t len = connect->password.len;
	bool room = d->bytes + len <= SECRETS_MAX && logins_room(d);
	struct login *login = room ? malloc(sizeof(*login) + len) : NULL;

	if (!login)
		return NULL;
	*login = (struct login){ .work.data = login,
		.doorman = d,
		.connection = c,
		.password = *passwords_find(passwords, connect->user_name),
		.len = len };
	login->password.never |= !connect->has_password;
	if (len)
		memcpy(login->secret, connect->password.data, len);
	d->bytes += len;
	d->logins[d->count++] = login;
	c->login = d->count;
	return login;
}

static int login_begin(struct doorman *d, const struct passwords *passwords, struct connection *c,
	const struct mqtt_connect *connect)
{
	struct login *login = login_new(d, passwords, c, connect);

	if (!login)
		return MQTT_SERVER_BUSY;
	uv_queue_work(d->all->loop, &login->work, on_work, on_worked);
	return BROKER_AUTH_LATER;
}

/* ---- the core's questions ------------------------------------------------------------------ */

static const struct policy *policy_of(const struct doorman *d, const struct broker_client *client)
{
	static const struct policy nobody = {
		0
	}; /* a session from a store, of a listener that is no more */

	return client->realm < d->policies.count ? &d->policies.list[client->realm] : &nobody;
}

/* The certificate says who it is. */
static int judge_certificate(
	struct doorman *d, struct connection *c, struct broker_auth_answer *answer)
{
	buf_reset(&d->name);
	if (!tls_channel_user(c, &d->name) || d->name.len > UINT16_MAX)
		return MQTT_NOT_AUTHORIZED;
	answer->user_name = (struct mqtt_view){ d->name.data, (uint32_t)d->name.len };
	return 0;
}

static bool named_by_certificate(const struct connection *c)
{
	const struct tls *tls = c->entrance->tls;

	return tls && (tls->identity_as_user || tls->subject_as_user);
}

static int judge(struct doorman *d, const struct broker_client *client,
	const struct mqtt_connect *connect, struct broker_auth_answer *answer)
{
	const struct policy *policy = policy_of(d, client);
	struct connection *c = client->owner;

	if (named_by_certificate(c))
		return judge_certificate(d, c, answer);
	if (connect->user_name.len && policy->passwords)
		return login_begin(d, policy->passwords, c, connect);
	return policy->allow_anonymous ? 0 : MQTT_NOT_AUTHORIZED;
}

/* Where it was read: nothing needs it any more. */
static void password_wipe(const struct mqtt_connect *connect)
{
	if (connect->password.len)
		explicit_bzero((void *)(uintptr_t)connect->password.data, connect->password.len);
}

static int on_connect(void *context, const struct broker_client *client,
	const struct mqtt_connect *connect, struct broker_auth_answer *answer)
{
	int verdict = judge(context, client, connect, answer);

	password_wipe(connect);
	return verdict;
}

/* Who proves to be another one has to connect anew: sessions and rights are those of the first. */
static int on_step(void *context, const struct broker_client *client,
	const struct mqtt_connect *connect, bool again, struct mqtt_view method,
	struct mqtt_view data, struct broker_auth_answer *answer)
{
	struct doorman *d = context;
	const struct scram_users *users = policy_of(d, client)->scram;
	struct connection *c = client->owner;

	if (connect)
		password_wipe(connect); /* which no method has a use for */
	if (!users || named_by_certificate(c))
		return MQTT_BAD_AUTHENTICATION_METHOD;
	int verdict = exchanges_step(&d->exchanges, c, users, again, method, data, answer);
	if (!verdict && again && !mqtt_view_equal(answer->user_name, client->user_name))
		return MQTT_NOT_AUTHORIZED;
	return verdict;
}

static void on_end(void *context, void *owner)
{
	struct doorman *d = context;
	struct connection *c = owner;

	if (c->exchanges)
		exchanges_end(&d->exchanges, c);
	if (!c->login)
		return;
	struct login *login = d->logins[c->login - 1];
	login_forget(login);
	uv_cancel((uv_req_t *)&login->work);
}

static bool allows(struct doorman *d, const struct broker_client *client, struct mqtt_view topic,
	enum right right)
{
	const struct policy *policy = policy_of(d, client);
	const struct rights_client who = { client->user_name, client->client_id };

	return policy->rights ? rights_allow(policy->rights, &who, topic, right)
			      : client->realm < d->policies.count;
}

static uint8_t on_publish(void *context, const struct broker_client *client, struct mqtt_view topic,
	uint8_t qos, bool retain)
{
	(void)qos, (void)retain;
	return allows(context, client, topic, RIGHT_WRITE) ? 0 : MQTT_NOT_AUTHORIZED;
}

static uint8_t on_subscribe(
	void *context, const struct broker_client *client, struct mqtt_view filter, uint8_t qos)
{
	const struct policy *policy = policy_of(context, client);
	const struct rights_client who = { client->user_name, client->client_id };
	bool allowed = !policy->rights || rights_allow_filter(policy->rights, &who, filter);

	return allowed ? qos : MQTT_NOT_AUTHORIZED;
}

static bool on_deliver(void *context, const struct broker_client *client, struct mqtt_view topic)
{
	return allows(context, client, topic, RIGHT_READ);
}

/* ---- all of it ----------------------------------------------------------------------------- */

static unsigned realm_count(const struct settings *s)
{
	return s->per_listener && s->listener_count ? s->listener_count : 1;
}

static bool read_all(struct policies *p, const struct settings *s, char *error, unsigned error_size)
{
	struct policy_files files[LISTENERS_MAX] = { 0 };
	unsigned count = realm_count(s);

	for (unsigned i = 0; i < count; i++) {
		bool own = s->per_listener && s->listener_count;
		const struct access_settings *a = own ? &s->listeners[i].access : &s->access;
		files[i] = (struct policy_files){ a->allow_anonymous, a->password_file,
			a->scram_file, a->acl_file };
	}
	return policies_read(p, files, count, error, error_size);
}

static bool judges_logins(const struct policies *p, const struct settings *s)
{
	for (unsigned i = 0; i < s->listener_count; i++)
		if (s->listeners[i].tls.identity_as_user || s->listeners[i].tls.subject_as_user)
			return true;
	for (unsigned i = 0; i < p->count; i++)
		if (p->list[i].passwords || p->list[i].scram || !p->list[i].allow_anonymous)
			return true;
	return false;
}

static bool judges_topics(const struct policies *p)
{
	for (unsigned i = 0; i < p->count; i++)
		if (p->list[i].rights)
			return true;
	return false;
}

bool doorman_init(struct doorman *d, struct connections *all, const struct settings *settings,
	char *error, unsigned error_size)
{
	*d = (struct doorman){ .all = all };
	buf_init(&d->name, NAME_MAX_BYTES);
	if (!read_all(&d->policies, settings, error, error_size))
		return false;
	if (!exchanges_init(&d->exchanges)) {
		snprintf(error, error_size, "no memory");
		return false;
	}
	d->judges_logins = judges_logins(&d->policies, settings);
	return true;
}

void doorman_attend(struct doorman *d, struct broker_config *config)
{
	if (d->judges_logins)
		config->auth = (struct broker_auth){ d, on_connect, on_step, on_end };
	if (judges_topics(&d->policies))
		config->access = (struct broker_access){ d, on_publish, on_subscribe, on_deliver };
}

bool doorman_reload(
	struct doorman *d, const struct settings *settings, char *error, unsigned error_size)
{
	struct policies fresh;

	if (!read_all(&fresh, settings, error, error_size))
		return false;
	if (judges_topics(&fresh) != judges_topics(&d->policies) ||
		judges_logins(&fresh, settings) > d->judges_logins) {
		snprintf(error, error_size,
			"a first password_file, scram_file or allow_anonymous false, and a first "
			"or "
			"last acl_file, take a restart");
		policies_free(&fresh);
		return false;
	}
	policies_free(&d->policies);
	d->policies = fresh;
	return true;
}

void doorman_fini(struct doorman *d)
{
	policies_free(&d->policies);
	exchanges_fini(&d->exchanges);
	buf_fini(&d->name);
	free(d->logins);
	*d = (struct doorman){ 0 };
}
