/* Legal packets by chance, made from the tables of spec/: which properties and Reason Codes a packet may have,
 * and what a value may be. What depends on what the other side has said (Topic Aliases, limits) is left out, so
 * that each packet is legal wherever its type is.
 */
#ifndef FUZZ_GRAMMAR_H
#define FUZZ_GRAMMAR_H

#include "fuzz/draw.h"
#include "harness/monitor/monitor.h"
#include "harness/wire/wire.h"

struct arena;

struct grammar {
	struct arena *arena; /* of all that packets point to */
	struct draw *draw;
	enum mqtt_version version;
	enum side sender;
	uint16_t last_id; /* Packet Identifiers of the sender's own, which are not used again */
};

enum { GRAMMAR_TOPICS = 6, GRAMMAR_CLIENTS = 3 };

struct bytes grammar_topic(unsigned which);     /* below GRAMMAR_TOPICS */
struct bytes grammar_client_id(unsigned which); /* below GRAMMAR_CLIENTS */

/* Of a type that the sender may send in this version. */
struct packet grammar_packet(struct grammar *g, enum packet_type type);

/* CONNECT without anything that is not needed. */
struct packet grammar_connect(const struct grammar *g, unsigned client, bool clean);
struct packet grammar_subscribe(struct grammar *g, struct bytes filter, unsigned qos);
struct packet grammar_publish(struct grammar *g, struct bytes topic, unsigned qos);

/* A value that the property may have; the text of a string is short. */
struct property grammar_property(struct grammar *g, const struct spec_property *of);

/* Types that the sender may send once it is connected: CONNECT and CONNACK are not among them. */
uint32_t grammar_types(const struct grammar *g);
enum packet_type grammar_type(struct grammar *g);

/* The bytes, in the arena. */
struct bytes grammar_bytes(const struct grammar *g, const struct packet *packet);

#endif
