/* What two sentences about failures have in common, so that those of one cause are one sentence:
 *
 *	PUBLISH "a/t" q1 id 7 "x", then nothing more for 5024 ms
 *	PUBLISH "..." qN id N "...", then nothing more for N ms
 *
 * Numbers, times, identifiers, QoS, topics, payloads and ClientIds go; Reason Codes (0x97), flags
 * (DUP 1, RETAIN 0, Session Present 1) and versions of MQTT stay. Of equal neighbours in a list
 * ("PINGRESP, PINGRESP") only one stays.
 */
#ifndef REPORTS_LIKENESS_H
#define REPORTS_LIKENESS_H

struct arena;

const char *likeness(struct arena *a, const char *text);

#endif
