/**
 * The part of TensorFlow's C API that registers ops and kernels (tensorflow/c/ops.h, kernels.h).
 *
 * The addon links to no libtensorflow, nor needs its headers: it finds the functions, at run time,
 * in the copy that @tensorflow/tfjs-node has loaded. So one binary serves every libtensorflow 2.x
 * that has them. Tried on Linux, x64: 2.9.1 (that of tfjs-node 4.22), 2.10.1, 2.11.1, 2.13.1, 2.14.1,
 * 2.15.1, 2.16.2, 2.18.1, 2.20.0 and 2.21.0, by scripts/try_libtensorflow.ts; all work.
 */
#ifndef TENSORFLOW_API_H
#define TENSORFLOW_API_H

#include <stddef.h>
#include <stdint.h>

typedef struct TF_Buffer TF_Buffer;
typedef struct TF_Graph TF_Graph;
typedef struct TF_KernelBuilder TF_KernelBuilder;
typedef struct TF_OpDefinitionBuilder TF_OpDefinitionBuilder;
typedef struct TF_OpKernelConstruction TF_OpKernelConstruction;
typedef struct TF_OpKernelContext TF_OpKernelContext;
typedef struct TF_ShapeInferenceContext TF_ShapeInferenceContext;
typedef struct TF_Status TF_Status;
typedef struct TF_Tensor TF_Tensor;
typedef unsigned char TF_Bool;

typedef enum { TF_FLOAT = 1 } TF_DataType;
typedef enum {
  TF_OK = 0,
  TF_INVALID_ARGUMENT = 3,
  TF_NOT_FOUND = 5,
  TF_RESOURCE_EXHAUSTED = 8,
} TF_Code;

/* X(type of the result, name without TF_, parameters) */
#define TENSORFLOW_FUNCTIONS(X)                                                                  \
  X(const char*, Version, (void))                                                                \
                                                                                                 \
  X(TF_Status*, NewStatus, (void))                                                               \
  X(void, DeleteStatus, (TF_Status*))                                                            \
  X(void, SetStatus, (TF_Status*, TF_Code, const char* message))                                 \
  X(TF_Code, GetCode, (const TF_Status*))                                                        \
  X(const char*, Message, (const TF_Status*))                                                    \
                                                                                                 \
  X(void, DeleteTensor, (TF_Tensor*))                                                            \
  X(void*, TensorData, (const TF_Tensor*))                                                       \
  X(int, NumDims, (const TF_Tensor*))                                                            \
  X(int64_t, Dim, (const TF_Tensor*, int))                                                       \
                                                                                                 \
  X(TF_Graph*, NewGraph, (void))                                                                 \
  X(void, DeleteGraph, (TF_Graph*))                                                              \
  X(TF_Buffer*, NewBuffer, (void))                                                               \
  X(void, DeleteBuffer, (TF_Buffer*))                                                            \
  X(void, GraphGetOpDef, (TF_Graph*, const char* op, TF_Buffer*, TF_Status*))                    \
                                                                                                 \
  X(TF_OpDefinitionBuilder*, NewOpDefinitionBuilder, (const char* op))                           \
  X(void, OpDefinitionBuilderAddInput, (TF_OpDefinitionBuilder*, const char* input))             \
  X(void, OpDefinitionBuilderAddOutput, (TF_OpDefinitionBuilder*, const char* output))           \
  X(void, OpDefinitionBuilderAddAttr, (TF_OpDefinitionBuilder*, const char* attr))               \
  X(void, OpDefinitionBuilderSetShapeInferenceFunction,                                          \
    (TF_OpDefinitionBuilder*, void (*)(TF_ShapeInferenceContext*, TF_Status*)))                  \
  X(void, ShapeInferenceContextSetUnknownShape, (TF_ShapeInferenceContext*, TF_Status*))         \
  X(void, RegisterOpDefinition, (TF_OpDefinitionBuilder*, TF_Status*))                           \
                                                                                                 \
  X(TF_KernelBuilder*, NewKernelBuilder,                                                         \
    (const char* op, const char* device, void* (*create)(TF_OpKernelConstruction*),              \
     void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*)))                       \
  X(void, RegisterKernelBuilder, (const char* name, TF_KernelBuilder*, TF_Status*))              \
  X(void, OpKernelConstruction_GetAttrBool,                                                      \
    (TF_OpKernelConstruction*, const char* attr, TF_Bool*, TF_Status*))                          \
  X(void, OpKernelConstruction_GetAttrFloat,                                                     \
    (TF_OpKernelConstruction*, const char* attr, float*, TF_Status*))                            \
  X(void, OpKernelConstruction_Failure, (TF_OpKernelConstruction*, TF_Status*))                  \
  X(void, OpKernelContext_Failure, (TF_OpKernelContext*, TF_Status*))                            \
  X(void, GetInput, (TF_OpKernelContext*, int, TF_Tensor**, TF_Status*))                         \
  X(TF_Tensor*, AllocateOutput,                                                                  \
    (TF_OpKernelContext*, int, TF_DataType, const int64_t* dims, int dim_count, size_t bytes,    \
     TF_Status*))

/** The functions, each without TF_: tf.GetInput is TF_GetInput. */
extern struct tensorflow_api {
#define X(result, name, parameters) result(*name) parameters;
  TENSORFLOW_FUNCTIONS(X)
#undef X
} tf;

/**
 * Fills `tf` from the libtensorflow in this process. Safe to repeat, not to run in two threads at
 * once.
 *
 * @return NULL, or what was not found.
 */
const char* find_tensorflow(void);

#endif
