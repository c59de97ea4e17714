/* The packets that the load generator sends, appended to what waits to be written; and what 5.0 has more in those that
 * come.
 */
#ifndef BENCH_PACKETS_H
#define BENCH_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/version.h"

struct buf;

/* Its user name and password; each may be NULL. */
struct packets_login {
	const char *user_name, *password;
};

/* `kept`: without Clean Session; in 5.0 without Clean Start, and the session expires an hour after the connection. */
void put_connect(struct buf *out, enum mqtt_version version, const char *client_id, bool kept,
	const struct packets_login *login);
void put_subscribe(
	struct buf *out, enum mqtt_version version, uint16_t id, const char *filter, unsigned qos);

/* The head of a PUBLISH: `payload_len` bytes must be added after it. At QoS 0 the id is left out. */
void put_publish(struct buf *out, enum mqtt_version version, const char *topic, unsigned qos,
	bool retain, uint16_t id, size_t payload_len);

/* PUBACK, PUBREC, PUBREL or PUBCOMP by its first byte. */
void put_ack(struct buf *out, uint8_t first, const uint8_t id[static 2]);

void put_pingreq(struct buf *out);
void put_disconnect(struct buf *out);

/* What a CONNACK of 5.0 says of the server's limits, 3.2.2.3. Those of a server that says nothing, and of 3.1.1, are in
 * packets_unlimited.
 */
struct packets_limits {
	uint32_t receive_maximum, packet_size;
	uint8_t maximum_qos;
	bool retain, wildcards;
	uint16_t keep_alive_s; /* 0: none */
};

extern const struct packets_limits packets_unlimited;

/* The bytes after the Reason Code. False: they are no properties. */
bool take_limits(const uint8_t *data, size_t len, struct packets_limits *out);

/* The length of the properties that begin there, with their own length. SIZE_MAX: there are none. */
size_t properties_size(const uint8_t *data, size_t len);

#endif
