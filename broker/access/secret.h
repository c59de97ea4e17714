/* Where secrets lie. What is taken here is in no core dump, and in no swap where the process may lock memory; it
 * is wiped when it is given back.
 */
#ifndef BROKER_ACCESS_SECRET_H
#define BROKER_ACCESS_SECRET_H

#include <stddef.h>

/* Zeroed; NULL without memory. In pages of its own: for tables, not for single words. */
void *secret_take(size_t bytes);
void secret_give(void *secret, size_t bytes); /* NULL is fine; `bytes` as taken */

/* From here on a core dump of this process has its registers and none of its memory: also OpenSSL's keys, and
 * whatever is on its way through, are secret.
 */
void secret_keep_process(void);

#endif
