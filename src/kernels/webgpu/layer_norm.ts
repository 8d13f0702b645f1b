/**
 * Layer normalisation on the `webgpu` backend, in one dispatch: a workgroup takes one long row or
 * several short ones. A row is read once into registers.
 *
 * Rows too long for that are cut into chunks, a workgroup to each, in two dispatches: the chunks'
 * statistics, then the normalised numbers; x is read twice.
 *
 * All is computed of deviations from the row's first number, x₀, so that a large mean costs no digits.
 * Rows whose squares would overflow or vanish are scaled by a power of two first.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  rowsAndCols,
} from '../contract.js';
import {
  chunkAndGroup,
  dotOf,
  forEachUnit,
  type Layout,
  layoutOf,
  maxOf,
  reduction,
  runProgram,
  type Source,
  sumOf,
  typeOf,
} from './program.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
  backend: WebGPUBackend;
}): LayerNormOutputs {
  const {inputs, attrs, backend} = args;
  const {x, gamma, beta} = inputs;

  const layout = layoutOf(rowsAndCols(x));
  const {rows, cols, width, lanes, rowsAtOnce, chunks, groups} = layout;
  const grid = {
    uniforms: [
      {name: 'epsilon', type: 'f32', value: attrs.epsilon},
      {name: 'chunks', type: 'i32', value: chunks},
    ],
    dispatch: [groups * chunks, 1],
    threads: lanes * rowsAtOnce,
  } satisfies Partial<Source>;
  const xRows = {name: 'x', tensor: {...x, shape: [rows, cols]}};

  const parts =
    chunks > 1 &&
    runProgram(backend, width, {
      ...grid,
      inputs: [xRows],
      outputShape: [rows, 2 * chunks], // (mean − x₀, standard deviation) of each chunk
      outputScalar: true,
      code: chunkStatistics(layout, attrs.center),
    });
  const stats = backend.makeTensorInfo([rows, 2], 'float32');
  const y = runProgram(backend, width, {
    ...grid,
    inputs: [
      xRows,
      ...(parts ? [{name: 'parts', tensor: parts, scalar: true}] : []),
      ...(gamma ? [{name: 'gamma', tensor: gamma}] : []),
      ...(beta ? [{name: 'beta', tensor: beta}] : []),
    ],
    outputShape: [rows, cols],
    extra: {name: 'stats', tensor: stats, scalar: true},
    code: normalize(layout, attrs.center, gamma != null, beta != null),
  });
  if (parts) backend.disposeData(parts.dataId);
  return [{...y, shape: x.shape}, stats];
}

/** (mean − x₀, standard deviation) of each chunk: unlike the variance, this cannot overflow. */
function chunkStatistics(layout: Layout, center: boolean): string {
  return rowOf(
    layout,
    center,
    `let count = ${numbersIn('chunk', layout)};
      ${statistics(center, ofUnits(layout))}
      if (lane == 0 && isRow) {
        let at = 2 * (row * uniforms.chunks + chunk);
        result[at] = m / scale;
        result[at + 1] = sqrt(variance) / scale;
      }`,
  );
}

/** y = γ·x̂ + β, and (m, rstd) of each row. */
function normalize(layout: Layout, center: boolean, hasGamma: boolean, hasBeta: boolean): string {
  const isWhole = layout.chunks === 1;
  const terms = isWhole ? ofUnits(layout) : ofChunks(layout);
  return rowOf(
    layout,
    center,
    `let count = f32(uniforms.xShape.y);
      ${statistics(center, terms)}
      let total = variance + uniforms.epsilon * scale * scale;
      // 0 for a constant row without epsilon, whose x̂ is 0.
      var rstd = 0.0;
      if (total != 0.0) { rstd = 1.0 / sqrt(total); }

      ${forEachUnit(
        layout,
        `var v = (${isWhole ? 'd[i]' : DEVIATION} * scale - m) * rstd;
         ${hasGamma ? 'v = v * gamma[c];' : ''}
         ${hasBeta ? 'v = v + beta[c];' : ''}
         result[base + c] = v;`,
      )}
      if (start + lane == 0 && isRow) {
        stats[2 * row] = m / scale;
        stats[2 * row + 1] = rstd * scale;
      }`,
  );
}

