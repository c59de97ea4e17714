#include "check/keep_alive.h"

enum { SECOND_US = 1000000 };

void keep_alive_begin(struct keep_alive *k, uint32_t seconds, int64_t at_us)
{
	*k = (struct keep_alive){ .seconds = seconds, .heard_us = at_us };
}

void keep_alive_missed(struct keep_alive *k, int64_t at_us)
{
	k->heard_us = at_us;
	k->silence_us = 0;
}

static int64_t clients_us(const struct keep_alive *k)
{
	int64_t whole = (int64_t)k->seconds * SECOND_US;
	int64_t more = whole / 2;

	return whole + (more < SECOND_US ? SECOND_US : more);
}

static int64_t servers_us(const struct keep_alive *k)
{
	int64_t whole = (int64_t)k->seconds * SECOND_US;

	return whole / 2 * 3 + whole / 10 + SECOND_US;
}

int64_t keep_alive_client(struct keep_alive *k, int64_t at_us, bool troubled)
{
	int64_t silence = at_us - k->heard_us;

	if (!k->seconds || silence < 0) /* an earlier packet that came late */
		return 0;
	k->heard_us = at_us;
	if (silence > k->longest_us)
		k->longest_us = silence;
	if (!k->server_told && !k->excused && silence > k->silence_us)
		k->silence_us = silence;
	k->server_told = k->excused = false;
	return !troubled && silence > clients_us(k) ? silence : 0;
}

void keep_alive_excuse_server(struct keep_alive *k)
{
	k->excused = true;
}

int64_t keep_alive_server(struct keep_alive *k, int64_t at_us)
{
	int64_t silence = at_us - k->heard_us;

	if (!k->seconds || k->server_told)
		return 0;
	if (k->excused)
		silence = 0;
	if (k->silence_us > silence)
		silence = k->silence_us;
	k->silence_us = 0;
	k->server_told = silence > servers_us(k);
	return k->server_told ? silence : 0;
}
