#include "cli/explain.h"

#include <getopt.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/screen.h"

static const char help[] =
	"Usage: mqttspec explain NAME\n"
	"\n"
	"Says what a name means, and what to do with it. A NAME is\n"
	"  a statement         MQTT-3.1.2-24 (both versions), 5.0:MQTT-3.1.2-24, U50-PROP-ORDER\n"
	"  a case              qos2_duplicate_publish, a row of a table (table/row), a chapter\n"
	"  a Reason Code       0x8E, 'Session taken over'\n"
	"  a property          0x11, 'Session Expiry Interval'\n"
	"  a word of verdicts  pass, nonstrict, STATED, exit codes\n"
	"Where it means several things, all of them are shown.\n"
	"\n"
	"Of a statement you see what it demands and of whom, how that is observed and what is\n"
	"accepted besides, its counterpart in the other version, and the cases that test it.\n"
	"\n"
	"Options:\n"
	"  -h, --help       this\n"
	"\n"
	"Examples:\n"
	"  mqttspec explain MQTT-4.3.3-10             why did that case fail?\n"
	"  mqttspec explain Session Expiry Interval   where may that property stand?\n"
	"  mqttspec explain 0x82                      who may send that code, and when?\n"
	"  mqttspec explain inconclusive              what does that verdict say?\n"
	"\n"
	"Exit codes: 0; 2 for a bad option, or a name that means nothing.\n";

static bool explain(struct page *p, const char *name)
{
	bool (*const kinds[])(struct page *, const char *) = {
		explain_statement,
		explain_case,
		explain_reason_code,
		explain_return_code,
		explain_property,
		explain_word,
	};
	bool known = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		known |= kinds[i](p, name);
	return known;
}

static int name_error(const char *name)
{
	struct nearest n;
	char hint[NEAREST_TEXT];

	nearest_init(&n, name);
	offer_statements(&n);
	offer_cases(&n);
	offer_codes(&n);
	offer_words(&n);
	return usage_error(
		&command_explain, "nothing is called \"%s\"%s", name, nearest_text(&n, hint));
}

/* A name of several words needs no quotes. */
static int explain_words(char *const *words)
{
	struct page page = {
		.to = stdout,
		.width = screen_width(stdout, 80),
		.color = screen_has_color(stdout),
	};
	struct buf name;

	buf_init(&name, SIZE_MAX);
	for (; *words; words++)
		buf_printf(&name, name.len ? " %s" : "%s", *words);
	bool known = explain(&page, buf_text(&name));
	int code = known ? EXIT_AS_EXPECTED : name_error(buf_text(&name));
	buf_fini(&name);
	return code;
}

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int run(int argc, char **argv)
{
	int answer;

	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (answer != 'h')
			return option_error(&command_explain, answer, argv);
		fputs(help, stdout);
		return EXIT_AS_EXPECTED;
	}
	if (optind == argc)
		return usage_error(&command_explain,
			"it takes the name of a statement, a case, a Reason Code, a property "
			"or a verdict");
	return explain_words(argv + optind);
}

const struct command command_explain = {
	.name = "explain",
	.synopsis = "NAME",
	.summary = "what a statement, case, Reason Code, property or verdict means",
	.run = run,
	.options = options,
	.help = help,
};
