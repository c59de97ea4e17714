#include "pcap/key_log.h"

#include <stdbool.h>
#include <string.h>

enum { LIMIT_BYTES = 64 * 1024 * 1024 };

void key_log_init(struct buf *log)
{
	buf_init(log, LIMIT_BYTES);
}

void key_log_fini(struct buf *log)
{
	if (log->cap)
		explicit_bzero(log->data, log->cap);
	buf_fini(log);
}

/* Grows by copying, so that no old copy stays in memory. */
static bool room_make(struct buf *log, size_t len)
{
	struct buf larger;

	if (log->cap > log->len + len + 1)
		return true;
	buf_init(&larger, log->limit_bytes);
	if (!buf_extend(&larger, 2 * (log->len + len) + 1))
		return false;
	if (log->len)
		memcpy(larger.data, log->data, log->len);
	larger.len = log->len;
	key_log_fini(log);
	*log = larger;
	return true;
}

void key_log_add(struct buf *log, const char *lines, size_t len)
{
	if (!len || !room_make(log, len + 1))
		return;
	buf_add(log, lines, len);
	if (lines[len - 1] != '\n')
		buf_add_u8(log, '\n');
}
