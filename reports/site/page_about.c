#include "reports/html_parts.h"
#include "reports/site/pages.h"

/* The words of a verdict are those of every report; the rest is reports/html/about.html. */
void page_about(const struct frame *f)
{
	frame_begin(f, "What this means", (struct frame_parent){ "index.html", "Matrix" }, false);
	fputs("<h2 id=\"words\">What the verdicts mean</h2>\n", f->to);
	frame_verdicts(f);
	fputs(html_about, f->to);
	frame_end(f);
}
