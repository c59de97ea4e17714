#include "reports/html_page.h"

#include "reports/html_parts.h"
#include "reports/markup.h"

/* Up to the title. `scripts` is what the policy lets in. */
static void begin(FILE *to, const char *style_hash, const char *scripts)
{
	fprintf(to,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
		style_hash, scripts);
}

static void begin_body(FILE *to, const char *style)
{
	fprintf(to, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
}

void html_begin(FILE *to, const char *title, const char *script_hash)
{
	begin(to, html_style_hash, script_hash);
	markup_text(to, title);
	fputs(": MQTT conformance", to);
	begin_body(to, html_style);
}

void html_begin_styled(FILE *to, const char *title, const char *style, const char *style_hash)
{
	begin(to, style_hash, "none");
	markup_text(to, title);
	begin_body(to, style);
}

void html_end(FILE *to, const char *script)
{
	if (script)
		fprintf(to, "<script>%s</script>\n", script);
	fputs("</body>\n</html>\n", to);
}

const char *html_meaning(enum verdict verdict)
{
	static const char *const meanings[VERDICT_COUNT] = {
		[VERDICT_PASS] = "The target behaved as the statement demands.",
		[VERDICT_FAIL] = "It broke a MUST, or a rule that the standard states without a "
				 "keyword.",
		[VERDICT_NONSTRICT] = "Legal, but it missed a SHOULD, or chose an odd Reason Code.",
		[VERDICT_INFO] = "An observation, with a value, of something that the standard "
				 "leaves open.",
		[VERDICT_INAPPLICABLE] = "The target does not offer the feature, by its own word.",
		[VERDICT_INCONCLUSIVE] = "A step of the set-up failed, so nothing was learned of "
					 "the statement.",
		[VERDICT_CRASH] = "The target died.",
		[VERDICT_ERROR] = "The suite itself is at fault: please report it.",
	};

	return meanings[verdict];
}
