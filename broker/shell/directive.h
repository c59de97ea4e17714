/* One directive of the configuration under way: what its handler may use, say, and read a value with. Within
 * broker/shell only.
 */
#ifndef BROKER_SHELL_DIRECTIVE_H
#define BROKER_SHELL_DIRECTIVE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct listener_settings;
struct settings;

struct line {
	struct settings *settings;
	struct listener_settings *listener; /* that the line is about; NULL: none so far */
	struct arena *arena;
	const char *name;
	char *value; /* the rest of the line, without blanks at its ends; "" if there is none */
	const char *error;
};

struct directive {
	const char *name;
	bool (*set)(struct line *l);
};

/* False, with `what` for an error. */
bool line_wrong(struct line *l, const char *what);

/* All of these return false, with an error, unless the value is what they read. */
bool line_number(struct line *l, uint64_t least, uint64_t most, uint64_t *number);
bool line_u32(struct line *l, uint32_t least, uint32_t most, uint32_t *number);
bool line_u16(struct line *l, uint16_t least, uint16_t most, uint16_t *number);
bool line_bool(struct line *l, bool *value);
bool line_text(struct line *l, const char **text); /* anything but nothing; in the arena */
bool line_limit(struct line *l, uint32_t *limit);  /* mosquitto's "0 means no limit" */
bool line_seconds(struct line *l, uint32_t least, uint32_t most, uint32_t *ms);

#define SETTING(function, call)              \
	static bool function(struct line *l) \
	{                                    \
		return call;                 \
	}

#endif
