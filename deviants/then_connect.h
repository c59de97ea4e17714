/* Actions of deviations: what a CONNECT asks for on its way to the server. */
#ifndef DEVIANTS_THEN_CONNECT_H
#define DEVIANTS_THEN_CONNECT_H

#include "deviants/passing.h"

void set_clean(struct passing *it, long value);
void set_keep_alive(struct passing *it, long s);
void scale_keep_alive(struct passing *it, long percent);
void change_id(struct passing *it, long none); /* the ClientId has another first letter */
void set_level(struct passing *it, long level);
void set_name(struct passing *it, long none); /* the protocol's, to the usual one */
void set_reserved(struct passing *it, long none);
void clear_reserved(struct passing *it, long none);
void remove_will(struct passing *it, long none);
void set_will_retain(struct passing *it, long value);
void set_will_qos(struct passing *it, long qos);
void change_will_payload(struct passing *it, long none);

#endif
