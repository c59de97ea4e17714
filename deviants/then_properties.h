/* Actions of deviations: properties of the packet, in 5.0. Nothing happens where it has none. */
#ifndef DEVIANTS_THEN_PROPERTIES_H
#define DEVIANTS_THEN_PROPERTIES_H

#include "deviants/passing.h"

void remove_property(struct passing *it, long id);
void shift_property(struct passing *it,
	long id); /* a number: one more; a text: its first byte is another one */
void double_property(struct passing *it, long id);
void reverse_properties(struct passing *it, long none);
void add_property(
	struct passing *it, struct property new);       /* not an action itself: actions call it */
void add_number(struct passing *it, long id_and_value); /* ADD(id, value) */
void add_text(struct passing *it, long id);
void remove_properties(struct passing *it, long none); /* all */
#define ADD(id, value) ((long)(id) | (long)(value) << 8)
void set_property(
	struct passing *it, long id_and_value); /* SET(id, value), added if it is not there */
#define SET ADD

/* ---- and of the Will ---- */
void remove_will_properties(struct passing *it, long none);
void remove_will_property(struct passing *it, long id);
void reverse_will_properties(struct passing *it, long none);

#endif
