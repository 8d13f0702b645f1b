/** What tensorflow.c and binding.c know of each other. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include "../../src/tensorflow_api.h"

struct TF_Tensor {
  int rank;
  int64_t dims[8];
  void* data;
  size_t bytes;
};

struct TF_OpKernelConstruction {
  float epsilon;
  TF_Bool center;
  char failure[512];
};

struct TF_OpKernelContext {
  TF_Tensor inputs[4];
  TF_Tensor outputs[3];
  char failure[512];
};

struct stand_in_op {
  char name[64];
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};

#ifdef STAND_IN_EXPORTS
#define API __declspec(dllexport)
#else
#define API __declspec(dllimport)
#endif

/** The op of this name that was registered, or NULL. */
API struct stand_in_op* stand_in_find_op(const char* name);

#endif
