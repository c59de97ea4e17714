#include "broker/store/walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store/layout.h"

/* One walk: what has been counted so far, and what is done with the pairs. */
struct walk {
	struct pages *pages;
	struct pages_tree found;
	walk_visit *visit;
	void *context;
	struct mqtt_view previous; /* key */
	bool by_number;            /* keys are numbers, not bytes */
	bool goes_on;              /* after a damage */
	uint64_t lost;             /* pages */
	struct leaf *leaves; /* of a damaged file, as they are found: their pairs come later */
	size_t leaf_count, leaf_capacity;
};

struct leaf {
	uint64_t number;
	struct mqtt_view first; /* key */
};

/* ---- pages --------------------------------------------------------------------------------- */

static bool page_wrong(struct pages *p, uint64_t number)
{
	return pages_damage(p, "page %" PRIu64 " is not what it should be", number);
}

static const uint8_t *page_at(const struct pages *p, uint64_t number, struct disk_page *page)
{
	const uint8_t *at = p->map + number * p->page_bytes;

	memcpy(page, at, PAGE_HEAD);
	return at;
}

static unsigned nodes_of(const struct disk_page *page)
{
	return (page->lower - PAGE_HEAD) / 2u;
}

/* What its head says is possible. */
static bool head_fits(
	const struct pages *p, const struct disk_page *page, uint64_t number, unsigned kind)
{
	return page->number == number && page->flags == kind && page->lower > PAGE_HEAD &&
		page->lower <= page->upper && page->upper <= p->page_bytes && !(page->lower & 1);
}

/* A node, with its key. NULL: it is not within its page. */
static const uint8_t *node_take(const struct pages *p, const uint8_t *page, unsigned index,
	struct disk_node *node, struct mqtt_view *key)
{
	uint16_t offset;

	memcpy(&offset, page + PAGE_HEAD + 2 * (size_t)index, 2);
	if (offset < PAGE_HEAD || offset > p->page_bytes - NODE_HEAD)
		return NULL;
	memcpy(node, page + offset, NODE_HEAD);
	if (node->key_len > p->page_bytes - offset - NODE_HEAD)
		return NULL;
	*key = (struct mqtt_view){ page + offset + NODE_HEAD, node->key_len };
	return key->data + key->len;
}

/* Its nodes fill it from `upper` on, without a gap: LMDB puts the next one before them. */
static bool nodes_fit(const struct pages *p, const uint8_t *bytes, const struct disk_page *page)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < nodes_of(page); i++) {
		struct disk_node node;
		struct mqtt_view key;
		if (!node_take(p, bytes, i, &node, &key) ||
			key.data < bytes + page->upper + NODE_HEAD)
			return false;
		uint64_t size = NODE_HEAD + (uint64_t)key.len;
		if (page->flags == PAGE_LEAF)
			size += node.flags == NODE_BIG ? sizeof(uint64_t)
						       : node.low | (uint32_t)node.high << 16;
		total += size + (size & 1);
	}
	return total == p->page_bytes - page->upper;
}

/* Its bytes, which are those of a page that is named. NULL: damaged. */
static const uint8_t *page_take(
	struct pages *p, uint64_t number, unsigned kind, struct disk_page *page)
{
	if (!pages_see(p, number, 1))
		return NULL;
	const uint8_t *at = page_at(p, number, page);
	if (head_fits(p, page, number, kind) && nodes_fit(p, at, page))
		return at;
	page_wrong(p, number);
	return NULL;
}

/* ---- values -------------------------------------------------------------------------------- */

static bool big_value_take(
	struct pages *p, struct pages_tree *tree, const uint8_t *at, struct mqtt_view *value)
{
	struct disk_page page;
	uint64_t number;

	memcpy(&number, at, sizeof(number));
	if (number < 2 || number > p->last)
		return pages_damage(p, "there is no page %" PRIu64, number);
	const uint8_t *bytes = page_at(p, number, &page);
	uint64_t count = page.lower | (uint64_t)page.upper << 16;
	if (page.number != number || page.flags != PAGE_OVERFLOW ||
		count < (PAGE_HEAD + (uint64_t)value->len + p->page_bytes - 1) / p->page_bytes)
		return page_wrong(p, number);
	if (!pages_see(p, number, count))
		return false;
	tree->overflows += count;
	value->data = bytes + PAGE_HEAD;
	return true;
}

