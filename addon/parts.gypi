# What the addon is made of. Two builds read it: binding.gyp, on the machine that it is for, and
# tools/addon/cross.mjs, which builds the prebuilt files of all systems. So it is JSON but for the
# lines of comment.
{
  "variables": {
    # Without SLP: where the compiler makes a vector of a row's two statistics, it reads back at once
    # what it has just written by halves, and waits a tenth of the time on rows of 256.
    # Without contraction: a fused multiply-add would take gamma·dy, unrounded, from the mean of what
    # was rounded, and leave 3e-8 where the answer is 0. ARM's processors all have that instruction.
    "flags": [
      "-std=gnu11", "-O3", "-fno-tree-slp-vectorize", "-ffp-contract=off", "-Wall", "-Wextra",
      "-fvisibility=hidden", "-fno-math-errno"
    ],
    "sources": [
      "src/add_layer_norm.c",
      "src/add_layer_norm_op.c",
      "src/addon.c",
      "src/layer_norm.c",
      "src/layer_norm_grad.c",
      "src/layer_norm_grad_op.c",
      "src/layer_norm_op.c",
      "src/op_support.c",
      "src/ops.c",
      "src/row_kernels.c",
      "src/row_kernels_double.c",
      "src/row_stats.c",
      "src/tensorflow_api.c",
      "src/thread_pool.c"
    ],
    "sources_linux": ["src/platform/linux.c", "src/platform/posix.c"],
    "sources_mac": ["src/platform/macos.c", "src/platform/posix.c"],
    "sources_win": ["src/platform/windows.c", "src/platform/windows_node_api.c"],

    # src/row_kernels_vector.c is compiled once for each of these; the last two for x64 alone.
    "defines_portable": ["LANES=4", "INSTRUCTION_SET=portable", "ROW_KERNELS=row_kernels_portable"],
    "defines_avx2": ["LANES=8", "INSTRUCTION_SET=avx2", "ROW_KERNELS=row_kernels_avx2"],
    "defines_avx512": ["LANES=16", "INSTRUCTION_SET=avx512", "ROW_KERNELS=row_kernels_avx512"],
    "flags_avx2": ["-mavx2", "-mfma"],
    "flags_avx512": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx2", "-mfma"]
  }
}
