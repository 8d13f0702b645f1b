/**
 * The gradient of layer normalisation on the `webgpu` backend, in two dispatches: dx, with dγ and dβ
 * summed over the rows that each row's place in a workgroup gets; then those sums added up in a
 * fixed order. x and dy are read once, dx is written once.
 *
 * Rows too long for a thread's registers take a dispatch more, and x and dy are read again: they are
 * cut into chunks, a workgroup to each, whose sums come first.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  rowsAndCols,
} from '../contract.js';
import {
  chunkAndGroup,
  compensatedSum,
  dotOf,
  forEachUnit,
  groupNumber,
  type Layout,
  layoutOf,
  reduction,
  runProgram,
  type Source,
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

  const layout = layoutOf(rowsAndCols(x));
  const {rows, cols} = layout;
  const call: Call = {
    backend,
    layout,
    center: attrs.center,
    hasGamma: gamma != null,
    inputs: [
      {name: 'dy', tensor: {...dy, shape: [rows, cols]}},
      {name: 'x', tensor: {...x, shape: [rows, cols]}},
      {name: 'stats', tensor: stats, scalar: true}, // [rows, 2]
      ...(gamma ? [{name: 'gamma', tensor: gamma}] : []), // [cols]
    ],
  };
  const [dx, parts] = rowGradients(call);
  const [dgamma, dbeta] = combineColumnParts(call, parts);
  return [{...dx, shape: x.shape}, dgamma, dbeta];
}

/** What every function here needs to know. */
interface Call {
  backend: WebGPUBackend;
  layout: Layout;
  center: boolean;
  hasGamma: boolean;
  inputs: Source['inputs'];
}

/** Σ(g − g₀) and Σg·x̂ of each chunk of each row: [rows, 2·chunks]. */
function rowSums({backend, layout, center, hasGamma, inputs}: Call): TensorInfo {
  const {rows, width, lanes, chunks} = layout;
  return runProgram(backend, width, {
    inputs,
    outputShape: [rows, 2 * chunks],
    outputScalar: true,
    uniforms: [{name: 'chunks', type: 'i32', value: chunks}],
    dispatch: [rows * chunks, 1],
    threads: lanes,
    code: `
  ${reduction('sums', 'vec2<f32>', 'a + b', layout)}

  fn main(index : i32) {
    let tid = i32(localIndex);
    let lane = tid;
    ${chunkAndGroup(layout)}
    let row = group;
    let isRow = row < uniforms.xShape.x;
    let units = uniforms.xShape.y / ${width};
    let n = select(0, units, isRow); // no early end: all threads must reach the barriers
    ${rowConstants(width, center, hasGamma)}
    var sum = vec2<f32>(0.0);
    ${forEachUnit(layout, addUnit(width, center, scaled(hasGamma, 'gamma[c]')))}
    sum = sums(sum, tid);
    if (lane == 0 && isRow) {
      let at = 2 * (row * uniforms.chunks + chunk);
      result[at] = sum.x;
      result[at + 1] = sum.y;
    }
  }`,
  });
}

