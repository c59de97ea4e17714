/* Processes that outlive the one that started them. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/launch/strays.h"
#include "harness/runner/port.h"

enum { SAFETY_S = 30 }; /* nothing is left behind by a test that fails */

static char state_of_self(void)
{
	char state = 0;
	FILE *file = fopen("/proc/self/stat", "re");

	if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (file)
		fclose(file);
	return state;
}

static uint16_t listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1) ||
		getsockname(fd, (struct sockaddr *)&at, &size))
		return 0;
	return ntohs(at.sin_port);
}

/* The thread that goes on when the first one has ended: it listens, and tells where. */
static void *outlive_the_first(void *told_fd)
{
	uint16_t port = listen_somewhere();

	while (state_of_self() != 'Z')
		sched_yield();
	if (write(*(int *)told_fd, &port, sizeof(port)) == sizeof(port))
		pause();
	_exit(1);
}

static void be_one_without_its_first_thread(int told_fd)
{
	static int fd;
	pthread_t other;

	fd = told_fd;
	setpgid(0, 0);
	alarm(SAFETY_S);
	if (pthread_create(&other, NULL, outlive_the_first, &fd))
		_exit(1);
	pthread_exit(NULL);
}

static void one_that_has_lost_its_first_thread_is_there_with_its_ports(void **state)
{
	int told[2], status;
	uint16_t port;

	(void)state;
	assert_int_equal(pipe(told), 0);
	pid_t pid = fork();
	if (!pid)
		be_one_without_its_first_thread(told[1]);
	close(told[1]);
	assert_int_equal(read(told[0], &port, sizeof(port)), sizeof(port));
	close(told[0]);
	assert_true(port_is_taken(port));
	assert_true(strays_in_group(pid));
	strays_kill_group(pid);
	assert_false(strays_in_group(pid));
	assert_false(port_is_taken(port));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void one_that_has_ended_and_was_not_fetched_is_gone(void **state)
{
	siginfo_t info;

	(void)state;
	pid_t pid = fork();
	if (!pid) {
		setpgid(0, 0);
		_exit(0);
	}
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(strays_in_group(pid));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_has_lost_its_first_thread_is_there_with_its_ports),
		cmocka_unit_test(one_that_has_ended_and_was_not_fetched_is_gone),
	};

	return cmocka_run_group_tests_name("strays", tests, NULL, NULL);
}
