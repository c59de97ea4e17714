/* The packets that the load generator sends, in MQTT 3.1.1, appended to what waits to be written. */
#ifndef BENCH_PACKETS_H
#define BENCH_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct out {
	uint8_t *data;
	size_t len, cap;
};

/* Ends the program when there is no memory. */
void out_add(struct out *o, const void *data, size_t len);

/* `kept`: without Clean Session. */
void put_connect(struct out *o, const char *client_id, bool kept);
void put_subscribe(struct out *o, uint16_t id, const char *filter, unsigned qos);

/* The head of a PUBLISH: `payload_len` bytes must be added after it. At QoS 0 the id is left out. */
void put_publish(struct out *o, const char *topic, unsigned qos, bool retain, uint16_t id,
	size_t payload_len);

/* PUBACK, PUBREC, PUBREL or PUBCOMP by its first byte. */
void put_ack(struct out *o, uint8_t first, const uint8_t id[static 2]);

void put_disconnect(struct out *o);

#endif
