/** The systems and processors for which the package brings a prebuilt addon. */

/**
 * A system and processor that Node names, and what zig and the linker are told for it.
 *
 * @typedef {object} Target
 * @property {string} arch
 * @property {string} zig with the oldest version of the system or of its C library
 * @property {string} sources the name of its list in addon/parts.gypi
 * @property {string} file which node-gyp-build picks by its name
 * @property {string[]} link
 */

const LINUX = {
  sources: 'sources_linux',
  file: 'tfjs-layernorm.glibc.node',
  link: ['-lm', '-lpthread', '-ldl'],
};
const MACOS = {
  sources: 'sources_mac',
  file: 'tfjs-layernorm.node',
  // The functions of Node-API are those of the program that loads the file, whatever its name.
  link: ['-Wl,-undefined,dynamic_lookup', '-Wl,-install_name,@rpath/tfjs-layernorm.node'],
};

/** @type {Record<string, Target>} */
export const TARGETS = {
  'linux-x64': {arch: 'x64', zig: 'x86_64-linux-gnu.2.17', ...LINUX},
  'linux-arm64': {arch: 'arm64', zig: 'aarch64-linux-gnu.2.17', ...LINUX},
  'darwin-x64': {arch: 'x64', zig: 'x86_64-macos.10.15', ...MACOS},
  'darwin-arm64': {arch: 'arm64', zig: 'aarch64-macos.11.0', ...MACOS},
  'win32-x64': {
    arch: 'x64',
    zig: 'x86_64-windows-gnu',
    sources: 'sources_win',
    file: 'tfjs-layernorm.node',
    link: [],
  },
};
