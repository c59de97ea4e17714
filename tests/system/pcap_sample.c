/* pcap_sample PATH < SCRIPT: writes a capture from a script, for test_pcapng.py to read back with
 * Wireshark's own tools. One action a line, a millisecond apart; the rest of a line is a comment:
 *
 *   section APPLICATION [COMMENT]               first line, if at all
 *   open FLOW ADDRESS PORT ADDRESS PORT [COMMENT]
 *   refused ADDRESS PORT ADDRESS PORT [COMMENT]
 *   data FLOW opener|acceptor HEX [COMMENT]
 *   fill FLOW opener|acceptor COUNT [COMMENT]   byte i is (i * 7 + i / 256) mod 256
 *   fin FLOW opener|acceptor [COMMENT]
 *   reset FLOW opener|acceptor [COMMENT]
 *   remark FLOW [COMMENT]
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "pcap/pcapng.h"

enum { FLOWS = 16, LINE_BYTES = 1024 };

struct sample {
	struct pcapng *file;
	struct pcap_flow *flows[FLOWS];
	int64_t now_us;
	char *rest; /* of the line, for strtok_r */
};

static char *word(struct sample *s)
{
	char *w = strtok_r(NULL, " \n", &s->rest);

	if (!w)
		errx(2, "a word is missing");
	return w;
}

/* What is left of the line, or NULL. */
static const char *comment(struct sample *s)
{
	char *text = strtok_r(NULL, "\n", &s->rest);

	return text && *text ? text : NULL;
}

static struct pcap_flow **flow(struct sample *s)
{
	unsigned long number = strtoul(word(s), NULL, 10);

	if (number >= FLOWS)
		errx(2, "flow %lu is too many", number);
	return &s->flows[number];
}

static enum pcap_side side(struct sample *s)
{
	return strcmp(word(s), "opener") == 0 ? PCAP_OPENER : PCAP_ACCEPTOR;
}

static struct sockaddr_storage address(struct sample *s)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
	const char *text = word(s);
	in_port_t port = htons((uint16_t)strtoul(word(s), NULL, 10));

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = port;
	} else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = port;
	} else {
		errx(2, "%s is no address", text);
	}
	return storage;
}

static void do_open(struct sample *s)
{
	struct pcap_flow **f = flow(s);
	struct sockaddr_storage opener = address(s);
	struct sockaddr_storage acceptor = address(s);

	*f = flow_open(s->file, s->now_us, (struct sockaddr *)&opener, (struct sockaddr *)&acceptor,
		comment(s));
}

static void do_refused(struct sample *s)
{
	struct sockaddr_storage opener = address(s);
	struct sockaddr_storage acceptor = address(s);

	flow_refused(s->file, s->now_us, (struct sockaddr *)&opener, (struct sockaddr *)&acceptor,
		comment(s));
}

static void do_data(struct sample *s)
{
	struct pcap_flow *f = *flow(s);
	enum pcap_side from = side(s);
	char *hex = word(s);
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++)
		hex[i] = (char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	flow_data(f, s->now_us, from, hex, len, comment(s));
}

static void do_fill(struct sample *s)
{
	struct pcap_flow *f = *flow(s);
	enum pcap_side from = side(s);
	size_t len = strtoul(word(s), NULL, 10);
	unsigned char *data = malloc(len);

	if (!data)
		err(1, "%zu bytes", len);
	for (size_t i = 0; i < len; i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	flow_data(f, s->now_us, from, data, len, comment(s));
	free(data);
}

static void do_fin(struct sample *s)
{
	struct pcap_flow *f = *flow(s);
	enum pcap_side from = side(s);

	flow_fin(f, s->now_us, from, comment(s));
}

static void do_reset(struct sample *s)
{
	struct pcap_flow *f = *flow(s);
	enum pcap_side from = side(s);

	flow_reset(f, s->now_us, from, comment(s));
}

static void do_remark(struct sample *s)
{
	struct pcap_flow *f = *flow(s);

	flow_remark(f, s->now_us, comment(s));
}

static const struct action {
	const char *name;
	void (*act)(struct sample *s);
} actions[] = {
	{ "open", do_open },
	{ "refused", do_refused },
	{ "data", do_data },
	{ "fill", do_fill },
	{ "fin", do_fin },
	{ "reset", do_reset },
	{ "remark", do_remark },
};

static void act(struct sample *s, const char *name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (strcmp(name, actions[i].name) == 0) {
			actions[i].act(s);
			s->now_us += 1000;
			return;
		}
	}
	errx(2, "%s is no action", name);
}

static struct pcapng *section(struct sample *s, const char *path, const char *name)
{
	if (strcmp(name, "section") != 0)
		return pcapng_create(path, NULL, NULL);
	const char *application = word(s);
	return pcapng_create(path, application, comment(s));
}

int main(int argc, char **argv)
{
	struct sample s = { .now_us = 1700000000123456 };
	char line[LINE_BYTES];

	if (argc != 2)
		errx(2, "usage: pcap_sample PATH < SCRIPT");
	while (fgets(line, sizeof(line), stdin)) {
		char *name = strtok_r(line, " \n", &s.rest);
		if (!name)
			continue;
		if (!s.file) {
			s.file = section(&s, argv[1], name);
			if (!s.file)
				err(1, "%s", argv[1]);
			if (strcmp(name, "section") == 0)
				continue;
		}
		act(&s, name);
	}
	if (!pcapng_close(s.file))
		err(1, "%s", argv[1]);
	return 0;
}
