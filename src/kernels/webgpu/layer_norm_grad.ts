/**
 * The gradient of layer normalisation on the `webgpu` backend, in two dispatches: dx, with dγ and dβ
 * summed over the rows that each row's place in a workgroup gets; then those sums added up in a
 * fixed order. x and dy are read once, dx is written once.
 *
 * Rows too long for a thread's registers take a dispatch more, and x and dy are read again. They are
 * cut into chunks, a workgroup to each, whose sums come first. A renderer in software, to which
 * workgroups are dear, keeps such a row whole; there the dispatch is one for dγ and dβ.
 *
 * The saved mean was rounded to float32, so x̂ is moved to mean 0 once more, by its own mean.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  layerNormGradConfig,
  rowsAndCols,
} from '../contract.js';
import * as cpu from '../cpu/layer_norm_grad.js';
import {onHost} from './on_host.js';
import {
  chunkAndGroup,
  dotOf,
  forEachUnit,
  groupNumber,
  type Layout,
  layoutOf,
  reduction,
  runProgram,
  type Source,
  shareOf,
  sumOf,
  typeOf,
} from './program.js';

const columnThreads = 64;

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
  backend: WebGPUBackend;
}): LayerNormGradOutputs {
  const {inputs, attrs, backend} = args;
  const {dy, x, stats, gamma} = inputs;
  const host = onHost(backend, Object.values(inputs));
  if (host) return cpu.layerNormGrad({inputs, attrs, backend: host});

  const layout = layoutOf(rowsAndCols(x), backend);
  const {rows, cols} = layout;
  const tensors: Source['inputs'] = [
    {name: 'dy', tensor: {...dy, shape: [rows, cols]}},
    {name: 'x', tensor: {...x, shape: [rows, cols]}},
    {name: 'stats', tensor: stats, scalar: true},
    ...(gamma ? [{name: 'gamma', tensor: gamma}] : []),
  ];
  const [dx, parts] = layout.isKept
    ? keptRows(backend, layout, tensors, attrs.center)
    : loopedRows(backend, layout, tensors, attrs.center);

  const dbeta = backend.makeTensorInfo([cols], 'float32');
  const dgamma = addParts(backend, layout, parts, dbeta);
  backend.disposeData(parts.dataId);
  return [{...dx, shape: x.shape}, dgamma, dbeta];
}

/** dx [rows, cols], and the sums for dγ and dβ by place: [places, 2, cols]. */
function keptRows(
  backend: WebGPUBackend,
  layout: Layout,
  tensors: Source['inputs'],
  center: boolean,
): [dx: TensorInfo, parts: TensorInfo] {
  const {rows, cols, width, lanes, rowsAtOnce, chunks, items} = layout;
  const isWhole = chunks === 1;
  // Enough workgroups to occupy a GPU; more places would only be more to add up.
  const mostPlaces = isWhole ? Math.min(1024, 16384 / lanes) : Math.ceil(256 / chunks);
  const groups = Math.min(layout.groups, Math.ceil(mostPlaces / rowsAtOnce));
  const places = groups * rowsAtOnce;
  const parts = backend.makeTensorInfo([places, 2, cols], 'float32');
  const hasGamma = tensors.length === 4;
  const rowSums = isWhole ? undefined : sumChunks(backend, layout, tensors, center);
  const arrays = ['scaling', 'dgamma', 'dbeta', ...(isWhole ? ['g', 'xhat'] : [])];
  const [g, xhat] = isWhole
    ? ['g[i]', 'xhat[i]']
    : ['up * scaling[i]', '(x[base + c] - mean) * rstd'];
  const addSums = isWhole
    ? forEachUnit(layout, readUnit(width, center, 'scaling[i]', true))
    : `for (var k = lane; k < uniforms.chunks; k += ${lanes}) {
          let at = 3 * (row * uniforms.chunks + k);
          sum = sum + vec3<f32>(rowSums[at], rowSums[at + 1], rowSums[at + 2]);
        }`;

  const dx = runProgram(backend, width, {
    key: ['backward', ...shareOf(layout), center, hasGamma].join('_'),
    inputs: [...tensors, ...(rowSums ? [{name: 'rowSums', tensor: rowSums, scalar: true}] : [])],
    outputShape: [rows, cols],
    extra: {name: 'parts', tensor: parts},
    uniforms: [
      {name: 'chunks', type: 'i32', value: chunks},
      {name: 'places', type: 'i32', value: places},
      {name: 'steps', type: 'i32', value: Math.ceil(rows / places)},
    ],
    dispatch: [groups * chunks, 1],
    threads: lanes * rowsAtOnce,
    code: `
  ${reduction('sums', 'vec3<f32>', 'a + b', layout, true)}

  fn main(index : i32) {
    let tid = i32(localIndex);
    let lane = tid % ${lanes};
    ${chunkAndGroup(layout)}
    let place = group * ${rowsAtOnce} + tid / ${lanes};
    let cols = f32(uniforms.outShape.y);
    let n = uniforms.outShape.y / ${width};
    ${arrays.map((name) => `var ${name} : array<${typeOf(width)}, ${items}>;`).join('\n    ')}
    ${forEachUnit(layout, `scaling[i] = ${scalingOf(width, hasGamma)};`)}

    for (var step = 0; step < uniforms.steps; step++) {
      let row = step * uniforms.places + place;
      let isRow = row < uniforms.outShape.x; // no early end: all threads must reach the barriers
      let base = row * n;
      let mean = stats[select(0, 2 * row, isRow)];
      let rstd = stats[select(1, 2 * row + 1, isRow)];
      var sum = vec3<f32>(0.0); // of g, g·x̂ and x̂
      if (isRow) {
        ${addSums}
      }
      ${means(center)}
      if (isRow) {
        ${forEachUnit(
          layout,
          `let up = dy[base + c];
           let normalized = ${xhat} - shift;
           dgamma[i] = dgamma[i] + up * normalized;
           dbeta[i] = dbeta[i] + up;
           result[base + c] = (${g} - meanG - normalized * meanGXhat) * rstd;`,
        )}
      }
    }
    ${forEachUnit(
      layout,
      `parts[place * 2 * n + c] = dgamma[i];
       parts[(place * 2 + 1) * n + c] = dbeta[i];`,
    )}
  }`,
  });
  if (rowSums) backend.disposeData(rowSums.dataId);
  return [dx, parts];
}

