#include "broker/shell/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 512, FIRST_CAPACITY = 64 };

static unsigned events_of(uint32_t events)
{
	return (events & EPOLLIN ? WATCH_INPUT : 0u) | (events & EPOLLOUT ? WATCH_OUTPUT : 0u) |
		(events & (EPOLLHUP | EPOLLERR) ? WATCH_LOST : 0u) |
		(events & EPOLLRDHUP ? WATCH_END : 0u);
}

/* What was removed in the meantime has no item any more; nothing is added while a batch is gone through
 * that could have taken its descriptor.
 */
static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct epoll_event batch[BATCH];

	(void)status, (void)events;
	int n = epoll_wait(w->epoll, batch, BATCH, 0);
	for (int i = 0; i < n; i++) {
		void *item = w->items[batch[i].data.fd];
		if (item)
			w->ready(item, events_of(batch[i].events));
	}
}

int watch_init(struct watch *w, uv_loop_t *loop, void (*ready)(void *item, unsigned events))
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	*w = (struct watch){ 0 };
	if (fd < 0)
		return uv_translate_sys_error(errno);
	int e = uv_poll_init(loop, &w->poll, fd);
	if (e) {
		close(fd);
		return e;
	}
	w->epoll = fd;
	w->ready = ready;
	w->poll.data = w;
	return uv_poll_start(&w->poll, UV_READABLE, on_poll);
}

void watch_fini(struct watch *w)
{
	if (!w->ready)
		return;
	uv_close((uv_handle_t *)&w->poll, NULL);
	close(w->epoll);
	free(w->items);
	w->items = NULL;
	w->capacity = 0;
	w->ready = NULL;
}

static bool make_room(struct watch *w, unsigned fd)
{
	unsigned capacity = w->capacity ? w->capacity : FIRST_CAPACITY;

	if (fd < w->capacity)
		return true;
	while (capacity <= fd)
		capacity *= 2;
	void **items = realloc(w->items, capacity * sizeof(*items));
	if (!items)
		return false;
	memset(items + w->capacity, 0, (capacity - w->capacity) * sizeof(*items));
	w->items = items;
	w->capacity = capacity;
	return true;
}

int watch_add(struct watch *w, int fd, void *item)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (!make_room(w, (unsigned)fd))
		return UV_ENOMEM;
	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e))
		return uv_translate_sys_error(errno);
	w->items[fd] = item;
	return 0;
}

void watch_change(struct watch *w, int fd, unsigned events)
{
	struct epoll_event e = { .events = (events & WATCH_INPUT ? EPOLLIN : 0u) |
			(events & WATCH_OUTPUT ? EPOLLOUT : 0u) |
			(events & WATCH_END ? EPOLLRDHUP : 0u),
		.data.fd = fd };

	epoll_ctl(w->epoll, EPOLL_CTL_MOD, fd, &e);
}

void watch_remove(struct watch *w, int fd)
{
	w->items[fd] = NULL; /* epoll forgets a descriptor as it is closed */
}

void *watch_next(const struct watch *w, unsigned *at)
{
	while (*at < w->capacity) {
		void *item = w->items[(*at)++];
		if (item)
			return item;
	}
	return NULL;
}
