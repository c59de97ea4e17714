/* A wall clock that is put forward: preloaded into the broker, it adds the seconds that stand in the file MQTTSPEC_CLOCK,
 * which may change at any time.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long ahead_s(void)
{
	char text[24] = "";
	const char *path = getenv("MQTTSPEC_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 0;
	ssize_t len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	int (*real)(clockid_t, struct timespec *) =
		(int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int e = real(id, out);

	if (!e && id == CLOCK_REALTIME)
		out->tv_sec += ahead_s();
	return e;
}
