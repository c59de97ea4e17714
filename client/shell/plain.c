#include "client/shell/channel.h"

static bool plain_open(struct connection *c)
{
	connection_opened(c);
	return true;
}

static const char *plain_input(struct connection *c, void *data, size_t len)
{
	connection_deliver(c, data, len);
	return NULL;
}

const struct channel channel_plain = {
	.name = "plain",
	.open = plain_open,
	.input = plain_input,
	.write = connection_put,
};
