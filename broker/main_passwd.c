#include "broker/main_passwd.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/completion.h"
#include "broker/access/password.h"
#include "broker/access/password_file.h"
#include "broker/access/scram_key.h"
#include "broker/access/secret.h"

enum { EXIT_USAGE = 2, SECRET_MAX = 65535 };

static const char help[] =
	"usage: mqttspec-broker passwd [-D] [-s] [-I COUNT] FILE USER\n"
	"\n"
	"Adds a user to a password file, or gives a new password to one who is there. The file is\n"
	"one of mosquitto's, too, or a scram_file. It is made if it is missing. A broker reads it\n"
	"again on SIGHUP.\n"
	"\n"
	"The password is asked for at a terminal; else it is the first line of standard input. It\n"
	"never stands on the command line, which everybody on the machine can read.\n"
	"\n"
	"  -D, --delete            take the user out\n"
	"  -s, --scram             FILE is a scram_file: the user gets a line for SCRAM-SHA-256 "
	"and\n"
	"                          one for SCRAM-SHA-1\n"
	"  -I, --iterations COUNT  of the hash, PBKDF2 with SHA-512 (101): more make every login\n"
	"                          dearer, and guessing as well. With --scram it is the client "
	"who\n"
	"                          pays (15000; 4096 at least)\n"
	"  -h, --help              print this\n"
	"\n"
	"Exit codes: 0 done, 1 the file cannot be changed, 2 bad usage.\n";

