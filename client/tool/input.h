/* Standard input in a loop, whatever it is: a pipe, a terminal, a file. */
#ifndef CLIENT_TOOL_INPUT_H
#define CLIENT_TOOL_INPUT_H

#include <stdbool.h>
#include <uv.h>

#include "base/buf.h"

struct input {
	uv_poll_t poll; /* what can be waited for ... */
	uv_idle_t idle; /* ... and files, which are always ready */
	bool is_file;
	bool started, ended;
	struct buf pending; /* a line that is not whole yet */
	void (*line)(void *owner, const void *data, size_t len);
	void (*end)(void *owner);
	void *owner;
};

void input_init(struct input *in, uv_loop_t *loop, void *owner);
void input_start(struct input *in); /* also after input_stop */
void input_stop(struct input *in);
void input_close(struct input *in); /* the loop must run once more */

/* All of a file into the buffer, up to its limit; false with errno, ETIMEDOUT after `wait_ms` (-1: never).
 */
bool input_read_all(struct buf *out, int fd, int64_t wait_ms);

#endif
