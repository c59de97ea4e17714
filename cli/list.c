#include "cli/list.h"

#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/nearest.h"
#include "cli/screen.h"
#include "harness/pattern.h"
#include "harness/versions.h"
#include "reports/text.h"

static const char help[] =
	"Usage: mqttspec list [PATTERN...] [OPTION...]\n"
	"\n"
	"Shows the cases that match any of the patterns (all without one): id, versions, level,\n"
	"the time that the standard's own clocks make it last, and title.\n"
	"\n"
	"A PATTERN is, with the wildcards of the shell:\n"
	"  qos2_duplicate_publish     a case, or a table of packets with all of its rows\n"
	"  'bad_flags/ping*'          rows of a table\n"
	"  will                       a chapter, the file that the cases stand in\n"
	"  MQTT-3.1.2-24, 5.0:MQTT-3.1.2-24, U50-PROP-ORDER\n"
	"                             a statement, in both versions or in one\n"
	"  3.1.2, MQTT-3.1.2          the statements of a section and of those below it\n"
	"\n"
	"Options:\n"
	"  --role R         only those that judge this: server, client, or agent (default: all)\n"
	"  --not PATTERN    leave out what matches this; as often as wanted\n"
	"  --versions V     only these: 3.1.1, 5.0, or both with a comma between\n"
	"  --statements     the statements that a server (or, with --role, a client) can be held\n"
	"                   to, each with the number of cases that refer to it; \"watched\" are\n"
	"                   those that every case run accuses where it sees them broken,\n"
	"                   \"permission\" those that demand nothing\n"
	"  --uncovered      of them only those without a case, and why there is none\n"
	"  --json           one JSON array\n"
	"  -h, --help       this\n"
	"\n"
	"Examples:\n"
	"  mqttspec list will --versions 5.0     the cases of a chapter, in one version\n"
	"  mqttspec list MQTT-4.3.3              who tests that section\n"
	"  mqttspec list --uncovered 5.0:3.1     statements of 5.0, 3.1 that wait for a case\n"
	"  mqttspec list --role client           what a client is judged by\n"
	"  mqttspec list --json | jq '.[].id'    for programs\n"
	"\n"
	"Exit codes: 0; 2 for a bad option, or a pattern that matches nothing.\n";

static const char *const role_names[] = {
	[ROLE_SERVER] = "server",
	[ROLE_CLIENT] = "client",
	[ROLE_AGENT] = "agent",
};

bool list_leaves_out(const struct list_options *o, const struct walk *w, enum mqtt_version version)
{
	return pattern_find(o->excluded, o->excluded_count, w->def, w->row, version);
}

unsigned list_selects(const struct list_options *o, const struct walk *w)
{
	unsigned selected = 0;

	if (o->roles && !(o->roles & 1u << w->def->role))
		return 0;
	for (int i = 0; i < VERSION_COUNT; i++) {
		enum mqtt_version v = version_at(i);
		unsigned bit = version_bit(v);
		if (!(o->versions & bit) || !case_has_version(w->def, w->row, v))
			continue;
		bool matched = !o->pattern_count ||
			pattern_find(o->patterns, o->pattern_count, w->def, w->row, v);
		selected |= matched && !list_leaves_out(o, w, v) ? bit : 0;
	}
	return selected;
}

/* ---- cases for people ---- */

enum { ID_WIDTH_MAX = 56 };

static size_t id_width(const struct list_options *o)
{
	struct walk w = { 0 };
	size_t widest = 0;

	while (walk_next(&w)) {
		char id[CASE_ID_SIZE];
		size_t width = strlen(walk_id(&w, id));
		if (width > widest && list_selects(o, &w))
			widest = width;
	}
	return widest < ID_WIDTH_MAX ? widest : ID_WIDTH_MAX;
}

static void print_case(const struct walk *w, unsigned versions, size_t width)
{
	char id[CASE_ID_SIZE], budget[TEXT_SIZE] = "";

	walk_id(w, id);
	if (w->def->budget_ms)
		text_duration((int64_t)w->def->budget_ms * 1000, budget);
	int column = printf("  %-*s  %-9s  %-6s  %8s  ", (int)width, id, versions_text(versions),
		level_name(w->def->level), budget);
	text_wrap(stdout, walk_title(w),
		(struct text_block){
			.column = (size_t)column,
			.indent = width + 33,
			.width = screen_width(stdout, 0),
		});
	putchar('\n');
}

static void list_cases(const struct list_options *o)
{
	const struct chapter *chapter = NULL;
	size_t width = id_width(o), count = 0, runs[BOTH + 1] = { 0 };
	struct walk w = { 0 };

	while (walk_next(&w)) {
		unsigned versions = list_selects(o, &w);
		if (!versions)
			continue;
		if (chapter != w.chapter)
			printf("%s%s: %s\n", chapter ? "\n" : "", w.chapter->id, w.chapter->title);
		chapter = w.chapter;
		print_case(&w, versions, width);
		count++;
		runs[V311] += (versions & V311) != 0;
		runs[V50] += (versions & V50) != 0;
	}
	printf("\n%zu %s: %zu in 3.1.1, %zu in 5.0\n", count, count == 1 ? "case" : "cases",
		runs[V311], runs[V50]);
}

/* ---- cases for programs ---- */

static json_t *versions_json(unsigned versions)
{
	json_t *array = json_array();

	if (versions & V311)
		json_array_append_new(array, json_string("3.1.1"));
	if (versions & V50)
		json_array_append_new(array, json_string("5.0"));
	return array;
}