/** The sums of g, g·x̂ and x̂ in each chunk of each row: [rows, 3·chunks]. */
function sumChunks(
  backend: WebGPUBackend,
  layout: Layout,
  tensors: Source['inputs'],
  center: boolean,
): TensorInfo {
  const {rows, width, lanes, chunks} = layout;
  const hasGamma = tensors.length === 4;
  return runProgram(backend, width, {
    key: ['backwardChunks', ...shareOf(layout), center, hasGamma].join('_'),
    inputs: tensors,
    outputShape: [rows, 3 * chunks],
    outputScalar: true,
    uniforms: [{name: 'chunks', type: 'i32', value: chunks}],
    dispatch: [rows * chunks, 1],
    threads: lanes,
    code: `
  ${reduction('sums', 'vec3<f32>', 'a + b', layout)}

  fn main(index : i32) {
    let tid = i32(localIndex);
    let lane = tid;
    ${chunkAndGroup(layout)}
    let row = group;
    let isRow = row < uniforms.xShape.x;
    let units = uniforms.xShape.y / ${width};
    let n = select(0, units, isRow); // no early end: all threads must reach the barriers
    let base = row * units;
    let mean = stats[select(0, 2 * row, isRow)];
    let rstd = stats[select(1, 2 * row + 1, isRow)];
    var sum = vec3<f32>(0.0); // of g, g·x̂ and x̂
    ${forEachUnit(layout, readUnit(width, center, scalingOf(width, hasGamma), false))}
    sum = sums(sum, tid);
    if (lane == 0 && isRow) {
      let at = 3 * (row * uniforms.chunks + chunk);
      result[at] = sum.x;
      result[at + 1] = sum.y;
      result[at + 2] = sum.z;
    }
  }`,
  });
}

/** As `keptRows`, with nothing kept in registers: dx and each row's shift of x̂, then the sums. */
function loopedRows(
  backend: WebGPUBackend,
  layout: Layout,
  tensors: Source['inputs'],
  center: boolean,
): [dx: TensorInfo, parts: TensorInfo] {
  const {rows, cols, width, lanes, rowsAtOnce, groups, steps} = layout;
  const shifts = backend.makeTensorInfo([rows], 'float32');
  const hasGamma = tensors.length === 4;
  const scaling = scalingOf(width, hasGamma);

  const dx = runProgram(backend, width, {
    key: ['backwardLong', ...shareOf(layout), center, hasGamma].join('_'),
    inputs: tensors,
    outputShape: [rows, cols],
    extra: {name: 'shifts', tensor: shifts, scalar: true},
    uniforms: [
      {name: 'steps', type: 'i32', value: steps},
      {name: 'groups', type: 'i32', value: groups},
    ],
    dispatch: [groups, 1],
    threads: lanes * rowsAtOnce,
    code: `
  ${reduction('sums', 'vec3<f32>', 'a + b', layout, true)}

  fn main(index : i32) {
    let tid = i32(localIndex);
    let lane = tid % ${lanes};
    let cols = f32(uniforms.outShape.y);
    let units = uniforms.outShape.y / ${width};
    ${chunkAndGroup(layout)}

    for (var step = 0; step < uniforms.steps; step++) {
      let row = (step * uniforms.groups + group) * ${rowsAtOnce} + tid / ${lanes};
      let isRow = row < uniforms.outShape.x;
      let n = select(0, units, isRow); // no early end: all threads must reach the barriers
      let base = row * units;
      let mean = stats[select(0, 2 * row, isRow)];
      let rstd = stats[select(1, 2 * row + 1, isRow)];
      var sum = vec3<f32>(0.0); // of g, g·x̂ and x̂
      ${forEachUnit(layout, readUnit(width, center, scaling, false))}
      ${means(center)}
      ${forEachUnit(
        layout,
        `let normalized = (x[base + c] - mean) * rstd - shift;
         let g = dy[base + c] * ${scaling};
         result[base + c] = (g - meanG - normalized * meanGXhat) * rstd;`,
      )}
      if (lane == 0 && isRow) { shifts[row] = shift; }
    }
  }`,
  });
  const parts = sumColumns(backend, layout, [
    ...tensors.slice(0, 3),
    {name: 'shifts', tensor: shifts, scalar: true},
  ]);
  backend.disposeData(shifts.dataId);
  return [dx, parts];
}

