#include "harness/runner/target_file.h"

#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "harness/agent/client.h"
#include "harness/case.h"
#include "harness/launch/words.h"
#include "harness/peers/guest.h"
#include "harness/runner/ini_file.h"
#include "harness/runner/plan.h"
#include "harness/runner/target_expected.h"
#include "harness/runner/target_install.h"
#include "harness/runner/target_users.h"
#include "harness/versions.h"

enum {
	READY_MS = 60000,
	READY_MS_MAX = 600000,
	CONNECT_RATE_MAX = 100000,
	PLACEHOLDER_SIZE = 32, /* with its braces */
};

struct reader {
	struct arena *arena;
	const char *path;
	const char **error;
	struct target_file *out;
	struct target_documents documents;
	struct target_expected expected;
	struct target_users users;
};

static bool fault(struct reader *r, int line, const char *sentence)
{
	*r->error = arena_printf(r->arena, "%s:%d: %s", r->path, line, sentence);
	return false;
}

static bool fault_about(struct reader *r, const struct ini_setting *s, const char *sentence)
{
	*r->error = arena_printf(r->arena, "%s:%d: `%s`: %s", r->path, s->line, s->name, sentence);
	return false;
}

/* ---- [target] ------------------------------------------------------------------------------ */

static bool set_text(struct reader *r, const struct ini_setting *s, const char **field)
{
	if (*field)
		return fault_about(r, s, "is given twice");
	if (!*s->value)
		return fault_about(r, s, "needs a value");
	*field = ini_prose(r->arena, s->value);
	return true;
}

static bool set_words(struct reader *r, const struct ini_setting *s, const char *const **field)
{
	if (*field)
		return fault_about(r, s, "is given twice");
	*field = words_split(r->arena, s->value);
	if (!*field)
		return fault_about(r, s, "a quote is left open");
	return **field ? true : fault_about(r, s, "needs a value");
}

static bool set_environment(struct reader *r, const struct ini_setting *s)
{
	if (!set_words(r, s, &r->out->environment))
		return false;
	for (const char *const *word = r->out->environment; *word; word++)
		if (**word == '=' || !strchr(*word, '='))
			return fault_about(r, s, "each word must be of the form NAME=value");
	return true;
}

/* Any line of text: it may hold blanks at its ends, after a bar. */
static bool set_password(struct reader *r, const struct ini_setting *s)
{
	if (r->out->password)
		return fault_about(r, s, "is given twice");
	if (strchr(s->value, '\n'))
		return fault_about(r, s, "must be one line");
	r->out->password = s->value;
	return true;
}

/* Relative to the folder of the target file. */
static bool set_password_file(struct reader *r, const struct ini_setting *s)
{
	const char **path = &r->out->password_file;

	if (!set_text(r, s, path))
		return false;
	if (**path != '/')
		*path = arena_printf(
			r->arena, "%s/%s", target_file_folder(r->arena, r->out), *path);
	return true;
}

static bool set_version_pattern(struct reader *r, const struct ini_setting *s)
{
	regex_t compiled;

	if (!set_text(r, s, &r->out->version_pattern))
		return false;
	if (regcomp(&compiled, r->out->version_pattern, REG_EXTENDED))
		return fault_about(r, s, "is no extended regular expression");
	bool has_group = compiled.re_nsub > 0;
	regfree(&compiled);
	return has_group || fault_about(r, s, "needs a group in parentheses, around the version");
}

static bool parse_number(const char *text, unsigned most, unsigned *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*out = (unsigned)n;
	return *text >= '0' && *text <= '9' && !*end && n && n <= most;
}

static bool set_ready(struct reader *r, const struct ini_setting *s)
{
	return parse_number(s->value, READY_MS_MAX, &r->out->ready_ms) ||
		fault_about(r, s, "must be a number of milliseconds, 1 to 600000");
}

static bool set_transports(struct reader *r, const struct ini_setting *s)
{
	return routes_parse(r->arena, s->value, &r->out->transports) ||
		fault_about(r, s,
			arena_printf(r->arena, "must be one or more of %s, with commas between",
				routes_text(r->arena)));
}

