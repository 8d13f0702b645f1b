#include "tensorflow_api.h"

#include "platform/platform.h"

struct tensorflow_api tf;

const char* find_tensorflow(void) {
  static void* library;
  if (!library) library = open_tensorflow();
  if (!library) return "@tensorflow/tfjs-node is not loaded in this process";

#define X(result, name, parameters)                                  \
  tf.name = (result(*) parameters)tensorflow_function(library, "TF_" #name); \
  if (!tf.name) return "this libtensorflow lacks TF_" #name;
  TENSORFLOW_FUNCTIONS(X)
#undef X
  return NULL;
}
