/* mqttspec-capture: writes a capture of MQTT 3.1.1 clients that publish to a broker, as large as is wanted, for
 * bench/check to read. Nothing is sent anywhere.
 *
 *   mqttspec-capture FILE [-b MIB] [-c CONNECTIONS] [-l MESSAGES] [-k PACKETS] [-s BYTES] [-q QOS]
 *
 *   -b  the size of the file (10)
 *   -c  connections at a time (10); each is followed by another one
 *   -l  messages that a connection lives for (1000)
 *   -k  packets that are written at once (1)
 *   -s  bytes of payload (16)
 *   -q  QoS 0 or 1 (0)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "bench/load/packets.h"
#include "pcap/pcapng.h"

enum {
	BROKER_PORT = 1883,
	FIRST_PORT = 10000,
	PORTS = 50000,
	STEP_US = 20, /* between one write and the next */
	PAYLOAD_MAX = 65536,
};

struct plan {
	const char *path;
	unsigned long mebibytes, connections, messages, packets, payload, qos;
};

struct client {
	struct pcap_flow *flow;
	unsigned long left; /* messages */
	uint16_t id;
};

struct bench {
	struct plan plan;
	struct pcapng *file;
	struct client *clients;
	struct buf client_says, broker_says; /* in the making */
	uint32_t opened;                     /* connections so far */
	uint64_t bytes;                      /* of data, more or less */
	int64_t now_us;
	uint64_t mqtt_packets;
};

static unsigned long number(const char *text, unsigned long least, unsigned long most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value < least || value > most) {
		fprintf(stderr, "mqttspec-capture: %s: no number from %lu to %lu\n", text, least,
			most);
		exit(2);
	}
	return value;
}

static struct plan plan_read(int argc, char **argv)
{
	struct plan plan = { NULL, 10, 10, 1000, 1, 16, 0 };
	int option;

	while ((option = getopt(argc, argv, "b:c:l:k:s:q:")) != -1) {
		switch (option) {
		case 'b': plan.mebibytes = number(optarg, 1, 100000); break;
		case 'c': plan.connections = number(optarg, 1, 1000000); break;
		case 'l': plan.messages = number(optarg, 1, 1000000000); break;
		case 'k': plan.packets = number(optarg, 1, 1000); break;
		case 's': plan.payload = number(optarg, 0, PAYLOAD_MAX); break;
		case 'q': plan.qos = number(optarg, 0, 1); break;
		default: exit(2);
		}
	}
	if (optind + 1 != argc) {
		fprintf(stderr,
			"usage: mqttspec-capture FILE [-b MIB] [-c CONNECTIONS] [-l MESSAGES] "
			"[-k PACKETS] [-s BYTES] [-q QOS]\n");
		exit(2);
	}
	plan.path = argv[optind];
	return plan;
}

static int64_t step(struct bench *b)
{
	b->now_us += STEP_US;
	return b->now_us;
}

/* One write of one side: what is in `o`, which is empty afterwards. */
static void say(struct bench *b, struct client *c, enum pcap_side from, struct buf *o)
{
	if (!o->len)
		return;
	flow_data(c->flow, step(b), from, o->data, o->len, NULL);
	b->bytes += o->len + 2 * 100; /* the frames of the segment and its acknowledgement */
	o->len = 0;
}

static void client_begin(struct bench *b, struct client *c)
{
	struct sockaddr_in opener = { .sin_family = AF_INET }, acceptor = opener;
	char id[32];

	opener.sin_addr.s_addr = htonl(0x0a000000 + b->opened / PORTS + 2);
	opener.sin_port = htons((uint16_t)(FIRST_PORT + b->opened % PORTS));
	acceptor.sin_addr.s_addr = htonl(0x0a000001);
	acceptor.sin_port = htons(BROKER_PORT);
	snprintf(id, sizeof(id), "client-%u", b->opened++);
	c->flow = flow_open(
		b->file, step(b), (struct sockaddr *)&opener, (struct sockaddr *)&acceptor, NULL);
	c->left = b->plan.messages;
	c->id = 0;
	put_connect(&b->client_says, MQTT_311, id, false, &(struct packets_login){ 0 });
	say(b, c, PCAP_OPENER, &b->client_says);
	buf_add(&b->broker_says, "\x20\x02\x00\x00", 4);
	say(b, c, PCAP_ACCEPTOR, &b->broker_says);
	b->mqtt_packets += 2;
}

static void client_end(struct bench *b, struct client *c)
{
	put_disconnect(&b->client_says);
	say(b, c, PCAP_OPENER, &b->client_says);
	flow_fin(c->flow, step(b), PCAP_OPENER, NULL);
	flow_fin(c->flow, step(b), PCAP_ACCEPTOR, NULL);
	b->mqtt_packets++;
}

static void client_publish(struct bench *b, struct client *c)
{
	static const uint8_t payload[PAYLOAD_MAX];

	for (unsigned long i = 0; i < b->plan.packets && c->left; i++, c->left--) {
		c->id = c->id == UINT16_MAX ? 1 : c->id + 1;
		put_publish(&b->client_says, MQTT_311, "plant/hall/sensor", (unsigned)b->plan.qos,
			false, c->id, b->plan.payload);
		buf_add(&b->client_says, payload, b->plan.payload);
		b->mqtt_packets++;
		if (b->plan.qos) {
			put_ack(&b->broker_says, 0x40,
				(uint8_t[]){ (uint8_t)(c->id >> 8), (uint8_t)c->id });
			b->mqtt_packets++;
		}
	}
	say(b, c, PCAP_OPENER, &b->client_says);
	say(b, c, PCAP_ACCEPTOR, &b->broker_says);
}

int main(int argc, char **argv)
{
	struct bench b = { .plan = plan_read(argc, argv), .now_us = 1700000000000000 };

	buf_init(&b.client_says, SIZE_MAX);
	buf_init(&b.broker_says, SIZE_MAX);
	b.file = pcapng_create(b.plan.path, "mqttspec-capture", NULL);
	b.clients = calloc(b.plan.connections, sizeof(*b.clients));
	if (!b.file || !b.clients) {
		fprintf(stderr, "mqttspec-capture: %s: %s\n", b.plan.path, strerror(errno));
		return 1;
	}
	while (b.bytes < b.plan.mebibytes << 20) {
		for (unsigned long i = 0; i < b.plan.connections; i++) {
			struct client *c = &b.clients[i];
			if (!c->flow)
				client_begin(&b, c);
			client_publish(&b, c);
			if (!c->left) {
				client_end(&b, c);
				c->flow = NULL;
			}
		}
	}
	free(b.clients);
	buf_fini(&b.client_says);
	buf_fini(&b.broker_says);
	if (!pcapng_close(b.file)) {
		fprintf(stderr, "mqttspec-capture: %s: %s\n", b.plan.path, strerror(errno));
		return 1;
	}
	printf("%u connections, %llu packets of MQTT\n", (unsigned)b.opened,
		(unsigned long long)b.mqtt_packets);
	return 0;
}
