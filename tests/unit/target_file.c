/* Target files: what they say, and how they say what is wrong with them. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#undef fail /* cmocka's: case.h has its own */
#include "harness/capabilities.h"
#include "harness/case.h"
#include "harness/launch/words.h"
#include "harness/runner/expectation.h"
#include "harness/runner/ini_file.h"
#include "harness/runner/plan.h"
#include "harness/runner/result.h"
#include "harness/runner/target_file.h"
#include "harness/transport/transport.h"
#include "record/record.h"

static struct arena arena;
static const char path[] = "test_target_file.ini";

static void write_text(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static struct target_file read_good(const char *text)
{
	struct target_file file;
	const char *error = NULL;

	write_text(text);
	assert_true(target_file_read(&arena, path, &file, &error));
	assert_null(error);
	return file;
}

#define assert_refused(text, sentence)                                                      \
	do {                                                                                \
		struct target_file refused_;                                                \
		const char *error_ = "(none)";                                              \
		write_text(text);                                                           \
		assert_false(target_file_read(&arena, path, &refused_, &error_));           \
		assert_string_equal(error_, arena_printf(&arena, "%s:%s", path, sentence)); \
	} while (0)

#define TARGET "[target]\nname = X\ncommand = x\n"

static void everything_is_read(void **state)
{
	(void)state;
	struct target_file f = read_good("# a comment\n"
					 "[target]\n"
					 "name = A Broker ; inline\n"
					 "package = a-broker\n"
					 "command = broker -c '{dir}/my file'\n"
					 "  --port {port}\n"
					 "environment = A=1 B={dir}\n"
					 "version_command = broker -v\n"
					 "version_pattern = v([0-9.]+)\n"
					 "versions = 3.1.1\n"
					 "ready_ms = 1234\n"
					 "[file my file]\n"
					 "content =\n"
					 "  first {port}\n"
					 "  | \n"
					 "|   # indented ; kept\n"
					 "[file lib/x.jar]\n"
					 "link = /usr/share/x.jar\n"
					 "[features]\n"
					 "maximum_qos = 1\n"
					 "[features 5.0]\n"
					 "retain = no\n");

	assert_string_equal(f.name, "A Broker");
	assert_string_equal(f.package, "a-broker");
	assert_string_equal(f.command[2], "{dir}/my file");
	assert_string_equal(f.command[4], "{port}");
	assert_null(f.command[5]);
	assert_string_equal(f.environment[1], "B={dir}");
	assert_int_equal(f.versions, V311);
	assert_int_equal(f.ready_ms, 1234);
	assert_int_equal(f.document_count, 2);
	assert_string_equal(f.documents[0].name, "my file");
	assert_string_equal(f.documents[0].content, "first {port}\n\n  # indented ; kept");
	assert_string_equal(f.documents[1].link, "/usr/share/x.jar");

	struct capabilities c = { .maximum_qos = 2, .retain = true };
	features_apply(&f.features[0], &c);
	assert_int_equal(c.maximum_qos, 1);
	assert_true(c.retain);
	features_apply(&f.features[1], &c);
	assert_false(c.retain);
}

static void a_program_has_a_minute_to_be_ready(void **state)
{
	(void)state;
	assert_int_equal(read_good(TARGET).ready_ms, 60000);
}

static void a_running_target_needs_no_command(void **state)
{
	(void)state;
	struct target_file f = read_good("[target]\nname = X\nurl = mqtt://127.0.0.1:1883\n");

	assert_string_equal(f.url, "mqtt://127.0.0.1:1883");
	assert_int_equal(f.versions, BOTH);
}

#define YAML(lines) TARGET "[file b.yml]\ncontent =\n" lines

static void lost_indentation_is_told_where_it_matters(void **state)
{
	(void)state;
	const char *sentence =
		": the lines of b.yml lose their indentation; put a bar and a blank, "
		"`| `, before each of them";

	assert_string_equal(read_good(YAML("  listen:\n    port: 1\n    ip: 2\n")).warning,
		arena_printf(&arena, "%s:7%s", path, sentence));
	assert_string_equal(read_good(YAML("    a: 1\n  b: 2\n")).warning,
		arena_printf(&arena, "%s:7%s", path, sentence));
	assert_null(read_good(YAML("  a: 1\n  b: 2\n")).warning);
	assert_null(read_good(YAML("| listen:\n|   port: 1\n")).warning);
	assert_null(read_good(YAML("  listen:\n  |   port: 1\n  b: 1\n")).warning);
	/* Where it does not matter, people may indent as they like. */
	assert_null(read_good(TARGET "[file b.conf]\ncontent =\n  {\n    a = 1\n  }\n").warning);
	/* Each value counts by itself. */
	assert_null(
		read_good(YAML("  a: 1\n  b: 2\n") "[file c.yml]\ncontent =\n    c: 1\n").warning);
}

static void a_broker_may_be_hosted_by_others(void **state)
{
	(void)state;
	struct target_file f =
		read_good(TARGET "prefix = acme/x\nclient_id_prefix = acme-\nconnect_rate = 5\n");
	assert_string_equal(f.topics, "acme/x");
	assert_string_equal(f.client_ids, "acme-");
	assert_int_equal(f.connect_rate, 5);
	f = read_good(TARGET);
	assert_null(f.topics);
	assert_null(f.client_ids);
	assert_int_equal(f.connect_rate, 0);

	assert_refused(TARGET "prefix = a/#\n",
		"4: `prefix`: what topics are put below must not have a wildcard, + or #");
	assert_refused(TARGET "prefix = a\nprefix = b\n", "5: `prefix`: is given twice");
	assert_refused(TARGET "client_id_prefix = \xFF\n",
		"4: `client_id_prefix`: what ClientIds begin with must be UTF-8");
	assert_refused(TARGET "connect_rate = 0\n",
		"4: `connect_rate`: must be a number of connections a second, 1 to 100000");
	assert_refused("[target]\nname = X\nagent = a\nprefix = x\n",
		"1: a client has no `prefix`, `client_id_prefix` or `connect_rate`: they are for "
		"brokers");
}

static void a_broker_may_want_a_user(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "user = some one\npassword =\n  |  a ; b \n");

	assert_string_equal(f.user_name, "some one");
	assert_string_equal(f.password, " a ; b ");
	f = read_good(TARGET "user = x\npassword_file = /etc/x\n");
	assert_string_equal(f.password_file, "/etc/x");
	f = read_good(TARGET "user = x\npassword_file = sub/x\n");
	const char *here = target_file_folder(&arena, &f);
	assert_true(*here == '/');
	assert_string_equal(f.password_file, arena_printf(&arena, "%s/sub/x", here));
	assert_null(f.password);

	assert_refused(TARGET "password = x\n", "1: a password needs a `user`");
	assert_refused(TARGET "user = x\npassword = y\npassword_file = z\n",
		"1: there is a `password` and a `password_file`: one of them, please");
	assert_refused(TARGET "user = x\npassword = y\n  z\n", "5: `password`: must be one line");
	assert_refused("[target]\nname = X\nagent = a\nuser = x\n",
		"1: a client has no `user`: that is for what brokers want of clients");
}

