/* Retained messages on their way to a new subscription, at the pace of its reader.
 *
 *      SUBSCRIBE ──▶ draw ──▶ draw ──▶ ...       of a session, one after the other
 *                      │
 *                      ▼
 *                    a walk through what is retained:   goes on while the client takes what is
 *                                                       written, and some steps a turn; else rests
 *
 * A client gets what was retained when it subscribed, unless that is replaced, removed or expired before its
 * turn comes. No message overtakes an earlier one of its topic: one that is published to a topic which
 * a draw has not come to makes the draw send that one at once. Draws end with their subscription.
 * When a session loses its connection, its draws of QoS 1 and 2 go on once the client is back.
 */
#ifndef BROKER_CORE_DRAW_H
#define BROKER_CORE_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

struct broker;
struct session;
struct subscription;

/* Begins for a subscription of this session, and goes on to the end if that is near. If there is one
 * already, it begins again. False without memory.
 */
bool draw_begin(
	struct broker *b, struct session *s, struct subscription *sub, struct mqtt_view filter);

/* The subscription ends. */
void draw_end(struct broker *b, struct subscription *sub);

/* The connection is gone. */
void draws_rest(struct broker *b, struct session *s);
void draws_end(struct broker *b, struct session *s);

/* A message is about to be delivered, and then perhaps retained. */
void draws_overtake(struct broker *b, struct mqtt_view topic);

/* A turn of the broker. */
void draws_turn(struct broker *b);

#endif
