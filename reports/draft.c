#include "reports/draft.h"

#include <stdlib.h>

void draft_begin(struct draft *d)
{
	*d = (struct draft){ 0 };
	d->to = open_memstream(&d->text, &d->size);
	if (!d->to)
		abort();
}

const char *draft_end(struct draft *d)
{
	if (fclose(d->to))
		abort();
	d->to = NULL;
	return d->text;
}

void draft_fini(struct draft *d)
{
	free(d->text);
}
