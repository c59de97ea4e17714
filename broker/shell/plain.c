#include "broker/shell/channel.h"
#include "broker/shell/connection.h"

static bool plain_input(struct connection *c, void *data, size_t len)
{
	link_input(c->link, data, len);
	return true;
}

static size_t plain_output(struct connection *c, struct broker_piece *pieces, size_t most)
{
	return link_output(c->link, pieces, most);
}

static void plain_written(struct connection *c, size_t bytes)
{
	link_written(c->link, bytes);
}

static bool plain_pending(const struct connection *c)
{
	return link_output_bytes(c->link) > 0;
}

const struct channel channel_plain = {
	.name = "plain",
	.input = plain_input,
	.output = plain_output,
	.written = plain_written,
	.pending = plain_pending,
};
