/* UTF-8 as RFC 3629 defines it: shortest form, no surrogates, nothing above U+10FFFF.
 * What MQTT forbids beyond that (U+0000) is each packet layer's own business.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Reads one code point at `data`, which has `len` > 0 bytes. Returns the bytes it takes, 1 to 4,
 * or 0 if they are ill-formed or cut off.
 */
size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *code_point);

/* The offset of the first ill-formed byte, or `len` when all is well formed. */
size_t utf8_check(const uint8_t *data, size_t len);

/* How many bytes of the text to keep where there is room for `most`: all of them, or as many as leave no code point
 * cut in two. Text that is ill-formed there is cut at `most`.
 */
size_t utf8_cut(const uint8_t *data, size_t len, size_t most);

#endif
