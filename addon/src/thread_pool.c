/**
 * One pool for the process. Its threads start when they are first wanted, sleep in between, and
 * end with the process.
 */
#define _GNU_SOURCE
#include "thread_pool.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

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
  fenv_t float_environment;
};

/** Held by the thread whose job the pool runs. Who finds it held works alone. */
static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;

/** Guards what follows. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t helpers_wanted = PTHREAD_COND_INITIALIZER;
static pthread_cond_t helpers_gone = PTHREAD_COND_INITIALIZER;
static struct job* current;
static int wanted; /* helpers that may still join the current job */
static int active; /* helpers at work on it */
static int started;

static atomic_int configured; /* 0: not yet */

static void work(struct job* job) {
  int64_t index;
  while ((index = atomic_fetch_add(&job->next, 1)) < job->count) job->task(job->context, index);
}

static void* helper(void* unused) {
  pthread_mutex_lock(&lock);
  for (;;) {
    while (wanted == 0) pthread_cond_wait(&helpers_wanted, &lock);
    wanted--;
    active++;
    struct job* job = current;
    pthread_mutex_unlock(&lock);

    fesetenv(&job->float_environment);
    work(job);

    pthread_mutex_lock(&lock);
    if (--active == 0) pthread_cond_signal(&helpers_gone);
  }
  return unused;
}

/** Starts threads; `lock` must be held. Fewer than asked for are no error: the caller does the work. */
static void start_helpers(int count) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the threads of Node */
  while (started < count) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, helper, NULL) != 0) break;
    pthread_detach(thread);
    started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void run_with_helpers(struct job* job, int helpers) {
  fegetenv(&job->float_environment);
  pthread_mutex_lock(&lock);
  start_helpers(helpers);
  current = job;
  wanted = helpers < started ? helpers : started;
  for (int i = 0; i < wanted; i++) pthread_cond_signal(&helpers_wanted);
  pthread_mutex_unlock(&lock);

  work(job);

  pthread_mutex_lock(&lock);
  wanted = 0; /* who has not come by now need not */
  while (active > 0) pthread_cond_wait(&helpers_gone, &lock);
  pthread_mutex_unlock(&lock);
}

void run_tasks(int64_t count, int64_t elements, void (*task)(const void* context, int64_t index),
               const void* context) {
  int64_t threads = elements / MIN_ELEMENTS_PER_THREAD;
  if (threads > count) threads = count;
  if (threads > 1 && threads > thread_count()) threads = thread_count();

  struct job job = {.task = task, .context = context, .count = count};
  if (threads > 1 && pthread_mutex_trylock(&busy) == 0) {
    run_with_helpers(&job, (int)threads - 1);
    pthread_mutex_unlock(&busy);
  } else {
    work(&job);
  }
}

static int default_thread_count(void) {
  const char* setting = getenv("TF_NUM_INTRAOP_THREADS");
  const int threads = setting ? atoi(setting) : 0;
  if (threads > 0) return threads;
  cpu_set_t cores;
  return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

int thread_count(void) {
  if (atomic_load(&configured) == 0) set_thread_count(0);
  return atomic_load(&configured);
}

void set_thread_count(int count) {
  if (count <= 0) count = default_thread_count();
  atomic_store(&configured, count < MAX_THREADS ? count : MAX_THREADS);
}