static bool set_guest_text(struct reader *r, const struct ini_setting *s, const char **field,
	const char *(*objection)(const char *text))
{
	if (!set_text(r, s, field))
		return false;
	const char *fault = objection(*field);
	return !fault || fault_about(r, s, fault);
}

/* What whoever hosts it asks of its guests. */
static bool read_guest(struct reader *r, const struct ini_setting *s)
{
	struct target_file *f = r->out;

	if (!strcmp(s->name, "prefix"))
		return set_guest_text(r, s, &f->topics, guest_topics_objection);
	if (!strcmp(s->name, "client_id_prefix"))
		return set_guest_text(r, s, &f->client_ids, guest_client_ids_objection);
	if (!strcmp(s->name, "connect_rate"))
		return parse_number(s->value, CONNECT_RATE_MAX, &f->connect_rate) ||
			fault_about(r, s, "must be a number of connections a second, 1 to 100000");
	return fault_about(r, s, "there is no such name in [target]");
}

static bool set_install(struct reader *r, const struct ini_setting *s)
{
	if (!set_text(r, s, &r->out->install))
		return false;
	return target_install_is_name(s->value) ||
		fault_about(r, s, "must be the name of a recipe: letters, digits, `-` and `_`");
}

static bool read_target(struct reader *r, const struct ini_setting *s)
{
	struct target_file *f = r->out;

	if (!f->line)
		f->line = s->section_line;
	if (!strcmp(s->name, "name"))
		return set_text(r, s, &f->name);
	if (!strcmp(s->name, "package"))
		return set_text(r, s, &f->package);
	if (!strcmp(s->name, "install"))
		return set_install(r, s);
	if (!strcmp(s->name, "url"))
		return set_text(r, s, &f->url);
	if (!strcmp(s->name, "command"))
		return set_words(r, s, &f->command);
	if (!strcmp(s->name, "agent"))
		return set_words(r, s, &f->agent);
	if (!strcmp(s->name, "exec"))
		return set_words(r, s, &f->exec);
	if (!strcmp(s->name, "version_command"))
		return set_words(r, s, &f->version_command);
	if (!strcmp(s->name, "version_pattern"))
		return set_version_pattern(r, s);
	if (!strcmp(s->name, "environment"))
		return set_environment(r, s);
	if (!strcmp(s->name, "ready_ms"))
		return set_ready(r, s);
	if (!strcmp(s->name, "user"))
		return set_text(r, s, &f->user_name);
	if (!strcmp(s->name, "password"))
		return set_password(r, s);
	if (!strcmp(s->name, "password_file"))
		return set_password_file(r, s);
	if (!strcmp(s->name, "versions"))
		return versions_parse(s->value, &f->versions) ||
			fault_about(r, s, "must be `3.1.1`, `5.0` or both");
	if (!strcmp(s->name, "transports"))
		return set_transports(r, s);
	return read_guest(r, s);
}

/* ---- [file NAME], [persistent] --------------------------------------------------------------- */

static bool fault_of(
	struct reader *r, const struct ini_setting *s, const char *sentence, bool with_section)
{
	if (!sentence)
		return true;
	return with_section ? fault(r, s->section_line, sentence) : fault_about(r, s, sentence);
}

/* A language whose meaning is in the indentation, and that is lost. */
static void warn_of_indentation(struct reader *r, const struct target_documents *all)
{
	if (all->uneven_line && !r->out->warning)
		r->out->warning = arena_printf(r->arena,
			"%s:%d: the lines of %s lose their indentation; put a bar and a blank, "
			"`| `, before each of them",
			r->path, all->uneven_line, all->uneven);
}

static bool read_document(struct reader *r, const struct ini_setting *s)
{
	const char *name = s->section + strlen("file");
	bool with_section;

	name += strspn(name, " \t");
	const char *sentence =
		target_document_read(r->arena, &r->documents, name, s, &with_section);
	if (!fault_of(r, s, sentence, with_section))
		return false;
	r->out->documents = r->documents.list;
	r->out->document_count = r->documents.count;
	warn_of_indentation(r, &r->documents);
	return true;
}

static bool read_persistent(struct reader *r, const struct ini_setting *s)
{
	bool with_section;
	const char *sentence =
		target_persistent_read(r->arena, &r->out->persistent, s, &with_section);

	if (!fault_of(r, s, sentence, with_section))
		return false;
	warn_of_indentation(r, &r->out->persistent.documents);
	return true;
}

