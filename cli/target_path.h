/* What a word of the command line means as a target, and where target files are. */
#ifndef CLI_TARGET_PATH_H
#define CLI_TARGET_PATH_H

#include <stdbool.h>

struct arena;

enum target_word {
	WORD_NO_TARGET, /* a pattern, then */
	WORD_URL,       /* *out is the URL */
	WORD_FILE,      /* *out is the path of a file */
};

/* A URL has "://" or is HOST:PORT. A path ends in ".ini", or has a slash and exists. Anything else is
 * the name of a target file, without the ".ini", in one of the folders for them.
 */
enum target_word target_word(struct arena *a, const char *word, const char **out);

/* Where target files are looked for, as the end of a sentence that misses one: " in FOLDER, FOLDER", or why there is no
 * folder. That is $MQTTSPEC_TARGETS if set; else targets/ of the source tree that the program was built in, and of the
 * prefix that it is installed in.
 */
const char *target_place(struct arena *a);

/* The names of the target files there, separated by blanks. */
const char *target_names(struct arena *a);

/* What names a target, for a sentence about a word that does not. */
const char *target_choice(struct arena *a);

/* "my.ini", "ci/my.ini": by its name the word is a target file, whether it is there or not. */
bool target_is_file_name(const char *word);

#endif
