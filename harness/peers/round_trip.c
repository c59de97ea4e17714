#include "harness/peers/round_trip.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/peers/errand.h"

enum {
	LONG_ENOUGH_US = 2000000, /* no further sample is begun then ... */
	SAMPLES_LEAST = 3,        /* ... unless there are fewer */
	NEARBY_US = 5000,         /* on one machine, or between two that share a cable */
};

static int compare_samples(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

struct round_trip round_trip_of(int64_t *samples_us, size_t count)
{
	if (!count)
		return (struct round_trip){ 0 };
	qsort(samples_us, count, sizeof(*samples_us), compare_samples);
	int64_t usual_us = samples_us[(count - 1) / 2], greatest_us = samples_us[count - 1];
	return (struct round_trip){
		.least_us = samples_us[0],
		.usual_us = usual_us,
		.most_us = greatest_us + (greatest_us - usual_us),
	};
}

bool round_trip_may_lose(const struct round_trip *trip)
{
	return trip->usual_us > NEARBY_US;
}

/* Passes over what else may come. */
static bool is_answered(struct errand *e, enum packet_type type)
{
	struct packet packet;
	bool ended;

	while (errand_receive(e, &packet, &ended) == WIRE_PACKET)
		if (packet.type == type)
			return !packet.code;
	return false;
}

static size_t take_samples(struct errand *e, int64_t samples_us[static ROUND_TRIP_SAMPLES])
{
	struct packet pingreq = wire_packet(PINGREQ);
	int64_t begun_us = clock_now_us();
	size_t count = 0;

	while (count < ROUND_TRIP_SAMPLES &&
		(count < SAMPLES_LEAST || clock_now_us() - begun_us < LONG_ENOUGH_US)) {
		int64_t sent_us = clock_now_us();
		if (!errand_send(e, &pingreq) || !is_answered(e, PINGRESP))
			break;
		samples_us[count++] = clock_now_us() - sent_us;
	}
	return count;
}

struct round_trip round_trip_measure(
	struct arena *a, const struct endpoint *target, enum mqtt_version version, int64_t limit_us)
{
	int64_t samples_us[ROUND_TRIP_SAMPLES];
	size_t count = 0;
	struct errand e;
	const char *error;

	if (errand_start(&e, a, target, version, limit_us, &error)) {
		struct packet connect =
			errand_connect(&e, arena_printf(a, "mqttspecfar%d", (int)getpid()));
		struct packet bye = wire_packet(DISCONNECT);
		if (errand_send(&e, &connect) && is_answered(&e, CONNACK))
			count = take_samples(&e, samples_us);
		errand_send(&e, &bye);
	}
	errand_end(&e);
	return round_trip_of(samples_us, count);
}
