/* Publishes one message and waits until the server has it.
 *
 *      publish SERVER TOPIC MESSAGE
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <mqttspec_client.h>

enum { WAIT_MS = 5000 };

int main(int argc, char **argv)
{
	struct mqttspec_options options;
	char error[256];

	if (argc != 4) {
		fprintf(stderr, "usage: publish SERVER TOPIC MESSAGE\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	mqttspec_options_default(&options);
	options.servers = (const char *const[]){ argv[1] };
	options.server_count = 1;
	options.reconnect = MQTTSPEC_RECONNECT_NEVER;
	struct mqttspec_client *client = mqttspec_client_new(&options, NULL, error, sizeof(error));
	if (!client) {
		fprintf(stderr, "%s\n", error);
		return 2;
	}
	struct mqttspec_message message = {
		.topic = argv[2], .payload = argv[3], .payload_len = strlen(argv[3]), .qos = 1
	};
	int result = mqttspec_connect(client, WAIT_MS);
	if (!result)
		result = mqttspec_publish_wait(client, &message, WAIT_MS);
	if (!result)
		result = mqttspec_disconnect_wait(client, WAIT_MS);
	if (result)
		fprintf(stderr, "%s\n", mqttspec_result_text(result));
	mqttspec_client_free(client);
	return result ? 1 : 0;
}
