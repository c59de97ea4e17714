#include "reports/html_page.h"

#include "reports/html_parts.h"
#include "reports/markup.h"

void html_begin(FILE *to, const char *title, const char *script_hash)
{
	fprintf(to,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
		html_style_hash, script_hash);
	markup_text(to, title);
	fprintf(to, ": MQTT conformance</title>\n<style>%s</style>\n</head>\n<body>\n", html_style);
}

void html_end(FILE *to, const char *script)
{
	fprintf(to, "<script>%s</script>\n</body>\n</html>\n", script);
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
