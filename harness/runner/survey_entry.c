/* The first look at a server: is it one, does it let us in, may we speak and hear? A run that went
 * on without this look would accuse it of its access list, or an HTTP server of not being one for
 * MQTT.
 */
#include <string.h>

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

/* ... or about the ClientId. */
static bool may_be_about_us(uint8_t refusal)
{
	return wants_a_login(refusal) || refusal == 0x02 || refusal == 0x85;
}

static const char *login_advice(const struct target *target, uint8_t refusal)
{
	if (!wants_a_login(refusal))
		return "it does not like our ClientId";
	return target->login ? "check the user name and its password"
			     : "it wants a user name and a password (--user, --password-file)";
}

static const char *not_let_in(struct arena *a, const struct target *target, const struct survey *s)
{
	const char *what = s->unserved ? s->unserved : s->warning;

	const char *other = s->status == PROBE_SILENT || s->status == PROBE_STRANGE
		? probe_other(a, &target->endpoint, OTHER_LIMIT_US)
		: NULL;

	if (other && !strstr(what, other)) /* else it has said so itself */
		return arena_printf(a, "%s; but the server speaks %s", what, other);
	if (s->status != PROBE_REFUSED || !may_be_about_us(s->capabilities.refusal))
		return what;
	return arena_printf(a, "%s: %s%s", what, login_advice(target, s->capabilities.refusal),
		target->guest && target->guest->client_ids
			? ""
			: "; or it takes only ClientIds with a beginning of its own "
			  "(--client-id-prefix)");
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

/* The server's own word for what it refuses; NULL: it does not, as far as can be told. A host may close
 * connections to enforce what it allows; a program that we launch ourselves has no such reason.
 */
static const char *refusal(const struct target *target, const struct echo_offer *offer)
{
	if (!offer->asked || offer->works || offer->refused)
		return offer->asked && !offer->works ? offer->refused : NULL;
	return offer->closed && !target_is_launched(target)
		? "it closes the connection without a word"
		: NULL;
}

static bool take(
	struct arena *a, const char *word, enum offer what, const char *name, struct survey *s)
{
	if (!word)
		return false;
	s->capabilities.refusals[what] = word;
	s->remarks[what] =
		arena_printf(a, "%s refused (%s): what needs it is inapplicable", name, word);
	return true;
}

static void take_limits(
	struct arena *a, const struct target *target, const struct echo *echo, struct survey *s)
{
	struct capabilities *c = &s->capabilities;

	for (unsigned qos = 2; qos > 0; qos--)
		if (take(a, refusal(target, &echo->qos[qos]), OFFER_QOS,
			    arena_printf(a, "QoS %u is", qos), s))
			c->maximum_qos = (uint8_t)(qos - 1);
	if (take(a, refusal(target, &echo->retained), OFFER_RETAIN, "a retained message is", s))
		c->retain = false;
	else if (echo->retained.asked && !echo->retained.works)
		s->remarks[OFFER_RETAIN] =
			"a retained message is accepted, and no later subscription brings it";
	if (take(a, refusal(target, &echo->wildcard), OFFER_WILDCARDS,
		    "a filter with a wildcard is", s))
		c->wildcards = false;
	if (take(a, refusal(target, &echo->shared), OFFER_SHARED, "a shared subscription is", s))
		c->shared = false;
	take(a, refusal(target, &echo->nameless), OFFER_NAMELESS, "an empty ClientId is", s);
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
				"MQTT %s: %s; each case run has topics of its own, so it takes "
				"rights to all %s",
				spec_version_name(version_at(i)), trouble,
				target->guest && target->guest->topics
					? arena_printf(a, "topics below %s", target->guest->topics)
					: "topics, or to all below one (--prefix)");
		else
			take_limits(a, target, &echo, s);
	}
	return !*error;
}
