/* Distance: a proxy that hands on each byte half a round trip later, in both directions.
 *
 *	distance PORT TARGET_PORT ROUND_TRIP_MS LATE_PERCENT [COMMAND ...]
 *
 * What is read at once travels together, as a segment. LATE_PERCENT of the segments are lost on their
 * way, and come when they have been sent again, 200 to 400 ms later; as TCP keeps the order, all that
 * is behind them waits as well. A connection takes a round trip to be made, ends arrive as late as
 * bytes do, and a reset overtakes what its receiver does not read. Both sockets of a connection and the
 * queue between them hold a few hundred kB, so that whoever does not read holds up who writes.
 *
 * With a COMMAND (the target) it starts that first, and ends when it does.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	EVENTS = 256,
	SEGMENT_MAX = 64 * 1024,
	QUEUE_MAX = 1024 * 1024, /* bytes under way in one direction */
	SOCKET_BUFFER = 128 * 1024,
	LATE_LEAST_US = 200000,
	LATE_MOST_US = 400000,
	LIFE_S = 3600, /* nothing that is left behind stays for ever */
};

struct segment {
	struct segment *next;
	int64_t due_us;
	bool end; /* of the stream; there are no bytes */
	size_t len, sent;
	uint8_t data[];
};

struct link;

/* One end of a connection, and what is on its way to it. */
struct end {
	struct link *link;
	int fd;           /* -1: there is none yet, or no longer */
	bool finished;    /* it sends nothing more */
	bool shut;        /* nothing more is sent to it */
	int64_t reset_us; /* when a reset arrives here; 0: none is under way */
	uint32_t events;  /* that epoll looks for; 0: it does not look at all */
	bool hung_up; /* all has been said on both sides, and is not to be told again and again */
	struct segment *first, **last;
	size_t queued;
	int64_t last_due_us;
};

struct link {
	struct link *next;
	int64_t open_us; /* when the target hears of it */
	struct end near, far;
};

struct distance {
	int epoll, listener;
	struct sockaddr_in target;
	int64_t half_us;
	unsigned late_percent;
	uint64_t random;
	struct link *links;
	pid_t command;
	int64_t last_us; /* of the proxy's life */
	uint8_t chunk[SEGMENT_MAX];
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static uint32_t random_below(struct distance *d, uint32_t n)
{
	d->random = d->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(d->random >> 33) % n;
}

/* ---- ends and what is under way ------------------------------------------------------------ */

static struct end *other(struct end *e)
{
	return e == &e->link->near ? &e->link->far : &e->link->near;
}

static void watch(struct distance *d, struct end *e, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = e };

	if (e->fd < 0 || e->events == events)
		return;
	epoll_ctl(d->epoll,
		!e->events       ? EPOLL_CTL_ADD
			: events ? EPOLL_CTL_MOD
				 : EPOLL_CTL_DEL,
		e->fd, &event);
	e->events = events;
}

static void end_init(struct end *e, struct link *link, int fd)
{
	*e = (struct end){ .link = link, .fd = fd };
	e->last = &e->first;
}

static void end_fini(struct distance *d, struct end *e, bool reset)
{
	watch(d, e, 0);
	if (e->fd >= 0 && reset)
		setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &(struct linger){ .l_onoff = 1 },
			sizeof(struct linger));
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	while (e->first) {
		struct segment *s = e->first;
		e->first = s->next;
		free(s);
	}
}

static int64_t travel_us(struct distance *d)
{
	bool late = random_below(d, 100) < d->late_percent;

	return d->half_us +
		(late ? LATE_LEAST_US + random_below(d, LATE_MOST_US - LATE_LEAST_US) : 0);
}

/* `len` 0: the end of the stream. */
static void send_off(struct distance *d, struct end *to, const uint8_t *data, size_t len)
{
	struct segment *s = malloc(sizeof(*s) + len);
	int64_t due_us =
		(now_us() > to->link->open_us ? now_us() : to->link->open_us) + travel_us(d);

	if (!s)
		abort();
	if (due_us < to->last_due_us)
		due_us = to->last_due_us;
	*s = (struct segment){ .due_us = due_us, .end = !len, .len = len };
	if (len)
		memcpy(s->data, data, len);
	to->last_due_us = due_us;
	to->queued += len;
	*to->last = s;
	to->last = &s->next;
}

