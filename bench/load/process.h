/* What the system says of processes. All are 0 when there are none. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process_use {
	double cpu_s;           /* processor time of all threads that there are now */
	double wait_s;          /* that they were ready, and waited for a processor */
	long long memory_bytes; /* resident */
};

/* Of a process; or of all in its group. */
struct process_use process_use(pid_t pid, bool is_group);

#endif
