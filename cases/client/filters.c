/* Topic Filters that a client must not send, whatever its user asks for, 3.2.2.3 and 4.7. */
#include <math.h>
#include <string.h>

#include "harness/client_case.h"

enum { ANSWER_MS = 3000 };

static const struct filter *filter_in(const struct packet *packet, const char *text)
{
	for (size_t i = 0; i < packet->filter_count; i++)
		if (bytes_equal(packet->filters[i].text, bytes_of(text)))
			return &packet->filters[i];
	return NULL;
}

/* ---- what may not be sent ------------------------------------------------------------------- */

/* The command before may or may not lead to a SUBSCRIBE; that of the next command does, and comes after. */
static void subscribe_marker(struct test *t, struct peer *server)
{
	struct packet subscribe;

	do_subscribe(t, .filter = "marker", .qos = 1);
	do {
		if (isnan(wait_packet_ms(server, SUBSCRIBE, ANSWER_MS)))
			return;
		subscribe = expect(server, SUBSCRIBE);
		send_grants(server, &subscribe);
	} while (!filter_in(&subscribe, "marker"));
}

/* A SUBSCRIBE that the server has said it does not serve is a Protocol Error, and one of the client: the
 * monitor judges it, as it judges all that goes out.
 */

CLIENT_CASE(wildcards_not_available,
	.title = "A client told that there are no wildcard subscriptions asks for none",
	.refs = { "5.0:U50-WILDCARDAVAIL" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t, .connack = PROPS(P_WILDCARDS_AVAILABLE(0)));
	fence(server);
	do_subscribe(t, .filter = "s/+/t", .qos = 1);
	subscribe_marker(t, server);
}

CLIENT_CASE(subscription_ids_not_available,
	.title = "A client told that there are no Subscription Identifiers sends none",
	.refs = { "5.0:U50-SUBIDAVAIL" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t, .connack = PROPS(P_SUBSCRIPTION_IDS_AVAILABLE(0)));
	fence(server);
	do_subscribe(t, .filter = "s/t", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(7)));
	subscribe_marker(t, server);
}

CLIENT_CASE(shared_not_available,
	.title = "A client told that there are no shared subscriptions asks for none",
	.refs = { "5.0:U50-SHAREDAVAIL" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t, .connack = PROPS(P_SHARED_AVAILABLE(0)));
	fence(server);
	do_subscribe(t, .filter = "$share/group/s/t", .qos = 1);
	subscribe_marker(t, server);
}

CLIENT_CASE(shared_with_no_local, .title = "No Local is not sent for a shared subscription",
	.refs = { "5.0:MQTT-3.8.3-4" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "$share/group/s/t", .qos = 1);
	do_subscribe(t, .filter = "$share/group/s/u", .qos = 1, .no_local = true);
	subscribe_marker(t, server);
}

#define HASH_REFS  .refs = { "3.1.1:MQTT-4.7.1-2", "5.0:MQTT-4.7.1-1" }
#define PLUS_REFS  .refs = { "3.1.1:MQTT-4.7.1-3", "5.0:MQTT-4.7.1-2" }
#define EMPTY_REFS .refs = { "3.1.1:MQTT-4.7.3-1", "5.0:MQTT-4.7.3-1" }
#define NAME_REFS  .refs = { "5.0:MQTT-4.8.2-1" }, .versions = V50
#define SHARE_REFS .refs = { "5.0:MQTT-4.8.2-2" }, .versions = V50

