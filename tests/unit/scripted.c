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

#include "base/hex.h"

static bool read_fully(int fd, uint8_t *data, size_t len)
{
	while (len) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, 10000) <= 0)
			return false;
		ssize_t n = read(fd, data, len);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* Packets of up to 127 bytes are all that the cases below send. */
static int read_packet(int fd)
{
	uint8_t packet[130];

	if (!read_fully(fd, packet, 2) || !read_fully(fd, packet + 2, packet[1] & 0x7f))
		return -1;
	return packet[0] >> 4;
}

static const char *send_hex(int fd, const char *hex)
{
	uint8_t bytes[256];
	size_t len = 0;

	while (hex_digit(hex[0]) >= 0 && hex_digit(hex[1]) >= 0) {
		bytes[len++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		hex += 2;
	}
	send(fd, bytes, len, MSG_NOSIGNAL);
	return hex;
}

static void serve(int fd, const char *script)
{
	while (*script) {
		switch (*script++) {
		case 'r': read_packet(fd); break;
		case 's': script = send_hex(fd, script); break;
		case 'p': usleep((useconds_t)strtoul(script, (char **)&script, 10) * 1000); break;
		case 'X':
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
				sizeof(struct linger));
			_exit(0);
		case 'x': _exit(0);
		case 'e':
			for (int type; (type = read_packet(fd)) >= 0;)
				if (type == PINGREQ)
					send_hex(fd, "D000");
			break;
		default: break;
		}
	}
	while (read_packet(fd) >= 0)
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
		int fd = accept(listener, NULL, NULL);
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(fd, *scripts);
		}
		close(fd);
	}
	pause();
	_exit(0);
}

/* ---- playing one case ---------------------------------------------------------------------- */

void play_with(struct played *p, struct play play, const char *const *scripts)
{
	struct endpoint target = { .address_len = sizeof(struct sockaddr_in), .url = "scripted" };
	struct capabilities all = { .served = true,
		.maximum_qos = 2,
		.retain = true,
		.wildcards = true,
		.subscription_ids = true,
		.shared = true,
		.receive_maximum = 65535,
		.maximum_packet_size = UINT32_MAX,
		.topic_alias_maximum = 65535,
		.queue = UINT32_MAX };
	pid_t server = start_server(scripts, (struct sockaddr_in *)&target.address);

	arena_init(&p->arena);
	play.target = &target;
	play.capabilities = &all;
	play.prefix = "k1";
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

void done(struct played *p)
{
	arena_fini(&p->arena);
}

void assert_contains(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text ? text : "(nothing)", part);
}

bool transcript_has(const struct played *p, const char *part)
{
	for (size_t i = 0; i < p->record.transcript_count; i++)
		if (strstr(p->record.transcript[i].text, part))
			return true;
	return false;
}
