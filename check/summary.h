/* What goes on in a capture, apart from who breaks what: packets by type and QoS, topics, silences, and how long answers
 * and messages take.
 */
#ifndef CHECK_SUMMARY_H
#define CHECK_SUMMARY_H

#include <stdio.h>

#include "check/finding.h"
#include "record/traffic.h"

struct arena;
struct summary;

/* Bounded: so many topics are counted on their own, and so many messages followed at a time. */
struct summary *summary_new(void);
void summary_free(struct summary *s);

/* A packet of MQTT. `connection` is its number, `topic` the one that a PUBLISH means. */
void summary_packet(struct summary *s, uint32_t connection, enum side from,
	const struct packet *packet, struct bytes topic, int64_t at_us);

/* The longest silence of a client whose connection is over, and its Keep Alive. */
void summary_silence(struct summary *s, const struct check_connection *connection,
	int64_t silence_us, uint32_t keep_alive_s);

/* For records; `captured_us` is how long the capture is. Texts are in the arena, or the summary's. */
struct record_traffic summary_traffic(
	const struct summary *s, struct arena *a, int64_t captured_us);

/* For people; `duration_us` is that of the capture. */
void summary_print(const struct summary *s, FILE *to, int64_t duration_us);

#endif
