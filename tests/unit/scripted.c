#include "tests/unit/scripted.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hex.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/transport.h"

enum {
	PACKET_MOST = 129, /* Remaining Length of one byte: all that the cases of the tests send */
	LEVEL_AT = 8,      /* of a CONNECT */
	SHORT_ANSWER_US = 300000,  /* for what never comes ... */
	LONG_ANSWER_US = 10000000, /* ... and what did not come in that time */
	PATIENCE_MS = 30000,       /* of the server, which does not end before that */
};

/* ---- the scripted server --------------------------------------------------------------------- */

struct server {
	int fd;
	enum mqtt_version version; /* of the last CONNECT */
};

static bool read_fully(int fd, uint8_t *data, size_t len)
{
	while (len) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			return false;
		ssize_t n = read(fd, data, len);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* Its type; negative at the end of the connection. */
static int read_packet(struct server *s, uint8_t packet[static PACKET_MOST])
{
	memset(packet, 0, PACKET_MOST);
	if (!read_fully(s->fd, packet, 2) || !read_fully(s->fd, packet + 2, packet[1] & 0x7f))
		return -1;
	if (packet[0] >> 4 == CONNECT)
		s->version = packet[LEVEL_AT];
	return packet[0] >> 4;
}

static void send_out(struct server *s, const uint8_t *bytes, size_t len)
{
	send(s->fd, bytes, len, MSG_NOSIGNAL);
}

static void send_short(struct server *s, uint8_t first, const uint8_t id[static 2])
{
	send_out(s, (const uint8_t[]){ first, 2, id[0], id[1] }, 4);
}

/* SUBACK that grants what was asked for, or UNSUBACK. */
static void answer_filters(struct server *s, const uint8_t *packet, uint8_t first, bool options)
{
	bool v5 = s->version == MQTT_50;
	size_t at = v5 ? 5 + packet[4] : 4, end = 2 + packet[1];
	uint8_t out[PACKET_MOST] = { first, 0, packet[2], packet[3] };
	size_t len = v5 ? 5 : 4;

	while (at + 2 < end) {
		at += 2 + (size_t)(packet[at] << 8 | packet[at + 1]);
		if (options)
			out[len++] = packet[at++] & 3;
		else if (v5)
			out[len++] = 0;
	}
	out[1] = (uint8_t)(len - 2);
	send_out(s, out, len);
}

static void answer(struct server *s, const uint8_t *packet)
{
	size_t topic = (size_t)(packet[2] << 8 | packet[3]);
	uint8_t qos = packet[0] >> 1 & 3;

	switch (packet[0] >> 4) {
	case CONNECT:
		if (s->version == MQTT_50)
			send_out(s, (const uint8_t[]){ 0x20, 3, 0, 0, 0 }, 5);
		else
			send_out(s, (const uint8_t[]){ 0x20, 2, 0, 0 }, 4);
		break;
	case PUBLISH:
		if (qos)
			send_short(s, qos == 1 ? 0x40 : 0x50, packet + 4 + topic);
		break;
	case PUBREC: send_short(s, 0x62, packet + 2); break;
	case PUBREL: send_short(s, 0x70, packet + 2); break;
	case SUBSCRIBE: answer_filters(s, packet, 0x90, true); break;
	case UNSUBSCRIBE: answer_filters(s, packet, 0xB0, false); break;
	case PINGREQ: send_out(s, (const uint8_t[]){ 0xD0, 0 }, 2); break;
	default: break;
	}
}

static const char *send_hex(struct server *s, const char *hex)
{
	uint8_t bytes[256];
	size_t len = 0;

	while (hex_digit(hex[0]) >= 0 && hex_digit(hex[1]) >= 0) {
		bytes[len++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		hex += 2;
	}
	send_out(s, bytes, len);
	return hex;
}

/* "32:7:a=x", what follows the m. */
static const char *send_message(struct server *s, const char *step)
{
	uint8_t first = (uint8_t)(hex_digit(step[0]) << 4 | hex_digit(step[1]));
	unsigned long id = 0;
	struct buf out;

	step += 3;
	if (first & 6)
		id = strtoul(step, (char **)&step, 10);
	step += (first & 6) != 0;
	size_t topic = strcspn(step, "="), payload = strcspn(step + topic + 1, " ");
	buf_init(&out, PACKET_MOST);
	buf_add_u8(&out, first);
	buf_add_u8(&out, 0); /* Remaining Length */
	buf_add_u16(&out, (uint16_t)(strlen(PLAY_PREFIX "/") + topic));
	buf_add_text(&out, PLAY_PREFIX "/");
	buf_add(&out, step, topic);
	if (first & 6)
		buf_add_u16(&out, (uint16_t)id);
	if (s->version == MQTT_50)
		buf_add_u8(&out, 0);
	buf_add(&out, step + topic + 1, payload);
	out.data[1] = (uint8_t)(out.len - 2);
	send_out(s, out.data, out.len);
	buf_fini(&out);
	return step + topic + 1 + payload;
}

static void serve(struct server *s, const char *script)
{
	uint8_t packet[PACKET_MOST];
	int type;

	while (*script) {
		switch (*script++) {
		case 'r': read_packet(s, packet); break;
		case 'a':
			if (read_packet(s, packet) >= 0)
				answer(s, packet);
			break;
		case 'e':
			while ((type = read_packet(s, packet)) >= 0)
				if (type != CONNECT)
					answer(s, packet);
			break;
		case 's': script = send_hex(s, script); break;
		case 'm': script = send_message(s, script); break;
		case 'p': usleep((useconds_t)strtoul(script, (char **)&script, 10) * 1000); break;
		case 'X':
			setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
				sizeof(struct linger));
			_exit(0);
		case 'x': _exit(0);
		default: break;
		}
	}
	while (read_packet(s, packet) >= 0)
		;
	_exit(0);
}

static pid_t start_server(const char *const *scripts, struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_return_code(bind(listener, (struct sockaddr *)address, len), 0);
	assert_return_code(listen(listener, 16), 0);
	getsockname(listener, (struct sockaddr *)address, &len);
	pid_t pid = fork();
	if (pid) {
		close(listener);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (; *scripts; scripts++) {
		struct server s = { .fd = accept(listener, NULL, NULL), .version = MQTT_311 };
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(&s, *scripts);
		}
		close(s.fd);
	}
	pause();
	_exit(0);
}

/* ---- playing one case ------------------------------------------------------------------------ */

struct capabilities offers_all(void)
{
	return (struct capabilities){ .served = true,
		.maximum_qos = 2,
		.retain = true,
		.wildcards = true,
		.subscription_ids = true,
		.shared = true,
		.receive_maximum = 65535,
		.maximum_packet_size = UINT32_MAX,
		.topic_alias_maximum = 65535,
		.queue = UINT32_MAX };
}

void play_with(struct played *p, struct play play, const char *const *scripts)
{
	struct endpoint target = {
		.transport = play.transport ? play.transport : transports[0],
		.address_len = sizeof(struct sockaddr_in),
		.url = "scripted",
		.login = play.target ? play.target->login : NULL,
		.users = play.target ? play.target->users : NULL,
	};
	struct capabilities all = offers_all();
	pid_t server = start_server(scripts, (struct sockaddr_in *)&target.address);

	arena_init(&p->arena);
	play.transport = target.transport;
	play.target = &target;
	play.capabilities = play.capabilities ? play.capabilities : &all;
	play.prefix = play.prefix ? play.prefix : PLAY_PREFIX;
	play.answer_us = play.answer_us ? play.answer_us : 2000000;
	play_case(&p->arena, &play, &p->record);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

void play(struct played *p, const struct case_def *def, enum mqtt_version v,
	const char *const *scripts)
{
	play_with(p, (struct play){ .def = def, .version = v }, scripts);
}

void play_for(struct played *p, enum verdict verdict, struct play play, const char *const *scripts)
{
	play.answer_us = SHORT_ANSWER_US;
	play_with(p, play, scripts);
	if (p->record.verdict == verdict || !p->record.waited)
		return;
	done(p);
	play.answer_us = LONG_ANSWER_US;
	play_with(p, play, scripts);
}

void done(struct played *p)
{
	arena_fini(&p->arena);
}

/* ---- looking at the record ------------------------------------------------------------------- */

void assert_contains(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text ? text : "(nothing)", part);
}

/* The statement's id, without the version; NULL: none is accused. */
static const char *accused(const struct played *p)
{
	const struct record_failure *f = p->record.failure;
	const char *colon = f && f->statement ? strchr(f->statement, ':') : NULL;

	return colon ? colon + 1 : NULL;
}

static bool is_accused(const struct played *p, const char *id)
{
	const char *found = accused(p);

	return found && strcmp(found, id) == 0;
}

void assert_accused(const struct played *p, const char *id)
{
	const struct record_failure *f = p->record.failure;

	if (!is_accused(p, id))
		fail_msg("%s in %s: accused is %s and not %s (%s)", p->record.id, p->record.version,
			accused(p) ? f->statement : "nobody", id, f ? f->actual : "no failure");
}

static bool is_as_told(const struct played *p, const struct accusation *a, const char *id)
{
	const struct record_failure *f = p->record.failure;

	return is_accused(p, id) && p->record.verdict == a->verdict &&
		(!a->difference || (f->difference && !strcmp(f->difference, a->difference)));
}

/* What nothing came for in a short time counts only after a long one, as it does in the runner. */
static void assert_accusation(const struct accusation *a, enum mqtt_version version)
{
	const char *id = version == MQTT_50 ? a->id_50 : a->id_311;
	struct play play = { .def = a->def, .version = version, .answer_us = SHORT_ANSWER_US };
	struct played p;

	if (!id)
		return;
	play_with(&p, play, SCRIPTS(a->script));
	if (p.record.waited && !is_as_told(&p, a, id)) {
		done(&p);
		play.answer_us = LONG_ANSWER_US;
		play_with(&p, play, SCRIPTS(a->script));
	}
	assert_accused(&p, id);
	if (a->difference)
		assert_string_equal(p.record.failure->difference, a->difference);
	assert_string_equal(verdict_name(p.record.verdict), verdict_name(a->verdict));
	done(&p);
}

void assert_accusations(const struct accusation *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_accusation(&list[i], MQTT_311);
		assert_accusation(&list[i], MQTT_50);
	}
}

size_t transcript_count(const struct played *p, const char *part)
{
	size_t n = 0;

	for (size_t i = 0; i < p->record.transcript_count; i++)
		n += strstr(p->record.transcript[i].text, part) != NULL;
	return n;
}