static void reset_is_on_its_way(struct distance *d, struct end *from)
{
	struct end *to = other(from);

	watch(d, from, 0);
	from->finished = from->shut = true;
	if (!to->reset_us)
		to->reset_us = now_us() + d->half_us;
}

static void receive(struct distance *d, struct end *from);

/* Writes what is due, and says whether all of that went. */
static bool deliver(struct distance *d, struct end *to, int64_t at_us)
{
	while (to->fd >= 0 && !to->shut && to->first && to->first->due_us <= at_us) {
		struct segment *s = to->first;
		if (s->end) {
			shutdown(to->fd, SHUT_WR);
			to->shut = true;
		} else {
			ssize_t n = send(to->fd, s->data + s->sent, s->len - s->sent,
				MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
				return false;
			if (n < 0) { /* what it said before is not lost */
				receive(d, to);
				reset_is_on_its_way(d, to);
				return true;
			}
			s->sent += (size_t)n;
			to->queued -= (size_t)n;
			if (s->sent < s->len)
				continue;
		}
		to->first = s->next;
		if (!to->first)
			to->last = &to->first;
		free(s);
	}
	return true;
}

static void receive(struct distance *d, struct end *from)
{
	struct end *to = other(from);

	while (!from->finished && to->queued < QUEUE_MAX) {
		ssize_t n = recv(from->fd, d->chunk, SEGMENT_MAX, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN))
			return;
		if (n < 0) {
			reset_is_on_its_way(d, from);
			return;
		}
		from->finished = n == 0;
		send_off(d, to, d->chunk, (size_t)n);
	}
}

/* ---- connections --------------------------------------------------------------------------- */

static int socket_new(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		perror("distance");
		exit(1);
	}
	return fd;
}

/* Both buffers are set before there is a connection: later they would not shrink. */
static void keep_small(int fd)
{
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ SOCKET_BUFFER }, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ SOCKET_BUFFER }, sizeof(int));
}

static void link_new(struct distance *d)
{
	int fd = accept4(d->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct link *link = fd < 0 ? NULL : calloc(1, sizeof(*link));

	if (!link)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	link->open_us = now_us() + 2 * d->half_us;
	end_init(&link->near, link, fd);
	end_init(&link->far, link, -1);
	link->next = d->links;
	d->links = link;
}

static void reach_target(struct distance *d, struct link *link)
{
	int fd = socket_new();

	keep_small(fd);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	link->far.fd = fd;
	if (connect(fd, (struct sockaddr *)&d->target, sizeof(d->target)) && errno != EINPROGRESS)
		reset_is_on_its_way(d, &link->far);
}

static void look(struct distance *d, struct end *e, bool has_room)
{
	bool reads = !e->finished && other(e)->queued < QUEUE_MAX;

	if ((e->finished && e->shut) || (e->hung_up && !reads))
		watch(d, e, 0);
	else /* an end of which nothing else is wanted still tells of a reset */
		watch(d, e, EPOLLPRI | EPOLLIN * reads | EPOLLOUT * !has_room);
}

/* False: the link is over. */
static bool turn(struct distance *d, struct link *link, int64_t at_us)
{
	struct end *ends[] = { &link->near, &link->far };
	bool has_room[2], over;

	if (link->far.fd < 0 && !link->far.shut && at_us >= link->open_us)
		reach_target(d, link);
	for (int i = 0; i < 2; i++)
		has_room[i] = deliver(d, ends[i], at_us);
	for (int i = 0; i < 2; i++) {
		if (ends[i]->reset_us && at_us >= ends[i]->reset_us) {
			end_fini(d, ends[0], true);
			end_fini(d, ends[1], true);
			return false;
		}
	}
	over = link->near.shut && link->far.shut && !link->near.reset_us && !link->far.reset_us;
	for (int i = 0; i < 2 && !over; i++)
		look(d, ends[i], has_room[i]);
	return !over;
}

static void serve(struct distance *d, struct end *e, uint32_t events)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (e->fd < 0)
		return;
	if (events & EPOLLERR) {
		getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		/* EPIPE is a reset, too: of a peer that had ended before */
		bool is_reset = error == ECONNRESET || error == EPIPE;
		if (other(e)->queued >= QUEUE_MAX || !is_reset) {
			reset_is_on_its_way(d, e);
			return;
		}
	}
	if (events & (EPOLLIN | EPOLLERR))
		receive(d, e);
	e->hung_up |= (events & EPOLLHUP) != 0;
	if (error)
		reset_is_on_its_way(d, e);
}

