/* An engine whose case runs do what their case's title says, in place of harness/play.c and probe.c:
 *   pass, fail       that verdict
 *   bare             fails, and says neither what it expected nor what came
 *   sleep N          for so many milliseconds, then pass
 *   breach WORD      fails with this difference
 *   known STATEMENT  passes if it is one of those that each CONNACK breaks, else fails
 *   foreign TOPIC    passes, and a message of another case run has come
 *   far N            passes if its limits leave room for a round trip of so many ms
 *   hang             for ever
 *   segv             dies
 *   leave            ends the process without a record
 *   garbage          writes something else
 *   other            reports another case run
 *   huge             has a transcript of some megabytes
 *   flood            never stops writing
 *   kill             tells the target to die, then fails
 *   poison           tells the target to die soon, and passes at once
 *   deafen           tells the target to listen no more, then fails
 *   kill once        the same as kill, unless the file named "killed" is there, which it makes
 *   mute N           tells the target to answer nobody for so many seconds, and passes at once
 *   mute once        the same for long, unless the file named "killed" is there, which it makes
 *   shut N           tells the target to close every connection for so many seconds, and passes at once
 *   shut once        as mute once
 *   ask              is inconclusive, since nothing came in time, unless the target answers a CONNECT
 *   connects N       passes if the target has seen at least so many CONNECTs
 *   wait             is inconclusive, since nothing came in time
 *   silent           fails, since nothing came in time
 *   late             the same at first; with patience it finds it late, if the file named "busy" is not there
 *   late gather N    the same at first; with patience as gather
 *   busy             makes that file for a while
 *   gather N         passes when so many of its kind are under way at once, and no more, and stays for
 *                    a while; the files named "gather." or "met." and a process are theirs
 *   linger N         the same, and stays long
 *   idle SCRIPT      says that it only waits, then does that
 *   nap SCRIPT       says so, takes its time, has work again, then does that
 * The note of a record is the prefix of the case run.
 */
#include "harness/capabilities.h"
#include "harness/peers/probe.h"
#include "harness/play.h"

#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "harness/case.h"
#include "harness/transport/endpoint.h"

enum { HUGE_EVENTS = 20000, FDS = 256 };

const char *play_id(struct arena *a, const struct case_def *def, const struct vector *row)
{
	return row ? arena_printf(a, "%s/%s", def->id, row->id) : def->id;
}

enum probe_status probe(struct arena *a, const struct endpoint *target, enum mqtt_version version,
	int64_t answer_us, struct capabilities *out, const char **what)
{
	(void)a, (void)target, (void)version, (void)answer_us;
	*out = (struct capabilities){ .served = true };
	*what = NULL;
	return PROBE_SERVED;
}

bool probe_refused_version(const struct capabilities *c)
{
	(void)c;
	return false;
}

/* The pipe to the runner, which the engine does not know of. */
static int find_pipe(void)
{
	struct stat st;

	for (int fd = 3; fd < FDS; fd++)
		if (!fstat(fd, &st) && S_ISFIFO(st.st_mode) &&
			(fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
			return fd;
	abort();
}

static void say(const char *text)
{
	if (write(find_pipe(), text, strlen(text)) < 0)
		_exit(1);
}

/* Until the target's side of the connection ends. */
static void tell_target(const struct play *play, const char *how)
{
	char byte;
	int fd = socket(play->target->address.ss_family, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)&play->target->address,
		    play->target->address_len) ||
		write(fd, how, strlen(how)) != (ssize_t)strlen(how))
		_exit(1);
	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
}

