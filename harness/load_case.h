/* The part of the language of cases that is about many messages at once, from several publishers that do not
 * wait for one another. It is seen through harness/case.h.
 *
 *	struct load *load = load_begin(t, .topic = "load/t", .qos = 1, .publishers = 10,
 *		.messages = 80000, .window = 40);
 *	load_hears(load, sub);
 *	load_finish(load);
 *	expect_load_whole(load);
 *
 * Each message says who has published it, and as which of its own. All of them are off the record, and no
 * monitor watches them: what is judged is whether each one came, how often, after which, and with which
 * QoS, RETAIN and topic.
 */
#ifndef HARNESS_LOAD_CASE_H
#define HARNESS_LOAD_CASE_H

struct load;
struct peer;
struct place;
struct test;

struct load_plan {
	const char *topic;   /* of all messages */
	unsigned qos;        /* 1 or 2 */
	unsigned publishers; /* each has a connection of its own */
	unsigned messages;   /* of all of them; fewer where the target is slow */
	unsigned
		window; /* of each publisher's, under way at a time; fewer where the target allows fewer */
};

/* The publishers join. They begin with the first load_until or load_finish, and go on meanwhile whatever else
 * the case does.
 */
#define load_begin(t, ...)                                             \
	load_begin_at(AT("load_begin(" #t ", " #__VA_ARGS__ ")"), (t), \
		(struct load_plan){ __VA_ARGS__ })

/* Its messages come to this peer, and to whoever comes back under the same name. Each is acknowledged at
 * once.
 */
#define load_hears(load, peer) load_hears_at(AT("load_hears(" #load ", " #peer ")"), (load), (peer))

/* Goes on until so many of its messages have arrived, or everything that is to be published has been, and
 * has been answered.
 */
#define load_until(load, arrived) \
	load_until_at(AT("load_until(" #load ", " #arrived ")"), (load), (arrived))

/* Goes on until everything that was acknowledged has arrived, or what is missing will not come any more: later
 * messages have come the same way, or nothing has for as long as an answer may take.
 */
#define load_finish(load) load_finish_at(AT("load_finish(" #load ")"), (load))

/* Every PUBLISH was answered; every message that the target has acknowledged came; those of a publisher came in
 * its order; none came twice; each had the QoS, the RETAIN 0 and the topic that it must have.
 */
#define expect_load_answered(load) \
	expect_load_answered_at(AT("expect_load_answered(" #load ")"), (load))
#define expect_load_whole(load) expect_load_whole_at(AT("expect_load_whole(" #load ")"), (load))
#define expect_load_ordered(load) \
	expect_load_ordered_at(AT("expect_load_ordered(" #load ")"), (load))
#define expect_load_unchanged(load) \
	expect_load_unchanged_at(AT("expect_load_unchanged(" #load ")"), (load))
#define expect_load_once(load) expect_load_once_at(AT("expect_load_once(" #load ")"), (load))

/* ---- behind the macros --------------------------------------------------------------------- */

struct load *load_begin_at(struct place at, struct test *t, struct load_plan plan);
void load_hears_at(struct place at, struct load *load, struct peer *peer);
void load_until_at(struct place at, struct load *load, unsigned arrived);
void load_finish_at(struct place at, struct load *load);
void expect_load_answered_at(struct place at, struct load *load);
void expect_load_whole_at(struct place at, struct load *load);
void expect_load_ordered_at(struct place at, struct load *load);
void expect_load_once_at(struct place at, struct load *load);
void expect_load_unchanged_at(struct place at, struct load *load);

#endif
