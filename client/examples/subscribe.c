/* Prints COUNT messages, with their properties, and ends.
 *
 *      subscribe SERVER FILTER COUNT
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <mqttspec_client.h>

enum { WAIT_MS = 20000 };

static void print(const struct mqttspec_message *m)
{
	struct mqttspec_property p;
	size_t at = 0;

	printf("%s: %.*s\n", m->topic, (int)m->payload_len, (const char *)m->payload);
	while (mqttspec_properties_next(&m->received, &at, &p))
		if (p.id == MQTTSPEC_USER_PROPERTY)
			printf("  %.*s = %.*s\n", (int)p.name_len, p.name, (int)p.len, p.text);
	fflush(stdout);
}

static int print_messages(struct mqttspec_client *client, const char *filter, int count)
{
	struct mqttspec_subscription subscription = { .filter = filter, .qos = 2 };
	const struct mqttspec_message *message;
	int result = mqttspec_connect(client, WAIT_MS);

	if (!result)
		result = mqttspec_subscribe_wait(client, &subscription, 1, NULL, WAIT_MS);
	if (!result) {
		printf("subscribed\n");
		fflush(stdout);
	}
	while (!result && count-- > 0) {
		result = mqttspec_receive(client, &message, WAIT_MS);
		if (!result)
			print(message);
	}
	return result ? result : mqttspec_disconnect_wait(client, WAIT_MS);
}

int main(int argc, char **argv)
{
	struct mqttspec_options options;
	char error[256];

	if (argc != 4) {
		fprintf(stderr, "usage: subscribe SERVER FILTER COUNT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	mqttspec_options_default(&options);
	options.servers = (const char *const[]){ argv[1] };
	options.server_count = 1;
	struct mqttspec_client *client = mqttspec_client_new(&options, NULL, error, sizeof(error));
	if (!client) {
		fprintf(stderr, "%s\n", error);
		return 2;
	}
	int result = print_messages(client, argv[2], atoi(argv[3]));
	if (result)
		fprintf(stderr, "%s\n", mqttspec_result_text(result));
	mqttspec_client_free(client);
	return result ? 1 : 0;
}
