/**
 * What the addon asks of the operating system. linux.c, macos.c or windows.c answers, whichever the
 * build takes; the first two share posix.c.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>

#ifdef _WIN32

#include <stddef.h>

/* A lock (SRWLOCK) and a condition variable of Windows are each one pointer, which is NULL at first. */
typedef struct { void* state; } mutex;
typedef struct { void* state; } condition;
#define MUTEX_INITIALIZER {NULL}
#define CONDITION_INITIALIZER {NULL}

typedef unsigned int float_mode;

#else

#include <fenv.h>
#include <pthread.h>

typedef pthread_mutex_t mutex;
typedef pthread_cond_t condition;
#define MUTEX_INITIALIZER PTHREAD_MUTEX_INITIALIZER
#define CONDITION_INITIALIZER PTHREAD_COND_INITIALIZER

typedef fenv_t float_mode;

#endif

void mutex_lock(mutex* lock);
bool mutex_try_lock(mutex* lock);
void mutex_unlock(mutex* lock);

/** Lets go of `lock`, waits for a signal, and takes it again. It may also wake without one. */
void condition_wait(condition* signal, mutex* lock);

/** Wakes one thread that waits, if there is one. */
void condition_signal(condition* signal);

/** Starts a thread that nobody waits for, and that takes no signals. Returns false if it cannot. */
bool start_thread(void (*run)(void));

/** The processor cores that this process may run on: at least 1. */
int usable_cores(void);

/** Reads how this thread's arithmetic rounds, and whether it takes tiny numbers for 0. */
void get_float_mode(float_mode* mode);

/** Has this thread's arithmetic do as another's, which `get_float_mode` read there. */
void set_float_mode(const float_mode* mode);

/**
 * Keeps this library in memory until the process ends, also when the last thread of Node that
 * loaded it is gone. Returns false if it cannot.
 */
bool stay_loaded(void);

/**
 * Opens the libtensorflow that @tensorflow/tfjs-node is bound to in this process, for good. Returns
 * NULL if tfjs-node is not loaded.
 */
void* open_tensorflow(void);

/** The function of this name in what `open_tensorflow` gave, or NULL. */
void* tensorflow_function(void* library, const char* name);

#endif