static void users_have_rights(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[users]\n"
						"url = mqtt://{host}:{port_2}\n"
						"anonymous = no\n"
						"user = all\n"
						"password =\n"
						"  |  with blanks \n"
						"user = some\n"
						"password = b\n"
						"user = none\n"
						"refused = yes\n"
						"[access]\n"
						"user = some\n"
						"publish = a b/c\n"
						"no_publish = d $SYS/e\n"
						"no_receive = f\n"
						"[auth]\n"
						"method = SCRAM-SHA-256\n"
						"user = some\n");
	const struct user *users = f.users->list;

	assert_int_equal(f.users->count, 3);
	assert_true(f.users->no_strangers);
	assert_string_equal(f.users_urls[0], "mqtt://{host}:{port_2}");
	assert_null(f.users_urls[1]);
	assert_string_equal(users[0].name, "all");
	assert_string_equal(users[0].password, " with blanks ");
	assert_null(users[0].may[TO_PUBLISH]);
	assert_string_equal(users[1].may[TO_PUBLISH][1], "b/c");
	assert_null(users[1].may[TO_PUBLISH][2]);
	assert_string_equal(users[1].may_not[TO_PUBLISH][1], "$SYS/e");
	assert_string_equal(users[1].may_not[TO_RECEIVE][0], "f");
	assert_null(users[1].may[TO_SUBSCRIBE]);
	assert_true(users[2].refused && !users[1].refused);
	assert_null(users[2].password);
	assert_string_equal(f.users->method, "SCRAM-SHA-256");
	assert_ptr_equal(f.users->by_method, &users[1]);
	assert_null(read_good(TARGET).users);
}

