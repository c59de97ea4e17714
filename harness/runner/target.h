/* What is judged: something that listens at a URL, or a program that we launch, watch and stop.
 *
 *   target_use_url ───────────────┐
 *   target_launch ──▶ (running) ──┴──▶ target_stop
 *        ▲               │
 *        └── it died ────┘          target_launch again; on the same port if that is free
 *
 * A launched program gets a free port of the loopback interface, further ones, the path of a socket and a
 * throw-away PKI if it asks for them, and a private folder. What it writes to stdout and stderr has to be
 * read (target_read, whenever output_fd is readable), or the program would come to a halt. Nothing
 * of it outlives target_stop, or this process.
 */
#ifndef HARNESS_TARGET_H
#define HARNESS_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "harness/launch/program.h"
#include "harness/launch/tail.h"
#include "harness/peers/demands.h"
#include "harness/runner/places.h"
#include "harness/runner/target_file.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tls_context.h"
#include "record/record.h"

struct target {
	const struct target_file *file; /* NULL: a URL and nothing else */
	struct endpoint endpoint;       /* the usual one */
	struct endpoint *further;       /* where else a launched program listens, in the arena */
	size_t further_count;
	struct endpoint *for_users; /* where users are asked who they are, if it is elsewhere */
	size_t for_users_count;
	struct endpoint *for_certificates; /* where only a certificate lets clients in */
	size_t for_certificates_count;
	struct certificates certificates; /* of the file; its folder NULL: there are none */
	const struct login *login;        /* for every CONNECT; NULL: none */
	const struct users *users;        /* of the file; NULL: it names none */
	struct login first_user;          /* of them */
	const struct guest *guest;        /* what is asked of whoever connects; NULL: nothing */
	void (*heard)(void *hearer, const char *data, size_t len); /* all that it says; or NULL */
	void *hearer;
	FILE *log;              /* all that the program says is copied here; NULL: nowhere */
	int stop_fd;            /* readable: give up waiting; -1. It is not read from */
	struct tls_files files; /* for TLS; what is NULL comes from the PKI of a launched program */
	const struct transport *const *routes; /* those that it is to be reached over ... */
	size_t route_count;                    /* ... 0: all that it offers */
	const char *path;                      /* of its WebSockets; NULL: the usual one */
	const char *lent_folder; /* it runs there, and the folder stays; NULL: it gets one */
	const char *lent_pki;    /* where its certificates are; NULL: it gets new ones */

	struct arena arena;     /* of this launch */
	struct program program; /* program.pid is 0 while nothing runs */
	const char *folder;     /* NULL: none */
	struct places places;   /* of the last launch */
	bool late;              /* it failed only because its time was over */
	struct tls *tls;        /* NULL: it is not reached over TLS */
	struct tls *certified;  /* the same with a good certificate of the [certificates] */
	struct tail tail;       /* of its output */
	size_t logged_bytes;
};

/* `file` may be NULL; it is borrowed. */
void target_init(struct target *t, const struct target_file *file);

/* Takes what listens at a URL. False, with a sentence. */
bool target_use_url(struct target *t, const char *url, const char **error);

enum target_status {
	TARGET_UP,        /* it answers CONNECT, or accepted connections when its time was up */
	TARGET_FAILED,    /* *error has a sentence, in the target's arena until the next launch */
	TARGET_CANCELLED, /* stop_fd */
};

/* Launches the program of the file and waits until it is ready. */
enum target_status target_launch(struct target *t, const char **error);

/* Starts the program anew after its end: in its folder, with the files and at the ports that it had. The end
 * and the last words are those of target_launch; TARGET_FAILED without a sentence: somebody else has one
 * of its ports.
 */
enum target_status target_resume(struct target *t, const char **error);

/* Whether the program has ended, with all that it started in its group; waits for that up to `wait_ms`,
 * reading what it says. `status` as from waitpid, once.
 */
bool target_ended(struct target *t, int wait_ms, int *status);

/* The folder of its certificates, in the arena. */
const char *target_pki(const struct target *t, struct arena *a);

bool target_is_launched(const struct target *t);

/* Whether this program, or this URL, can be reached over this transport. `file` may be NULL. */
bool target_offers(
	const struct target_file *file, const char *url, const struct transport *transport);

/* Where it is reached over this transport, once it is up. */
const struct endpoint *target_endpoint(const struct target *t, const struct transport *transport);

/* The same for a case run that is of users: with those of the file, as the first of them. */
struct endpoint target_users_endpoint(const struct target *t, const struct transport *transport);

/* The same for a case run that is of certificates. It points into the target. */
struct endpoint target_certificates_endpoint(
	const struct target *t, const struct transport *transport);

/* Reads what it has said so far. */
void target_read(struct target *t);

/* True, once, when the launched program has ended; `death` has its end and last words, in the arena;
 * `during` is left empty.
 */
bool target_died(struct target *t, struct arena *a, struct record_death *death);

/* SIGTERM, some seconds of patience, SIGKILL; removes its folder. Harmless when nothing runs. */
void target_stop(struct target *t);

/* The same without patience, for a program that serves nobody any more. */
void target_kill(struct target *t);

/* Stops it and frees everything. */
void target_fini(struct target *t);

/* Asks the program for its version: NULL when it cannot tell. In the arena. */
const char *target_file_version(struct arena *a, const struct target_file *file);

#endif
