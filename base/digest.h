/* A number for bytes, to tell apart what may be large without keeping it; not against an adversary. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* What a digest begins with. */
#define DIGEST_NONE UINT64_C(0xcbf29ce484222325)

/* With these bytes after those before: "ab" and "c" are not "a" and "bc". */
uint64_t digest_add(uint64_t digest, const void *data, size_t len);

#endif