static void tell_once(const struct play *play, const char *how)
{
	int fd = open("killed", O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (fd < 0)
		return;
	close(fd);
	tell_target(play, how);
}

/* Says something to the target; how many bytes it answers within the limit. */
static ssize_t ask_target(const struct play *play, const void *what, size_t len, int limit_ms,
	char *answer, size_t size)
{
	int fd = socket(play->target->address.ss_family, SOCK_STREAM, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = 0;

	if (connect(fd, (const struct sockaddr *)&play->target->address,
		    play->target->address_len) ||
		write(fd, what, len) != (ssize_t)len)
		_exit(1);
	if (poll(&p, 1, limit_ms) > 0)
		n = read(fd, answer, size);
	close(fd);
	return n;
}

static bool is_served(const struct play *play)
{
	static const char packet[] = "\x10\x0d\0\4MQTT\4\2\0\0\0\1x";
	char answer[4];

	return ask_target(play, packet, sizeof(packet) - 1, 300, answer, sizeof(answer)) == 4;
}

/* With a slack of 750 ms, and a case run that may last 60 s, next door. */
static bool is_ready_for(const struct play *play, int64_t round_trip_us)
{
	return play->round_trip.most_us == round_trip_us &&
		play->slack_us == 750000 + round_trip_us && play->limit_us > 100 * round_trip_us;
}

static int count_connects(const struct play *play)
{
	char answer[16] = "";

	ask_target(play, "count", 5, 5000, answer, sizeof(answer) - 1);
	return atoi(answer);
}

static void touch(const char *path)
{
	close(open(path, O_CREAT | O_WRONLY, 0600));
}

struct names {
	char here[32], met[32];
};

static struct names names_of(pid_t pid)
{
	struct names n;

	snprintf(n.here, sizeof(n.here), "gather.%d", (int)pid);
	snprintf(n.met, sizeof(n.met), "met.%d", (int)pid);
	return n;
}

/* Of those that were killed the files are left. When they are as many as wanted each of them is told so, for one that
 * is slow to look would find the others gone.
 */
static int count_gathered(int wanted)
{
	pid_t there[64];
	int count = 0;
	glob_t found;

	if (glob("gather.*", 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc && count < 64; i++) {
		there[count] = atoi(found.gl_pathv[i] + strlen("gather."));
		count += !kill(there[count], 0);
	}
	globfree(&found);
	for (int i = 0; i < count && count == wanted; i++)
		touch(names_of(there[i]).met);
	return count;
}

static bool gather(int wanted, int stay_ms)
{
	struct names own = names_of(getpid());
	bool met = false, more = false;

	touch(own.here);
	for (int i = 0; i < 1000 && !met && !more; i++, usleep(10000)) {
		more = count_gathered(wanted) > wanted;
		met = !access(own.met, F_OK);
	}
	usleep((useconds_t)stay_ms * 1000);
	more |= count_gathered(wanted) > wanted;
	unlink(own.here);
	unlink(own.met);
	return met && !more;
}

static void be_busy(void)
{
	touch("busy");
	usleep(400000);
	unlink("busy");
}

/* The first time all are late, the second time they gather. */
static void gather_late(const char *script, const struct play *play, struct record_case *out)
{
	out->waited = !play->patience_us;
	if (!play->patience_us || !gather(atoi(script), 300))
		out->verdict = VERDICT_FAIL;
}

static void find_late(const struct play *play, struct record_case *out)
{
	bool alone = access("busy", F_OK) != 0;

	out->verdict = !play->patience_us ? VERDICT_FAIL
		: alone                   ? VERDICT_NONSTRICT
					  : VERDICT_ERROR;
	out->waited = !play->patience_us;
}

static void fill_huge(struct arena *a, struct record_case *out)
{
	struct record_event *events = arena_alloc(a, HUGE_EVENTS * sizeof(*events));
	char *text = arena_alloc(a, 201);

	memset(text, 'x', 200);
	for (int i = 0; i < HUGE_EVENTS; i++)
		events[i] = (struct record_event){ i, "peer", '>', text, NULL };
	out->transcript = events;
	out->transcript_count = HUGE_EVENTS;
}

static void flood(void)
{
	static char much[1024 * 1024];

	memset(much, 'x', sizeof(much) - 1);
	for (;;)
		say(much);
}

static void act_on_time(const char *script, const struct play *play, struct record_case *out)
{
	char order[16];

	if (!strcmp(script, "mute once"))
		tell_once(play, "mute60");
	else if (!strcmp(script, "shut once"))
		tell_once(play, "shut60");
	else if (!strncmp(script, "shut ", 5))
		snprintf(order, sizeof(order), "shut%s", script + 5), tell_target(play, order);
	else if (!strncmp(script, "mute ", 5))
		snprintf(order, sizeof(order), "mute%s", script + 5), tell_target(play, order);
	else if (!strcmp(script, "wait") || (!strcmp(script, "ask") && !is_served(play)))
		out->verdict = VERDICT_INCONCLUSIVE, out->waited = true;
	else if (!strncmp(script, "connects ", 9) && count_connects(play) < atoi(script + 9))
		out->verdict = VERDICT_FAIL;
	else if (!strcmp(script, "silent"))
		out->verdict = VERDICT_FAIL, out->waited = true;
	else if (!strcmp(script, "late"))
		find_late(play, out);
	else if (!strncmp(script, "late gather ", 12))
		gather_late(script + 12, play, out);
	else if (!strcmp(script, "busy"))
		be_busy();
	else if ((!strncmp(script, "gather ", 7) || !strncmp(script, "linger ", 7)) &&
		!gather(atoi(script + 7), *script == 'l' ? 2500 : 300))
		out->verdict = VERDICT_FAIL;
}

static void breach(struct arena *a, const char *difference, struct record_case *out)
{
	struct record_failure *failure = arena_new(a, struct record_failure);

	failure->statement = out->statements->name;
	failure->difference = difference;
	out->failure = failure;
	out->verdict = VERDICT_FAIL;
	*(struct record_statement *)out->statements =
		(struct record_statement){ failure->statement, VERDICT_FAIL, false };
}

static bool is_known(const struct play *play, const char *statement)
{
	for (const char *const *known = play->known; known && *known; known++)
		if (!strcmp(*known, statement))
			return true;
	return false;
}

static const char *wait_first(const char *script, const struct play *play)
{
	bool naps = !strncmp(script, "nap ", 4);

	if (!naps && strncmp(script, "idle ", 5) != 0)
		return script;
	play->waits(play->waits_user, true);
	if (naps) {
		usleep(100000);
		play->waits(play->waits_user, false);
	}
	return strchr(script, ' ') + 1;
}

static void act(
	struct arena *a, const char *script, const struct play *play, struct record_case *out)
{
	script = wait_first(script, play);
	if (!strncmp(script, "far ", 4) && !is_ready_for(play, (int64_t)atoi(script + 4) * 1000))
		out->verdict = VERDICT_FAIL;
	if (!strncmp(script, "sleep ", 6))
		usleep((useconds_t)atoi(script + 6) * 1000);
	else if (!strcmp(script, "fail"))
		out->verdict = VERDICT_FAIL;
	else if (!strcmp(script, "inapplicable"))
		out->verdict = VERDICT_INAPPLICABLE;
	else if (!strcmp(script, "bare"))
		out->verdict = VERDICT_FAIL, out->failure = arena_new(a, struct record_failure);
	else if (!strncmp(script, "breach ", 7))
		breach(a, script + 7, out);
	else if (!strncmp(script, "known ", 6))
		out->verdict = is_known(play, script + 6) ? VERDICT_PASS : VERDICT_FAIL;
	else if (!strncmp(script, "foreign ", 8))
		out->foreign = script + 8;
	else if (!strcmp(script, "hang"))
		pause();
	else if (!strcmp(script, "segv"))
		signal(SIGSEGV, SIG_DFL), raise(SIGSEGV);
	else if (!strcmp(script, "leave"))
		_exit(0);
	else if (!strcmp(script, "garbage"))
		say("Hello?\n"), _exit(0);
	else if (!strcmp(script, "other"))
		out->id = "another";
	else if (!strcmp(script, "huge"))
		fill_huge(a, out);
	else if (!strcmp(script, "flood"))
		flood();
	else if (!strcmp(script, "kill"))
		tell_target(play, "die"), out->verdict = VERDICT_FAIL;
	else if (!strcmp(script, "poison"))
		tell_target(play, "die later");
	else if (!strcmp(script, "deafen"))
		tell_target(play, "deaf"), out->verdict = VERDICT_FAIL;
	else if (!strcmp(script, "kill once"))
		tell_once(play, "die");
	else
		act_on_time(script, play, out);
}

static void write_capture(const char *path)
{
	int fd = path ? open(path, O_CREAT | O_WRONLY, 0600) : -1;

	if (fd < 0)
		return;
	if (write(fd, "packets", 7) != 7)
		abort();
	close(fd);
}

void play_case(struct arena *a, const struct play *play, struct record_case *out)
{
	struct record_statement *statement = arena_new(a, struct record_statement);

	statement->name = play->def->refs[0];
	*out = (struct record_case){
		.statements = statement,
		.statement_count = 1,
		.id = play_id(a, play->def, play->row),
		.title = play->def->title,
		.chapter = "fake",
		.version = spec_version_name(play->version),
		.transport = "tcp",
		.segmentation = "whole",
		.repeat = play->repeat,
		.note = play->prefix,
	};
	act(a, play->def->title, play, out);
	write_capture(play->pcap_path);
	write_capture(play->wire_path);
}
