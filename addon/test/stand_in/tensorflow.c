/**
 * A stand-in for libtensorflow: as much of its C API as the addon calls, and no more. It keeps the
 * ops that are registered; binding.c runs them. The tests of the addon for Windows link to it, where
 * the library itself is not to be had.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAND_IN_EXPORTS
#include "stand_in.h"

struct TF_Status {
  TF_Code code;
  char message[512];
};

struct TF_Buffer {
  int unused;
};

struct TF_Graph {
  int unused;
};

struct TF_OpDefinitionBuilder {
  char name[64];
};

static struct stand_in_op ops[8];
static int op_count;

API struct stand_in_op* stand_in_find_op(const char* name) {
  for (int i = 0; i < op_count; i++) {
    if (strcmp(ops[i].name, name) == 0) return &ops[i];
  }
  return NULL;
}

API const char* TF_Version(void) { return "stand-in"; }

API TF_Status* TF_NewStatus(void) { return calloc(1, sizeof(TF_Status)); }
API void TF_DeleteStatus(TF_Status* status) { free(status); }
API void TF_SetStatus(TF_Status* status, TF_Code code, const char* message) {
  status->code = code;
  snprintf(status->message, sizeof status->message, "%s", message);
}
API TF_Code TF_GetCode(const TF_Status* status) { return status->code; }
API const char* TF_Message(const TF_Status* status) { return status->message; }

/* The tensors are those of binding.c, whose they remain. */
API void TF_DeleteTensor(TF_Tensor* tensor) { (void)tensor; }
API void* TF_TensorData(const TF_Tensor* tensor) { return tensor->data; }
API int TF_NumDims(const TF_Tensor* tensor) { return tensor->rank; }
API int64_t TF_Dim(const TF_Tensor* tensor, int i) { return tensor->dims[i]; }

API TF_Graph* TF_NewGraph(void) { return calloc(1, sizeof(TF_Graph)); }
API void TF_DeleteGraph(TF_Graph* graph) { free(graph); }
API TF_Buffer* TF_NewBuffer(void) { return calloc(1, sizeof(TF_Buffer)); }
API void TF_DeleteBuffer(TF_Buffer* buffer) { free(buffer); }
API void TF_GraphGetOpDef(TF_Graph* graph, const char* op, TF_Buffer* buffer, TF_Status* status) {
  (void)graph, (void)buffer;
  TF_SetStatus(status, stand_in_find_op(op) ? TF_OK : TF_NOT_FOUND, "");
}

API TF_OpDefinitionBuilder* TF_NewOpDefinitionBuilder(const char* op) {
  TF_OpDefinitionBuilder* builder = calloc(1, sizeof *builder);
  snprintf(builder->name, sizeof builder->name, "%s", op);
  return builder;
}
API void TF_OpDefinitionBuilderAddInput(TF_OpDefinitionBuilder* builder, const char* input) {
  (void)builder, (void)input;
}
API void TF_OpDefinitionBuilderAddOutput(TF_OpDefinitionBuilder* builder, const char* output) {
  (void)builder, (void)output;
}
API void TF_OpDefinitionBuilderAddAttr(TF_OpDefinitionBuilder* builder, const char* attr) {
  (void)builder, (void)attr;
}
API void TF_OpDefinitionBuilderSetShapeInferenceFunction(
    TF_OpDefinitionBuilder* builder, void (*infer)(TF_ShapeInferenceContext*, TF_Status*)) {
  (void)builder, (void)infer;
}
API void TF_ShapeInferenceContextSetUnknownShape(TF_ShapeInferenceContext* context,
                                                 TF_Status* status) {
  (void)context, (void)status;
}
API void TF_RegisterOpDefinition(TF_OpDefinitionBuilder* builder, TF_Status* status) {
  if (stand_in_find_op(builder->name)) abort(); /* as TensorFlow does */
  snprintf(ops[op_count++].name, sizeof ops->name, "%s", builder->name);
  free(builder);
  TF_SetStatus(status, TF_OK, "");
}

API TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device,
                                          void* (*create)(TF_OpKernelConstruction*),
                                          void (*compute)(void*, TF_OpKernelContext*),
                                          void (*destroy)(void*)) {
  struct stand_in_op* found = stand_in_find_op(op);
  if (!found || strcmp(device, "CPU") != 0) abort();
  found->create = create;
  found->compute = compute;
  found->destroy = destroy;
  return (TF_KernelBuilder*)found;
}
API void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder* builder, TF_Status* status) {
  (void)name, (void)builder;
  TF_SetStatus(status, TF_OK, "");
}

API void TF_OpKernelConstruction_GetAttrBool(TF_OpKernelConstruction* construction,
                                             const char* attr, TF_Bool* value, TF_Status* status) {
  TF_SetStatus(status, TF_OK, "");
  *value = strcmp(attr, "center") == 0 ? construction->center : true;
}
API void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* construction,
                                              const char* attr, float* value, TF_Status* status) {
  (void)attr;
  TF_SetStatus(status, TF_OK, "");
  *value = construction->epsilon;
}
API void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction* construction,
                                         TF_Status* status) {
  snprintf(construction->failure, sizeof construction->failure, "%s", status->message);
}
API void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status) {
  snprintf(context->failure, sizeof context->failure, "%s", status->message);
}
API void TF_GetInput(TF_OpKernelContext* context, int i, TF_Tensor** tensor, TF_Status* status) {
  TF_SetStatus(status, TF_OK, "");
  *tensor = &context->inputs[i];
}
API TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int i, TF_DataType type,
                                 const int64_t* dims, int rank, size_t bytes, TF_Status* status) {
  (void)type;
  TF_SetStatus(status, TF_OK, "");
  TF_Tensor* output = &context->outputs[i];
  output->rank = rank;
  memcpy(output->dims, dims, rank * sizeof *dims);
  output->data = malloc(bytes ? bytes : 1);
  output->bytes = bytes;
  return output;
}
