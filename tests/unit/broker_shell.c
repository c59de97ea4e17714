/* The broker's sockets: when they are written to, and what happens without memory. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/shell/channel.h"
#include "broker/shell/connection.h"
#include "broker/shell/listener.h"
#include "broker/shell/server.h"

enum {
	PATIENCE_S = 20,
	MESSAGE_BYTES = 8 << 20, /* more than sockets take */
};

/* Connections for which there is no memory, by the linker's --wrap=calloc. */
static unsigned memory_lacks;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	if (size == sizeof(struct connection) && memory_lacks) {
		memory_lacks--;
		return NULL;
	}
	return __real_calloc(count, size);
}

/* ---- a client with a plain socket ---------------------------------------------------------- */

static int dial(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port) };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 4096 }, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void say(int fd, const void *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

static void say_connect(int fd, char id)
{
	uint8_t packet[] = { 0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, (uint8_t)id };

	say(fd, packet, sizeof(packet));
}

static void expect(int fd, const void *data, size_t len)
{
	uint8_t heard[16];

	assert_int_equal(recv(fd, heard, len, MSG_WAITALL), len);
	assert_memory_equal(heard, data, len);
}

/* ---- connections, turn by turn ------------------------------------------------------------- */

struct shell {
	uv_loop_t loop;
	struct listener listener;
	struct broker *broker;
	struct connections connections;
	struct log log;
	struct connection *latest; /* the one that was served last */
};

static int shell_start(void **state, const struct channel *channel)
{
	struct shell *s = calloc(1, sizeof(*s));
	struct broker_config config;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	broker_config_default(&config);
	config.unread = connection_has_unread;
	uv_loop_init(&s->loop);
	s->broker = broker_new(&config, (int64_t)uv_now(&s->loop));
	if (!connections_init(&s->connections, s->broker, &s->log, 0, &s->loop) ||
		listener_open(&s->listener, &s->loop, (struct sockaddr *)&address, &s->connections,
			channel))
		return -1;
	s->connections.files = UINT32_MAX;
	*state = s;
	return 0;
}

static int shell_set_up(void **state)
{
	return shell_start(state, &channel_plain);
}

static int shell_tear_down(void **state)
{
	struct shell *s = *state;

	listener_close(&s->listener);
	connections_close_all(&s->connections);
	connections_fini(&s->connections);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&s->loop), 0);
	broker_free(s->broker);
	free(s);
	return 0;
}

static void serve(struct shell *s)
{
	struct link *link;

	broker_tick(s->broker, (int64_t)uv_now(&s->loop));
	while ((link = broker_next(s->broker))) {
		s->latest = link_owner(link);
		connection_serve(s->latest);
	}
}

static struct connection *join(struct shell *s, int *fd, char id)
{
	*fd = dial(s->listener.port);
	say_connect(*fd, id);
	for (s->latest = NULL; !s->latest;) {
		uv_run(&s->loop, UV_RUN_ONCE);
		serve(s);
	}
	expect(*fd, "\x20\2\0\0", 4);
	return s->latest;
}

/* A subscriber with a message under way that is larger than the sockets are. */
static struct connection *join_flooded(struct shell *s, int *fd)
{
	struct connection *c = join(s, fd, 's');
	uint8_t *packet = calloc(1, MESSAGE_BYTES + 8);
	struct link *pub = link_open(s->broker, NULL);

	link_input(c->link, "\x82\6\0\1\0\1t\0", 8);
	serve(s);
	expect(*fd, "\x90\3\0\1\0", 5);
	memcpy(packet, "\x30\x83\x80\x80\4\0\1t", 8);
	link_input(pub, "\x10\x0D\0\4MQTT\4\2\0\0\0\1p", 15);
	link_input(pub, packet, MESSAGE_BYTES + 8);
	link_closed(pub);
	free(packet);
	serve(s);
	assert_true(c->blocked);
	return c;
}

static void read_all(int fd)
{
	char heard[65536];

	while (recv(fd, heard, sizeof(heard), MSG_DONTWAIT) > 0)
		;
}

