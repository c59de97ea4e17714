/* How bytes travel between a peer and the target. A transport is a table of functions; there is one
 * for each URL scheme, each in a file of its own. transport.c lists them, and nobody else knows
 * which there are.
 *
 *   transport ── resolve ──▶ endpoint ── dial ───▶ pipe      a server is judged
 *       └─────── listen ───▶ listener ── accept ─▶ pipe      a client is
 *
 * A pipe is an ordered stream of bytes in both directions, whatever carries it and whoever opened
 * it. It may lie on top of another pipe, which it then owns, so that a record layer or a framing is
 * one file, too.
 */
#ifndef HARNESS_TRANSPORT_H
#define HARNESS_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct arena;
struct endpoint;
struct pipe;
struct tap;
struct tapped;
struct tls;
struct tls_facts;
struct transport;

/* ---- pipes --------------------------------------------------------------------------------- */

/* What read and write return besides a positive count. */
enum {
	PIPE_END = 0,    /* read: the other side will send no more */
	PIPE_AGAIN = -1, /* nothing to read, or no room to write: poll and try again */
	PIPE_RESET = -2, /* the connection is gone */
};

/* Nothing here blocks. */
struct pipe_ops {
	ssize_t (*read)(struct pipe *p, void *data, size_t size);
	ssize_t (*write)(struct pipe *p, const void *data, size_t size);
	/* Bytes have been taken from the socket that read has not handed out yet: a poll would wait
	 * in vain for more. NULL: this pipe keeps none.
	 */
	bool (*pending)(const struct pipe *p);
	void (*close)(struct pipe *p); /* in order: what was written arrives, then the end */
	void (*reset)(struct pipe *p); /* at once, with a reset where the transport has one */
	/* From now on it buffers as little as it can of what is not read. NULL: it has no say in
	 * that.
	 */
	void (*narrow)(struct pipe *p);
	/* Once it has ended: whether TLS was told so (close_notify). NULL: it is not TLS. */
	bool (*notified)(const struct pipe *p);
};

/* In the arena that it was made in; its socket is closed by pipe_close or pipe_reset. */
struct pipe {
	const struct pipe_ops *ops;
	struct tapped *tapped; /* keeps what goes over its socket (tap.h); NULL: nobody does */
	int fd;                /* to poll; -1 when closed */
	struct sockaddr_storage local, remote;
	const struct tls_facts *tls; /* of the TLS in it; NULL: there is none */
	const char *ended_by; /* more of why it ended than that it did; NULL: nothing is known */
};

ssize_t pipe_read(struct pipe *p, void *data, size_t size);
ssize_t pipe_write(struct pipe *p, const void *data, size_t size);
bool pipe_pending(const struct pipe *p);
void pipe_close(struct pipe *p);
void pipe_reset(struct pipe *p);
void pipe_narrow(struct pipe *p);
int pipe_was_notified(const struct pipe *p); /* -1: it is not TLS */

/* Past all layers, on the socket itself: bytes that no layer has made, as far as it takes them at once; the end
 * of what we send, which none of them announces. The pipe may still be read, and has to be closed.
 */
bool pipe_disturb(struct pipe *p, const void *data, size_t size);
void pipe_cut(struct pipe *p);

/* Waits until it may be read (POLLIN) or written (POLLOUT). False: the deadline (monotonic) has passed. */
bool pipe_await(const struct pipe *p, short events, int64_t deadline_us);

/* ---- listeners ----------------------------------------------------------------------------- */

struct listener {
	const struct transport *transport;
	const struct tls *tls; /* what it shows of itself; NULL: it needs to show nothing */
	struct tap *tap;       /* keeps what goes over its sockets; NULL: nobody does */
	int fd;                /* to poll: readable when a connection waits */
	const char *host;      /* where clients are to connect: an address, or a path ... */
	uint16_t port;         /* ... and 0 */
	const char *path;      /* of a WebSocket; NULL: it has none */
	const char *url;       /* the same in one word */
};

/* In a place that nobody else has, for programs on this machine only. `tls` is borrowed, and NULL where the
 * transport keeps no secrets. NULL, with a sentence, on failure. The listener and the sentence are in the
 * arena.
 */
struct listener *transport_listen(struct arena *a, const struct transport *transport,
	const struct tls *tls, const char **error);

/* The same, at a port of 127.0.0.1 that somebody else has chosen; 0: in any place. For transports over IP. */
struct listener *transport_listen_at(struct arena *a, const struct transport *transport,
	uint16_t port, const struct tls *tls, const char **error);

/* The connection that has waited longest. NULL: none waits; or one did and could not be completed:
 * then *error is a sentence. A transport with a handshake waits for it until the deadline
 * (monotonic), others do not.
 */
struct pipe *listener_accept(
	struct arena *a, struct listener *l, int64_t deadline_us, const char **error);

void listener_close(struct listener *l); /* NULL is fine */

/* ---- transports ---------------------------------------------------------------------------- */

struct transport {
	const char *name;              /* "tcp": in records, and for people to choose */
	const struct transport *below; /* what carries it, at the same place; NULL: the system */
	const char *scheme;            /* "mqtt": of its URLs */
	const char *place;   /* "port": the placeholder in a target file for where to listen */
	uint16_t usual_port; /* of its URLs; 0: they have none */
	bool is_ip;          /* its addresses are hosts and ports, and a live capture sees it */
	bool is_secret;      /* it needs certificates, and a live capture sees nothing in it */
	bool has_path;       /* its URLs have one, and it is told to the other side */

	/* What is wrong with the rest of a URL as it is written, as a sentence; NULL: nothing. */
	const char *(*objection)(struct arena *a, const char *rest);

	/* What follows scheme:// in a URL. Fills in address and url. False, with a sentence. */
	bool (*resolve)(
		struct arena *a, const char *rest, struct endpoint *out, const char **error);
	struct pipe *(*dial)(struct arena *a, const struct endpoint *to, int64_t deadline_us,
		const char **error);
	bool (*listen)(struct arena *a, struct listener *out, const char **error);
	struct pipe *(*accept)(
		struct arena *a, struct listener *l, int64_t deadline_us, const char **error);
	void (*unlisten)(struct listener *l);
};

/* All there are, the usual one first; NULL after the last. */
extern const struct transport *const transports[];

/* A file each. */
extern const struct transport transport_tcp, transport_tls, transport_ws, transport_wss,
	transport_unix;

const struct transport *transport_find(const char *name); /* NULL: there is none */

unsigned transport_bit(const struct transport *transport); /* of a mask of some of them */

/* By the scheme of a URL, which may be left out; *rest is what follows it. NULL: an unknown one. */
const struct transport *transport_of_url(const char *url, const char **rest);

#endif
