/* The frame of every HTML report: one file, and a policy that lets nothing in but its own style and
 * script, so that text which slipped through the escaping could neither run nor call home.
 */
#ifndef REPORTS_HTML_PAGE_H
#define REPORTS_HTML_PAGE_H

#include <stdio.h>

#include "record/verdict.h"

/* Up to and including <body>. The title is the target's. */
void html_begin(FILE *to, const char *title, const char *script_hash);
void html_end(FILE *to, const char *script); /* NULL: the page has none */

/* The same for a page with a style of its own and no script; `style_hash` as in html_parts.h. The title is all
 * of it.
 */
void html_begin_styled(FILE *to, const char *title, const char *style, const char *style_hash);

/* What a verdict means, in a sentence for people. */
const char *html_meaning(enum verdict verdict);

#endif
