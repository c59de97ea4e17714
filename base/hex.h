/* Bytes as text: "10 0C 00 04", the form of transcripts and templates. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* Appends the bytes, two upper-case digits each, with a space between; stops after `max` bytes with
 * " ... (N bytes)". Fails only as the buffer does.
 */
void hex_format(struct buf *out, const uint8_t *data, size_t len, size_t max);

/* The value of one hexadecimal digit, or -1. */
int hex_digit(char c);

#endif
