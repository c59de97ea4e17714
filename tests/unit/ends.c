#include "tests/unit/ends.h"

#include "tests/unit/unit.h"

#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

enum { OPEN_FOLDERS = 8 };

/* ---- trust --------------------------------------------------------------------------------- */

struct tls *trust_listening(struct trust *t, enum pki_pair pair, bool ca)
{
	const char *error = "";
	struct tls *tls = tls_new_listening(&t->arena,
		&(const struct tls_files){
			.ca = ca ? pki_ca(&t->arena, t->folder) : NULL,
			.cert = pki_certificate(&t->arena, t->folder, pair),
			.key = pki_key(&t->arena, t->folder, pair),
		},
		&error);

	if (!tls)
		fail_msg("%s", error);
	return tls;
}

struct tls *trust_dialling(struct trust *t, enum pki_pair pair)
{
	const char *error = "";
	struct tls_files files = { .ca = pki_ca(&t->arena, t->folder) };

	if (pair != PKI_PAIRS) {
		files.cert = pki_certificate(&t->arena, t->folder, pair);
		files.key = pki_key(&t->arena, t->folder, pair);
	}
	struct tls *tls = tls_new_dialling(&t->arena, &files, &error);
	if (!tls)
		fail_msg("%s", error);
	return tls;
}

void trust_init(struct trust *t)
{
	const char *error = "";

	arena_init(&t->arena);
	snprintf(t->folder, sizeof(t->folder), "/tmp/mqttspec-trust-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	if (!pki_write(&t->arena, t->folder, &error))
		fail_msg("%s", error);
	t->dialling = trust_dialling(t, PKI_PAIRS);
	t->listening = trust_listening(t, PKI_SERVER, false);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

void trust_fini(struct trust *t)
{
	nftw(t->folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
	tls_free(t->dialling);
	tls_free(t->listening);
	arena_fini(&t->arena);
}

/* ---- ends ---------------------------------------------------------------------------------- */

void ends_listen(struct ends *e, const struct transport *transport, const struct tls *dialling,
	const struct tls *listening)
{
	const char *error = "";

	*e = (struct ends){ 0 };
	arena_init(&e->arena);
	arena_init(&e->dialling);
	e->listener = transport_listen(&e->arena, transport, listening, &error);
	if (!e->listener)
		fail_msg("%s: %s", transport->name, error);
	assert_true(endpoint_parse(&e->arena, e->listener->url, &e->endpoint, &error));
	assert_ptr_equal(e->endpoint.transport, transport);
	assert_string_equal(e->endpoint.url, e->listener->url);
	e->endpoint.tls = dialling;
}

static void *dial(void *ends)
{
	struct ends *e = ends;

	e->dialled = endpoint_dial(
		&e->dialling, &e->endpoint, clock_now_us() + ENDS_LIMIT_US, &e->dial_error);
	return NULL;
}

void ends_meet(struct ends *e)
{
	pthread_t thread;
	struct pollfd p = { .fd = e->listener->fd, .events = POLLIN };
	int64_t deadline_us = clock_now_us() + ENDS_LIMIT_US;

	assert_int_equal(pthread_create(&thread, NULL, dial, e), 0);
	assert_int_equal(poll(&p, 1, ENDS_LIMIT_US / 1000), 1);
	e->accepted = listener_accept(&e->arena, e->listener, deadline_us, &e->accept_error);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

void ends_connect(struct ends *e, const struct transport *transport, const struct trust *t)
{
	ends_listen(e, transport, t->dialling, t->listening);
	ends_meet(e);
	if (!e->dialled || !e->accepted)
		fail_msg("%s: %s, %s", transport->name, e->dial_error, e->accept_error);
}

void ends_fini(struct ends *e)
{
	listener_close(e->listener);
	arena_fini(&e->arena);
	arena_fini(&e->dialling);
}

ssize_t ends_read(struct pipe *pipe, void *data, size_t size)
{
	assert_true(pipe_await(pipe, POLLIN, clock_now_us() + ENDS_LIMIT_US));
	return pipe_read(pipe, data, size);
}
