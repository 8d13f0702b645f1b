#define _GNU_SOURCE
#include "tensorflow_api.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

struct tensorflow_api tf;

/** dl_iterate_phdr's callback: opens the binding of tfjs-node if this is it. */
static int open_binding(struct dl_phdr_info* library, size_t size, void* handle) {
  (void)size;
  if (!strstr(library->dlpi_name, "tfjs_binding.node")) return 0;
  *(void**)handle = dlopen(library->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
  return *(void**)handle != NULL;
}

const char* find_tensorflow(void) {
  static void* binding; /* kept open, so that libtensorflow stays loaded as well */
  if (!binding) dl_iterate_phdr(open_binding, &binding);
  if (!binding) return "@tensorflow/tfjs-node is not loaded in this process";

  /* A search in the binding goes on in the libraries that it is linked to: its own libtensorflow,
   * if there should be several. POSIX has dlsym's result converted in this way. */
#define X(result, name, parameters)                         \
  *(void**)&tf.name = dlsym(binding, "TF_" #name);          \
  if (!tf.name) return "this libtensorflow lacks TF_" #name;
  TENSORFLOW_FUNCTIONS(X)
#undef X
  return NULL;
}
