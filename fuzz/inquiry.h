/* What a barrage does about what shows: is it known, which exchange brings it about, is it a find? Everything under way
 * is given up for that; afterwards all is as it was in the beginning.
 */
#ifndef FUZZ_INQUIRY_H
#define FUZZ_INQUIRY_H

#include <stdbool.h>

struct barrage;
struct finding;
struct played;
struct symptom;

/* The target is dead; the witnesses are in trouble; it has said something grave (site.h). */
void inquiry_death(struct barrage *c);
void inquiry_harm(struct barrage *c);
void inquiry_report(struct barrage *c);

/* The same as inquiry_report, of a target that has been told to end. */
void inquiry_last_words(struct barrage *c);

/* Of what `p` was sent; NULL: of what the witnesses were. These three return false when it is known, or ignored: then
 * nothing was given up.
 */
bool inquiry_finding(struct barrage *c, const struct finding *f, const struct played *p);
bool inquiry_findings(struct barrage *c, unsigned slot); /* all of this slot */
bool inquiry_symptom(struct barrage *c, const struct symptom *s);

#endif
