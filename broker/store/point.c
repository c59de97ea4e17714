#include "broker/store/point.h"

#ifdef MQTTSPEC_POINTS

#include <signal.h>
#include <stdlib.h>
#include <string.h>

void points_init(struct points *p)
{
	const char *text = getenv("MQTTSPEC_KILL_AT");
	const char *colon = text ? strchr(text, ':') : NULL;

	*p = (struct points){ .name = text, .left = 1 };
	if (colon)
		p->left = strtoul(colon + 1, NULL, 10);
}

void point_pass(struct points *p, const char *name)
{
	size_t len = p->name ? strcspn(p->name, ":") : 0;

	if (len && strlen(name) == len && !memcmp(p->name, name, len) && !--p->left)
		raise(SIGKILL);
}

#endif