static void certificates_are_read(void **state)
{
	(void)state;
	struct target_file f =
		read_good(TARGET "[certificates]\n"
				 "url = mqtts://{host}:{port_2} wss://{host}:{port_3}\n"
				 "refused = missing revoked\n"
				 "folder = made/here\n");
	const struct certificates *c = &f.certificates.those;

	assert_string_equal(f.certificates.urls[1], "wss://{host}:{port_3}");
	assert_null(f.certificates.urls[2]);
	assert_true(*c->folder == '/' && strstr(c->folder, "/made/here"));
	assert_true(c->refused[CERTIFICATE_MISSING] && c->refused[CERTIFICATE_REVOKED]);
	assert_false(c->refused[CERTIFICATE_EXPIRED] || c->refused[CERTIFICATE_FOREIGN]);
	f = read_good(TARGET "[certificates]\nurl = mqtts://{host}:{port_2}\n");
	assert_null(f.certificates.those.folder);
	assert_true(f.certificates.those.refused[CERTIFICATE_EARLY]);
	assert_false(f.certificates.those.refused[CERTIFICATE_REVOKED]);
	assert_false(read_good(TARGET).certificates.line);
	assert_refused("[target]\nname = X\nurl = mqtts://h\n[certificates]\nurl = mqtts://h\n",
		"1: [certificates] needs a `folder`: only a launched program gets certificates");
	assert_refused(
		"[target]\nname = X\nagent = a\n[certificates]\nurl = mqtts://h\nfolder = f\n",
		"1: a client has no [certificates]: they are for brokers");
}

/* None of them shows the password. */
static void faults_of_users_have_a_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *sentence;
	} faults[] = {
		{ "[users]\nurl = x\n", "4: [users] needs a `user`" },
		{ "[users]\npassword = secret\n", "5: `password`: each user begins with `user`" },
		{ "[users]\nuser = a\nuser = a\n",
			"6: `user`: there is a user of this name above" },
		{ "[users]\nuser = a\npassword = secret\npassword = secret2\n",
			"7: `password`: this user has a password already" },
		{ "[users]\nuser = a\npassword = secret\n  and more\n",
			"6: `password`: must be one line, of at most 65535 bytes" },
		{ "[users]\nuser = a\nrefused = yes\n",
			"4: the first of the [users] may do everything, so it is not refused" },
		{ "[users]\nuser = a\nuser = b\nrefused = perhaps\n",
			"7: `refused`: must be `yes` or `no`" },
		{ "[users]\nanonymous = no\nanonymous = no\n", "6: `anonymous`: is given twice" },
		{ "[users]\nuser = a\nrights = all\n",
			"6: `rights`: there is no such name in [users]" },
		{ "[certificates]\nrefused = missing\n", "4: [certificates] needs a `url`" },
		{ "[certificates]\nurl = mqtts://h\nurl = mqtts://h\n",
			"6: `url`: is given twice" },
		{ "[certificates]\nurl = mqtts://h\nrefused = missing lost\n",
			"6: `refused`: must be some of missing, expired, early, foreign and "
			"revoked" },
		{ "[certificates]\nurl = mqtts://h\nfile = x\n",
			"6: `file`: [certificates] has `url`, `refused` and `folder`" },
		{ "[auth]\nmethod = SCRAM-SHA-1\n",
			"4: [auth] needs a `method`, and a user of [users]" },
		{ "[users]\nuser = a\n[auth]\nmethod = PLAIN\n",
			"7: `method`: the methods that can be spoken are SCRAM-SHA-256 and "
			"SCRAM-SHA-1" },
		{ "[users]\nuser = a\n[auth]\nuser = b\n",
			"7: `user`: [users] has no such user above" },
		{ "[users]\nuser = a\n[auth]\nsecret = b\n",
			"7: `secret`: [auth] has `method` and `user`" },
		{ "[access]\nuser = a\n", "5: `user`: [users] has no such user above" },
		{ "[users]\nuser = a\n[access]\nuser = a\n",
			"7: `user`: the first of the [users] may do everything" },
		{ "[users]\nuser = a\n[access]\npublish = a\n",
			"7: `publish`: the rights of each user begin with `user`" },
		{ "[users]\nuser = a\nuser = b\n[access]\nuser = b\npublish = a/#\n",
			"9: `publish`: a topic stands for what is below it, too: it has no "
			"wildcards, and does not begin with a slash" },
		{ "[users]\nuser = a\nuser = b\n[access]\nuser = b\nno_receive =\n",
			"9: `no_receive`: must be topics, with blanks between" },
		{ "[users]\nuser = a\nuser = b\n[access]\nuser = b\nwrite = a\n",
			"9: `write`: [access] has `user`, `publish`, `subscribe`, `receive`, and "
			"the same after `no_`" },
	};
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		assert_refused(
			arena_printf(&arena, "%s%s", TARGET, faults[i].text), faults[i].sentence);
	assert_refused("[target]\nname = X\nagent = a\n[users]\nuser = a\n",
		"1: a client has no [users]: they are for brokers");
}