/** WGSL: `body` for the row that the thread has a share of. `first` is x₀, the row's first number. */
function rowOf(layout: Layout, center: boolean, body: string): string {
  const {width, lanes, rowsAtOnce, items} = layout;
  return `
  ${reduction('sumAndMax', 'vec2<f32>', 'vec2<f32>(a.x + b.x, max(a.y, b.y))', layout)}
  ${reduction('sums', 'vec2<f32>', 'a + b', layout)}

  fn main(index : i32) {
    let tid = i32(localIndex);
    let lane = tid % ${lanes};
    let units = uniforms.xShape.y / ${width};
    ${chunkAndGroup(layout)}
    var d : array<${typeOf(width)}, ${items}>; // the deviations from x₀
    let row = group * ${rowsAtOnce} + tid / ${lanes};
    let isRow = row < uniforms.xShape.x;
    let n = select(0, units, isRow); // no early end: all threads must reach the barriers
    let base = select(0, row * units, isRow);
    let first = ${center ? `x[base]${width === 4 ? '.x' : ''}` : '0.0'};
    ${body}
  }`;
}

/** WGSL: the mean `m` and the `variance` of `count` deviations from x₀, times `scale` and its square. */
function statistics(center: boolean, {sumDeviations, sumSquares}: Terms): string {
  return `
      var sum = 0.0;
      var largest = 0.0;
      ${sumDeviations}
      let first2 = sumAndMax(vec2<f32>(sum, largest), tid);
      var scale = 1.0; // a power of two: no digit is lost
      if (first2.y > 1e15) { scale = exp2(-100.0); }
      if (first2.y < 1e-15) { scale = exp2(60.0); }
      let nearMean = ${center ? 'first2.x / count * scale' : '0.0'};

      // From here on the mean itself: a sum of what is left is more exact than that of all.
      sum = 0.0;
      var squares = 0.0;
      ${sumSquares}
      let second2 = sums(vec2<f32>(sum, squares), tid) / count;
      let m = ${center ? 'nearMean + second2.x' : '0.0'};
      let variance = second2.y;`;
}

/** WGSL: adds what the lane has to `sum` and `largest`, and then to `sum` and `squares`. */
interface Terms {
  sumDeviations: string;
  sumSquares: string;
}

/** WGSL: x − x₀ of a unit. */
const DEVIATION = 'rounded(x[base + c] - first)';

/** The terms from x itself; the deviations stay in `d`, in registers. */
function ofUnits(layout: Layout): Terms {
  const {width} = layout;
  const sumDeviations = `
         d[i] = ${DEVIATION};
         let size = abs(d[i]);
         sum = sum + ${sumOf('d[i]', width)};
         largest = max(largest, ${maxOf('size', width)});`;
  const sumSquares = `
         let v = d[i] * scale - nearMean;
         sum = sum + ${sumOf('v', width)};
         squares = squares + ${dotOf('v', 'v', width)};`;
  return {
    sumDeviations: forEachUnit(layout, sumDeviations),
    sumSquares: forEachUnit(layout, sumSquares),
  };
}

/** The terms from the chunks' statistics, each weighted by its numbers (Chan, Golub, LeVeque 1979). */
function ofChunks(layout: Layout): Terms {
  const forEachChunk = (body: string) => `
      for (var k = lane; k < uniforms.chunks; k += ${layout.lanes}) {
        let numbers = ${numbersIn('k', layout)};
        let at = 2 * (row * uniforms.chunks + k);
        ${body}
      }`;
  const sumDeviations = `
        sum = sum + numbers * parts[at];
        largest = max(largest, abs(parts[at]) + parts[at + 1]);`;
  const sumSquares = `
        let v = parts[at] * scale - nearMean;
        let spread = parts[at + 1] * scale;
        sum = sum + numbers * v;
        squares = squares + numbers * (v * v + spread * spread);`;
  return {sumDeviations: forEachChunk(sumDeviations), sumSquares: forEachChunk(sumSquares)};
}

/** WGSL: how many numbers a chunk has; the last may have fewer than the others. */
function numbersIn(chunk: string, {width, lanes, items}: Layout): string {
  const most = lanes * items;
  return `f32(min(units - ${chunk} * ${most}, ${most}) * ${width})`;
}