static bool value_take(struct pages *p, struct pages_tree *tree, const uint8_t *page,
	const struct disk_node *node, const uint8_t *at, struct mqtt_view *value)
{
	uint64_t left = (uint64_t)(page + p->page_bytes - at);

	*value = (struct mqtt_view){ at, node->low | (uint32_t)node->high << 16 };
	if (node->flags == NODE_BIG && left >= sizeof(uint64_t))
		return big_value_take(p, tree, at, value);
	if (node->flags || value->len > left)
		return pages_damage(p, "a pair reaches beyond its page");
	return true;
}

/* ---- trees --------------------------------------------------------------------------------- */

/* Keys of a page are not below the first of these, and below the second. No bytes: there is no such bound. */
struct bounds {
	struct mqtt_view low, high;
};

static bool is_below(const struct walk *w, struct mqtt_view a, struct mqtt_view b)
{
	uint64_t one, other;

	if (w->by_number) {
		if (a.len != sizeof(one) || b.len != sizeof(other))
			return false;
		memcpy(&one, a.data, sizeof(one));
		memcpy(&other, b.data, sizeof(other));
		return one < other;
	}
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return order < 0 || (!order && a.len < b.len);
}

/* A key that no other place in the tree may have. */
static bool key_fits(struct walk *w, struct mqtt_view key, const struct bounds *bounds)
{
	struct mqtt_view previous = w->previous;

	w->previous = key;
	return key.len && (!previous.data || is_below(w, previous, key)) &&
		(!bounds->low.data || !is_below(w, key, bounds->low)) &&
		(!bounds->high.data || is_below(w, key, bounds->high));
}

/* False without memory. */
static bool leaf_note(struct walk *w, uint64_t number, struct mqtt_view first)
{
	if (w->leaf_count == w->leaf_capacity) {
		size_t capacity = w->leaf_capacity ? w->leaf_capacity * 2 : 1024;
		struct leaf *leaves = realloc(w->leaves, capacity * sizeof(*leaves));
		if (!leaves)
			return false;
		w->leaves = leaves;
		w->leaf_capacity = capacity;
	}
	w->leaves[w->leaf_count++] = (struct leaf){ number, first };
	return true;
}

static bool leaf_visit(struct walk *w, uint64_t number, const struct disk_page *page,
	const uint8_t *bytes, const struct bounds *bounds)
{
	struct pages *p = w->pages;
	struct disk_node node;
	struct mqtt_view key, value;
	bool whole = true;

	for (unsigned i = 0; i < nodes_of(page); i++) {
		const uint8_t *at = node_take(p, bytes, i, &node, &key);
		bool ok = value_take(p, &w->found, bytes, &node, at, &value);
		if (!w->goes_on && !(ok && key_fits(w, key, bounds)))
			return page_wrong(p, number);
		whole &= ok;
		w->found.entries++;
		if (ok && !w->visit(w->context, key, value) && !w->goes_on)
			return false;
	}
	w->lost += !whole;
	return whole || w->goes_on;
}

static bool leaf_walk(struct walk *w, uint64_t number, const struct bounds *bounds)
{
	struct disk_page page;
	struct disk_node node;
	struct mqtt_view first;
	const uint8_t *bytes = page_take(w->pages, number, PAGE_LEAF, &page);

	w->found.leaves++;
	if (bytes && !w->goes_on)
		return leaf_visit(w, number, &page, bytes, bounds);
	w->lost += !bytes || !node_take(w->pages, bytes, 0, &node, &first) ||
		!leaf_note(w, number, first);
	return w->goes_on;
}

static bool tree_walk(struct walk *w, uint64_t number, unsigned depth, const struct bounds *bounds)
{
	struct pages *p = w->pages;
	struct disk_page page;
	struct disk_node node;
	struct mqtt_view key;

	if (depth == 1)
		return leaf_walk(w, number, bounds);
	const uint8_t *bytes = page_take(p, number, PAGE_BRANCH, &page);
	w->found.branches++;
	w->lost += !bytes;
	for (unsigned i = 0; bytes && i < nodes_of(&page); i++) {
		struct bounds within = *bounds;
		if (i + 1 < nodes_of(&page))
			node_take(p, bytes, i + 1, &node, &within.high);
		node_take(p, bytes, i, &node, &key);
		if (i) /* the first key of a branch says nothing */
			within.low = key;
		uint64_t child = node.low | (uint64_t)node.high << 16 | (uint64_t)node.flags << 32;
		if (!tree_walk(w, child, depth - 1, &within) && !w->goes_on)
			return false;
	}
	return bytes || w->goes_on;
}

