/**
 * One pool for the process. Its threads start when they are first wanted, sleep in between, and
 * end with the process.
 */
#include "thread_pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "platform/platform.h"

enum {
  MAX_THREADS = 64,
  /** Work that takes about as long as to wake a thread: 20 µs. */
  MIN_ELEMENTS_PER_THREAD = 1 << 16,
};

struct job {
  void (*task)(const void* context, int64_t index);
  const void* context;
  int64_t count;
  _Atomic int64_t next;
  /** The caller's treatment of tiny numbers; every thread has the same, or bits would differ. */
  float_mode float_mode;
};

/** Held by the thread whose job the pool runs. Who finds it held works alone. */
static mutex busy = MUTEX_INITIALIZER;

/** Guards what follows. */
static mutex lock = MUTEX_INITIALIZER;
static condition helpers_wanted = CONDITION_INITIALIZER;
static condition helpers_gone = CONDITION_INITIALIZER;
static struct job* current;
static int wanted; /* helpers that may still join the current job */
static int active; /* helpers at work on it */
static int started;

static atomic_int configured; /* 0: not yet */

static void work(struct job* job) {
  int64_t index;
  while ((index = atomic_fetch_add(&job->next, 1)) < job->count) job->task(job->context, index);
}

static void helper(void) {
  mutex_lock(&lock);
  for (;;) {
    while (wanted == 0) condition_wait(&helpers_wanted, &lock);
    wanted--;
    active++;
    struct job* job = current;
    mutex_unlock(&lock);

    set_float_mode(&job->float_mode);
    work(job);

    mutex_lock(&lock);
    if (--active == 0) condition_signal(&helpers_gone);
  }
}

/** Starts threads; `lock` must be held. Fewer than asked for are no error: the caller does the work. */
static void start_helpers(int count) {
  while (started < count && start_thread(helper)) started++;
}

static void run_with_helpers(struct job* job, int helpers) {
  get_float_mode(&job->float_mode);
  mutex_lock(&lock);
  start_helpers(helpers);
  current = job;
  wanted = helpers < started ? helpers : started;
  for (int i = 0; i < wanted; i++) condition_signal(&helpers_wanted);
  mutex_unlock(&lock);

  work(job);

  mutex_lock(&lock);
  wanted = 0; /* who has not come by now need not */
  while (active > 0) condition_wait(&helpers_gone, &lock);
  mutex_unlock(&lock);
}

void run_tasks(int64_t count, int64_t elements, void (*task)(const void* context, int64_t index),
               const void* context) {
  int64_t threads = elements / MIN_ELEMENTS_PER_THREAD;
  if (threads > count) threads = count;
  if (threads > 1 && threads > thread_count()) threads = thread_count();

  struct job job = {.task = task, .context = context, .count = count};
  if (threads > 1 && mutex_try_lock(&busy)) {
    run_with_helpers(&job, (int)threads - 1);
    mutex_unlock(&busy);
  } else {
    work(&job);
  }
}

static int default_thread_count(void) {
  const char* setting = getenv("TF_NUM_INTRAOP_THREADS");
  const int threads = setting ? atoi(setting) : 0;
  if (threads > 0) return threads;
  return usable_cores();
}

int thread_count(void) {
  if (atomic_load(&configured) == 0) set_thread_count(0);
  return atomic_load(&configured);
}

void set_thread_count(int count) {
  if (count <= 0) count = default_thread_count();
  atomic_store(&configured, count < MAX_THREADS ? count : MAX_THREADS);
}