static void faults_have_a_place(void **state)
{
	(void)state;
	assert_refused("[target]\nname\n", "2: neither [section] nor `name = value`");
	assert_refused("[target\nname = x\n", "1: neither [section] nor `name = value`");
	assert_refused("\n[target]\nnam = x\n", "3: `nam`: there is no such name in [target]");
	assert_refused("[wrong]\na = b\n",
		"1: the sections are [target], [file NAME], [features], [persistent], [users], "
		"[access], [auth], [certificates] and [expected]");
	assert_refused("[target]\nname = X\nname = Y\n", "3: `name`: is given twice");
	assert_refused("\n\n[target]\nname = X\n",
		"3: [target] needs one of these: a `command` that launches a broker, the `url` of "
		"one that runs, the command line of a client's `agent`, or, to be judged "
		"without one, its `exec`");
	assert_refused("[target]\nname = X\nagent = a\nexec = b\n",
		"1: [target] needs one of these: a `command` that launches a broker, the `url` of "
		"one that runs, the command line of a client's `agent`, or, to be judged "
		"without one, its `exec`");
	assert_refused("[target]\nname = X\nagent = a\nready_ms = 5\n",
		"1: a client is launched for each case run: it has no files, and no `ready_ms`");
	assert_refused("[target]\nname = X\nagent = a\ntransports = tls\n",
		"1: `transports` is for the `exec` of a client: an agent says itself what it "
		"speaks, and for brokers their placeholders and URLs do");
	assert_refused("[target]\nname = X\nurl = mqtt://h:1\ninstall = a\n",
		"1: `install` is for what is launched: it has no `url`");
	assert_refused("[target]\nname = X\ncommand = a\ninstall = a/b\n",
		"4: `install`: must be the name of a recipe: letters, digits, `-` and `_`");
	assert_refused("[target]\nname = X\ncommand = a\ninstall = -b\n",
		"4: `install`: must be the name of a recipe: letters, digits, `-` and `_`");
	assert_refused("[target]\nname = X\nexec = a\ntransports = tcp,pigeon\n",
		"4: `transports`: must be one or more of tcp, tls, ws, wss, unix, with commas "
		"between");
	assert_refused("[target]\ncommand = x\n", "1: [target] needs a `name`");
	assert_refused("[target]\ncommand = 'x\n", "2: `command`: a quote is left open");
	assert_refused("[target]\nready_ms = 0\n",
		"2: `ready_ms`: must be a number of milliseconds, 1 to 600000");
	assert_refused("[target]\nversions = 4\n", "2: `versions`: must be `3.1.1`, `5.0` or both");
	assert_refused("[target]\nenvironment = A\n",
		"2: `environment`: each word must be of the form NAME=value");
	assert_refused("[target]\nversion_pattern = (\n",
		"2: `version_pattern`: is no extended regular expression");
	assert_refused("[target]\nversion_pattern = x\n",
		"2: `version_pattern`: needs a group in parentheses, around the version");
	assert_refused(
		"[file ../x]\ncontent = y\n", "1: the file's name must stay inside of its folder");
	assert_refused("[file x]\nlink = y\ncontent = z\n",
		"3: `content`: a file has one `content` or one `link`");
	assert_refused("[file x]\nlink = y\n[file x]\nlink = z\n",
		"3: there is a [file] of this name above");
	assert_refused("[features]\nmaximum_qos = 3\n",
		"2: `maximum_qos`: not a number in the range of this feature");
	assert_refused("[features 5]\nretain = no\n",
		"1: must be [features], perhaps with a version after it");
}

/* inih alone would cut these off without a word. */
static void nothing_is_cut_off(void **state)
{
	(void)state;
	char line[400];

	snprintf(line, sizeof(line), "[target]\nname = %0300d\n", 1);
	assert_refused(line,
		"2: the line is too long: go on in an indented line, or after a bar "
		"(`| `)");
	snprintf(line, sizeof(line), "[target]\n%060d = x\n", 1);
	assert_refused(line, "2: a name has at most 49 bytes");
	snprintf(line, sizeof(line), "[file %060d]\ncontent = x\n", 1);
	assert_refused(line, "1: the name of a section has at most 49 bytes");
	assert_refused("[target]\n  name = x\n",
		"2: this line belongs to a value above it, and there is none");
	assert_refused("\f[file x]\ncontent = y\n",
		"1: this line belongs to a value above it, and there is none");
	snprintf(line, sizeof(line), TARGET "[file x]\ncontent =\n  | %0300d\n", 1);
	assert_int_equal(strlen(read_good(line).documents[0].content), 300);
}

