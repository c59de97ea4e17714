#include "harness/runner/port.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/transport.h"

enum {
	KEEPABLE_FIRST = 10000,
	KEEPABLE_LEAST = 1000, /* ports there, or one is not looked for */
	CLAIM_ATTEMPTS = 100,
};

/* Binds a port, or any for 0, and lets go of it; returns it, or 0. */
static uint16_t try_bind(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t len = sizeof(at);
	uint16_t bound = 0;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 &&
		getsockname(fd, (struct sockaddr *)&at, &len) == 0)
		bound = ntohs(at.sin_port);
	if (fd >= 0)
		close(fd);
	return bound;
}

uint16_t port_free(void)
{
	return try_bind(0);
}

/* Below what connections and port_free are given: the first of that range. */
static unsigned first_given(void)
{
	unsigned first = 0;
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (file && fscanf(file, "%u", &first) != 1)
		first = 0;
	if (file)
		fclose(file);
	return first;
}

/* A name that only one process can have, and that is free again when it ends; -1. */
static int claim(uint16_t port)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "mqttspec port %u", port);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, size)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static uint16_t random_keepable(unsigned end)
{
	uint32_t random;

	if (end < KEEPABLE_FIRST + KEEPABLE_LEAST ||
		getrandom(&random, sizeof(random), 0) != sizeof(random))
		return port_free();
	return (uint16_t)(KEEPABLE_FIRST + random % (end - KEEPABLE_FIRST));
}

uint16_t port_claim(int *claim_fd)
{
	unsigned end = first_given();

	for (int i = 0; i < CLAIM_ATTEMPTS; i++) {
		uint16_t port = random_keepable(end);
		*claim_fd = port ? claim(port) : -1;
		if (*claim_fd >= 0 && try_bind(port) == port)
			return port;
		if (*claim_fd >= 0)
			close(*claim_fd);
	}
	*claim_fd = -1;
	return 0;
}

bool port_is_taken(uint16_t port)
{
	return try_bind(port) != port;
}

const char *endpoint_silence(struct arena *a, const struct endpoint *e, int64_t limit_us)
{
	const char *error = NULL;
	struct pipe *p = endpoint_dial(a, e, clock_now_us() + limit_us, &error);

	if (p)
		pipe_close(p);
	return p ? NULL : error;
}

bool endpoint_accepts_below(const struct endpoint *e, int64_t limit_us)
{
	struct arena scratch;
	const char *error;

	arena_init(&scratch);
	struct pipe *p = endpoint_dial_bare(&scratch, e, clock_now_us() + limit_us, &error);
	bool accepts = p;
	if (p)
		pipe_close(p);
	arena_fini(&scratch);
	return accepts;
}

bool endpoint_accepts(const struct endpoint *e, int64_t limit_us)
{
	struct arena scratch;

	arena_init(&scratch);
	bool accepts = !endpoint_silence(&scratch, e, limit_us);
	arena_fini(&scratch);
	return accepts;
}
