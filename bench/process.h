/* What the system says of another process. All are 0 when there is no such process. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

/* Processor time of all threads that it has now. */
double process_cpu_seconds(int pid);

/* Resident memory. */
long long process_memory_bytes(int pid);

#endif
