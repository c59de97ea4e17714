/* How a packet that is not sent a million times a second is put together: its body first, the Fixed
 * Header once the length is known, and then our own reader has a look at it, so that nothing
 * illegal leaves. Only for the files of this folder.
 */
#ifndef MQTT_WRITE_H
#define MQTT_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/frame.h"
#include "mqtt/properties.h"
#include "mqtt/view.h"

struct buf;

/* The beginning of a packet; `mark` is what to hand to the other two. */
size_t packet_begin(struct buf *out);
void packet_view(struct buf *out, struct mqtt_view v); /* two bytes of length, then as many bytes */
void packet_properties(struct buf *out, unsigned version, struct mqtt_view raw);

/* Puts the header in front. `*frame` and `*body` are then what a reader would see. */
bool packet_end(struct buf *out, size_t mark, unsigned type, unsigned flags,
	struct mqtt_frame *frame, struct mqtt_view *body);

/* Takes everything back unless `legal`; returns it. */
bool packet_keep(struct buf *out, size_t mark, bool legal);

#endif
