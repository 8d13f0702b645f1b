#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>

#include "platform.h"

int usable_cores(void) {
  cpu_set_t cores;
  return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

/** Is called for each library in the process: opens the binding of tfjs-node if this is it. */
static int open_binding(struct dl_phdr_info* library, size_t size, void* handle) {
  (void)size;
  if (!strstr(library->dlpi_name, "tfjs_binding.node")) return 0;
  *(void**)handle = dlopen(library->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
  return *(void**)handle != NULL;
}

void* open_tensorflow(void) {
  void* binding = NULL;
  dl_iterate_phdr(open_binding, &binding);
  return binding;
}
