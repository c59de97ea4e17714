#include "broker/shell/tls_set.h"

#include "broker/shell/tls.h"

bool tls_set_read(
	struct tls_set *set, const struct settings *settings, char *error, unsigned error_size)
{
	*set = (struct tls_set){ 0 };
	for (unsigned i = 0; i < settings->listener_count; i++) {
		const struct listener_settings *l = &settings->listeners[i];
		bool websockets = l->protocol == PROTOCOL_WEBSOCKETS;
		if (!tls_is_wanted(&l->tls))
			continue;
		set->list[i] = tls_new(&l->tls, websockets, error, error_size);
		if (set->list[i])
			continue;
		tls_set_drop(set);
		return false;
	}
	return true;
}

void tls_set_drop(struct tls_set *set)
{
	for (unsigned i = 0; i < LISTENERS_MAX; i++)
		tls_drop(set->list[i]);
	*set = (struct tls_set){ 0 };
}