static const struct option longs[] = {
	{ "delete", no_argument, NULL, 'D' },
	{ "scram", no_argument, NULL, 's' },
	{ "iterations", required_argument, NULL, 'I' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct request {
	const char *file, *user;
	uint32_t iterations; /* 0: what is usual */
	bool delete, scram;
};

int main_passwd_complete(int count, char **words)
{
	struct completion c = { .to = stdout, .current = words[count - 1], .prefix = "" };

	if (completion_option(&c, longs, count > 1 ? words[count - 2] : ""))
		return EXIT_SUCCESS;
	completion_offer_options(&c, longs, help);
	completion_offer(&c, "=files", NULL);
	return EXIT_SUCCESS;
}

/* ---- the secret ---------------------------------------------------------------------------- */

struct secret {
	char text[SECRET_MAX + 1];
	size_t len;
};

/* One line without its end. False if there is none, it is too long, or `signals` tells of one. */
static bool read_line(struct secret *s, int signals)
{
	struct pollfd ready[] = { { STDIN_FILENO, POLLIN, 0 }, { signals, POLLIN, 0 } };
	char c;

	for (s->len = 0;;) {
		if (poll(ready, 2, -1) < 0 || ready[1].revents)
			return false;
		ssize_t n = read(STDIN_FILENO, &c, 1);
		if (n < 0 || (!n && !s->len))
			return false;
		if (!n || c == '\n')
			return true;
		if (s->len == SECRET_MAX)
			return false;
		s->text[s->len++] = c;
	}
}

/* The terminal shows again what is typed even if a signal ends this. */
static bool ask(struct secret *s, const char *prompt)
{
	struct termios before, silent;
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (tcgetattr(STDIN_FILENO, &before))
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	sigprocmask(SIG_BLOCK, &set, &old);
	int signals = signalfd(-1, &set, SFD_CLOEXEC);
	fputs(prompt, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	bool ok = read_line(s, signals);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	close(signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ok;
}

/* NULL, or what is wrong. */
static const char *read_secret(struct secret *s, struct secret *again)
{
	if (!isatty(STDIN_FILENO))
		return read_line(s, -1)
			? NULL
			: "standard input has no password, or one longer than 65535 "
			  "bytes";
	if (!ask(s, "Password: ") || !ask(again, "Again: "))
		return "no password";
	if (s->len != again->len || memcmp(s->text, again->text, s->len) != 0)
		return "the two are not the same";
	return NULL;
}

/* ---- the command --------------------------------------------------------------------------- */

static int complain(const char *what)
{
	fprintf(stderr, "mqttspec-broker passwd: %s\n", what);
	return EXIT_FAILURE;
}

static int change(
	struct arena *a, const struct request *r, const char *const *entries, size_t count)
{
	const char *error;

	return password_file_change(a, r->file, r->user, entries, count, &error) ? EXIT_SUCCESS
										 : complain(error);
}

/* What is to follow the user's name in each line. */
struct entries {
	char text[SCRAM_METHODS][PASSWORD_TEXT_MAX];
	size_t count;
};
_Static_assert((int)SCRAM_TEXT_MAX <= (int)PASSWORD_TEXT_MAX, "either fits");

/* NULL, or what is wrong. */
static const char *make_scram(struct entries *e, const struct request *r, const struct secret *s)
{
	struct scram_key key;
	const char *lack = strlen(s->text) == s->len ? NULL : "SCRAM has no passwords with NUL";

	for (int i = 0; !lack && i < SCRAM_METHODS; i++) {
		lack = scram_key_make(&key, (enum scram_method)i, s->text,
			r->iterations ? r->iterations : SCRAM_ITERATIONS);
		scram_key_write(&key, e->text[e->count++]);
	}
	explicit_bzero(&key, sizeof(key));
	return lack;
}

static const char *make_password(struct entries *e, const struct request *r, const struct secret *s)
{
	struct password password;
	bool made = password_make(
		&password, s->text, s->len, r->iterations ? r->iterations : PASSWORD_ITERATIONS);

	password_write(&password, e->text[e->count++]);
	explicit_bzero(&password, sizeof(password));
	return made ? NULL : "no random bytes";
}

static int set(struct arena *a, const struct request *r)
{
	struct secret *secrets = calloc(2, sizeof(*secrets));
	struct entries e = { .count = 0 };

	if (!secrets)
		return complain("no memory");
	const char *lack = read_secret(&secrets[0], &secrets[1]);
	if (!lack)
		lack = r->scram ? make_scram(&e, r, secrets) : make_password(&e, r, secrets);
	explicit_bzero(secrets, 2 * sizeof(*secrets));
	free(secrets);
	const char *const list[] = { e.text[0], e.text[1] };
	int code = lack ? complain(lack) : change(a, r, list, e.count);
	explicit_bzero(&e, sizeof(e));
	return code;
}

/* NULL, or what is wrong with what was asked for. */
static const char *request_lack(const struct request *r)
{
	const char *lack = user_name_lack(r->user);

	if (!lack && r->scram && r->iterations && r->iterations < SCRAM_ITERATIONS_MIN)
		return "-I takes 4096 to 10000000 with --scram";
	if (!lack && r->scram && !r->delete)
		return scram_name_lack(r->user);
	return lack;
}

/* 0 to go on, else the exit code plus one. */
static int read_request(int argc, char **argv, struct request *r)
{
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "DsI:h", longs, NULL)) >= 0) {
		unsigned long count = c == 'I' ? strtoul(optarg, &end, 10) : 0;
		if (c == 'h') {
			fputs(help, stdout);
			return EXIT_SUCCESS + 1;
		} else if (c == 'D') {
			r->delete = true;
		} else if (c == 's') {
			r->scram = true;
		} else if (c == 'I' && count && count <= PASSWORD_ITERATIONS_MAX && !*end) {
			r->iterations = (uint32_t)count;
		} else {
			complain(c == 'I' ? "-I takes 1 to 10000000"
					  : "mqttspec-broker passwd --help shows the options");
			return EXIT_USAGE + 1;
		}
	}
	if (argc - optind != 2) {
		complain("it takes a file and a user, and nothing else");
		return EXIT_USAGE + 1;
	}
	r->file = argv[optind];
	r->user = argv[optind + 1];
	const char *lack = request_lack(r);
	if (lack)
		complain(lack);
	return lack ? EXIT_USAGE + 1 : 0;
}

int main_passwd(int argc, char **argv)
{
	struct request r = { 0 };
	int code = read_request(argc, argv, &r);
	struct arena a;

	if (code)
		return code - 1;
	secret_keep_process();
	arena_init(&a);
	code = r.delete ? change(&a, &r, NULL, 0) : set(&a, &r);
	arena_fini(&a);
	return code;
}