static void a_missing_file_is_said(void **state)
{
	(void)state;
	struct target_file file;
	const char *error;

	assert_false(target_file_read(&arena, "/nowhere/x.ini", &file, &error));
	assert_string_equal(error, "/nowhere/x.ini: No such file or directory");
}

/* ---- expectations -------------------------------------------------------------------------- */

static const struct vector rows[] = { { .id = "one" }, { .id = "two" } };
static const struct case_def table = {
	.id = "table", .file = "cases/vectors/v.c", .versions = BOTH, .rows = rows, .row_count = 2
};
static const struct case_def only_50 = { .id = "will_x", .file = "will.c", .versions = V50 };
static const struct case_def *const cases[] = { &table, &only_50 };

static void a_persistent_instance_is_read(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "environment = A=1\n"
						"[file a.conf]\n"
						"content = plain\n"
						"[file b.conf]\n"
						"link = /b\n"
						"[persistent]\n"
						"command = x --keep '{store}/my data'\n"
						"environment = B=2\n"
						"stop = SIGINT\n"
						"stop_ms = 1500\n"
						"[persistent file a.conf]\n"
						"content = persistence true\n"
						"[persistent file c.conf]\n"
						"content = {port}\n");
	const struct target_file *own = target_persistent_file(&arena, &f, &f.persistent);

	assert_int_equal(f.persistent.stop_signal, SIGINT);
	assert_int_equal(f.persistent.stop_ms, 1500);
	assert_string_equal(own->command[2], "{store}/my data");
	assert_null(own->command[3]);
	assert_string_equal(own->environment[0], "A=1");
	assert_string_equal(own->environment[1], "B=2");
	assert_null(own->environment[2]);
	assert_int_equal(own->document_count, 3);
	assert_string_equal(own->documents[0].content, "persistence true");
	assert_string_equal(own->documents[1].link, "/b");
	assert_string_equal(own->documents[2].name, "c.conf");
	assert_string_equal(f.documents[0].content, "plain");
	assert_true(target_file_asks(own, "store"));
	assert_false(target_file_asks(&f, "store"));
}

static void a_persistent_instance_is_usually_like_any_other(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[persistent]\nstop = SIGTERM\n");

	assert_int_equal(f.persistent.line, 4);
	assert_int_equal(f.persistent.stop_signal, SIGTERM);
	assert_int_equal(f.persistent.stop_ms, 30000);
	assert_string_equal(target_persistent_file(&arena, &f, &f.persistent)->command[0], "x");
	assert_int_equal(read_good(TARGET).persistent.line, 0);
}

static void faults_of_a_persistent_instance_have_a_place(void **state)
{
	(void)state;
	assert_refused(TARGET "[persistent]\nstop = SIGKILL\n",
		"5: `stop`: must be SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1 or SIGUSR2");
	assert_refused(TARGET "[persistent]\nstop = SIGTERM\nstop = SIGINT\n",
		"6: `stop`: is given twice");
	assert_refused(TARGET "[persistent]\nstop_ms = 0\n",
		"5: `stop_ms`: must be a number of milliseconds, 1 to 600000");
	assert_refused(TARGET "[persistent]\nstop_ms = 5s\n",
		"5: `stop_ms`: must be a number of milliseconds, 1 to 600000");
	assert_refused(
		TARGET "[persistent]\ncommand = x 'y\n", "5: `command`: a quote is left open");
	assert_refused(TARGET "[persistent]\ncommand =\n", "5: `command`: needs a value");
	assert_refused(TARGET "[persistent]\nenvironment = A=1 B\n",
		"5: `environment`: each word must be of the form NAME=value");
	assert_refused(TARGET "[persistent]\nready_ms = 1\n",
		"5: `ready_ms`: [persistent] has `command`, `environment`, `stop` and `stop_ms`");
	assert_refused(TARGET "[persistent folder]\nstop = SIGTERM\n",
		"4: must be [persistent] or [persistent file NAME]");
	assert_refused(TARGET "[persistent file ../x]\ncontent = x\n",
		"4: the file's name must stay inside of its folder");
	assert_refused(TARGET "[persistent file x]\ncontent = x\ncontent = y\n",
		"6: `content`: a file has one `content` or one `link`");
	assert_refused(TARGET
		"[persistent file x]\ncontent = x\n[persistent file x]\ncontent = y\n",
		"6: there is a [file] of this name above");
	assert_refused("[target]\nname = X\nurl = mqtt://h\n[persistent]\nstop = SIGTERM\n",
		"1: [persistent] is for a broker that is launched: it needs a `command`");
}

