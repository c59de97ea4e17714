/* What whoever hosts the broker asks of its guests: from the command line, or else from the target's
 * file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/run.h"

static bool complain(const struct run *run, int *code, const char *sentence)
{
	fprintf(stderr, "mqttspec %s: %s\n", run->options.command->name, sentence);
	*code = EXIT_USAGE;
	return false;
}

bool run_find_guest(struct run *run, int *code)
{
	const struct run_options *o = &run->options;
	const struct target_file *f = &run->file;
	const char *topics = o->prefix ? o->prefix : f->topics;
	unsigned rate = o->connect_rate ? o->connect_rate : f->connect_rate;

	if (run->role != ROLE_SERVER)
		return !(o->prefix || o->client_id_prefix || o->connect_rate) ||
			complain(run, code,
				"--prefix, --client-id-prefix and --connect-rate are for brokers, "
				"not for "
				"a client");
	run->guest = (struct guest){
		.topics = topics ? guest_topics(&run->arena, topics) : NULL,
		.client_ids = o->client_id_prefix ? o->client_id_prefix : f->client_ids,
	};
	if (!rate)
		return true;
	if (!pace_init(&run->pace, rate))
		return complain(run, code, strerror(errno));
	run->guest.pace = &run->pace;
	return true;
}
