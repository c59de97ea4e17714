/* Who has a load played: what he says of the target, and what he wants to hear meanwhile. */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct endpoint;

/* A descriptor to be looked at meanwhile. */
struct load_watch {
	int fd; /* -1: none */
	void (*ready)(void *user);
	void *user;
};

struct load_progress {
	const char *doing; /* "connecting" */
	uint64_t done;
	double rate; /* a second, since the last time */
	int64_t p99_us;
};

enum { LOAD_WATCHES = 3 };

struct load_host {
	const struct endpoint *to;  /* with its login, its TLS and its path */
	pid_t pid;                  /* of the target, or 0 */
	bool is_group;              /* the number is that of a process group */
	long long memory_max_bytes; /* of the target: beyond that it is given up; 0: no matter */
	struct load_watch watches[LOAD_WATCHES];
	const volatile bool *stop;                                   /* give up now; may be NULL */
	void (*progress)(void *user, const struct load_progress *p); /* or NULL */
	void *user;
};

#endif
