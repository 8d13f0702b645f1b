# The addon of the Node backend, compiled on the machine that it is for: `node-gyp rebuild` in this
# folder. Nothing but a C compiler (GCC or clang) is needed. On Windows, where node-gyp has Microsoft's
# compiler, this builds nothing: there the prebuilt file serves, or the kernel of `cpu`.
{
  'includes': ['parts.gypi'],
  'target_defaults': {
    'cflags!': ['-O2'],
    'cflags': ['<@(flags)', '-fPIC'],
    # The same for Xcode's clang.
    'xcode_settings': {
      'GCC_OPTIMIZATION_LEVEL': '3',
      'MACOSX_DEPLOYMENT_TARGET': '11.0',
      'OTHER_CFLAGS': ['<@(flags)'],
    },
  },
  'conditions': [
    ['OS!="linux" and OS!="mac"', {
      'targets': [{'target_name': 'none', 'type': 'none'}],
    }],
    ['OS=="linux" or OS=="mac"', {
      'targets': [
        {
          'target_name': 'tfjs_layernorm',
          'sources': ['<@(sources)'],
          'defines': ['NAPI_VERSION=8'],
          'dependencies': ['row_kernels_portable'],
          'conditions': [
            ['OS=="linux"', {
              'sources': ['<@(sources_linux)'],
              'libraries': ['-lm', '-lpthread', '-ldl'],
            }],
            ['OS=="mac"', {'sources': ['<@(sources_mac)']}],
            ['target_arch=="x64"', {'dependencies': ['row_kernels_avx2', 'row_kernels_avx512']}],
          ],
        },
        {
          'target_name': 'row_kernels_portable',
          'type': 'static_library',
          'sources': ['src/row_kernels_vector.c'],
          'defines': ['<@(defines_portable)'],
        },
        {
          'target_name': 'row_kernels_avx2',
          'type': 'static_library',
          'sources': ['src/row_kernels_vector.c'],
          'defines': ['<@(defines_avx2)'],
          'cflags': ['<@(flags_avx2)'],
          'xcode_settings': {'OTHER_CFLAGS': ['<@(flags_avx2)']},
        },
        {
          'target_name': 'row_kernels_avx512',
          'type': 'static_library',
          'sources': ['src/row_kernels_vector.c'],
          'defines': ['<@(defines_avx512)'],
          'cflags': ['<@(flags_avx512)'],
          'xcode_settings': {'OTHER_CFLAGS': ['<@(flags_avx512)']},
        },
      ],
    }],
  ],
}
