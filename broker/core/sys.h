/* $SYS: what the broker tells about itself, as retained messages. */
#ifndef BROKER_CORE_SYS_H
#define BROKER_CORE_SYS_H

struct broker;

void sys_publish(struct broker *b);

#endif