static void the_most_specific_expectation_wins(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"case = table/one\n"
						"verdict = crash\n"
						"reason = the row\n"
						"case = table 5.0\n"
						"verdict = info\n"
						"reason = the table, in one version\n"
						"case = *\n"
						"verdict = fail\n"
						"reason = anything,\n"
						"  on two lines\n"
						"link = https://example.org/1\n"
						"case = ta*\n"
						"verdict = nonstrict\n"
						"reason = later than the one above\n");
	const struct expectations *all = &f.expected;

	assert_int_equal(all->count, 4);
	assert_int_equal(expectation_find(all, &table, &rows[0], MQTT_50, transports[0])->verdict,
		VERDICT_CRASH);
	assert_int_equal(expectation_find(all, &table, &rows[1], MQTT_50, transports[0])->verdict,
		VERDICT_INFO);
	assert_int_equal(expectation_find(all, &table, &rows[1], MQTT_311, transports[0])->verdict,
		VERDICT_NONSTRICT);
	const struct expectation *e = expectation_find(all, &only_50, NULL, MQTT_50, transports[0]);
	assert_int_equal(e->verdict, VERDICT_FAIL);
	assert_string_equal(e->reason, "anything, on two lines");
	assert_string_equal(e->link, "https://example.org/1");
	assert_null(expectation_orphan(all, cases, 2));
}

static void an_expectation_may_be_of_some_transports(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"case = table/one ws,wss\n"
						"verdict = crash\n"
						"reason = r\n"
						"case = table/one 5.0 wss\n"
						"verdict = info\n"
						"reason = r\n"
						"case = table\n"
						"verdict = fail\n"
						"reason = r\n");
	static const struct {
		const struct transport *over;
		enum mqtt_version version;
		enum verdict verdict;
	} samples[] = {
		{ &transport_tcp, MQTT_50, VERDICT_FAIL },
		{ &transport_ws, MQTT_50, VERDICT_CRASH },
		{ &transport_wss, MQTT_50, VERDICT_INFO },
		{ &transport_wss, MQTT_311, VERDICT_CRASH },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_int_equal(expectation_find(&f.expected, &table, &rows[0], samples[i].version,
					 samples[i].over)
					 ->verdict,
			samples[i].verdict);
}

static void an_expectation_that_meets_no_case_is_found(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"case = table/two\n"
						"verdict = fail\n"
						"reason = r\n"
						"case = will_x 3.1.1\n"
						"verdict = fail\n"
						"reason = not played in this version\n");

	assert_int_equal(expectation_orphan(&f.expected, cases, 2)->line, 8);
	assert_null(expectation_find(&f.expected, &only_50, NULL, MQTT_50, transports[0]));
}

/* ---- causes -------------------------------------------------------------------------------- */

static struct record_case failed(const char *statement, const char *difference)
{
	struct record_failure *f = arena_new(&arena, struct record_failure);
	struct record_statement *s = arena_new(&arena, struct record_statement);

	*f = (struct record_failure){ .statement = statement, .difference = difference };
	*s = (struct record_statement){ statement, VERDICT_FAIL, false };
	return (struct record_case){ .id = "x",
		.version = "5.0",
		.verdict = VERDICT_FAIL,
		.failure = f,
		.statements = s,
		.statement_count = 1 };
}

static const char *foreseen_by(const struct target_file *f, struct record_case record)
{
	const struct expectation *e = expectation_find_cause(&f->expected, &record);

	return e ? e->reason : NULL;
}

static void a_cause_foresees_all_that_fail_of_it(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"cause = 5.0:MQTT-3.3.1-1 dup\n"
						"verdict = fail\n"
						"reason = both named\n"
						"cause = MQTT-3.3.1-1 dup\n"
						"verdict = fail\n"
						"reason = in both versions\n"
						"cause = 5.0:MQTT-3.3.1-1\n"
						"verdict = fail\n"
						"reason = any difference\n"
						"cause = 5.0:MQTT-4.3.3-10 monitor\n"
						"verdict = nonstrict\n"
						"reason = of the monitor\n");

	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-3.3.1-1", "dup")), "both named");
	assert_string_equal(
		foreseen_by(&f, failed("3.1.1:MQTT-3.3.1-1", "dup")), "in both versions");
	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-3.3.1-1", "qos")), "any difference");
	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-3.3.1-1", NULL)), "any difference");
	assert_null(foreseen_by(&f, failed("3.1.1:MQTT-3.3.1-1", "qos")));
	assert_null(foreseen_by(&f, failed("5.0:MQTT-3.3.1-10", "dup")));
	assert_null(foreseen_by(&f, failed("5.0:MQTT-4.3.3-10", "monitor"))); /* as nonstrict */
	struct record_case r = failed("5.0:MQTT-4.3.3-10", NULL);
	r.verdict = VERDICT_NONSTRICT;
	assert_null(foreseen_by(&f, r));
	((struct record_failure *)r.failure)->step = "monitor";
	assert_string_equal(foreseen_by(&f, r), "of the monitor");
	r.failure = NULL;
	assert_null(foreseen_by(&f, r));

	assert_null(expectation_find(&f.expected, &only_50, NULL, MQTT_50, transports[0]));
	assert_null(expectation_orphan(&f.expected, cases, 2));
	assert_string_equal(f.expected.list[0].cause, "5.0:MQTT-3.3.1-1 dup");
}

