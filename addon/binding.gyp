# The addon of the Node backend. `node-gyp rebuild` in this folder; nothing but a C compiler (GCC or
# clang) is needed. Linux only: elsewhere this builds nothing, and the kernel of `cpu` serves.
{
  'variables': {
    # Without SLP: where the compiler makes a vector of a row's two statistics, it reads back at once
    # what it has just written by halves, and waits a tenth of the time on rows of 256.
    # Without contraction: a fused multiply-add would take gamma·dy, unrounded, from the mean of what
    # was rounded, and leave 3e-8 where the answer is 0. ARM's processors all have that instruction.
    'flags': [
      '-std=gnu11', '-O3', '-fno-tree-slp-vectorize', '-ffp-contract=off', '-Wall', '-Wextra',
      '-fvisibility=hidden', '-fno-math-errno',
    ],
  },
  'target_defaults': {
    'cflags!': ['-O2'],
    'cflags': ['<@(flags)', '-fPIC'],
  },
  'conditions': [
    ['OS!="linux"', {
      'targets': [{'target_name': 'none', 'type': 'none'}],
    }],
    ['OS=="linux"', {
      'targets': [
        {
          'target_name': 'tfjs_layernorm',
          'sources': [
            'src/addon.c',
            'src/layer_norm.c',
            'src/layer_norm_grad.c',
            'src/layer_norm_grad_op.c',
            'src/layer_norm_op.c',
            'src/op_support.c',
            'src/ops.c',
            'src/row_kernels.c',
            'src/row_kernels_double.c',
            'src/row_stats.c',
            'src/tensorflow_api.c',
            'src/thread_pool.c',
          ],
          'defines': ['NAPI_VERSION=8'],
          'dependencies': ['row_kernels_portable'],
          # TensorFlow holds pointers into the addon for good.
          'ldflags': ['-Wl,-z,nodelete'],
          'libraries': ['-lm', '-lpthread', '-ldl'],
          'conditions': [
            ['target_arch=="x64"', {'dependencies': ['row_kernels_avx2', 'row_kernels_avx512']}],
          ],
        },
        {
          'target_name': 'row_kernels_portable',
          'type': 'static_library',
          'sources': ['src/row_kernels_vector.c'],
          'defines': ['LANES=4', 'INSTRUCTION_SET=portable', 'ROW_KERNELS=row_kernels_portable'],
        },
        {
          'target_name': 'row_kernels_avx2',
          'type': 'static_library',
          'sources': ['src/row_kernels_vector.c'],
          'defines': ['LANES=8', 'INSTRUCTION_SET=avx2', 'ROW_KERNELS=row_kernels_avx2'],
          'cflags': ['-mavx2', '-mfma'],
        },
        {
          'target_name': 'row_kernels_avx512',
          'type': 'static_library',
          'sources': ['src/row_kernels_vector.c'],
          'defines': ['LANES=16', 'INSTRUCTION_SET=avx512', 'ROW_KERNELS=row_kernels_avx512'],
          'cflags': ['-mavx512f', '-mavx512vl', '-mavx512dq', '-mavx2', '-mfma'],
        },
      ],
    }],
  ],
}
