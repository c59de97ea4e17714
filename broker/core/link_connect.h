/* CONNECT until it is let in, and AUTH. */
#ifndef BROKER_CORE_LINK_CONNECT_H
#define BROKER_CORE_LINK_CONNECT_H

#include "mqtt/frame.h"
#include "mqtt/view.h"

struct broker_auth_answer;
struct link;

void link_connect(struct link *l, const struct mqtt_frame *frame, struct mqtt_view body);
void link_auth(struct link *l, struct mqtt_view body);

/* The host's verdict on the CONNECT, or the AUTH, that it was asked about. */
void link_verdict(struct link *l, int verdict, const struct broker_auth_answer *answer);

#endif
