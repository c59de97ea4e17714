#include "broker/shell/committer.h"

#include "broker/store/store.h"

static void run(void *context)
{
	struct committer *c = context;

	for (;;) {
		uv_sem_wait(&c->work);
		if (c->ends)
			return;
		store_write(c->store);
		uv_sem_post(&c->done);
		uv_async_send(&c->news);
	}
}

static void hand(void *context)
{
	struct committer *c = context;

	c->under_way = true;
	uv_sem_post(&c->work);
}

static void settle(struct committer *c)
{
	c->under_way = false;
	c->committed(c->context, store_end(c->store));
}

static void on_news(uv_async_t *news)
{
	struct committer *c = news->data;

	if (c->under_way && !uv_sem_trywait(&c->done))
		settle(c);
}

bool committer_init(struct committer *c, uv_loop_t *loop, struct store *store,
	void (*committed)(void *context, bool durable), void *context)
{
	*c = (struct committer){ .committed = committed, .context = context };
	if (uv_sem_init(&c->work, 0))
		return false;
	if (uv_sem_init(&c->done, 0)) {
		uv_sem_destroy(&c->work);
		return false;
	}
	bool made = !uv_async_init(loop, &c->news, on_news);
	c->news.data = c;
	c->store = store;
	if (made && !uv_thread_create(&c->thread, run, c)) {
		store_hand(store, hand, c);
		return true;
	}
	if (made)
		uv_close((uv_handle_t *)&c->news, NULL);
	uv_sem_destroy(&c->work);
	uv_sem_destroy(&c->done);
	c->store = NULL;
	return false;
}

void committer_end(struct committer *c)
{
	if (!c->store)
		return;
	if (c->under_way) {
		uv_sem_wait(&c->done);
		settle(c);
	}
	c->ends = true;
	uv_sem_post(&c->work);
	uv_thread_join(&c->thread);
	uv_sem_destroy(&c->work);
	uv_sem_destroy(&c->done);
	c->store = NULL;
}