/* What the core has to say leaves within the turn, after a commit. */
static void the_rest_of_a_write_waits_for_the_turn(void **state)
{
	struct shell *s = *state;
	int fd;
	struct connection *c = join_flooded(s, &fd);
	size_t before = link_output_bytes(c->link);

	while (c->blocked) { /* without sleeping: more may be on its way to `fd` */
		read_all(fd);
		uv_run(&s->loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(link_output_bytes(c->link), before);
	serve(s);
	assert_true(link_output_bytes(c->link) < before);
	close(fd);
}

/* It is asked for output while there is some that does not fit, and not longer: the loop would not sleep. */
static void a_connection_is_watched_for_what_it_wants(void **state)
{
	struct shell *s = *state;
	int fd, delay = 1;
	struct connection *c = join_flooded(s, &fd);
	socklen_t len = sizeof(delay);

	assert_int_equal(c->watched, WATCH_INPUT | WATCH_OUTPUT);
	while (link_output_bytes(c->link)) {
		read_all(fd);
		uv_run(&s->loop, UV_RUN_NOWAIT);
		serve(s);
	}
	assert_int_equal(c->watched, WATCH_INPUT);
	assert_int_equal(getsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &delay, &len), 0);
	assert_int_not_equal(delay, 0);
	assert_false(connection_has_unread(c));
	say(fd, "\xc0", 1);
	while (!connection_has_unread(c))
		;
	close(fd);
}

/* ---- a channel ----------------------------------------------------------------------------- */

enum { MASK = 0x5a, MASKED_BYTES = 1000 };

/* A layer that turns some bits of each byte, says "bye" at the end, and cannot stand a "!". */
struct mask {
	uint8_t *out; /* masked: the bytes from `at` on are to be written */
	size_t at, len;
};

static bool mask_open(struct connection *c)
{
	struct mask *m = connection_state(c);

	m->out = malloc(MASKED_BYTES);
	return m->out != NULL;
}

static void mask_close(struct connection *c)
{
	struct mask *m = connection_state(c);

	free(m->out);
}

static void mask_put(struct mask *m, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		m->out[m->len++] = ((const uint8_t *)data)[i] ^ MASK;
}

static bool mask_input(struct connection *c, void *data, size_t len)
{
	uint8_t *bytes = data;

	if (*bytes == '!') {
		mask_put(connection_state(c), "?", 1);
		return false;
	}
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= MASK;
	link_input(c->link, data, len);
	return true;
}

static size_t mask_output(struct connection *c, struct broker_piece *pieces, size_t most)
{
	struct mask *m = connection_state(c);
	struct broker_piece piece;

	assert_true(most > 0);
	if (m->at == m->len)
		m->at = m->len = 0;
	if (!m->len && link_output(c->link, &piece, 1)) {
		size_t len = piece.len < MASKED_BYTES ? piece.len : MASKED_BYTES;
		mask_put(m, piece.data, len);
		link_written(c->link, len);
	}
	pieces[0] = (struct broker_piece){ m->out + m->at, m->len - m->at };
	return m->len > m->at;
}

static void mask_written(struct connection *c, size_t bytes)
{
	struct mask *m = connection_state(c);

	m->at += bytes;
	assert_true(m->at <= m->len);
}

static bool mask_pending(const struct connection *c)
{
	const struct mask *m = connection_state((struct connection *)(uintptr_t)c);

	return m->at < m->len || link_output_bytes(c->link);
}

static void mask_finish(struct connection *c)
{
	mask_put(connection_state(c), "bye", 3);
}

static const struct channel mask = {
	.name = "mask",
	.state_bytes = sizeof(struct mask),
	.open = mask_open,
	.input = mask_input,
	.output = mask_output,
	.written = mask_written,
	.pending = mask_pending,
	.finish = mask_finish,
	.close = mask_close,
};

static int mask_set_up(void **state)
{
	return shell_start(state, &mask);
}

static void say_masked(int fd, const void *data, size_t len)
{
	uint8_t *masked = malloc(len);

	for (size_t i = 0; i < len; i++)
		masked[i] = ((const uint8_t *)data)[i] ^ MASK;
	for (size_t at = 0; at < len;)
		at += (size_t)send(fd, masked + at, len - at, MSG_NOSIGNAL);
	free(masked);
}

/* Bytes of the server, unmasked, until there are so many or it has closed its side; returns their number. */
static size_t hear_masked(struct shell *s, int fd, uint8_t *heard, size_t len)
{
	size_t at = 0;

	while (at < len) {
		serve(s);
		uv_run(&s->loop, UV_RUN_NOWAIT);
		ssize_t n = recv(fd, heard + at, len - at, MSG_DONTWAIT);
		if (!n)
			break;
		for (ssize_t i = 0; i < n; i++)
			heard[at++] ^= MASK;
	}
	return at;
}

static void a_channel_wraps_the_bytes(void **state)
{
	struct shell *s = *state;
	uint8_t *message = calloc(1, MESSAGE_BYTES + 8), *heard = calloc(1, MESSAGE_BYTES + 8);

	int fd = dial(s->listener.port);
	say_masked(fd, "\x10\x0D\0\4MQTT\4\2\0\0\0\1s\x82\6\0\1\0\1t\0", 23);
	assert_int_equal(hear_masked(s, fd, heard, 9), 9);
	assert_memory_equal(heard, "\x20\2\0\0\x90\3\0\1\0", 9);
	memcpy(message, "\x30\x83\x80\x80\4\0\1t", 8);
	for (size_t i = 8; i < MESSAGE_BYTES + 8; i++)
		message[i] = (uint8_t)(i * 2654435761u >> 24);
	struct link *pub = link_open(s->broker, NULL);
	link_input(pub, "\x10\x0D\0\4MQTT\4\2\0\0\0\1p", 15);
	link_input(pub, message, MESSAGE_BYTES + 8);
	link_closed(pub);
	assert_int_equal(hear_masked(s, fd, heard, MESSAGE_BYTES + 8), MESSAGE_BYTES + 8);
	assert_memory_equal(heard, message, MESSAGE_BYTES + 8);
	say_masked(fd, "\xe0\0", 2);
	assert_int_equal(hear_masked(s, fd, heard, 4), 3); /* and the end */
	assert_memory_equal(heard, "bye", 3);
	close(fd);
	free(message);
	free(heard);
}

static void who_breaks_the_rules_of_a_channel_is_told_and_closed(void **state)
{
	struct shell *s = *state;
	uint8_t heard[8];

	int fd = dial(s->listener.port);
	say(fd, "!", 1);
	assert_int_equal(hear_masked(s, fd, heard, sizeof(heard)), 1);
	assert_int_equal(heard[0], '?');
	while (s->connections.count)
		uv_run(&s->loop, UV_RUN_ONCE);
	close(fd);
}

/* ---- a server without memory --------------------------------------------------------------- */

static void serve_forever(int ready, FILE *log_file)
{
	struct settings settings;
	struct log log = { .to = log_file, .most = LOG_WARNING };
	char error[256];

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* the test may fail */
	settings_default(&settings);
	settings.sys_interval_s = 0; /* nothing else wakes it up */
	settings.listener_count = 1;
	settings.listeners[0] = (struct listener_settings){ .address = "127.0.0.1" };
	settings.log_most = LOG_WARNING;
	struct server *server = server_new(&settings, &log, "test", error, sizeof(error));
	if (!server)
		_exit(1);
	uint16_t port = server_port(server, 0);
	memory_lacks = 3;
	if (write(ready, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	server_run(server);
	server_free(server);
	fflush(log_file);
	_exit(memory_lacks != 0);
}

static void a_listener_hears_again_when_there_is_memory(void **state)
{
	FILE *log_file = tmpfile();
	char line[256];
	uint16_t port;
	int ready[2], status;

	(void)state;
	assert_non_null(log_file);
	assert_int_equal(pipe(ready), 0);
	pid_t server = fork();
	if (!server)
		serve_forever(ready[1], log_file);
	assert_int_equal(read(ready[0], &port, sizeof(port)), sizeof(port));
	for (int id = 'a'; id <= 'c'; id++) {
		int fd = dial(port);
		say_connect(fd, (char)id);
		expect(fd, "\x20\2\0\0", 4);
		close(fd);
	}
	kill(server, SIGTERM);
	assert_int_equal(waitpid(server, &status, 0), server);
	assert_int_equal(status, 0);
	rewind(log_file);
	assert_non_null(fgets(line, sizeof(line), log_file));
	assert_non_null(strstr(line, "no memory for a connection, it waits"));
	assert_null(fgets(line, sizeof(line), log_file));
	fclose(log_file);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_rest_of_a_write_waits_for_the_turn, shell_set_up, shell_tear_down),
		cmocka_unit_test_setup_teardown(
			a_connection_is_watched_for_what_it_wants, shell_set_up, shell_tear_down),
		cmocka_unit_test_setup_teardown(
			a_channel_wraps_the_bytes, mask_set_up, shell_tear_down),
		cmocka_unit_test_setup_teardown(
			who_breaks_the_rules_of_a_channel_is_told_and_closed, mask_set_up,
			shell_tear_down),
		cmocka_unit_test(a_listener_hears_again_when_there_is_memory),
	};
	return cmocka_run_group_tests_name("broker_shell", tests, NULL, NULL);
}
