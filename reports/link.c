#include "reports/link.h"

#include <string.h>

#include "base/buf.h"

static const char unreserved[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

/* `plain` stay as they are, besides those that always do. */
static void add_encoded(struct buf *b, const char *text, const char *plain)
{
	for (const char *c = text; *c; c++) {
		if (strchr(unreserved, *c) || strchr(plain, *c))
			buf_add(b, c, 1);
		else
			buf_printf(b, "%%%02X", (unsigned char)*c);
	}
}

void link_add_file(struct buf *b, const char *way)
{
	buf_add_text(b, *way == '/' ? "file://" : "./");
	add_encoded(b, way, "/");
}

void link_add_value(struct buf *b, const char *value)
{
	add_encoded(b, value, ":");
}

bool link_add_web(struct buf *b, const char *url)
{
	if (strncmp(url, "https://", strlen("https://")) &&
		strncmp(url, "http://", strlen("http://")))
		return false;
	add_encoded(b, url, ":/?#@!$&*+,;=%");
	return true;
}
