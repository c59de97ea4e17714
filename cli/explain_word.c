/* The words of the suite itself: verdicts, levels, exit codes. docs/VERDICTS.md tells more. */
#include "cli/explain.h"

#include <strings.h>

#include "cli/cli.h"
#include "record/verdict.h"

static const struct {
	const char *means, *next;
} verdicts[VERDICT_COUNT] = {
	[VERDICT_PASS] = {
		"The target behaved as the statements of the case demand.",
		"nothing; if it was unexpected, remove the entry from the target's file",
	},
	[VERDICT_FAIL] = {
		"The target broke a MUST, or a rule that the standard states without a keyword.",
		"read the transcript of the failure, and `mqttspec explain` the statement; a "
		"known fault gets an entry with a reason in the target's file",
	},
	[VERDICT_NONSTRICT] = {
		"What the target did is legal, but it missed a SHOULD, or chose an odd Reason Code.",
		"nothing has to be mended",
	},
	[VERDICT_INFO] = {
		"An observation with a value, of something that the standard leaves open.",
		"nothing; the value helps to compare targets",
	},
	[VERDICT_INAPPLICABLE] = {
		"The target does not offer the feature, by its own word: CONNACK properties, a "
		"granted QoS, its file.",
		"nothing; if it does offer it, look at what its CONNACK says",
	},
	[VERDICT_INCONCLUSIVE] = {
		"A step of the set-up failed, so nothing was learned of the statement itself.",
		"read the transcript: the step that failed is mostly judged by another case",
	},
	[VERDICT_CRASH] = {
		"The target died during this case run.",
		"the record has its signal, the last lines of its stderr and the last packets",
	},
	[VERDICT_ERROR] = {
		"The suite itself is at fault: a file that cannot be written, a case that broke.",
		"read the note; a fault of the suite should be reported",
	},
};

static bool explain_verdict(struct page *p, const char *name)
{
	for (int v = 0; v < VERDICT_COUNT; v++) {
		if (strcasecmp(name, verdict_name(v)))
			continue;
		page_heading(p, "%s: a verdict", verdict_name(v));
		page_text(p, verdicts[v].means);
		page_field(p, "expected", "%s unless the target's file says otherwise",
			verdict_is_good(v) ? "yes," : "no,");
		page_field(p, "to do", "%s", verdicts[v].next);
		return true;
	}
	return false;
}

static const char *const levels[] = {
	[MUST] = "The standard demands it with MUST or MUST NOT; a breach is a fail.",
	[STATED] = "The standard says it plainly, without a keyword; a breach is a fail.",
	[SHOULD] = "The standard recommends it with SHOULD or SHOULD NOT; a breach is nonstrict.",
	[MAY] = "The standard leaves the choice; what the target chose is told.",
};

static bool explain_level(struct page *p, const char *name)
{
	for (int l = MUST; l <= MAY; l++) {
		if (strcasecmp(name, level_name(l)))
			continue;
		page_heading(p, "%s: a level of a case", level_name(l));
		page_text(p, levels[l]);
		return true;
	}
	return false;
}

static bool explain_exit_codes(struct page *p, const char *name)
{
	static const struct {
		enum exit_code code;
		const char *text;
	} codes[] = {
		{ EXIT_AS_EXPECTED, "every verdict was expected" },
		{ EXIT_UNEXPECTED, "something was unexpected, be it worse or better" },
		{ EXIT_USAGE, "bad usage: an option, a name, a target's file" },
		{ EXIT_NOTHING,
			"nothing ran, the target could not be reached or was lost, or a "
			"verdict was `error`" },
		{ EXIT_INTERRUPTED, "interrupted; the record up to then is complete" },
	};

	if (strcasecmp(name, "exit codes") && strcasecmp(name, "exit code") &&
		strcasecmp(name, "exit-codes") && strcasecmp(name, "exit"))
		return false;
	page_heading(p, "exit codes of mqttspec");
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		char label[8];
		snprintf(label, sizeof(label), "%d", codes[i].code);
		page_field(p, label, "%s", codes[i].text);
	}
	return true;
}

bool explain_word(struct page *p, const char *name)
{
	return explain_verdict(p, name) || explain_level(p, name) || explain_exit_codes(p, name);
}

void offer_words(struct nearest *n)
{
	for (int v = 0; v < VERDICT_COUNT; v++)
		nearest_offer(n, verdict_name(v));
	for (int l = MUST; l <= MAY; l++)
		nearest_offer(n, level_name(l));
	nearest_offer(n, "exit codes");
}