/* ---- [features], [features VERSION] -------------------------------------------------------- */

static bool read_feature(struct reader *r, const struct ini_setting *s)
{
	const char *name = s->section + strlen("features");
	unsigned versions = BOTH;
	const char *error;

	if (*name && !versions_parse(name, &versions))
		return fault(
			r, s->section_line, "must be [features], perhaps with a version after it");
	for (int i = 0; i < 2; i++)
		if (versions & (i ? V50 : V311) &&
			!features_set(&r->out->features[i], s->name, s->value, &error))
			return fault_about(r, s, error);
	return true;
}

/* ---- [expected] ---------------------------------------------------------------------------- */

static bool check_expected(struct reader *r)
{
	bool good = target_expected_finish(r->arena, &r->expected, r->error);

	r->out->expected = (struct expectations){ r->expected.list, r->expected.count };
	return good;
}

/* ---- [users], [access], [auth] --------------------------------------------------------------------- */

static bool read_users(struct reader *r, const struct ini_setting *s)
{
	const char *fault = !strcmp(s->section, "auth")
		? target_users_read_auth(r->arena, &r->users, s)
		: !strcmp(s->section, "users")
		? target_users_read(r->arena, &r->users, target_file_folder(r->arena, r->out), s)
		: target_users_read_access(r->arena, &r->users, s);

	return !fault || fault_about(r, s, fault);
}

static bool check_users(struct reader *r)
{
	const char *sentence = target_users_missing(&r->users);

	if (sentence)
		return fault(r, r->users.line ? r->users.line : r->users.auth_line, sentence);
	if (r->users.count) {
		r->out->users = target_users_all(r->arena, &r->users);
		r->out->users_urls = r->users.urls;
	}
	return true;
}

/* ---- [certificates] ------------------------------------------------------------------------ */

static bool read_certificates(struct reader *r, const struct ini_setting *s)
{
	const char *fault = target_certificates_read(
		r->arena, &r->out->certificates, target_file_folder(r->arena, r->out), s);

	return !fault || fault_about(r, s, fault);
}

static bool check_certificates(struct reader *r)
{
	struct target_certificates *c = &r->out->certificates;
	const char *sentence = target_certificates_finish(c);

	return !sentence || fault(r, c->line, sentence);
}

/* ---- the whole file ------------------------------------------------------------------------ */

static bool section_is(const struct ini_setting *s, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(s->section, name, len) && (!s->section[len] || s->section[len] == ' ');
}

static bool read_setting(struct reader *r, const struct ini_setting *s)
{
	if (!strcmp(s->section, "target"))
		return read_target(r, s);
	if (section_is(s, "file"))
		return read_document(r, s);
	if (section_is(s, "persistent"))
		return read_persistent(r, s);
	if (section_is(s, "features"))
		return read_feature(r, s);
	if (!strcmp(s->section, "expected"))
		return target_expected_read(r->arena, &r->expected, s, r->error);
	if (!strcmp(s->section, "users") || !strcmp(s->section, "access") ||
		!strcmp(s->section, "auth"))
		return read_users(r, s);
	if (!strcmp(s->section, "certificates"))
		return read_certificates(r, s);
	return fault(r, s->section_line ? s->section_line : s->line,
		"the sections are [target], [file NAME], [features], [persistent], [users], "
		"[access], [auth], [certificates] and [expected]");
}

static bool read_all(struct arena *a, const char *path, const struct ini_file *ini,
	struct target_file *out, const char **error)
{
	struct reader r = { .arena = a, .path = arena_text(a, path), .error = error, .out = out };

	*out = (struct target_file){ .path = r.path };
	r.expected.path = r.path;
	for (size_t i = 0; i < ini->count; i++)
		if (!read_setting(&r, &ini->list[i]))
			return false;
	return check_expected(&r) && check_users(&r) && check_certificates(&r);
}

