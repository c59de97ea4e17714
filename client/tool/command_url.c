#include "client/tool/command_url.h"

#include <string.h>

#include "client/tool/command_value.h"

/* Cuts `text` at the first of `mark`; returns what is after it, NULL if there is none. */
static char *cut(char *text, char mark)
{
	char *at = strchr(text, mark);

	if (at)
		*at++ = 0;
	return at;
}

/* The scheme says what is between the server and MQTT; returns what is after it, NULL if there is no such scheme. */
static const char *scheme_take(struct command *c, const char *url)
{
	static const struct {
		const char *prefix;
		bool tls, ws;
	} schemes[] = { { "mqtt://", false, false }, { "mqtts://", true, false },
		{ "ws://", false, true }, { "wss://", true, true } };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t len = strlen(schemes[i].prefix);
		if (strncmp(url, schemes[i].prefix, len) != 0)
			continue;
		c->tls_url = schemes[i].tls;
		c->ws_url = schemes[i].ws;
		return url + len;
	}
	return NULL;
}

static void user_read(struct command *c, char *user)
{
	char *password = cut(user, ':');

	c->user_name = user;
	c->password = password ? password : c->password;
	c->password_len = c->password ? strlen(c->password) : 0;
}

bool command_url_read(struct command *c, const char *url)
{
	const char *shown = strchr(url, '@') ? "what is there" : command_shown(c, url);
	const char *rest = scheme_take(c, url);
	long port;

	if (!rest) {
		command_complain(
			c, "-L: %s does not begin with mqtt://, mqtts://, ws:// or wss://", shown);
		return false;
	}
	char *authority = arena_text(c->arena, rest);
	char *topic = cut(authority, '/');
	if (!topic || !*topic) {
		command_complain(c, "-L: %s has no topic", shown);
		return false;
	}
	char *host = strrchr(authority, '@');
	if (host) {
		*host++ = 0;
		user_read(c, authority);
	} else {
		host = authority;
	}
	char *colon = *host == '[' ? strstr(host, "]:") : strchr(host, ':');
	if (colon) {
		char *text = strrchr(host, ':');
		*text++ = 0;
		if (!command_number(c, "the port of -L", text, 1, 65535, &port))
			return false;
		c->port = (uint16_t)port;
	}
	c->host = host;
	return command_topic_add(c, topic);
}
