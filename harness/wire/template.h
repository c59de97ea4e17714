/* A packet spelt as text, for the tables of malformed packets.
 *
 *   82 r m1 p{} s"a/b" 01      SUBSCRIBE "a/b" at QoS 1, for both versions
 *
 *   C1 00FF      bytes, as pairs of hexadecimal digits in capitals
 *   r            Remaining Length: that of everything that follows, in as few bytes as possible
 *   r+1 r-2      the same, with a lie added
 *   r7           Remaining Length 7, whatever follows
 *   m1           Packet Identifier 1 (two bytes)
 *   n60          two-byte number 60; w60: the same in four bytes
 *   v321         Variable Byte Integer 321
 *   s"..."       string with its two-byte length; \xHH, \" and \\ inside
 *   t"..."       the same, with the topic prefix of the case run before it
 *   b"..."       the bytes alone, without a length
 *   l            the protocol level byte of the version: 04 or 05
 *   c            string: a ClientId of the case run's own
 *   p{...}       properties after their length; in 3.1.1 an empty p{} is nothing, any other an error
 *   p+1{...}     the same with a lie added; p5{...}: Property Length 5, whatever is inside
 *   x*3          any of the above but r, repeated: 80*4, s"a"*10
 *
 * Items are separated by blanks. A packet of more than four megabytes is an error.
 */
#ifndef HARNESS_TEMPLATE_H
#define HARNESS_TEMPLATE_H

#include <stdbool.h>

#include "harness/wire/wire.h"

struct template_values {
	enum mqtt_version version;
	const char *client_id;    /* for c */
	const char *topic_prefix; /* for t: "k3f9a/" */
};

/* Expands into the arena. On a bad template returns false, and *error is a sentence with the column
 * ("column 7: `r` may stand only once").
 */
bool template_expand(struct arena *a, const char *text, const struct template_values *values,
	struct bytes *out, const char **error);

#endif