/* A broker that ends connections at random breaks any statement, and none for certain. */
static void a_difference_may_be_foreseen_of_any_statement(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"cause = * closed\n"
						"verdict = fail\n"
						"sometimes = yes\n"
						"reason = at random\n"
						"cause = MQTT-3.3.1-1\n"
						"verdict = fail\n"
						"reason = of this one\n");

	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-4.3.3-10", "closed")), "at random");
	assert_string_equal(foreseen_by(&f, failed("3.1.1:MQTT-4.5.0-1", "closed")), "at random");
	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-3.3.1-1", "closed")), "of this one");
	assert_null(foreseen_by(&f, failed("5.0:MQTT-4.3.3-10", "missing")));

	static struct record_statement two[] = {
		{ .name = "5.0:MQTT-4.3.3-10", .verdict = VERDICT_FAIL },
		{ .name = "5.0:MQTT-4.5.0-1", .verdict = VERDICT_FAIL },
	};
	struct record_case r = failed("5.0:MQTT-4.3.3-10", "closed");
	r.statements = two;
	r.statement_count = 2;
	assert_null(foreseen_by(&f, r)); /* nobody knows how the other one is broken */
}

/* One entry must not hide what else is broken. */
static void what_is_broken_besides_must_be_foreseen_too(void **state)
{
	(void)state;
	static const char one[] = TARGET "[expected]\n"
					 "cause = 5.0:MQTT-3.3.1-1 dup\n"
					 "verdict = fail\n"
					 "reason = one\n";
	struct target_file f = read_good(one);
	struct record_case r = failed("5.0:MQTT-3.3.1-1", "dup");
	struct record_statement two[] = {
		{ "5.0:MQTT-3.3.1-1", VERDICT_FAIL, false },
		{ "5.0:MQTT-4.3.3-10", VERDICT_NONSTRICT, false },
	};

	r.statements = two;
	r.statement_count = 2;
	assert_string_equal(foreseen_by(&f, r), "one");
	two[1].verdict = VERDICT_FAIL;
	assert_null(foreseen_by(&f, r));
	f = read_good(arena_printf(
		&arena, "%scause = MQTT-4.3.3-10 qos\nverdict = fail\nreason = other\n", one));
	assert_string_equal(foreseen_by(&f, r), "one");
	assert_true(expectation_is_seen(&f.expected.list[0], &r));
	assert_true(expectation_is_seen(&f.expected.list[1], &r));
	r.statement_count = 1;
	assert_false(expectation_is_seen(&f.expected.list[1], &r));
	r = failed("5.0:MQTT-3.3.1-1", "qos");
	assert_false(expectation_is_seen(&f.expected.list[0], &r));
}

static struct record_case judged(const struct target_file *f, struct record_case record)
{
	const struct plan_item item = {
		.def = &only_50, .version = MQTT_50, .transport = transports[0]
	};

	result_judge(&f->expected, &item, &record);
	return record;
}

static void what_comes_and_goes_may_stay_away(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"cause = MQTT-3.3.1-1 dup\n"
						"verdict = fail\n"
						"sometimes = yes\n"
						"reason = a race\n"
						"case = will_x\n"
						"verdict = inconclusive\n"
						"sometimes = yes\n"
						"reason = another\n");
	const struct target_file by_cause = { .expected = { .list = f.expected.list, .count = 1 } };
	struct record_case r = judged(&by_cause, failed("5.0:MQTT-3.3.1-1", "dup"));

	assert_true(r.foreseen && r.expected);
	r.verdict = VERDICT_PASS;
	r = judged(&f, r);
	assert_true(!r.foreseen && r.expected);
	r.verdict = VERDICT_INCONCLUSIVE;
	r = judged(&f, r);
	assert_true(r.foreseen && r.expected);
	r.verdict = VERDICT_FAIL;
	r = judged(&f, r);
	assert_true(r.foreseen && r.expected); /* by its cause */
	r = judged(&f, failed("5.0:MQTT-3.3.1-1", "qos"));
	assert_true(!r.foreseen && !r.expected);
	assert_refused("[expected]\ncase = a\nverdict = fail\nsometimes = often\n",
		"4: `sometimes`: must be `yes`, or not be there");
}

