/* An engine whose case runs do what their case's title says, in place of harness/play.c and probe.c:
 *   pass, fail       that verdict
 *   sleep N          for so many milliseconds, then pass
 *   breach WORD      fails with this difference
 *   known STATEMENT  passes if it is one of those that each CONNACK breaks, else fails
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
 *   kill once        the same, unless the file named "killed" is there, which it makes
 * The note of a record is the prefix of the case run.
 */
#include "harness/play.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "harness/case.h"

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

static void kill_once(const struct play *play)
{
	int fd = open("killed", O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (fd < 0)
		return;
	close(fd);
	tell_target(play, "die");
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

static void breach(struct arena *a, const char *difference, struct record_case *out)
{
	struct record_failure *failure = arena_new(a, struct record_failure);

	failure->statement = out->statements->name;
	failure->difference = difference;
	out->failure = failure;
	out->verdict = VERDICT_FAIL;
	*(struct record_statement *)out->statements =
		(struct record_statement){ failure->statement, VERDICT_FAIL };
}

static bool is_known(const struct play *play, const char *statement)
{
	for (const char *const *known = play->known; known && *known; known++)
		if (!strcmp(*known, statement))
			return true;
	return false;
}

static void act(
	struct arena *a, const char *script, const struct play *play, struct record_case *out)
{
	if (!strncmp(script, "sleep ", 6))
		usleep((useconds_t)atoi(script + 6) * 1000);
	else if (!strcmp(script, "fail"))
		out->verdict = VERDICT_FAIL;
	else if (!strncmp(script, "breach ", 7))
		breach(a, script + 7, out);
	else if (!strncmp(script, "known ", 6))
		out->verdict = is_known(play, script + 6) ? VERDICT_PASS : VERDICT_FAIL;
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
		kill_once(play);
}

static void write_capture(const struct play *play)
{
	int fd = play->pcap_path ? open(play->pcap_path, O_CREAT | O_WRONLY, 0600) : -1;

	if (fd >= 0)
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
	write_capture(play);
}
