/**
 * The Jest environment of the Node backends. Jest runs each test file in a realm (a `vm` context)
 * with built-in classes of its own, but native code, WebAssembly and Node's own modules make arrays
 * of the outer realm: `instanceof Float32Array` is false for what tfjs-node returns, and `toEqual`
 * finds two types. So the classes of memory are those of the outer realm everywhere. (Jest does the
 * same, but for `ArrayBuffer` and `Uint8Array` alone.)
 */
import {TestEnvironment} from 'jest-environment-node';

const MEMORY_CLASSES = {
  ArrayBuffer,
  SharedArrayBuffer,
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  WebAssembly,
};

export default class BackendEnvironment extends TestEnvironment {
  /** @override */
  async setup() {
    await super.setup();
    Object.assign(this.global, MEMORY_CLASSES);
  }
}
