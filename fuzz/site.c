#include "fuzz/site.h"

#include <string.h>

#include "base/clock.h"
#include "record/record.h"

enum {
	HOLD_MS = 15, /* so much may pass between a last answer and the end */
	PAUSE_MS = 30,
	BUSY_LOOKS = 10,
	BUSY_PAUSE_MS = 20,
	BUSY_PERCENT = 65,
};

/* A complaint tells more of a death than its signal. */
void site_note_death(struct site *s, const struct record_death *death)
{
	char key[COMPLAINT_SIZE];

	s->dead = true;
	complaint_key(s->complaints.grave, key);
	if (*s->complaints.grave)
		s->death = symptom_make(SYMPTOM_DEATH, key, "%.400s", s->complaints.grave);
	else if (death->signal)
		s->death = symptom_make(SYMPTOM_DEATH, strsignal(death->signal), "signal %d (%s)",
			death->signal, strsignal(death->signal));
	else
		s->death = symptom_make(
			SYMPTOM_DEATH, "exit", "it ended, with status %d", death->exit_code);
}

bool site_look(struct site *s)
{
	if (!s->dead)
		s->ops->look(s);
	return !s->dead;
}

bool site_ask(struct site *s, bool *mute)
{
	int64_t deadline_us = clock_now_us() + s->ask_us;
	bool gone = false;

	*mute = false;
	while (site_look(s) && !site_is_stopped(s)) {
		if (s->ops->answers(s, &gone)) {
			poll(NULL, 0, HOLD_MS);
			return site_look(s);
		}
		if (clock_now_us() >= deadline_us) {
			*mute = true;
			break;
		}
		poll(NULL, 0, PAUSE_MS);
	}
	if (*mute && gone && !s->launched) {
		s->dead = true;
		s->death = symptom_make(SYMPTOM_DEATH, "gone", "nobody listens there any more");
	}
	return !s->dead;
}

bool site_renew(struct site *s)
{
	if (!s->launched)
		return false;
	s->launches++;
	complaints_forget(&s->complaints);
	s->complaints.len = 0;
	s->error = NULL;
	s->dead = !s->ops->renew(s);
	return !s->dead;
}

void site_retire(struct site *s)
{
	if (!s->launched || s->dead)
		return;
	s->ops->retire(s);
	s->dead = true;
	s->death = symptom_make(SYMPTOM_DEATH, "retired", "it was told to end");
}

bool site_is_stopped(const struct site *s)
{
	struct pollfd fd = { .fd = s->stop_fd, .events = POLLIN };

	return s->stop_fd >= 0 && poll(&fd, 1, 0) > 0;
}

struct usage site_usage(const struct site *s)
{
	return usage_of(s->launched ? s->ops->group(s) : 0);
}

bool site_is_busy(struct site *s)
{
	int runs = 0;

	for (int i = 0; i < BUSY_LOOKS; i++) {
		poll(NULL, 0, BUSY_PAUSE_MS);
		site_look(s);
		runs += site_usage(s).runs;
	}
	return runs * 100 > BUSY_LOOKS * BUSY_PERCENT;
}

enum mqtt_version site_version(const struct site *s, unsigned which)
{
	if (s->versions == BOTH)
		return which % 2 ? MQTT_311 : MQTT_50;
	return s->versions & V50 ? MQTT_50 : MQTT_311;
}
