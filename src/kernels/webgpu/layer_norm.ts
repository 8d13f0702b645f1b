/**
 * Layer normalisation on the `webgpu` backend, in one dispatch: a workgroup takes one long row or
 * several short ones, then the next. A row is read once into registers; one too long for that is
 * read three times.
 *
 * The variance is the corrected two-pass one, of deviations from the row's first number, so that a
 * large mean costs no digits. Rows whose squares would overflow or vanish are scaled by a power of
 * two first.
 */
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TypedArray} from '@tensorflow/tfjs-core';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  layerNormConfig,
  rowsAndCols,
} from '../contract.js';
import {byTypedArrays} from '../cpu/layer_norm.js';
import {
  dotOf,
  forEachUnit,
  groupNumber,
  type Layout,
  layoutOf,
  maxOf,
  reduction,
  runProgram,
  shareOf,
  sumOf,
  typeOf,
} from './program.js';
import {valuesOnCpu} from './values.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
  backend: WebGPUBackend;
}): LayerNormOutputs {
  const {inputs, attrs, backend} = args;
  const {x, gamma, beta} = inputs;
  const onCpu = valuesOnCpu(backend, [x, gamma, beta]);
  if (onCpu) return forwardOnCpu(onCpu, args);

  const layout = layoutOf(rowsAndCols(x), backend);
  const {rows, cols, width, lanes, rowsAtOnce, groups, steps} = layout;
  const stats = backend.makeTensorInfo([rows, 2], 'float32');
  const flags = [attrs.center && 'center', gamma && 'gamma', beta && 'beta'].filter(Boolean);
  const y = runProgram(backend, width, {
    key: ['forward', ...shareOf(layout), ...flags].join('_'),
    inputs: [
      {name: 'x', tensor: {...x, shape: [rows, cols]}},
      ...(gamma ? [{name: 'gamma', tensor: gamma}] : []),
      ...(beta ? [{name: 'beta', tensor: beta}] : []),
    ],
    outputShape: [rows, cols],
    extra: {name: 'stats', tensor: stats, scalar: true},
    uniforms: [
      {name: 'epsilon', type: 'f32', value: attrs.epsilon},
      {name: 'steps', type: 'i32', value: steps},
      {name: 'groups', type: 'i32', value: groups},
    ],
    dispatch: [groups, 1],
    threads: lanes * rowsAtOnce,
    code: forward(layout, attrs.center, gamma != null, beta != null),
  });
  return [{...y, shape: x.shape}, stats];
}

function forwardOnCpu(
  [x, gamma, beta]: (TypedArray | undefined)[],
  {inputs, attrs, backend}: Parameters<typeof layerNorm>[0],
): LayerNormOutputs {
  const {rows, cols} = rowsAndCols(inputs.x);
  const y = new Float32Array(rows * cols); // [rows, cols]
  const stats = new Float32Array(rows * 2); // [rows, 2]
  byTypedArrays(x as TypedArray, gamma, beta, y, stats, cols, attrs);
  return [
    backend.makeTensorInfo(inputs.x.shape, 'float32', y),
    backend.makeTensorInfo([rows, 2], 'float32', stats),
  ];
}

function forward(layout: Layout, center: boolean, hasGamma: boolean, hasBeta: boolean): string {
  const {width, lanes, rowsAtOnce, items, isKept} = layout;
  const type = typeOf(width);
  const deviation = isKept ? 'd[i]' : '((x[base + c] - origin) * scale - mean)';
  return `
  ${reduction('sumAndMax', 'vec2<f32>', 'vec2<f32>(a.x + b.x, max(a.y, b.y))', layout)}
  ${reduction('sums', 'vec2<f32>', 'a + b', layout)}

  fn main(index : i32) {
    let tid = i32(localIndex);
    let lane = tid % ${lanes};
    let cols = f32(uniforms.outShape.y);
    let units = uniforms.outShape.y / ${width};
    ${isKept ? `var d : array<${type}, ${items}>;` : ''}

    for (var step = 0; step < uniforms.steps; step++) {
      let row = (step * uniforms.groups + ${groupNumber}) * ${rowsAtOnce} + tid / ${lanes};
      let isRow = row < uniforms.outShape.x;
      let n = select(0, units, isRow); // no early end: all threads must reach the barriers
      let base = select(0, row * units, isRow);
      let origin = ${center ? `x[base]${width === 4 ? '.x' : ''}` : '0.0'};

      // The mean, and the largest deviation from the first number.
      var first = vec2<f32>(0.0);
      ${forEachUnit(
        layout,
        `let v = x[base + c] - origin;
         ${isKept ? 'd[i] = v;' : ''}
         let size = abs(v);
         first = vec2<f32>(first.x + ${sumOf('v', width)}, max(first.y, ${maxOf('size', width)}));`,
      )}
      first = sumAndMax(first, tid);
      var scale = 1.0; // a power of two: no digit is lost
      if (first.y > 1e15) { scale = exp2(-100.0); }
      if (first.y < 1e-15) { scale = exp2(60.0); }
      let mean = ${center ? 'first.x / cols * scale' : '0.0'};

      // The variance, and what the mean lost by rounding.
      var second = vec2<f32>(0.0);
      ${forEachUnit(
        layout,
        `${isKept ? 'd[i] = d[i] * scale - mean;' : ''}
         let v = ${deviation};
         second = second + vec2<f32>(${sumOf('v', width)}, ${dotOf('v', 'v', width)});`,
      )}
      second = sums(second, tid);
      let shift = ${center ? 'second.x / cols' : '0.0'};
      let variance = (second.y - second.x * shift) / cols + uniforms.epsilon * scale * scale;
      // 0 for a constant row without epsilon, whose x̂ is 0.
      var rstd = 0.0;
      if (variance != 0.0) { rstd = 1.0 / sqrt(variance); }

      ${forEachUnit(
        layout,
        `var v = (${deviation} - shift) * rstd;
         ${hasGamma ? 'v = v * gamma[c];' : ''}
         ${hasBeta ? 'v = v + beta[c];' : ''}
         result[base + c] = v;`,
      )}
      if (lane == 0 && isRow) {
        stats[2 * row] = origin + (mean + shift) / scale;
        stats[2 * row + 1] = rstd * scale;
      }
    }
  }`;
}

export const layerNormConfigWebgpu = layerNormConfig('webgpu', layerNorm);
