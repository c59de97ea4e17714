/* Text written to a stream in memory first, to be escaped, measured or cut afterwards. */
#ifndef REPORTS_DRAFT_H
#define REPORTS_DRAFT_H

#include <stddef.h>
#include <stdio.h>

struct draft {
	FILE *to;
	char *text; /* after draft_end */
	size_t size;
};

void draft_begin(struct draft *d);
const char *draft_end(struct draft *d); /* the text, valid until draft_fini */
void draft_fini(struct draft *d);

#endif
