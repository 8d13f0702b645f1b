/** Threads for inputs that are worth it. */
#ifndef THREAD_POOL_H
#define THREAD_POOL_H

#include <stdint.h>

/**
 * Calls `task(context, 0)` … `task(context, count - 1)`, in any order, and returns when all are
 * done. The calling thread works too; others help where `elements`, the numbers that all tasks
 * together work on, are enough to pay for waking them. No thread is started before that.
 */
void run_tasks(int64_t count, int64_t elements, void (*task)(const void* context, int64_t index),
               const void* context);

/** Threads to use for large inputs, the calling one included: TF_NUM_INTRAOP_THREADS, which is
 * TensorFlow's own setting, or else the cores that this process may run on. */
int thread_count(void);

/** Uses this many threads from now on; 0: as many as `thread_count` would say at first. */
void set_thread_count(int count);

#endif
