/* How a link ends: in order, with what it still has to write and a deadline for that; or at once.
 * And why: refused, thrown out, or not heard of for too long.
 *
 * Nothing here does anything to a link that is already ending.
 */
#ifndef BROKER_CORE_LINK_END_H
#define BROKER_CORE_LINK_END_H

#include <stdbool.h>
#include <stdint.h>

struct link;
struct mqtt_error;

/* Refuses what the client did: CONNACK or DISCONNECT where one may be sent, and the end. */
void link_fail(struct link *l, const struct mqtt_error *e);
void link_refuse(struct link *l, uint8_t reason, const char *statement, const char *what);

/* CONNACK with this code, if the version has one for it, and the end. */
void link_refuse_connect(struct link *l, uint8_t reason, const char *what);

/* DISCONNECT with this code, where one may be sent, and the end. */
void link_dismiss(struct link *l, uint8_t reason, const char *what);

/* The end without a word. */
void link_finish(struct link *l, bool drop_will);

/* Tells the host what went wrong, and counts it. */
void link_trouble(struct link *l, const struct mqtt_error *e);

/* Its output is not taken at once. Sees to it that its timer fires in time for that. */
void link_waits(struct link *l);

/* There is room in its output again, so that it is read from: Keep Alive holds. */
void link_resume(struct link *l);

/* Some of its messages wait for room in the store: its timer fires in time to try them again. */
void link_wait_for_room(struct link *l);

/* Its timer has fired. */
void link_due(struct link *l);

/* A client that authenticates again has been asked something: it gets as long to answer as one that connects. */
void link_expect_answer(struct link *l);

#endif