/* ---- time ---------------------------------------------------------------------------------- */

static void sooner(int64_t *next_us, int64_t at_us)
{
	if (at_us < *next_us)
		*next_us = at_us;
}

static void due(int64_t *next_us, const struct end *e, int64_t at_us)
{
	/* What is due and still there waits for room. */
	if (e->first && e->first->due_us > at_us)
		sooner(next_us, e->first->due_us);
	if (e->reset_us)
		sooner(next_us, e->reset_us);
}

/* Does what is due, and returns when there is more to do. */
static int64_t turns(struct distance *d)
{
	int64_t at_us = now_us(), next_us = d->last_us;

	for (struct link **l = &d->links; *l;) {
		struct link *link = *l;
		if (turn(d, link, at_us)) {
			if (link->far.fd < 0)
				sooner(&next_us, link->open_us);
			due(&next_us, &link->near, at_us);
			due(&next_us, &link->far, at_us);
			l = &link->next;
			continue;
		}
		*l = link->next;
		end_fini(d, &link->near, false);
		end_fini(d, &link->far, false);
		free(link);
	}
	return next_us;
}

static void start(struct distance *d, char **command)
{
	pid_t parent = getpid();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!command[0])
		return;
	d->command = fork();
	if (d->command)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

static bool is_over(const struct distance *d)
{
	return now_us() >= d->last_us ||
		(d->command && waitpid(d->command, NULL, WNOHANG) == d->command);
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(port)) };
}

static void listen_on(struct distance *d, const char *port)
{
	struct sockaddr_in own = loopback(port);
	struct epoll_event event = { .events = EPOLLIN };

	d->listener = socket_new();
	keep_small(d->listener);
	setsockopt(d->listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(d->listener, (struct sockaddr *)&own, sizeof(own)) || listen(d->listener, 1024)) {
		perror("distance");
		exit(1);
	}
	epoll_ctl(d->epoll, EPOLL_CTL_ADD, d->listener, &event);
}

/* The port is open to others only when the target's own is. */
static void await_target(struct distance *d)
{
	bool reached = false;

	while (!reached && !is_over(d)) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		reached = !connect(fd, (struct sockaddr *)&d->target, sizeof(d->target));
		close(fd);
		if (!reached)
			usleep(10000);
	}
}

int main(int argc, char **argv)
{
	static struct distance d;

	if (argc < 5) {
		fprintf(stderr,
			"usage: distance PORT TARGET_PORT ROUND_TRIP_MS LATE_PERCENT "
			"[COMMAND ...]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	d.half_us = atoi(argv[3]) * 500;
	d.late_percent = (unsigned)atoi(argv[4]);
	d.target = loopback(argv[2]);
	d.random = 1;
	d.last_us = now_us() + (int64_t)LIFE_S * 1000000;
	d.epoll = epoll_create1(EPOLL_CLOEXEC);
	start(&d, argv + 5);
	await_target(&d);
	listen_on(&d, argv[1]);
	while (!is_over(&d)) {
		struct epoll_event events[EVENTS];
		int64_t wait_us = turns(&d) - now_us();
		int wait_ms = wait_us <= 0 ? 0
			: wait_us > 100000 ? 100
					   : (int)((wait_us + 999) / 1000);
		int n = epoll_wait(d.epoll, events, EVENTS, wait_ms);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				serve(&d, events[i].data.ptr, events[i].events);
			else
				link_new(&d);
		}
	}
	if (d.command)
		kill(d.command, SIGTERM);
	return 0;
}
