/* The bytes of a connection, cut into packets. */
#ifndef BROKER_CORE_INPUT_H
#define BROKER_CORE_INPUT_H

struct link;

/* Goes on with what was kept while the link waited. */
void input_resume(struct link *l);

#endif
