#include "harness/runner/survey.h"

#include "base/arena.h"
#include "harness/case.h"
#include "harness/runner/port.h"
#include "harness/runner/target.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/transport.h"

/* So that even a run against something that never answers comes to its end. */
enum { HOPELESS_ANSWER_US = 500000 };

/* Returns what the probe had to say, NULL for an acceptance. */
static const char *take_one(struct arena *a, const struct target *target, enum mqtt_version version,
	int64_t answer_us, struct survey *out)
{
	const struct target_file *file = target->file;
	const char *what = NULL;

	out->answer_us = answer_us;
	out->status = probe(a, &target->endpoint, version, answer_us, &out->capabilities, &what);
	if (file && !(file->versions & version_bit(version))) {
		out->unserved = arena_printf(a, "%s does not serve MQTT %s, by its file",
			file->name, spec_version_name(version));
		out->own_word = true;
	} else if (out->status == PROBE_REFUSED) {
		out->unserved = what;
		out->own_word = probe_refused_version(&out->capabilities);
	}
	if (file)
		features_apply(&file->features[version_place(version)], &out->capabilities);
	if (out->unserved || (out->status != PROBE_SILENT && out->status != PROBE_STRANGE))
		return what;
	out->warning = arena_printf(a, "MQTT %s: %s", spec_version_name(version), what);
	if (out->answer_us > HOPELESS_ANSWER_US)
		out->answer_us = HOPELESS_ANSWER_US;
	return what;
}

bool survey_take(struct arena *a, const struct target *target, unsigned versions, int64_t answer_us,
	struct survey out[static VERSION_COUNT], const char **error)
{
	const char *what = NULL;
	bool reached = false;

	for (int i = 0; i < VERSION_COUNT; i++) {
		enum mqtt_version version = version_at(i);
		out[i] = (struct survey){ .asked = versions & version_bit(version) };
		if (!out[i].asked)
			continue;
		what = take_one(a, target, version, answer_us, &out[i]);
		reached |= out[i].status != PROBE_UNREACHABLE;
	}
	out[0].capabilities.refuses_50 = out[1].asked && !out[1].capabilities.served;
	if (!reached)
		*error = arena_printf(a, "there is no connection to the target: %s", what);
	return reached;
}

bool survey_connects(const struct target *target, int64_t answer_us)
{
	const struct endpoint *to = &target->endpoint;

	return to->transport->below && endpoint_accepts_below(to, answer_us);
}

bool survey_take_client(struct arena *a, const struct client *client, unsigned served,
	unsigned versions, int64_t answer_us, struct survey out[static VERSION_COUNT],
	struct client_facts *facts, const char **error)
{
	if (!client_probe(a, client, versions, answer_us, facts, error))
		return false;
	for (int i = 0; i < VERSION_COUNT; i++) {
		unsigned bit = version_bit(version_at(i));
		const char *name = spec_version_name(version_at(i));
		out[i] = (struct survey){
			.asked = versions & bit,
			.status = PROBE_SERVED,
			.answer_us = answer_us,
		};
		if (!(served & bit))
			out[i].unserved = arena_printf(
				a, "the client does not speak MQTT %s, by its file", name);
		else if (!(facts->versions & bit))
			out[i].unserved =
				arena_printf(a, "the client does not speak MQTT %s", name);
		out[i].own_word = out[i].unserved;
	}
	return true;
}