static json_t *refs_json(const struct walk *w, unsigned versions)
{
	json_t *array = json_array();
	size_t count;
	const char *const *refs = case_refs(w->def, w->row, &count);

	for (size_t i = 0; i < count; i++)
		if (versions & version_bit(ref_version(refs[i])))
			json_array_append_new(array, json_string(refs[i]));
	return array;
}

static void list_cases_json(const struct list_options *o)
{
	json_t *array = json_array();
	struct walk w = { 0 };

	while (walk_next(&w)) {
		char id[CASE_ID_SIZE];
		unsigned versions = list_selects(o, &w);
		if (!versions)
			continue;
		json_t *each = json_object();
		json_object_set_new(each, "id", json_string(walk_id(&w, id)));
		json_object_set_new(each, "chapter", json_string(w.chapter->id));
		json_object_set_new(each, "role", json_string(role_names[w.def->role]));
		json_object_set_new(each, "title", json_string(walk_title(&w)));
		json_object_set_new(each, "versions", versions_json(versions));
		json_object_set_new(each, "level", json_string(level_name(w.def->level)));
		json_object_set_new(each, "budget_ms", json_integer(w.def->budget_ms));
		json_object_set_new(each, "statements", refs_json(&w, versions));
		json_array_append_new(array, each);
	}
	json_dumpf(array, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(array);
}

/* ---- the command line ---- */

static bool role_parse(const char *text, unsigned *mask)
{
	for (unsigned i = 0; i < sizeof(role_names) / sizeof(*role_names); i++)
		if (!strcmp(role_names[i], text))
			*mask |= 1u << i;
	return *mask;
}

/* Whether a pattern alone selects anything of what is to be shown. */
static bool selects_anything(const struct list_options *o, const char *const *pattern)
{
	struct list_options one = *o;
	struct walk w = { 0 };

	one.patterns = pattern;
	one.pattern_count = 1;
	one.excluded_count = 0;
	while (walk_next(&w))
		if (list_selects(&one, &w))
			return true;
	for (size_t i = 0; o->statements && i < spec_statement_count; i++)
		if (pattern_matches_statement(*pattern, spec_statements[i].name))
			return true;
	return false;
}

static int pattern_error(const char *pattern)
{
	struct nearest n;
	struct walk w = { 0 };
	char hint[NEAREST_TEXT], id[CASE_ID_SIZE];

	nearest_init(&n, pattern);
	while (walk_next(&w)) {
		if (walk_matches(&w, pattern))
			return usage_error(&command_list,
				"\"%s\" matches cases, but none of the role and version asked for",
				pattern);
		nearest_offer(&n, w.chapter->id);
		nearest_offer(&n, w.def->id);
		nearest_offer(&n, walk_id(&w, id));
	}
	return usage_error(
		&command_list, "nothing matches \"%s\"%s", pattern, nearest_text(&n, hint));
}

static int list(const struct list_options *o)
{
	for (size_t i = 0; i < o->pattern_count; i++)
		if (!selects_anything(o, &o->patterns[i]))
			return pattern_error(o->patterns[i]);
	for (size_t i = 0; i < o->excluded_count; i++)
		if (!selects_anything(o, &o->excluded[i]))
			return pattern_error(o->excluded[i]);
	if (o->statements && o->roles & 1u << ROLE_AGENT)
		return usage_error(&command_list, "no statement of the standard binds an agent");
	if (o->statements)
		list_statements(o);
	else if (o->json)
		list_cases_json(o);
	else
		list_cases(o);
	return EXIT_AS_EXPECTED;
}

enum { GO_ON = -1 };

/* GO_ON, or an exit code. */
static int read_option(int answer, char **argv, struct list_options *o)
{
	switch (answer) {
	case 'v':
		if (!versions_parse(optarg, &o->versions))
			return usage_error(&command_list,
				"--versions takes 3.1.1, 5.0 or both, not \"%s\"", optarg);
		break;
	case 'r':
		if (!role_parse(optarg, &o->roles))
			return usage_error(&command_list,
				"--role takes server, client or agent, not \"%s\"", optarg);
		break;
	case 'n': o->excluded[o->excluded_count++] = optarg; break;
	case 'u': o->uncovered = true; /* fall through */
	case 's': o->statements = true; break;
	case 'j': o->json = true; break;
	case 'h': fputs(help, stdout); return EXIT_AS_EXPECTED;
	default: return option_error(&command_list, answer, argv);
	}
	return GO_ON;
}

static const struct option options[] = {
	{ "versions", required_argument, NULL, 'v' },
	{ "role", required_argument, NULL, 'r' },
	{ "not", required_argument, NULL, 'n' },
	{ "statements", no_argument, NULL, 's' },
	{ "uncovered", no_argument, NULL, 'u' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int run(int argc, char **argv)
{
	struct arena arena;
	struct list_options o = { .versions = BOTH };
	int answer, code = GO_ON;

	arena_init(&arena);
	o.excluded = arena_alloc(&arena, (size_t)argc * sizeof(*o.excluded));
	opterr = 0;
	while (code == GO_ON && (answer = getopt_long(argc, argv, ":h", options, NULL)) != -1)
		code = read_option(answer, argv, &o);
	o.patterns = (const char *const *)argv + optind;
	o.pattern_count = (size_t)(argc - optind);
	if (code == GO_ON)
		code = list(&o);
	arena_fini(&arena);
	return code;
}

const struct command command_list = {
	.name = "list",
	.synopsis = "[PATTERN...] [--not PATTERN] [--versions V] [--role R] "
		    "[--statements|--uncovered] [--json]",
	.summary = "the cases, or the statements and how many cases test them",
	.run = run,
	.options = options,
	.help = help,
};
