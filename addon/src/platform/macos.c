#include <dlfcn.h>
#include <mach-o/dyld.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "platform.h"

int usable_cores(void) {
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? (int)cores : 1;
}

void* open_tensorflow(void) {
  for (uint32_t i = 0; i < _dyld_image_count(); i++) {
    const char* library = _dyld_get_image_name(i); /* NULL where it has gone meanwhile */
    if (!library || !strstr(library, "tfjs_binding.node")) continue;
    void* binding = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    if (binding) return binding;
  }
  return NULL;
}
