#include "harness/runner/places.h"

#include <unistd.h>

#include "base/arena.h"
#include "harness/runner/port.h"
#include "harness/runner/target_file.h"
#include "harness/transport/transport.h"

static const char loopback[] = "127.0.0.1";

/* ---- ports --------------------------------------------------------------------------------- */

/* The number among those transports that have ports; the n-th of them, or NULL. */
static const struct transport *with_port(size_t n)
{
	for (size_t i = 0; transports[i]; i++)
		if (transports[i]->is_ip && n-- == 0)
			return transports[i];
	return NULL;
}

static uint16_t port_of(const struct places *p, const struct transport *transport)
{
	for (size_t i = 0; i < TRANSPORT_PORTS; i++)
		if (with_port(i) == transport)
			return p->ports[i];
	return 0;
}

static bool has(const struct places *p, uint16_t port)
{
	for (size_t i = 0; i < TRANSPORT_PORTS; i++)
		if (p->ports[i] == port)
			return true;
	for (size_t i = 0; i < FURTHER_PORTS; i++)
		if (p->further[i] == port)
			return true;
	return false;
}

/* A free port that is none of the others, and stays ours while the program does not run; 0 where the system has none. */
static uint16_t choose(struct places *p)
{
	uint16_t port;

	if (p->claim_count < sizeof(p->claims) / sizeof(*p->claims)) {
		port = port_claim(&p->claims[p->claim_count]);
		p->claim_count += port != 0;
		return port;
	}
	do
		port = port_free();
	while (port && has(p, port));
	return port;
}

static void choose_one(struct places *p, uint16_t *port, bool is_wanted)
{
	if (!is_wanted)
		*port = 0;
	else if (!*port || port_is_taken(*port))
		*port = choose(p);
}

void places_choose(struct places *p, struct arena *a, const struct target_file *file)
{
	for (size_t i = 0; i < TRANSPORT_PORTS; i++) {
		const struct transport *t = with_port(i);
		choose_one(p, &p->ports[i],
			t && (t == transports[0] || target_file_asks(file, t->place)));
	}
	for (size_t i = 0; i < FURTHER_PORTS; i++)
		choose_one(p, &p->further[i],
			target_file_asks(file, arena_printf(a, "port_%zu", i + 2)));
}

bool places_lost(const struct places *p)
{
	bool lost = false;

	for (size_t i = 0; i < TRANSPORT_PORTS; i++)
		lost |= p->ports[i] && port_is_taken(p->ports[i]);
	for (size_t i = 0; i < FURTHER_PORTS; i++)
		lost |= p->further[i] && port_is_taken(p->further[i]);
	return lost;
}

void places_forget(struct places *p)
{
	while (p->claim_count)
		close(p->claims[--p->claim_count]);
	*p = (struct places){ 0 };
}

/* ---- as texts ------------------------------------------------------------------------------ */

static const char *socket_path(struct arena *a, const char *folder)
{
	return arena_printf(a, "%s/socket", folder);
}

const char *places_url(const struct places *p, struct arena *a, const struct transport *transport,
	const char *folder, const char *path)
{
	if (!transport->is_ip)
		return arena_printf(a, "%s://%s", transport->scheme, socket_path(a, folder));
	return arena_printf(a, "%s://%s:%u%s", transport->scheme, loopback, port_of(p, transport),
		transport->has_path && path ? path : "");
}

size_t places_fill(const struct places *p, struct arena *a, const char *folder,
	struct placeholder out[static PLACES_NAMES])
{
	size_t count = 0;

	out[count++] = (struct placeholder){ "socket", socket_path(a, folder) };
	for (size_t i = 0; i < TRANSPORT_PORTS && with_port(i); i++)
		out[count++] = (struct placeholder){ with_port(i)->place,
			arena_printf(a, "%u", p->ports[i]) };
	for (size_t i = 0; i < FURTHER_PORTS; i++)
		out[count++] = (struct placeholder){ arena_printf(a, "port_%zu", i + 2),
			arena_printf(a, "%u", p->further[i]) };
	return count;
}
