/* The packets that the load generator sends, in MQTT 3.1.1, appended to what waits to be written. */
#ifndef BENCH_PACKETS_H
#define BENCH_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Its user name and password; each may be NULL. */
struct packets_login {
	const char *user_name, *password;
};

/* `kept`: without Clean Session. */
void put_connect(
	struct buf *out, const char *client_id, bool kept, const struct packets_login *login);
void put_subscribe(struct buf *out, uint16_t id, const char *filter, unsigned qos);

/* The head of a PUBLISH: `payload_len` bytes must be added after it. At QoS 0 the id is left out. */
void put_publish(struct buf *out, const char *topic, unsigned qos, bool retain, uint16_t id,
	size_t payload_len);

/* PUBACK, PUBREC, PUBREL or PUBCOMP by its first byte. */
void put_ack(struct buf *out, uint8_t first, const uint8_t id[static 2]);

void put_pingreq(struct buf *out);
void put_disconnect(struct buf *out);

#endif