/** dx [rows, cols], and the sums for dγ and dβ by place: [places, 2, cols]. */
function rowGradients(call: Call): [dx: TensorInfo, parts: TensorInfo] {
  const {backend, layout, center, hasGamma, inputs} = call;
  const {rows, cols, width, lanes, rowsAtOnce, chunks, items} = layout;
  const isWhole = chunks === 1;
  // Enough workgroups to occupy a GPU; more places would only be more to add up.
  const mostPlaces = isWhole ? Math.min(1024, 16384 / lanes) : Math.ceil(256 / chunks);
  const groups = Math.min(layout.groups, Math.ceil(mostPlaces / rowsAtOnce));
  const places = groups * rowsAtOnce;
  const parts = backend.makeTensorInfo([places, 2, cols], 'float32');
  const partSums = isWhole ? undefined : rowSums(call); // [rows, 2·chunks]
  const arrays = [
    'dgamma',
    'dbeta',
    ...(hasGamma ? ['scaling'] : []),
    ...(isWhole ? ['g', 'xhat'] : []),
  ];
  const [g, xhat] = isWhole
    ? ['g[i]', 'xhat[i]']
    : [scaled(hasGamma, 'scaling[i]'), normalized(center)];
  const addSums = isWhole
    ? forEachUnit(
        layout,
        `${addUnit(width, center, scaled(hasGamma, 'scaling[i]'))}
         g[i] = gHere; xhat[i] = xhatHere;`,
      )
    : `for (var k = lane; k < uniforms.chunks; k += ${lanes}) {
          let at = 2 * (row * uniforms.chunks + k);
          sum = sum + vec2<f32>(partSums[at], partSums[at + 1]);
        }`;

  const dx = runProgram(backend, width, {
    inputs: [...inputs, ...(partSums ? [{name: 'partSums', tensor: partSums, scalar: true}] : [])],
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
  ${reduction('sums', 'vec2<f32>', 'a + b', layout, true)}

  fn main(index : i32) {
    let tid = i32(localIndex);
    let lane = tid % ${lanes};
    ${chunkAndGroup(layout)}
    let place = group * ${rowsAtOnce} + tid / ${lanes};
    let cols = f32(uniforms.outShape.y);
    let units = uniforms.outShape.y / ${width};
    let n = units; // of each row that there is; no early end: all threads must reach the barriers
    ${arrays.map((name) => `var ${name} : array<${typeOf(width)}, ${items}>;`).join('\n    ')}
    ${hasGamma ? forEachUnit(layout, 'scaling[i] = gamma[c];') : ''}

    for (var step = 0; step < uniforms.steps; step++) {
      let row = step * uniforms.places + place;
      let isRow = row < uniforms.outShape.x;
      ${rowConstants(width, center, hasGamma)}
      var sum = vec2<f32>(0.0);
      if (isRow) {
        ${addSums}
      }
      ${means(center)}
      if (isRow) {
        ${forEachUnit(
          layout,
          `let up = dy[base + c];
           let normalized = ${xhat};
           dgamma[i] = dgamma[i] + up * normalized;
           dbeta[i] = dbeta[i] + up;
           result[base + c] = (${g} - meanG - normalized * meanGXhat) * rstd;`,
        )}
      }
    }
    ${forEachUnit(
      layout,
      `parts[place * 2 * units + c] = dgamma[i];
       parts[(place * 2 + 1) * units + c] = dbeta[i];`,
    )}
  }`,
  });
  if (partSums) backend.disposeData(partSums.dataId);
  return [dx, parts];
}

/** dγ and dβ, [cols] each, from their parts; disposes of these. */
function combineColumnParts(
  {backend, layout: {cols, width, units}}: Call,
  parts: TensorInfo,
): [dgamma: TensorInfo, dbeta: TensorInfo] {
  const dbeta = backend.makeTensorInfo([cols], 'float32');
  const dgamma = runProgram(backend, width, {
    inputs: [{name: 'parts', tensor: parts}],
    outputShape: [cols],
    extra: {name: 'dbeta', tensor: dbeta},
    dispatch: [Math.ceil(units / columnThreads), 1],
    threads: columnThreads,
    code: `
  ${compensatedSum(width)}

  fn main(index : i32) {
    let c = ${groupNumber} * ${columnThreads} + i32(localIndex);
    let units = uniforms.outShape / ${width};
    if (c >= units) { return; }
    var gammaSum : Sum;
    var betaSum : Sum;
    for (var place = 0; place < uniforms.partsShape.x; place++) {
      add(&gammaSum, parts[place * 2 * units + c]);
      add(&betaSum, parts[(place * 2 + 1) * units + c]);
    }
    result[c] = totalOf(gammaSum);
    dbeta[c] = totalOf(betaSum);
  }`,
  });
  backend.disposeData(parts.dataId);
  return [dgamma, dbeta];
}

/** WGSL: what the `row` begins at, its x₀, its first g and its statistics; of row 0 where it is none. */
function rowConstants(width: 1 | 4, center: boolean, hasGamma: boolean): string {
  const lane0 = width === 4 ? '.x' : '';
  const firstG = hasGamma ? 'rounded(dy[base] * gamma[0])' : 'dy[base]';
  return `
      let base = select(0, row * units, isRow);
      let first = ${center ? `x[base]${lane0}` : '0.0'};
      let firstG = ${firstG}${lane0};
      let m = stats[select(0, 2 * row, isRow)];
      let rstd = stats[select(1, 2 * row + 1, isRow)];`;
}

/** WGSL: x̂ = ((x − x₀) − m)·r of a unit. Without centring x₀ and m are 0. */
function normalized(center: boolean): string {
  return center ? '((rounded(x[base + c] - first) - m) * rstd)' : '(x[base + c] * rstd)';
}

/** WGSL: g = γ·dy of a unit, rounded: g − mean(g) is 0 only if the same numbers have been averaged. */
function scaled(hasGamma: boolean, scaling: string): string {
  return hasGamma ? `rounded(up * ${scaling})` : 'up';
}

/** WGSL: adds a unit's Σ(g − g₀) and Σg·x̂ to `sum`; g₀ is the row's first g. */
function addUnit(width: 1 | 4, center: boolean, g: string): string {
  return `
          let up = dy[base + c];
          let gHere = ${g};
          let xhatHere = ${normalized(center)};
          let difference = rounded(gHere - firstG);
          sum = sum + vec2<f32>(
            ${sumOf('difference', width)}, ${dotOf('gHere', 'xhatHere', width)});`;
}

/** WGSL: the means of a row from the lanes' sums. The mean of equal numbers is that number. */
function means(center: boolean): string {
  return `
      let mean2 = sums(sum, tid) / cols;
      let meanG = ${center ? 'firstG + mean2.x' : '0.0'};
      let meanGXhat = mean2.y;`;
}
