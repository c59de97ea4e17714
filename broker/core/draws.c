#include "broker/core/draws.h"

#include <stddef.h>

void draws_wake(struct draws *list, struct draw *d)
{
	if (!d || d->ready)
		return;
	d->ready = true;
	d->ready_next = NULL;
	d->ready_previous = list->ready_last;
	if (list->ready_last)
		list->ready_last->ready_next = d;
	else
		list->ready_first = d;
	list->ready_last = d;
}

void draws_pause(struct draws *list, struct draw *d)
{
	if (!d->ready)
		return;
	d->ready = false;
	if (d->ready_next)
		d->ready_next->ready_previous = d->ready_previous;
	else
		list->ready_last = d->ready_previous;
	if (d->ready_previous)
		d->ready_previous->ready_next = d->ready_next;
	else
		list->ready_first = d->ready_next;
}
