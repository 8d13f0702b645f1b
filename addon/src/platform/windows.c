#include <stdint.h>
#include <windows.h>
#include <xmmintrin.h>

#include "platform.h"

static SRWLOCK* lock_of(mutex* lock) { return (SRWLOCK*)&lock->state; }

static CONDITION_VARIABLE* variable_of(condition* signal) {
  return (CONDITION_VARIABLE*)&signal->state;
}

void mutex_lock(mutex* lock) { AcquireSRWLockExclusive(lock_of(lock)); }

bool mutex_try_lock(mutex* lock) { return TryAcquireSRWLockExclusive(lock_of(lock)); }

void mutex_unlock(mutex* lock) { ReleaseSRWLockExclusive(lock_of(lock)); }

void condition_wait(condition* signal, mutex* lock) {
  SleepConditionVariableSRW(variable_of(signal), lock_of(lock), INFINITE, 0);
}

void condition_signal(condition* signal) { WakeConditionVariable(variable_of(signal)); }

static DWORD WINAPI begin(void* run) {
  ((void (*)(void))run)();
  return 0;
}

bool start_thread(void (*run)(void)) {
  const HANDLE thread = CreateThread(NULL, 0, begin, (void*)run, 0, NULL);
  if (!thread) return false;
  CloseHandle(thread); /* the thread runs on */
  return true;
}

int usable_cores(void) {
  DWORD_PTR ours, all;
  if (!GetProcessAffinityMask(GetCurrentProcess(), &ours, &all) || ours == 0) return 1;
  return __builtin_popcountll(ours);
}

/* Not fegetenv: MinGW's leaves out what concerns tiny numbers. */
void get_float_mode(float_mode* mode) { *mode = _mm_getcsr(); }

void set_float_mode(const float_mode* mode) { _mm_setcsr(*mode); }

bool stay_loaded(void) {
  static const char inside; /* its address is one of this library */
  const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
  HMODULE library;
  return GetModuleHandleExW(flags, (const wchar_t*)&inside, &library);
}

/* Windows gives the binding the library of this name that was loaded first, so that it is this one. */
void* open_tensorflow(void) {
  HMODULE library;
  if (!GetModuleHandleW(L"tfjs_binding.node")) return NULL;
  if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN, L"tensorflow.dll", &library)) return NULL;
  return library;
}

void* tensorflow_function(void* library, const char* name) {
  return (void*)GetProcAddress(library, name);
}
