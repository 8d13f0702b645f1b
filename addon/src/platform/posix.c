/** What Linux and macOS do alike. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>

#include "platform.h"

void mutex_lock(mutex* lock) { pthread_mutex_lock(lock); }

bool mutex_try_lock(mutex* lock) { return pthread_mutex_trylock(lock) == 0; }

void mutex_unlock(mutex* lock) { pthread_mutex_unlock(lock); }

void condition_wait(condition* signal, mutex* lock) { pthread_cond_wait(signal, lock); }

void condition_signal(condition* signal) { pthread_cond_signal(signal); }

/** A thread's beginning. POSIX has a function's address go by way of a `void*`. */
static void* begin(void* run) {
  void (*function)(void);
  *(void**)&function = run;
  function();
  return NULL;
}

bool start_thread(void (*run)(void)) {
  /* A new thread begins with the signal mask of the thread that starts it. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const bool ok = pthread_create(&thread, NULL, begin, *(void**)&run) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (ok) pthread_detach(thread);
  return ok;
}

void get_float_mode(float_mode* mode) { fegetenv(mode); }

void set_float_mode(const float_mode* mode) { fesetenv(mode); }

bool stay_loaded(void) {
  static const char inside; /* its address is one of this library */
  Dl_info library;
  return dladdr(&inside, &library) != 0 &&
         dlopen(library.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != NULL;
}

/* A search in the binding goes on in the libraries that it is linked to: its own libtensorflow, if
 * there should be several. */
void* tensorflow_function(void* binding, const char* name) { return dlsym(binding, name); }
