/* What Eclipse Paho C answers and tells, as events. */
#ifndef TARGETS_AGENTS_PAHO_C_EVENTS_H
#define TARGETS_AGENTS_PAHO_C_EVENTS_H

#include "targets/agents/paho_c_property.h"

/* In the place of packet identifiers, beside CONNECT and DISCONNECT. */
enum { PUBLISH = 1, SUBSCRIBE, UNSUBSCRIBE };

/* The context of these is a struct command... */
void on_success(void *context, MQTTAsync_successData *d);
void on_failure(void *context, MQTTAsync_failureData *d);
void on_success5(void *context, MQTTAsync_successData5 *d);
void on_failure5(void *context, MQTTAsync_failureData5 *d);

/* ... and of these the struct agent. */
void on_disconnected(void *agent, MQTTProperties *props, enum MQTTReasonCodes code);
void on_lost(void *agent, char *cause);
int on_message(void *agent, char *topic, int length, MQTTAsync_message *m);

#endif
