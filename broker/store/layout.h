/* How LMDB 0.9 lays out its file, in the machine's own byte order. Within broker/store only. */
#ifndef BROKER_STORE_LAYOUT_H
#define BROKER_STORE_LAYOUT_H

#include <stdint.h>

enum {
	PAGE_HEAD = 16,
	PAGE_BRANCH = 0x01,
	PAGE_LEAF = 0x02,
	PAGE_OVERFLOW = 0x04,
	PAGE_META = 0x08,
	PAGE_LEAST = 512,
	PAGE_MOST = 65536,
	NODE_HEAD = 8,
	NODE_BIG = 0x01,        /* the value is on pages of its own */
	TREE_NUMBERS = 0x08,    /* its keys are numbers */
	TREE_ONE_FILE = 0x4000, /* of the tree of free pages: how the file was opened */
	META_VERSION = 1,
	DEPTH_MOST = 32,
};

#define META_MAGIC UINT32_C(0xBEEFC0DE)
#define NO_PAGE    UINT64_MAX

struct disk_tree {
	uint32_t pad; /* of the free pages' tree: the size of a page */
	uint16_t flags, depth;
	uint64_t branches, leaves, overflows, entries, root;
};

struct disk_meta {
	uint32_t magic, version;
	uint64_t address, map_bytes;
	struct disk_tree free, main;
	uint64_t last, number;
};

struct disk_page {
	uint64_t number;
	uint16_t pad, flags, lower,
		upper; /* of an overflow, `lower` and `upper` are the number of pages */
};

struct disk_node {
	uint16_t low, high, flags, key_len; /* `low` and `high`: length of the value, or a page */
};

#endif
