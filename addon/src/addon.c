/**
 * What JavaScript sees of the addon:
 *
 *     register(): {tensorflow: string}       registers the ops; throws what went wrong
 *     threadCount(): number
 *     setThreadCount(count): void            0: as many as at first
 *     instructionSet(): string               'avx512', 'avx2', 'portable'
 *     setInstructionSet(name): boolean       false: this processor has none so named
 *
 * The last four are for tests and benchmarks.
 */
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>

#include "ops.h"
#include "row_kernels.h"
#include "tensorflow_api.h"
#include "thread_pool.h"

/** Throws what Node-API has to say of its last failure. */
static napi_value throw_last_error(napi_env env) {
  const napi_extended_error_info* info = NULL;
  bool is_pending = false;
  napi_get_last_error_info(env, &info);
  napi_is_exception_pending(env, &is_pending);
  const char* message = info && info->error_message ? info->error_message : "Node-API failed";
  if (!is_pending) napi_throw_error(env, NULL, message);
  return NULL;
}

static napi_value js_string(napi_env env, const char* text) {
  napi_value value;
  if (napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) == napi_ok) return value;
  return throw_last_error(env);
}

/** The one argument of a call. */
static bool get_argument(napi_env env, napi_callback_info info, napi_value* argument) {
  size_t count = 1;
  return napi_get_cb_info(env, info, &count, argument, NULL, NULL) == napi_ok;
}

static napi_value js_register(napi_env env, napi_callback_info info) {
  (void)info;
  const char* failure = register_ops();
  if (failure) {
    napi_throw_error(env, NULL, failure);
    return NULL;
  }
  napi_value result;
  napi_value version = js_string(env, tf.Version());
  if (version && napi_create_object(env, &result) == napi_ok &&
      napi_set_named_property(env, result, "tensorflow", version) == napi_ok) {
    return result;
  }
  return throw_last_error(env);
}

static napi_value js_thread_count(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
  if (napi_create_int32(env, thread_count(), &result) == napi_ok) return result;
  return throw_last_error(env);
}

static napi_value js_set_thread_count(napi_env env, napi_callback_info info) {
  napi_value argument;
  int32_t count;
  if (!get_argument(env, info, &argument) ||
      napi_get_value_int32(env, argument, &count) != napi_ok) {
    return throw_last_error(env);
  }
  set_thread_count(count);
  return NULL;
}

static napi_value js_instruction_set(napi_env env, napi_callback_info info) {
  (void)info;
  return js_string(env, row_kernels_fast()->instruction_set);
}

static napi_value js_set_instruction_set(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  char name[32];
  if (!get_argument(env, info, &argument) ||
      napi_get_value_string_utf8(env, argument, name, sizeof name, NULL) != napi_ok ||
      napi_get_boolean(env, row_kernels_select(name), &result) != napi_ok) {
    return throw_last_error(env);
  }
  return result;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor properties[] = {
      {.utf8name = "register", .method = js_register, .attributes = napi_enumerable},
      {.utf8name = "threadCount", .method = js_thread_count, .attributes = napi_enumerable},
      {.utf8name = "setThreadCount", .method = js_set_thread_count, .attributes = napi_enumerable},
      {.utf8name = "instructionSet", .method = js_instruction_set, .attributes = napi_enumerable},
      {.utf8name = "setInstructionSet",
       .method = js_set_instruction_set,
       .attributes = napi_enumerable},
  };
  const size_t count = sizeof properties / sizeof *properties;
  if (napi_define_properties(env, exports, count, properties) == napi_ok) return exports;
  return throw_last_error(env);
}
