/* What the system says of another process. All are 0 when there is no such process. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

/* Processor time of its first thread: the brokers measured have no other that works. */
double process_cpu_seconds(int pid);

/* Resident memory. */
long long process_memory_bytes(int pid);

#endif
