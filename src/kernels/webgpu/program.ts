/**
 * How both kernels reach the backend: one compute shader each, through `runWebGPUProgram`.
 *
 * That interface knows one output. A shader with a second one takes it as its last input and
 * declares that binding once more, to be written to; the backend's own declaration of it, to be
 * read, is then not used by the shader, and WGSL allows both.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';

/** How workgroups, and the threads of each, share the rows. */
export interface Layout {
  rows: number;
  cols: number;
  /** Numbers that a thread loads at once: 4 where the columns allow, else 1. */
  width: 1 | 4;
  /** Loads in a row: cols / width. */
  units: number;
  /** Threads that share a row, a power of two. */
  lanes: number;
  /** Rows that a workgroup does at once. */
  rowsAtOnce: number;
  /** Into how many chunks of `lanes · items` units a row is cut, each for a workgroup of its own. */
  chunks: number;
  /** Workgroups for each chunk, if one does `rowsAtOnce` rows and no more. */
  groups: number;
  /** Units of a row, or of its chunk, that a thread has. It keeps them in registers. */
  items: number;
}

/** So many units of each tensor fit a thread's registers. */
const MOST_KEPT = 8;

/** Threads in a workgroup: 256 is WebGPU's default limit. Several rows share a workgroup up to 64. */
const MOST_LANES = 256;
const LEAST_THREADS = 64;

/**
 * How the rows are shared. Many threads hide the memory's latency. A row that those of one workgroup
 * cannot keep in registers is cut into chunks: few rows then still occupy the GPU, and each is read
 * twice, not three times.
 */
export function layoutOf({rows, cols}: {rows: number; cols: number}): Layout {
  const width = cols % 4 === 0 ? 4 : 1;
  const units = cols / width;
  const lanes = Math.min(MOST_LANES, 2 ** Math.ceil(Math.log2(Math.max(1, units / MOST_KEPT))));
  const rowsAtOnce = Math.max(1, LEAST_THREADS / lanes);
  const groups = Math.ceil(rows / rowsAtOnce);
  const items = Math.min(MOST_KEPT, Math.ceil(units / lanes));
  const chunks = Math.ceil(units / (lanes * items));
  return {rows, cols, width, units, lanes, rowsAtOnce, chunks, groups, items};
}

/** A shader: what it reads and writes, by name, and its code. */
export interface Source {
  /** Tensors to read; `scalar`: number by number, whatever the layout's width. */
  inputs: {name: string; tensor: TensorInfo; scalar?: boolean}[];
  /** What `result` is: its shape decides the uniform `outShape`; `outputScalar` as above. */
  outputShape: number[];
  outputScalar?: boolean;
  /** A second output, `scalar` as above. */
  extra?: {name: string; tensor: TensorInfo; scalar?: boolean};
  uniforms?: {name: string; type: 'f32' | 'i32'; value: number}[];
  /** Workgroups. */
  dispatch: [x: number, y: number];
  threads: number;
  /** WGSL with the function `main`. */
  code: string;
}

export function runProgram(backend: WebGPUBackend, width: 1 | 4, source: Source): TensorInfo {
  const {inputs, extra, outputShape, outputScalar, uniforms = []} = source;
  const placeholder = extra && {...extra, name: `${extra.name}AsInput`};
  const bound = placeholder ? [...inputs, placeholder] : inputs;
  const everyUniform = [...uniforms, {name: 'zero', type: 'i32', value: 0} as const];
  const components = bound.map(({scalar}) => (scalar ? 1 : width));
  const binding = bound.length; // 0 is the result, the inputs follow
  const type = extra?.scalar ? 'f32' : typeOf(width);
  const declaration = extra
    ? `@group(0) @binding(${binding}) var<storage, read_write> ${extra.name} : array<${type}>;`
    : '';
  const code = `${declaration}\n${rounded(width)}\n${source.code}`;
  const program = {
    variableNames: bound.map(({name}) => name),
    variableComponents: components,
    outputComponent: outputScalar ? 1 : width,
    outputShape,
    dispatchLayout: {x: outputShape.map((_, dim) => dim)},
    dispatch: [...source.dispatch, 1],
    workgroupSize: [source.threads, 1, 1],
    uniforms: everyUniform.map(({name, type}) => `${name} : ${type},`).join(' '),
    // Its code says which shader it is: so layouts that need the same code share it.
    shaderKey: `layerNorm_${components}_${outputScalar}_${code}`,
    getUserCode: () => code,
  };
  return backend.runWebGPUProgram(
    program as unknown as Parameters<WebGPUBackend['runWebGPUProgram']>[0],
    bound.map(({tensor}) => tensor),
    'float32',
    everyUniform.map(({type, value}) => ({
      type: type === 'f32' ? 'float32' : 'int32',
      data: [value],
    })),
  );
}

/**
 * WGSL: `rounded(v)` is v, and makes the compiler round it to float32 before anything else is done
 * with it. Without it a driver may compute (x − x₀) − m as x − (x₀ + m), which loses the digits that
 * the statistics were chosen to keep, or fuse γ·dy with a subtraction of the rounded γ·dy, which then
 * leaves a rounding error instead of 0. No compiler can look through an exclusive or with a number
 * that it does not know to be 0.
 */
