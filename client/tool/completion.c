#include "client/tool/completion.h"

#include <string.h>

#include "base/completion.h"
#include "client/tool/command_properties.h"
#include "client/tool/help.h"
#include "spec/spec.h"

static const char *values_of(enum option_id id)
{
	switch (id) {
	case O_FILE:
	case O_CA_FILE:
	case O_CA_PATH:
	case O_CERT:
	case O_KEY:
	case O_PASSWORD_FILE:
	case O_UNIX: return "=files";
	case O_HOST: return "localhost 127.0.0.1 ::1";
	case O_URL: return "mqtt:// mqtts:// ws:// wss://";
	case O_QOS:
	case O_WILL_QOS: return "0 1 2";
	case O_PROTOCOL: return "311 5 mqttv311 mqttv5";
	case O_AUTH_METHOD: return "SCRAM-SHA-256 SCRAM-SHA-1";
	case O_TLS_VERSION: return "tlsv1.3 tlsv1.2 tlsv1.1";
	default: return "";
	}
}

static void offer_options(const struct completion *c, enum command_kind kind)
{
	char line[128];

	for (size_t i = 0; i < option_count; i++) {
		const struct option *o = &option_table[i];
		if (!(o->kinds & kind) || o->id == O_MISSING)
			continue;
		const char *name = o->full ? o->full : o->brief;
		const char *meaning = completion_meaning(help_text(kind), name, line);
		if (o->brief)
			completion_offer(c, o->brief, meaning);
		if (o->full)
			completion_offer(c, o->full, meaning);
	}
}

/* -D PACKET NAME: how many words after the option is the one that is typed? 0: it is none of these. */
static int property_word(enum command_kind kind, char **words, int count)
{
	for (int back = 1; back <= 2 && back < count; back++) {
		const struct option *o = option_find(kind, words[count - 1 - back]);
		if (o && o->id == O_PROPERTY)
			return back;
	}
	return 0;
}

static void offer_properties(const struct completion *c)
{
	char name[48];

	for (size_t i = 0; i < spec_property_count; i++)
		completion_offer(c, command_property_name(spec_properties[i].id, name), NULL);
}

void completion_print(enum command_kind kind, char **words, int count)
{
	struct completion c = { .to = stdout, .current = words[count - 1], .prefix = "" };
	const struct option *o = count > 1 ? option_find(kind, words[count - 2]) : NULL;
	int word = property_word(kind, words, count);

	if (word == 1)
		completion_offer_words(&c, "connect will publish subscribe unsubscribe disconnect");
	else if (word == 2)
		offer_properties(&c);
	else if (o && o->takes_value)
		completion_offer_words(&c, values_of(o->id));
	else
		offer_options(&c, kind);
}
