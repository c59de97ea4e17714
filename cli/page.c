#include "cli/page.h"

#include <stdarg.h>
#include <stdlib.h>

#include "reports/text.h"

enum { INDENT = 2, LABEL_WIDTH = 12 };

void page_heading(struct page *p, const char *format, ...)
{
	va_list args;

	fprintf(p->to, "%s%s", p->begun ? "\n" : "", text_ink(p->color, INK_BOLD));
	va_start(args, format);
	vfprintf(p->to, format, args);
	va_end(args);
	fprintf(p->to, "%s\n", text_ink(p->color, INK_OFF));
	p->begun = true;
}

void page_text(struct page *p, const char *text)
{
	fprintf(p->to, "%*s", INDENT, "");
	text_wrap(p->to, text, (struct text_block){ INDENT, INDENT, p->width });
	fputc('\n', p->to);
}

void page_field(struct page *p, const char *label, const char *format, ...)
{
	const size_t column = INDENT + LABEL_WIDTH;
	va_list args;
	char *text;

	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		abort();
	if (len) {
		fprintf(p->to, "%*s%s%-*s%s", INDENT, "", text_ink(p->color, INK_DIM), LABEL_WIDTH,
			label, text_ink(p->color, INK_OFF));
		text_wrap(p->to, text, (struct text_block){ column, column, p->width });
		fputc('\n', p->to);
	}
	free(text);
}