static bool whole_walk(struct walk *w, const struct pages_tree *tree)
{
	static const struct bounds none = { 0 };

	if (tree->root == NO_PAGE)
		return (!tree->entries && !tree->depth) ||
			pages_damage(w->pages, "its pairs are gone");
	if (!tree->depth || tree->depth > DEPTH_MOST)
		return pages_damage(w->pages, "its tree has an impossible depth");
	if (!tree_walk(w, tree->root, tree->depth, &none))
		return false;
	const struct pages_tree *f = &w->found;
	if (f->branches != tree->branches || f->leaves != tree->leaves ||
		f->overflows != tree->overflows || f->entries != tree->entries)
		return pages_damage(w->pages,
			"%" PRIu64 " pairs on %" PRIu64 " pages, not %" PRIu64 " on %" PRIu64,
			f->entries, f->leaves, tree->entries, tree->leaves);
	return true;
}

/* Pages that are free: a number of them, and then they. */
static bool see_free(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct pages *p = context;
	uint64_t count, number;

	(void)key;
	if (value.len < sizeof(count))
		return pages_damage(p, "its list of free pages is damaged");
	memcpy(&count, value.data, sizeof(count));
	if (count != value.len / sizeof(number) - 1 || value.len % sizeof(number))
		return pages_damage(p, "its list of free pages is damaged");
	for (uint64_t i = 1; i <= count; i++) {
		memcpy(&number, value.data + i * sizeof(number), sizeof(number));
		if (!pages_see(p, number, 1))
			return false;
	}
	return true;
}

static bool free_walk(struct pages *p)
{
	struct walk w = { .pages = p, .visit = see_free, .context = p, .by_number = true };

	return whole_walk(&w, &p->free);
}

bool walk_all(struct pages *p, walk_visit *visit, void *context)
{
	struct walk w = { .pages = p, .visit = visit, .context = context };

	pages_forget(p);
	return whole_walk(&w, &p->main) && free_walk(p);
}

void walk_older(struct pages *p, walk_visit *visit, void *context)
{
	struct walk w = { .pages = p, .visit = visit, .context = context };
	uint64_t last = p->last;

	pages_forget(p);
	p->last = p->older_last;
	whole_walk(&w, &p->older);
	p->last = last;
	*p->damage = '\0';
}

/* ---- what is left of a damaged file -------------------------------------------------------- */

static int leaf_compare(const void *one, const void *other)
{
	const struct mqtt_view a = ((const struct leaf *)one)->first;
	const struct mqtt_view b = ((const struct leaf *)other)->first;
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* In the order of their keys, whoever names them: what is long goes on from one to the next (pieces.h). */
static void leaves_visit(struct walk *w)
{
	static const struct bounds none = { 0 };
	struct disk_page page;

	if (w->leaf_count)
		qsort(w->leaves, w->leaf_count, sizeof(*w->leaves), leaf_compare);
	for (size_t i = 0; i < w->leaf_count; i++) {
		uint64_t number = w->leaves[i].number;
		const uint8_t *bytes = page_at(w->pages, number, &page);
		leaf_visit(w, number, &page, bytes, &none);
	}
	free(w->leaves);
}

/* Leaves that no branch leads to and that are not free have lost their branch. Which are free is known only as
 * long as that list can be read.
 */
static void orphans_find(struct walk *w)
{
	struct pages *p = w->pages;
	static const struct bounds none = { 0 };
	struct disk_page page;

	if (!free_walk(p))
		return;
	for (uint64_t number = 2; number <= p->last; number++) {
		if (pages_is_seen(p, number))
			continue;
		page_at(p, number, &page);
		if (head_fits(p, &page, number, PAGE_LEAF))
			leaf_walk(w, number, &none);
	}
}

uint64_t walk_salvage(struct pages *p, walk_visit *visit, void *context)
{
	static const struct bounds none = { 0 };
	struct walk w = { .pages = p, .visit = visit, .context = context, .goes_on = true };

	pages_forget(p);
	if (p->main.depth && p->main.depth <= DEPTH_MOST && p->main.root != NO_PAGE)
		tree_walk(&w, p->main.root, p->main.depth, &none);
	orphans_find(&w);
	leaves_visit(&w);
	return w.lost;
}
