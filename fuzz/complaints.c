#include "fuzz/complaints.h"

#include <ctype.h>
#include <string.h>

enum complaint complaint_of(const char *line)
{
	static const char *const grave[] = {
		"ERROR: AddressSanitizer",
		"ERROR: LeakSanitizer",
		"WARNING: ThreadSanitizer",
		"WARNING: MemorySanitizer",
		": runtime error: ", /* UndefinedBehaviorSanitizer */
		"panic: ",           /* Go */
		"fatal error: ",
		"' panicked at ", /* Rust */
		"Assertion `",
		"*** stack smashing detected",
		"double free or corruption",
		"malloc(): ",
		"free(): ",
		"Segmentation fault",
	};
	static const char *const notes[] = {
		"Exception in thread",
		"Exception: ",
		"Error: ",
		"Traceback (most recent call last)",
	};

	for (size_t i = 0; i < sizeof(grave) / sizeof(*grave); i++)
		if (strstr(line, grave[i]))
			return COMPLAINT_GRAVE;
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++)
		if (strstr(line, notes[i]))
			return COMPLAINT_NOTE;
	return COMPLAINT_NONE;
}

static void take_line(struct complaints *c)
{
	c->line[c->len] = '\0';
	switch (complaint_of(c->line)) {
	case COMPLAINT_GRAVE:
		if (!*c->grave)
			memcpy(c->grave, c->line, c->len + 1);
		break;
	case COMPLAINT_NOTE:
		if (!*c->note)
			memcpy(c->note, c->line, c->len + 1);
		c->notes++;
		break;
	case COMPLAINT_NONE: break;
	}
	c->len = 0;
}

void complaints_hear(void *complaints, const char *data, size_t len)
{
	struct complaints *c = complaints;

	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			take_line(c);
		else if (c->len < COMPLAINT_SIZE - 1)
			c->line[c->len++] = data[i] ? data[i] : ' ';
	}
}

void complaints_forget(struct complaints *c)
{
	*c->grave = *c->note = '\0';
}

void complaint_key(const char *line, char key[static COMPLAINT_SIZE])
{
	size_t len = 0;

	for (const char *c = line; *c && len < COMPLAINT_SIZE - 1; c++) {
		bool number = isdigit((unsigned char)*c) ||
			(isxdigit((unsigned char)*c) && len && key[len - 1] == '#');
		if (!number)
			key[len++] = *c;
		else if (!len || key[len - 1] != '#')
			key[len++] = '#';
	}
	key[len] = '\0';
}
