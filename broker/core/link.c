#include "broker/core/link.h"

#include "broker/core/core.h"
#include "broker/core/session.h"

void link_mark(struct link *l)
{
	struct broker *b = l->broker;

	if (l->pending)
		return;
	l->pending = true;
	l->pending_next = NULL;
	if (b->pending_last)
		b->pending_last->pending_next = l;
	else
		b->pending_first = l;
	b->pending_last = l;
}

struct link_extra *link_extra_make(struct link *l)
{
	if (!l->extra)
		l->extra = memory_take_zeroed(&l->broker->memory, sizeof(*l->extra));
	return l->extra;
}

void link_extra_free(struct link *l)
{
	struct memory *memory = &l->broker->memory;
	struct link_extra *x = l->extra;

	if (!x)
		return;
	aliases_fini(&x->in, memory);
	aliases_fini(&x->out, memory);
	backlog_free(memory, &x->backlog);
	memory_give(memory, x->connect, x->connect_len);
	memory_give(memory, x->user_name, x->user_name_len);
	memory_give(memory, x->method, x->method_len);
	memory_give(memory, x, sizeof(*x));
	l->extra = NULL;
}

struct broker_client link_client(const struct link *l)
{
	struct broker_client client = {
		.owner = l->owner, .version = l->version, .realm = l->realm
	};

	if (l->session)
		return session_client(l->session);
	if (l->extra)
		client.user_name =
			(struct mqtt_view){ l->extra->user_name, l->extra->user_name_len };
	return client;
}

struct broker_client session_client(const struct session *s)
{
	return (struct broker_client){ .owner = s->link ? s->link->owner : NULL,
		.client_id = session_id(s),
		.user_name = { s->user_name, s->user_name_len },
		.version = s->version,
		.realm = s->realm };
}
