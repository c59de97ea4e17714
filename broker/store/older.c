#include "broker/store/older.h"

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "broker/store/layout.h"

static bool meta_read(int fd, off_t page, struct disk_meta *m)
{
	return pread(fd, m, sizeof(*m), page + PAGE_HEAD) == (ssize_t)sizeof(*m) &&
		m->magic == META_MAGIC;
}

void older_forget(int fd)
{
	const uint64_t none = NO_PAGE;
	struct disk_meta m[2];

	if (!meta_read(fd, 0, &m[0]) || !meta_read(fd, (off_t)m[0].free.pad, &m[1]) ||
		m[0].number == m[1].number)
		return;
	off_t page = m[0].number < m[1].number ? 0 : (off_t)m[0].free.pad;
	off_t at = page + PAGE_HEAD +
		(off_t)(offsetof(struct disk_meta, main) + offsetof(struct disk_tree, root));
	(void)!pwrite(fd, &none, sizeof(none), at);
}
