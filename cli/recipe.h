/* A recipe under way (targets/install/NAME): a script that fetches and builds, for minutes maybe. What it says is
 * passed on as it comes, and nothing that it has started outlives it.
 */
#ifndef CLI_RECIPE_H
#define CLI_RECIPE_H

struct arena;

enum recipe_end {
	RECIPE_DONE,
	RECIPE_FAILED,      /* *error is a sentence, in the arena */
	RECIPE_INTERRUPTED, /* by SIGINT, SIGTERM or SIGHUP */
};

/* `path` is the script's. After `limit_s` seconds it is stopped, and has failed. */
enum recipe_end recipe_run(struct arena *a, const char *path, unsigned limit_s, const char **error);

#endif
