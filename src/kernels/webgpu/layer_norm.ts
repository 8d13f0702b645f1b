/**
 * Layer normalisation on the `webgpu` backend, in one dispatch: a workgroup takes one long row or
 * several short ones, then the next. A row is read once into registers.
 *
 * Rows too long for that are cut into chunks, a workgroup to each, in two dispatches: the chunks'
 * statistics, then the normalised numbers; x is read twice. A renderer in software, to which
 * workgroups are dear, keeps such a row whole and reads it three times.
 *
 * The variance is the corrected two-pass one, of deviations from the row's first number, so that a
 * large mean costs no digits. Rows whose squares would overflow or vanish are scaled by a power of
 * two first.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  layerNormConfig,
  rowsAndCols,
} from '../contract.js';
import * as cpu from '../cpu/layer_norm.js';
import {onHost} from './on_host.js';
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
  shareOf,
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
  const host = onHost(backend, Object.values(inputs));
  if (host) return cpu.layerNorm({inputs, attrs, backend: host});

  const layout = layoutOf(rowsAndCols(x), backend);
  const {rows, cols, width, lanes, rowsAtOnce, chunks, groups, steps} = layout;
  const share = {
    uniforms: [
      {name: 'epsilon', type: 'f32', value: attrs.epsilon},
      {name: 'steps', type: 'i32', value: steps},
      {name: 'groups', type: 'i32', value: groups},
      {name: 'chunks', type: 'i32', value: chunks},
    ],
    dispatch: [groups * chunks, 1],
    threads: lanes * rowsAtOnce,
  } satisfies Partial<Source>;
  const xRows = {name: 'x', tensor: {...x, shape: [rows, cols]}};

  const parts =
    chunks > 1 &&
    runProgram(backend, width, {
      ...share,
      key: ['chunks', ...shareOf(layout), attrs.center].join('_'),
      inputs: [xRows],
      outputShape: [rows, 2 * chunks],
      outputScalar: true,
      code: chunkStatistics(layout, attrs.center),
    });
  const stats = backend.makeTensorInfo([rows, 2], 'float32');
  const flags = [attrs.center && 'center', gamma && 'gamma', beta && 'beta'].filter(Boolean);
  const y = runProgram(backend, width, {
    ...share,
    key: ['forward', ...shareOf(layout), ...flags].join('_'),
    inputs: [
      xRows,
      ...(parts ? [{name: 'parts', tensor: parts, scalar: true}] : []),
      ...(gamma ? [{name: 'gamma', tensor: gamma}] : []),
      ...(beta ? [{name: 'beta', tensor: beta}] : []),
    ],
    outputShape: [rows, cols],
    extra: {name: 'stats', tensor: stats, scalar: true},
    code: forward(layout, attrs.center, gamma != null, beta != null),
  });
  if (parts) backend.disposeData(parts.dataId);
  return [{...y, shape: x.shape}, stats];
}

/** y, and (mean, rstd) of each row. */
function forward(layout: Layout, center: boolean, hasGamma: boolean, hasBeta: boolean): string {
  const {isKept, chunks} = layout;
  const isWhole = chunks === 1;
  const deviation = isWhole && isKept ? 'd[i]' : '((x[base + c] - origin) * scale - mean)';
  const terms = isWhole ? ofUnits(layout) : ofChunks(layout);
  return eachRow(
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
        `var v = (${deviation} - shift) * rstd;
         ${hasGamma ? 'v = v * gamma[c];' : ''}
         ${hasBeta ? 'v = v + beta[c];' : ''}
         result[base + c] = v;`,
      )}
      if (start + lane == 0 && isRow) {
        stats[2 * row] = origin + (mean + shift) / scale;
        stats[2 * row + 1] = rstd * scale;
      }`,
  );
}

/** (mean − origin, standard deviation) of each chunk, which, unlike the variance, cannot overflow. */
function chunkStatistics(layout: Layout, center: boolean): string {
  return eachRow(
    layout,
    center,
    `let count = ${numbersIn('chunk', layout)};
      ${statistics(center, ofUnits(layout))}
      if (lane == 0 && isRow) {
        let at = 2 * (row * uniforms.chunks + chunk);
        result[at] = (mean + shift) / scale;
        // Of equal numbers other than the origin, a GPU's division may leave less than 0.
        result[at + 1] = sqrt(select(variance, 0.0, variance < 0.0)) / scale;
      }`,
  );
}

/** WGSL: `body` for each row that the thread has a share of. `origin` is the row's first number. */
function eachRow(layout: Layout, center: boolean, body: string): string {
  const {width, lanes, rowsAtOnce, items, isKept} = layout;
  return `
  ${reduction('sumAndMax', 'vec2<f32>', 'vec2<f32>(a.x + b.x, max(a.y, b.y))', layout)}
  ${reduction('sums', 'vec2<f32>', 'a + b', layout)}

  fn main(index : i32) {
    let tid = i32(localIndex);
    let lane = tid % ${lanes};
    let units = uniforms.xShape.y / ${width};
    ${chunkAndGroup(layout)}
    ${isKept ? `var d : array<${typeOf(width)}, ${items}>;` : ''}

    for (var step = 0; step < uniforms.steps; step++) {
      let row = (step * uniforms.groups + group) * ${rowsAtOnce} + tid / ${lanes};
      let isRow = row < uniforms.xShape.x;
      let n = select(0, units, isRow); // no early end: all threads must reach the barriers
      let base = select(0, row * units, isRow);
      let origin = ${center ? `x[base]${width === 4 ? '.x' : ''}` : '0.0'};
      ${body}
    }
  }`;
}

/** WGSL: what is added to `first` and then to `second`, for each thing that the lane has. */
interface Terms {
  first: string;
  second: string;
}

/** WGSL: `mean` and `variance` of `count` deviations from the origin, times `scale`. */
function statistics(center: boolean, {first, second}: Terms): string {
  return `
      // The mean, and the largest deviation from the origin.
      var first = vec2<f32>(0.0);
      ${first}
      first = sumAndMax(first, tid);
      var scale = 1.0; // a power of two: no digit is lost
      if (first.y > 1e15) { scale = exp2(-100.0); }
      if (first.y < 1e-15) { scale = exp2(60.0); }
      let mean = ${center ? 'first.x / count * scale' : '0.0'};

      // The variance, and what the mean lost by rounding.
      var second = vec2<f32>(0.0);
      ${second}
      second = sums(second, tid);
      let shift = ${center ? 'second.x / count' : '0.0'};
      let variance = (second.y - second.x * shift) / count;`;
}

/** From x; the deviations stay in `d` where registers hold them. */
function ofUnits(layout: Layout): Terms {
  const {width, isKept} = layout;
  const first = `
         let v = x[base + c] - origin;
         ${isKept ? 'd[i] = v;' : ''}
         let size = abs(v);
         first = vec2<f32>(first.x + ${sumOf('v', width)}, max(first.y, ${maxOf('size', width)}));`;
  const second = `
         let v = ${isKept ? 'd[i] * scale - mean' : '(x[base + c] - origin) * scale - mean'};
         ${isKept ? 'd[i] = v;' : ''}
         second = second + vec2<f32>(${sumOf('v', width)}, ${dotOf('v', 'v', width)});`;
  return {first: forEachUnit(layout, first), second: forEachUnit(layout, second)};
}

/** From the chunks' statistics, as many times as they have numbers (Chan, Golub, LeVeque 1979). */
function ofChunks(layout: Layout): Terms {
  const forEachChunk = (body: string) => `
      for (var k = lane; k < uniforms.chunks; k += ${layout.lanes}) {
        let numbers = ${numbersIn('k', layout)};
        let at = 2 * (row * uniforms.chunks + k);
        ${body}
      }`;
  const first = `
        let size = abs(parts[at]) + parts[at + 1];
        first = vec2<f32>(first.x + numbers * parts[at], max(first.y, size));`;
  const second = `
        let v = parts[at] * scale - mean;
        let deviation = parts[at + 1] * scale;
        second = second + numbers * vec2<f32>(v, v * v + deviation * deviation);`;
  return {first: forEachChunk(first), second: forEachChunk(second)};
}

/** WGSL: how many numbers a chunk has; the last may have fewer than the others. */
function numbersIn(chunk: string, {width, lanes, items}: Layout): string {
  const most = lanes * items;
  return `f32(min(units - ${chunk} * ${most}, ${most}) * ${width})`;
}

export const layerNormConfigWebgpu = layerNormConfig('webgpu', layerNorm);