function rounded(width: 1 | 4): string {
  const type = typeOf(width);
  const bits = width === 4 ? 'vec4<i32>' : 'i32';
  return `
  fn rounded(v : ${type}) -> ${type} {
    return bitcast<${type}>(bitcast<${bits}>(v) ^ ${bits}(uniforms.zero));
  }`;
}

/**
 * WGSL: `add(&sum, v)` adds v to a sum of units, and to `sum.lost` what the addition loses by rounding
 * (Knuth, Møller 1965); `totalOf(sum)` is both together. So a sum of many numbers is as exact as one
 * of two, even where it is small beside them, as dγ and dβ may be.
 */
export function compensatedSum(width: 1 | 4): string {
  const type = typeOf(width);
  return `
  struct Sum { value : ${type}, lost : ${type} }

  fn add(sum : ptr<function, Sum>, v : ${type}) {
    let value = rounded((*sum).value + v);
    let added = rounded(value - (*sum).value);
    (*sum).lost = (*sum).lost + rounded((*sum).value - rounded(value - added)) + (v - added);
    (*sum).value = value;
  }

  fn totalOf(sum : Sum) -> ${type} { // of a sum that is infinite, what was lost is NaN
    return select(sum.value, sum.value + sum.lost, abs(sum.value) < ${type}(3.4e38));
  }`;
}

/** The WGSL type of a unit. */
export function typeOf(width: 1 | 4): string {
  return width === 4 ? 'vec4<f32>' : 'f32';
}

/** The sum of a unit's numbers, as WGSL. */
export function sumOf(unit: string, width: 1 | 4): string {
  return width === 4 ? `dot(${unit}, vec4<f32>(1.0))` : unit;
}

/** The sum of the products of two units' numbers, as WGSL. */
export function dotOf(a: string, b: string, width: 1 | 4): string {
  return width === 4 ? `dot(${a}, ${b})` : `(${a} * ${b})`;
}

/** The largest of a unit's numbers, as WGSL. */
export function maxOf(unit: string, width: 1 | 4): string {
  return width === 4 ? `max(max(${unit}.x, ${unit}.y), max(${unit}.z, ${unit}.w))` : unit;
}

/** WGSL: the workgroup's number, whatever grid the backend makes of so many. */
export const groupNumber =
  'i32((workgroupId.z * numWorkgroups.y + workgroupId.y) * numWorkgroups.x + workgroupId.x)';

/**
 * WGSL: the `chunk` of a row that the workgroup has, the first unit of it, `start`, and the
 * workgroup's number among those for the same chunk, `group`. Needs the uniform `chunks`.
 */
export function chunkAndGroup({lanes, chunks, items}: Layout): string {
  if (chunks === 1) return `const start = 0; let group = ${groupNumber};`;
  return `
    let chunk = ${groupNumber} % uniforms.chunks;
    let start = chunk * ${lanes * items};
    let group = ${groupNumber} / uniforms.chunks;`;
}

/**
 * WGSL: `name(v, tid)`, what `combine` makes of the v of all the lanes of a row, the same in each.
 *
 * Many lanes are combined in blocks and the blocks' results then, not by halves: a barrier costs more
 * than a few additions do, and the error stays that of short sums. Between two calls there must be
 * another barrier, that of another reduction; `again` adds one.
 *
 * Not by subgroup operations: WGSL wants `enable subgroups;` before all declarations, and tfjs 4.22
 * puts its own before a program's code; nor does it ask for a device with that feature.
 */
export function reduction(
  name: string,
  type: string,
  combine: string,
  {lanes, rowsAtOnce}: Layout,
  again = false,
): string {
  const block = lanes <= 8 ? lanes : 2 ** Math.ceil(Math.log2(lanes) / 2); // lanes in a block
  const blocks = lanes / block;
  const fold = (array: string, start: string, count: number) => `
    var all = ${array}[${start}];
    for (var k = 1; k < ${count}; k++) {
      let a = all;
      let b = ${array}[${start} + k];
      all = ${combine};
    }`;
  const whole =
    blocks === 1
      ? fold(`${name}Shared`, '(tid - lane)', lanes)
      : `
    if (lane < ${blocks}) {
      ${fold(`${name}Shared`, `(tid - lane + lane * ${block})`, block)}
      ${name}Blocks[tid / ${lanes} * ${blocks} + lane] = all;
    }
    workgroupBarrier();
    ${fold(`${name}Blocks`, `(tid / ${lanes} * ${blocks})`, blocks)}`;
  return `
  var<workgroup> ${name}Shared : array<${type}, ${lanes * rowsAtOnce}>;
  var<workgroup> ${name}Blocks : array<${type}, ${blocks * rowsAtOnce}>;
  fn ${name}(v : ${type}, tid : i32) -> ${type} {
    let lane = tid % ${lanes};
    ${name}Shared[tid] = v;
    workgroupBarrier();
    ${whole}
    ${again ? 'workgroupBarrier();' : ''}
    return all;
  }`;
}

/**
 * WGSL: `body` for each unit `c` from `start` on that is this lane's, its `i`-th. It is written out
 * that often, as `i` is an index into registers, and a loop's variable would move them to memory.
 */
export function forEachUnit({lanes, items}: Layout, body: string): string {
  const unit = (i: number) =>
    `{ const i = ${i}; let c = start + lane + ${i * lanes}; if (c < n) { ${body} } }`;
  return Array.from({length: items}, (_, i) => unit(i)).join('\n    ');
}
