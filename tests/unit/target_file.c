/* Target files: what they say, and how they say what is wrong with them. */
#include "tests/unit/written_file.h"

#include <signal.h>
#include <string.h>

#undef fail /* cmocka's: case.h has its own */
#include "harness/capabilities.h"
#include "harness/case.h"
#include "harness/launch/words.h"
#include "harness/runner/ini_file.h"

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

/* ---- [persistent] ---------------------------------------------------------------------------- */

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

static void braces_that_are_no_placeholders_stay(void **state)
{
	(void)state;
	const struct placeholder values[] = { { "port", "1883" }, { NULL, NULL } };

	assert_string_equal(words_fill(&arena, "{port}:{127,0,0,1} {x {port}} {", values),
		"1883:{127,0,0,1} {x 1883} {");
}

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
		TEST(braces_that_are_no_placeholders_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
