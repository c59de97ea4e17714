/* What the broker is told: by its configuration file, in mosquitto.conf's syntax for the directives
 * that both know, and by its command line. the man page lists the directives.
 */
#ifndef BROKER_SHELL_SETTINGS_H
#define BROKER_SHELL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "broker/core/broker.h"

struct arena;

enum { LISTENERS_MAX = 32 };

enum listener_protocol { PROTOCOL_MQTT, PROTOCOL_WEBSOCKETS };
enum listener_family { FAMILY_ANY, FAMILY_IPV4, FAMILY_IPV6 };

/* Who is let in, and what for. */
struct access_settings {
	/* As in mosquitto, a file with a listener has to say true if it means it. */
	bool allow_anonymous;
	bool allow_anonymous_given;
	const char *password_file; /* NULL: none */
	const char *scram_file;    /* NULL: none */
	const char *acl_file;      /* NULL: none */
	const char *psk_file;      /* NULL: none */
};

/* TLS, if there is a certfile or a psk_hint. All are files but the ciphers and the hint; NULL: none, or what is thought
 * best.
 */
struct tls_settings {
	const char *cafile, *capath, *certfile, *keyfile, *crlfile;
	const char *ciphers, *ciphers_tls13;
	const char *psk_hint, *psk_file; /* both or none: keys in the place of certificates */
	bool require_certificate;
	bool identity_as_user; /* the Common Name of the client's certificate, or the identity of its key, is
				* the user name */
	bool subject_as_user; /* its whole subject is */
	bool only_13;         /* TLS 1.3 and nothing older; else 1.2 as well */
};

/* Whether anything is kept when the broker ends, and where. */
struct persistence_settings {
	bool on;
	bool no_sync;         /* a commit is not waited for to reach the disk */
	const char *location; /* the folder; NULL: none was named */
	uint64_t most_bytes;  /* the file in it; 0: as many as the disk has */
};

struct listener_settings {
	const char *address; /* "127.0.0.1"; "0.0.0.0" and "::" for all of the machine's */
	const char *path; /* of a Unix socket, in the place of address and port; NULL: it is none */
	uint16_t port;    /* 0: the system chooses, and the choice is printed */
	enum listener_family family;
	enum listener_protocol protocol;
	uint32_t max_connections; /* of it alone; 0: no limit */
	const char *mount_point;  /* that the topics of its clients begin with; NULL: nothing */
	struct access_settings access; /* if they are not the same for all: per_listener */
	struct tls_settings tls;
	const char **origins; /* that browsers may come from; NULL: any */
	size_t origin_count, origin_capacity;
};

struct settings {
	struct listener_settings listeners[LISTENERS_MAX];
	unsigned listener_count;
	bool per_listener;             /* each has users and rights of its own */
	struct access_settings access; /* if it has not */
	struct broker_limits limits;
	struct persistence_settings persistence;
	uint32_t sys_interval_s;
	uint32_t connections_per_address; /* 0: no limit */
	bool log_connections;
	enum log_level log_most;
	bool log_types_given;
	const char *log_file; /* NULL: stderr */
	const char *pid_file; /* NULL: none */
};

static inline bool tls_is_wanted(const struct tls_settings *s)
{
	return s->certfile || s->psk_hint;
}

void settings_default(struct settings *s);

/* An address that a listener can have: IPv4, IPv6, "localhost". */
bool settings_address_valid(const char *address);

#endif
