#include "cli/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

const char tool_version[] = MQTTSPEC_VERSION;

int usage_error(const struct command *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "mqttspec %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry: mqttspec %s --help\n", command->name);
	return EXIT_USAGE;
}

/* getopt_long leaves a short option in `optopt`, and 0 or its value for a long one, which stands in
 * the word before the next.
 */
int option_error(const struct command *command, int answer, char **argv)
{
	const char *word = argv[optind - 1];
	bool is_long = word[0] == '-' && word[1] == '-';
	int name = (int)strcspn(word, "=");

	if (answer == ':')
		return usage_error(command, "%s needs a value", word);
	if (is_long && optopt)
		return usage_error(command, "%.*s takes no value", name, word);
	if (is_long)
		return usage_error(command, "there is no option %.*s", name, word);
	return usage_error(command, "there is no option -%c", optopt);
}
