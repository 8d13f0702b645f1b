/**
 * Node-API for Windows, where a library names the file that each function is to come from: that would
 * be node.exe, but Electron and other programs hold Node under names of their own. So nothing is
 * imported; the functions are looked up in the program that runs, or in a library of Node's that it
 * has loaded.
 */
#include <windows.h>

#define NAPI_EXTERN
#include <node_api.h>

static FARPROC node_function(const char* name) {
  static const wchar_t* const libraries[] = {L"node.dll", L"libnode.dll"};
  FARPROC function = GetProcAddress(GetModuleHandleW(NULL), name);
  for (size_t i = 0; !function && i < sizeof libraries / sizeof *libraries; i++) {
    const HMODULE library = GetModuleHandleW(libraries[i]);
    if (library) function = GetProcAddress(library, name);
  }
  return function;
}

/* A function of Node-API that looks itself up at its first call: name, parameters, their names. */
#define FUNCTION(name, parameters, arguments)                              \
  napi_status name parameters {                                            \
    static napi_status(*volatile function) parameters;                     \
    if (!function) function = (napi_status(*) parameters)node_function(#name); \
    return function ? function arguments : napi_generic_failure;           \
  }

FUNCTION(napi_create_int32, (napi_env env, int32_t value, napi_value* result),
         (env, value, result))
FUNCTION(napi_create_object, (napi_env env, napi_value* result), (env, result))
FUNCTION(napi_create_string_utf8,
         (napi_env env, const char* text, size_t length, napi_value* result),
         (env, text, length, result))
FUNCTION(napi_define_properties,
         (napi_env env, napi_value object, size_t count, const napi_property_descriptor* properties),
         (env, object, count, properties))
FUNCTION(napi_get_boolean, (napi_env env, bool value, napi_value* result), (env, value, result))
FUNCTION(napi_get_cb_info,
         (napi_env env, napi_callback_info info, size_t* count, napi_value* arguments,
          napi_value* receiver, void** data),
         (env, info, count, arguments, receiver, data))
FUNCTION(napi_get_last_error_info, (napi_env env, const napi_extended_error_info** result),
         (env, result))
FUNCTION(napi_get_value_int32, (napi_env env, napi_value value, int32_t* result),
         (env, value, result))
FUNCTION(napi_get_value_string_utf8,
         (napi_env env, napi_value value, char* text, size_t size, size_t* length),
         (env, value, text, size, length))
FUNCTION(napi_is_exception_pending, (napi_env env, bool* result), (env, result))
FUNCTION(napi_set_named_property,
         (napi_env env, napi_value object, const char* name, napi_value value),
         (env, object, name, value))
FUNCTION(napi_throw_error, (napi_env env, const char* code, const char* message),
         (env, code, message))