static void causes_must_be_sound(void **state)
{
	(void)state;
	assert_refused("[expected]\ncause = MQTT-9.9.9-9\n",
		"2: `cause`: there is no such statement (mqttspec explain)");
	assert_refused("[expected]\ncause = 3.1.1:U50-DISC-WILL\n",
		"2: `cause`: there is no such statement (mqttspec explain)");
	assert_refused("[expected]\ncause = MQTT-3.3.1-1 dpu\n",
		"2: `cause`: there is no such word for a difference (docs/RECORDS.md)");
	assert_refused("[expected]\ncause = *\n",
		"2: `cause`: any statement (*) needs a word for the difference after it");
	assert_refused("[expected]\ncause = * closed\nverdict = fail\nreason = r\n",
		"2: a cause of any statement needs `sometimes = yes`");
	assert_refused("[expected]\ncause =\n",
		"2: `cause`: must be a statement, and perhaps a word for the difference after it");
	assert_refused("[expected]\ncause = MQTT-3.3.1-1\nverdict = crash\nreason = r\n",
		"2: a cause is foreseen as `fail` or as `nonstrict`");
	assert_refused("[expected]\ncause = MQTT-3.3.1-1\nreason = r\ncase = a\n",
		"2: this expectation has no `verdict`");
	struct target_file f = read_good(TARGET "[expected]\n"
						"cause = U50-DISC-WILL\n"
						"verdict = fail\n"
						"reason = of 5.0 alone\n");
	assert_int_equal(f.expected.list[0].versions, V50);
}

static void expectations_must_be_whole(void **state)
{
	(void)state;
	assert_refused("[expected]\nverdict = fail\n",
		"2: `verdict`: an expectation begins with `case` or `cause`");
	assert_refused("[expected]\ncase = a\nreason = b\ncase = c\n",
		"2: this expectation has no `verdict`");
	assert_refused(
		"[expected]\ncase = a\nverdict = fail\n", "2: this expectation has no `reason`");
	assert_refused("[expected]\ncase = a\nverdict = ok\n", "3: `verdict`: is no verdict");
	assert_refused("[expected]\ncase = a 4\n",
		"2: `case`: after the pattern there may be `3.1.1` or `5.0`, and then one or more "
		"of "
		"tcp, tls, ws, wss, unix with commas between");
	assert_refused("[expected]\ncase =\n",
		"2: `case`: must be a pattern, and perhaps a version after it");

	struct expectations e;
	const char *error;
	write_text("[expected]\ncase = a\nverdict = fail\nreason = r\n");
	assert_true(target_file_read_expected(&arena, path, &e, &error));
	assert_int_equal(e.count, 1);
}

static void braces_that_are_no_placeholders_stay(void **state)
{
	(void)state;
	const struct placeholder values[] = { { "port", "1883" }, { NULL, NULL } };

	assert_string_equal(words_fill(&arena, "{port}:{127,0,0,1} {x {port}} {", values),
		"1883:{127,0,0,1} {x 1883} {");
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	unlink(path);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_is_read),
		TEST(a_program_has_a_minute_to_be_ready),
		TEST(a_running_target_needs_no_command),
		TEST(lost_indentation_is_told_where_it_matters),
		TEST(a_broker_may_be_hosted_by_others),
		TEST(a_broker_may_want_a_user),
		TEST(users_have_rights),
		TEST(certificates_are_read),
		TEST(faults_of_users_have_a_place),
		TEST(a_persistent_instance_is_read),
		TEST(a_persistent_instance_is_usually_like_any_other),
		TEST(faults_of_a_persistent_instance_have_a_place),
		TEST(faults_have_a_place),
		TEST(nothing_is_cut_off),
		TEST(a_missing_file_is_said),
		TEST(the_most_specific_expectation_wins),
		TEST(an_expectation_may_be_of_some_transports),
		TEST(an_expectation_that_meets_no_case_is_found),
		TEST(a_cause_foresees_all_that_fail_of_it),
		TEST(a_difference_may_be_foreseen_of_any_statement),
		TEST(what_is_broken_besides_must_be_foreseen_too),
		TEST(what_comes_and_goes_may_stay_away),
		TEST(causes_must_be_sound),
		TEST(expectations_must_be_whole),
		TEST(braces_that_are_no_placeholders_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
