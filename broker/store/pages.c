#include "broker/store/pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "broker/store/layout.h"

bool pages_damage(struct pages *p, const char *format, ...)
{
	va_list args;

	if (*p->damage)
		return false;
	va_start(args, format);
	vsnprintf(p->damage, sizeof(p->damage), format, args);
	va_end(args);
	return false;
}

/* ---- the latest commit --------------------------------------------------------------------- */

static struct pages_tree tree_of(const struct disk_tree *d)
{
	return (struct pages_tree){ d->root, d->branches, d->leaves, d->overflows, d->entries,
		d->depth };
}

static bool size_is_possible(uint64_t bytes)
{
	return bytes >= PAGE_LEAST && bytes <= PAGE_MOST && !(bytes & (bytes - 1));
}

/* False if it is not there, or is none. */
static bool meta_read(
	const struct pages *p, unsigned which, uint64_t page_bytes, struct disk_meta *m)
{
	uint64_t at = which * page_bytes;
	struct disk_page page;

	if (at + PAGE_HEAD + sizeof(*m) > p->map_bytes)
		return false;
	memcpy(&page, p->map + at, PAGE_HEAD);
	memcpy(m, p->map + at + PAGE_HEAD, sizeof(*m));
	return page.number == which && page.flags == PAGE_META && m->magic == META_MAGIC &&
		m->version == META_VERSION && size_is_possible(m->free.pad) &&
		(m->free.flags & ~TREE_ONE_FILE) == TREE_NUMBERS && !m->main.flags;
}

static void meta_take(struct pages *p, const struct disk_meta *m)
{
	p->page_bytes = m->free.pad;
	p->last = m->last;
	p->number = m->number;
	p->free = tree_of(&m->free);
	p->main = tree_of(&m->main);
}

/* The two alternate: each has the number of the one before it plus one, and its place by that. */
static bool metas_fit(const struct disk_meta m[2])
{
	uint64_t older = m[0].number < m[1].number ? m[0].number : m[1].number;
	uint64_t newer = m[0].number < m[1].number ? m[1].number : m[0].number;

	if (!newer)
		return true;
	return newer == older + 1 && m[newer & 1].number == newer && m[0].free.pad == m[1].free.pad;
}

static enum pages_state metas_read(struct pages *p)
{
	struct disk_meta m[2];
	bool first = meta_read(p, 0, 0, &m[0]);
	uint64_t page_bytes = first ? m[0].free.pad : 4096;
	bool second = meta_read(p, 1, page_bytes, &m[1]);

	if (!first && !second)
		return PAGES_FOREIGN;
	if (first && second && metas_fit(m)) {
		unsigned newer = m[1].number > m[0].number;
		meta_take(p, &m[newer]);
		p->older_number = m[!newer].number;
		p->older_last = m[!newer].last;
		p->older = tree_of(&m[!newer].main);
		return p->number ? PAGES_OK : PAGES_FOREIGN; /* ours has a commit */
	}
	pages_damage(p, "its first two pages do not fit together");
	/* For whoever wants what there is: the newer one, if its place is that of its number. */
	bool take = second && (m[1].number & 1) && (!first || m[1].number > m[0].number);
	meta_take(p, &m[take || !first]);
	return PAGES_DAMAGED;
}

static enum pages_state file_look(struct pages *p)
{
	enum pages_state state = metas_read(p);

	if (state == PAGES_FOREIGN)
		return state;
	uint64_t there = p->map_bytes / p->page_bytes;
	if (p->older_last >= there)
		p->older_last = there ? there - 1 : 0;
	if (p->last >= there) {
		pages_damage(
			p, "it is cut short: %" PRIu64 " pages of %" PRIu64, there, p->last + 1);
		p->last = there ? there - 1 : 0;
		return PAGES_DAMAGED;
	}
	return state;
}

/* Also for a walk through the older commit. */
static size_t seen_bytes(const struct pages *p)
{
	return (p->last > p->older_last ? p->last : p->older_last) / 8 + 1;
}

enum pages_state pages_open(struct pages *p, int fd)
{
	struct stat there;

	*p = (struct pages){ 0 };
	if (fstat(fd, &there))
		return PAGES_ERROR;
	if (!there.st_size) {
		pages_damage(p, "it is empty");
		return PAGES_DAMAGED;
	}
	p->map_bytes = (uint64_t)there.st_size;
	void *map = mmap(NULL, p->map_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return PAGES_ERROR;
	p->map = map;
	enum pages_state state = file_look(p);
	if (state != PAGES_FOREIGN)
		p->seen = calloc(seen_bytes(p), 1);
	if (p->seen)
		return state;
	pages_close(p);
	errno = ENOMEM;
	return state == PAGES_FOREIGN ? state : PAGES_ERROR;
}

bool pages_is_latest(const struct pages *p)
{
	struct disk_meta m[2];

	return meta_read(p, 0, 0, &m[0]) && meta_read(p, 1, p->page_bytes, &m[1]) &&
		(m[0].number > m[1].number ? m[0].number : m[1].number) == p->number;
}

void pages_close(struct pages *p)
{
	if (p->map)
		munmap((void *)(uintptr_t)p->map, p->map_bytes);
	free(p->seen);
	p->map = NULL;
	p->seen = NULL;
}

bool pages_is_seen(const struct pages *p, uint64_t number)
{
	return p->seen[number / 8] & 1u << number % 8;
}

bool pages_see(struct pages *p, uint64_t number, uint64_t count)
{
	if (number < 2 || number > p->last || count > p->last + 1 - number)
		return pages_damage(p, "there is no page %" PRIu64, number);
	for (uint64_t n = number; n < number + count; n++) {
		if (pages_is_seen(p, n))
			return pages_damage(p, "page %" PRIu64 " is used twice", n);
		p->seen[n / 8] |= (uint8_t)(1u << n % 8);
	}
	return true;
}

void pages_forget(struct pages *p)
{
	if (p->seen) /* an empty file has none */
		memset(p->seen, 0, seen_bytes(p));
}