/** dγ and dβ, each of every `places`-th row: [places, 2, cols]. */
function sumColumns(
  backend: WebGPUBackend,
  {rows, cols, width, units}: Layout,
  inputs: Source['inputs'],
): TensorInfo {
  const places = Math.min(rows, 64);
  const groups = Math.ceil(units / columnThreads);
  const zero = `${typeOf(width)}(0.0)`;
  return runProgram(backend, width, {
    key: 'backwardColumns',
    inputs,
    outputShape: [places, 2, cols],
    uniforms: [{name: 'groups', type: 'i32', value: groups}],
    dispatch: [groups * places, 1],
    threads: columnThreads,
    code: `
  fn main(index : i32) {
    let group = ${groupNumber};
    let place = group / uniforms.groups;
    let c = (group % uniforms.groups) * ${columnThreads} + i32(localIndex);
    let places = uniforms.outShape.x;
    let n = uniforms.outShape.z / ${width};
    if (c >= n || place >= places) { return; }
    var dgamma = ${zero};
    var dbeta = ${zero};
    for (var row = place; row < uniforms.dyShape.x; row += places) {
      let up = dy[row * n + c];
      let xhat = (x[row * n + c] - stats[2 * row]) * stats[2 * row + 1] - shifts[row];
      dgamma = dgamma + up * xhat;
      dbeta = dbeta + up;
    }
    result[place * 2 * n + c] = dgamma;
    result[(place * 2 + 1) * n + c] = dbeta;
  }`,
  });
}

/** WGSL: γ, 1 where there is none. */
function scalingOf(width: 1 | 4, hasGamma: boolean): string {
  return hasGamma ? 'gamma[c]' : `${typeOf(width)}(1.0)`;
}

/** WGSL: a unit's part of the row's sums; `keep` puts g and x̂ into registers. */
function readUnit(width: 1 | 4, center: boolean, scaling: string, keep: boolean): string {
  return `
          let gHere = dy[base + c] * ${scaling};
          let xhatHere = (x[base + c] - mean) * rstd;
          ${keep ? 'g[i] = gHere; xhat[i] = xhatHere;' : ''}
          sum = sum + vec3<f32>(
            ${sumOf('gHere', width)},
            ${dotOf('gHere', 'xhatHere', width)},
            ${center ? sumOf('xhatHere', width) : '0.0'});`;
}

/** WGSL: the means of a row from its sums; ⟨g·(x̂ − shift)⟩ = ⟨g·x̂⟩ − shift·⟨g⟩. */
function means(center: boolean): string {
  return `
      let mean3 = sums(sum, tid) / cols;
      let shift = ${center ? 'mean3.z' : '0.0'};
      let meanG = ${center ? 'mean3.x' : '0.0'};
      let meanGXhat = mean3.y - shift * mean3.x;`;
}

/** dγ [cols]; dβ is written to `dbeta`. */
function addParts(
  backend: WebGPUBackend,
  {cols, width, units}: Layout,
  parts: TensorInfo,
  dbeta: TensorInfo,
): TensorInfo {
  const zero = `${typeOf(width)}(0.0)`;
  return runProgram(backend, width, {
    key: 'backwardParts',
    inputs: [{name: 'sums', tensor: parts}],
    outputShape: [cols],
    extra: {name: 'dbeta', tensor: dbeta},
    dispatch: [Math.ceil(units / columnThreads), 1],
    threads: columnThreads,
    code: `
  fn main(index : i32) {
    let c = ${groupNumber} * ${columnThreads} + i32(localIndex);
    let n = uniforms.outShape / ${width};
    if (c >= n) { return; }
    var gammaSum = ${zero};
    var betaSum = ${zero};
    for (var place = 0; place < uniforms.sumsShape.x; place++) {
      gammaSum = gammaSum + sums[place * 2 * n + c];
      betaSum = betaSum + sums[(place * 2 + 1) * n + c];
    }
    result[c] = gammaSum;
    dbeta[c] = betaSum;
  }`,
  });
}

export const layerNormGradConfigWebgpu = layerNormGradConfig('webgpu', layerNormGrad);