static const struct vector illegal_filters[] = {
	{ "hash_behind_text", HASH_REFS, .extra = "s/t#" },
	{ "hash_before_the_end", HASH_REFS, .extra = "s/#/t" },
	{ "hash_twice", HASH_REFS, .extra = "s/##" },
	{ "plus_behind_text", PLUS_REFS, .extra = "s/t+" },
	{ "plus_before_text", PLUS_REFS, .extra = "s/+t/u" },
	{ "plus_twice", PLUS_REFS, .extra = "++" },
	{ "empty", EMPTY_REFS, .extra = "" },
	{ "share_without_name", NAME_REFS, .extra = "$share//s/t" },
	{ "share_without_filter", SHARE_REFS, .extra = "$share/group" },
	{ "share_with_empty_filter", SHARE_REFS, .extra = "$share/group/" },
	{ "share_name_with_plus", SHARE_REFS, .extra = "$share/g+/s/t" },
	{ "share_name_with_hash", SHARE_REFS, .extra = "$share/#/s/t" },
};

/* The monitor judges what goes out; nothing does, if all is well, and the client goes on. */
static void check_goes_on(struct test *t, struct peer *server)
{
	subscribe_marker(t, server);
	judging(t, "3.1.1:MQTT-4.5.0-2");
	judging(t, "5.0:MQTT-4.5.0-2");
	fence(server);
}

CLIENT_CASE(illegal_filters, .title = "A filter that is none is not sent in SUBSCRIBE",
	.refs = { "3.1.1:MQTT-4.7.1-2", "5.0:MQTT-4.7.1-1" }, .level = MUST, .versions = BOTH,
	ROWS(illegal_filters))
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	do_subscribe(t, .filter = row(t)->extra, .qos = 1);
	check_goes_on(t, server);
}

CLIENT_CASE(illegal_filters_in_unsubscribe,
	.title = "A filter that is none is not sent in UNSUBSCRIBE",
	.refs = { "3.1.1:MQTT-4.7.1-2", "5.0:MQTT-4.7.1-1" }, .level = MUST, .versions = BOTH,
	ROWS(illegal_filters))
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	do_unsubscribe(t, .filter = row(t)->extra);
	check_goes_on(t, server);
}

/* 65536 bytes: its length would be 0 in the two bytes that there are for it. */
CLIENT_CASE(filter_too_long, .title = "A filter of more than 65535 bytes is not sent",
	.refs = { "3.1.1:MQTT-4.7.3-3", "3.1.1:MQTT-4.5.0-2", "5.0:MQTT-4.7.3-3",
		"5.0:MQTT-4.5.0-2" },
	.level = MUST, .versions = BOTH)
{
	enum { TOO_LONG = 65536 };
	char filter[TOO_LONG + 1];

	memset(filter, 'f', TOO_LONG);
	filter[TOO_LONG] = 0;
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "s/t", .qos = 1);
	do_subscribe(t, .filter = filter, .qos = 1);
	check_goes_on(t, server);
}

CLIENT_CASE(filter_longest, .title = "A filter of 65535 bytes is sent whole, or refused",
	.refs = { "3.1.1:MQTT-4.7.3-3", "5.0:MQTT-4.7.3-3", AS_ASKED }, .level = MUST,
	.versions = BOTH)
{
	enum { LONGEST = 65535 };
	char filter[LONGEST + 1];

	memset(filter, 'f', LONGEST);
	filter[LONGEST] = 0;
	struct peer *server = admit(t);
	do_subscribe(t, .filter = filter, .qos = 1);
	synced(t);
	if (told_waiting(t, TOLD_ERROR) || isnan(wait_packet_ms(server, SUBSCRIBE, ANSWER_MS))) {
		observe(t, "a filter of 65535 bytes is not sent");
		return;
	}
	struct packet subscribe = expect(server, SUBSCRIBE);
	judging_as_asked(t);
	check_text(t, subscribe.filters[0].text, filter);
	send_grants(server, &subscribe);
	fence(server);
}

CHAPTER(client_filters, "Topic Filters that a client must not send", &case_wildcards_not_available,
	&case_subscription_ids_not_available, &case_shared_not_available,
	&case_shared_with_no_local, &case_illegal_filters, &case_illegal_filters_in_unsubscribe,
	&case_filter_too_long, &case_filter_longest);