/* What no single line can say. */
static const char *missing(const struct target_file *f)
{
	if (!f->name)
		return "[target] needs a `name`";
	bool is_client = f->agent || f->exec;
	if (!!f->command + !!f->url + !!f->agent + !!f->exec != 1)
		return "[target] needs one of these: a `command` that launches a broker, the `url` "
		       "of "
		       "one that runs, the command line of a client's `agent`, or, to be judged "
		       "without one, its `exec`";
	if (is_client && (f->document_count || f->ready_ms))
		return "a client is launched for each case run: it has no files, and no `ready_ms`";
	if (f->install && f->url)
		return "`install` is for what is launched: it has no `url`";
	if (!f->exec && f->transports.count)
		return "`transports` is for the `exec` of a client: an agent says itself what it "
		       "speaks, and for brokers their placeholders and URLs do";
	if (is_client && f->user_name)
		return "a client has no `user`: that is for what brokers want of clients";
	if (is_client && (f->topics || f->client_ids || f->connect_rate))
		return "a client has no `prefix`, `client_id_prefix` or `connect_rate`: they are "
		       "for brokers";
	if (is_client && f->users)
		return "a client has no [users]: they are for brokers";
	if (f->persistent.line && !f->command)
		return "[persistent] is for a broker that is launched: it needs a `command`";
	if (is_client && f->certificates.line)
		return "a client has no [certificates]: they are for brokers";
	if (f->certificates.line && !f->command && !f->certificates.those.folder)
		return "[certificates] needs a `folder`: only a launched program gets certificates";
	if ((f->password || f->password_file) && !f->user_name)
		return "a password needs a `user`";
	if (f->password && f->password_file)
		return "there is a `password` and a `password_file`: one of them, please";
	if (f->url && (f->version_command || f->environment || f->document_count))
		return "a target with a `url` is not launched: it has no files and no environment";
	if (!f->version_command != !f->version_pattern)
		return "`version_command` and `version_pattern` need each other";
	return NULL;
}

static bool finish(struct arena *a, struct target_file *f, const char **error)
{
	const char *sentence = missing(f);

	if (sentence) {
		*error = arena_printf(a, "%s:%d: %s", f->path, f->line + !f->line, sentence);
		return false;
	}
	if (!f->versions)
		f->versions = BOTH;
	if (!f->ready_ms)
		f->ready_ms = READY_MS;
	target_persistent_finish(&f->persistent);
	return true;
}

bool target_file_parse(struct arena *a, const char *path, const char *text, size_t len,
	struct target_file *out, const char **error)
{
	struct ini_file ini;

	return ini_file_parse(a, path, text, len, &ini, error) &&
		read_all(a, path, &ini, out, error) && finish(a, out, error);
}

bool target_file_read(
	struct arena *a, const char *path, struct target_file *out, const char **error)
{
	struct ini_file ini;

	return ini_file_read(a, path, &ini, error) && read_all(a, path, &ini, out, error) &&
		finish(a, out, error);
}

bool target_file_read_expected(
	struct arena *a, const char *path, struct expectations *out, const char **error)
{
	struct ini_file ini;
	struct target_file file;

	if (!ini_file_read(a, path, &ini, error) || !read_all(a, path, &ini, &file, error))
		return false;
	*out = file.expected;
	return true;
}

static bool words_have(const char *const *words, const char *text)
{
	while (words && *words)
		if (strstr(*words++, text))
			return true;
	return false;
}

bool target_file_asks(const struct target_file *file, const char *placeholder)
{
	char text[PLACEHOLDER_SIZE];

	snprintf(text, sizeof(text), "{%s}", placeholder);
	for (size_t i = 0; i < file->document_count; i++) {
		const struct target_document *d = &file->documents[i];
		if (strstr(d->content ? d->content : d->link, text))
			return true;
	}
	return words_have(file->command, text) || words_have(file->environment, text);
}

const char *target_file_folder(struct arena *a, const struct target_file *file)
{
	const char *slash = strrchr(file->path, '/');
	const char *folder =
		slash ? arena_printf(a, "%.*s/", (int)(slash - file->path), file->path) : ".";
	const char *full = realpath(folder, arena_alloc(a, PATH_MAX));

	return full ? full : folder;
}

bool target_file_client(struct arena *a, const struct target_file *file, struct client *out)
{
	*out = (struct client){
		.words = file->agent ? file->agent : file->exec,
		.environment = file->environment,
		.here = target_file_folder(a, file),
		.installed = target_install_folder(a, file),
		.agent = file->agent != NULL,
	};
	return out->words;
}
