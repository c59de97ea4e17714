/* All deviations, chapter by chapter. */
#include <string.h>

#include "deviants/deviation.h"

extern const struct deviation_chapter deviations_connect, deviations_publish, deviations_qos1,
	deviations_qos2, deviations_retained, deviations_session, deviations_subscribe,
	deviations_shared, deviations_will, deviations_keep_alive, deviations_properties,
	deviations_errors, deviations_malformed, deviations_strings, deviations_limits,
	deviations_aliases, deviations_forwarding, deviations_users, deviations_load,
	deviations_websocket, deviations_tls, deviations_certificates, deviations_lengths;
extern const struct deviation_chapter deviations_client_connect, deviations_client_auth,
	deviations_client_keep_alive, deviations_client_disconnect, deviations_client_publish,
	deviations_client_messages, deviations_client_properties, deviations_client_limits,
	deviations_client_identifiers, deviations_client_resumed, deviations_client_receive,
	deviations_client_told, deviations_client_subscribe, deviations_client_names,
	deviations_client_errors, deviations_client_taken, deviations_client_asked,
	deviations_client_websocket, deviations_client_tls, deviations_client_lengths;

const struct deviation_chapter *const deviation_chapters[] = {
	&deviations_connect,
	&deviations_publish,
	&deviations_qos1,
	&deviations_qos2,
	&deviations_retained,
	&deviations_session,
	&deviations_subscribe,
	&deviations_shared,
	&deviations_will,
	&deviations_keep_alive,
	&deviations_properties,
	&deviations_errors,
	&deviations_malformed,
	&deviations_strings,
	&deviations_limits,
	&deviations_aliases,
	&deviations_forwarding,
	&deviations_users,
	&deviations_load,
	&deviations_lengths,
	&deviations_websocket,
	&deviations_tls,
	&deviations_certificates,
	&deviations_client_connect,
	&deviations_client_auth,
	&deviations_client_keep_alive,
	&deviations_client_disconnect,
	&deviations_client_publish,
	&deviations_client_messages,
	&deviations_client_properties,
	&deviations_client_limits,
	&deviations_client_identifiers,
	&deviations_client_resumed,
	&deviations_client_receive,
	&deviations_client_told,
	&deviations_client_subscribe,
	&deviations_client_names,
	&deviations_client_errors,
	&deviations_client_lengths,
	&deviations_client_taken,
	&deviations_client_asked,
	&deviations_client_websocket,
	&deviations_client_tls,
	NULL,
};

const struct deviation *deviation_find(const char *name, const struct deviation_chapter **chapter)
{
	for (size_t c = 0; deviation_chapters[c]; c++)
		for (size_t i = 0; i < deviation_chapters[c]->count; i++)
			if (!strcmp(deviation_chapters[c]->list[i].name, name)) {
				if (chapter)
					*chapter = deviation_chapters[c];
				return &deviation_chapters[c]->list[i];
			}
	return NULL;
}

enum trust deviation_trust(const struct deviation *d)
{
	return d && d->steps[0].types & EVENT_TRUST ? (enum trust)d->steps[0].argument : 0;
}
