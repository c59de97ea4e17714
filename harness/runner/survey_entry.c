/* The first look at a server: is it one, does it let us in, may we speak and hear? A run that went
 * on without this look would accuse it of its access list, or an HTTP server of not being one for
 * MQTT.
 */
#include "base/arena.h"
#include "harness/peers/echo.h"
#include "harness/peers/guest.h"
#include "harness/runner/survey.h"
#include "harness/runner/target.h"

enum { OTHER_LIMIT_US = 1000000 };

/* CONNACK codes of either version that are about who we are. */
static bool wants_a_login(uint8_t refusal)
{
	return refusal == 0x04 || refusal == 0x05 || refusal == 0x86 || refusal == 0x87;
}

static const char *not_let_in(struct arena *a, const struct target *target, const struct survey *s)
{
	const char *what = s->unserved ? s->unserved : s->warning;

	const char *other = s->status == PROBE_SILENT || s->status == PROBE_STRANGE
		? probe_other(a, &target->endpoint, OTHER_LIMIT_US)
		: NULL;

	if (other)
		return arena_printf(a, "%s; but the server speaks %s", what, other);
	if (s->status != PROBE_REFUSED || !wants_a_login(s->capabilities.refusal))
		return what;
	return arena_printf(a, "%s: %s", what,
		target->login ? "check the user name and its password"
			      : "it wants a user name and a password (--user, --password-file)");
}

/* NULL: at least one version is served. */
static const char *unserved(struct arena *a, const struct target *target,
	const struct survey surveys[static VERSION_COUNT])
{
	const char *why = NULL;

	for (int i = 0; i < VERSION_COUNT; i++) {
		if (!surveys[i].asked)
			continue;
		if (surveys[i].status == PROBE_SERVED)
			return NULL;
		why = not_let_in(a, target, &surveys[i]);
	}
	return why;
}

static void take_limits(struct arena *a, const struct echo *echo, struct survey *s)
{
	for (unsigned qos = 2; qos > 0; qos--) {
		if (!echo->qos[qos].refused)
			continue;
		s->capabilities.maximum_qos = (uint8_t)(qos - 1);
		s->refused =
			arena_printf(a, "QoS %u is refused (%s): what needs it is inapplicable",
				qos, echo->qos[qos].refused);
	}
}

bool survey_enter(struct arena *a, const struct target *target, int64_t answer_us,
	struct survey surveys[static VERSION_COUNT], const char **error)
{
	*error = unserved(a, target, surveys);
	for (int i = 0; i < VERSION_COUNT && !*error; i++) {
		struct survey *s = &surveys[i];
		struct echo echo;
		if (!s->asked || s->unserved || s->status != PROBE_SERVED)
			continue;
		/* Each case run has topics below a prefix of its own: rights to some others help nobody. */
		const char *topic = guest_topic(a, target->guest,
			arena_printf(a, "%s/echo", survey_prefix(a, version_at(i))));
		echo_ask(a, &target->endpoint, version_at(i), &s->capabilities, topic, answer_us,
			&echo);
		const char *trouble = echo_trouble(a, &echo, topic);
		if (trouble)
			*error = arena_printf(a,
				"MQTT %s: %s; each case run has a prefix of its own, so it takes "
				"rights to all topics",
				spec_version_name(version_at(i)), trouble);
		else
			take_limits(a, &echo, s);
	}
	return !*error;
}
