#include "bench/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_workload(struct options *o, const char *name)
{
	o->workload = workload_find(name);
	if (o->workload)
		return;
	fprintf(stderr, "mqttspec-load: there is no workload %s\n", name);
	exit(2);
}

static void read_transport(struct options *o, const char *name)
{
	o->tls = !strcmp(name, "tls") || !strcmp(name, "wss");
	o->websocket = !strcmp(name, "ws") || !strcmp(name, "wss");
	if (o->tls || o->websocket || !strcmp(name, "tcp"))
		return;
	fputs("mqttspec-load: -t takes tcp, tls, ws or wss\n", stderr);
	exit(2);
}

struct options options_read(int argc, char **argv)
{
	struct options o = { .workload = workload_find("fan-in"),
		.publishers = 10,
		.subscribers = 1,
		.filters = 1,
		.payload = 64,
		.window = 1000,
		.messages = 1000000 };
	int c;

	while ((c = getopt(argc, argv, "w:t:p:b:q:P:S:F:l:W:R:n:h")) >= 0) {
		switch (c) {
		case 'w': read_workload(&o, optarg); break;
		case 't': read_transport(&o, optarg); break;
		case 'p': o.port = (uint16_t)atoi(optarg); break;
		case 'b': o.broker = atoi(optarg); break;
		case 'q': o.qos = (unsigned)atoi(optarg) & 3; break;
		case 'P': o.publishers = (unsigned)atoi(optarg); break;
		case 'S': o.subscribers = (unsigned)atoi(optarg); break;
		case 'F': o.filters = (unsigned)atoi(optarg); break;
		case 'l': o.payload = (unsigned)atoi(optarg); break;
		case 'W': o.window = (unsigned)atoi(optarg); break;
		case 'R': o.rate = (unsigned)atoi(optarg); break;
		case 'n': o.messages = strtoull(optarg, NULL, 10); break;
		default:
			fputs("usage: mqttspec-load -w "
			      "fan-in|fan-out|wildcards|idle|stalled|kept|retained\n"
			      "         -p PORT [-b BROKER-PID] [-t tcp|tls|ws|wss]\n"
			      "         [-q QOS] [-P PUBLISHERS] [-S SUBSCRIBERS] [-F FILTERS] [-n "
			      "MESSAGES]\n"
			      "         [-l PAYLOAD-BYTES] [-W WINDOW | -R MESSAGES-A-SECOND]\n",
				stderr);
			exit(2);
		}
	}
	if (workload_ends_with_acks(o.workload) && !o.qos) {
		fputs("mqttspec-load: kept and retained take QoS 1 or 2: it is acknowledgements "
		      "that "
		      "count\n",
			stderr);
		exit(2);
	}
	if (o.payload < OPTIONS_STAMP || o.payload > OPTIONS_PAYLOAD_MAX || !o.publishers ||
		!o.subscribers || !o.filters || !o.port || o.rate > 1000000) {
		fputs("mqttspec-load: -p is needed; the payload has 8 to 65536 bytes, the rate is "
		      "1000000 at most\n",
			stderr);
		exit(2);
	}
	return o;
}
