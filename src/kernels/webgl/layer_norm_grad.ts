/**
 * The gradient of layer normalisation on the `webgl` backend, in four or five draw calls. The
 * derivation is in `reference.ts`, whose names are used here.
 *
 * Each row's sums, then dx: dy and x are read twice, dx written once. Then dγ and dβ, for which dy
 * and x are read a third time; as a draw call has one output, each of the two is drawn by its own.
 * Many rows are first summed in chunks, both of dγ and dβ at once. Few long rows are summed in
 * chunks for dx, see `chunks.ts`. The order of every sum is fixed: two runs are equal to the bit.
 *
 * The saved mean was rounded to float32. Where the spread is small beside it, x̂ is off by what its
 * mean, the shift, tells: the row's sums include it for such rows. They are one texture of twice the
 * rows, above (mean(g), mean(g·x̂)), below (shift, 0), as a draw call has but one output.
 *
 * A texel holds two columns of two rows: .rg of the upper, .ba of the lower row.
 */
import type {MathBackendWebGL} from '@tensorflow/tfjs-backend-webgl';
import * as composed from '../composed/layer_norm_grad.js';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  layerNormGradConfig,
  rowsAndCols,
} from '../contract.js';
import * as cpu from '../cpu/layer_norm_grad.js';
import {chunksOf} from './chunks.js';
import {onHost} from './on_host.js';
import {type Grid, type Layout, layoutOf, Packed, type Source} from './packed.js';
import {hasWebgl2} from './version.js';

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
  backend: MathBackendWebGL;
}): LayerNormGradOutputs {
  const {inputs, attrs, backend} = args;
  const {cols} = rowsAndCols(inputs.x);
  if (!hasWebgl2()) return composed.layerNormGrad(args);
  const host = onHost(backend, Object.values(inputs));
  if (host) return cpu.layerNormGrad({inputs, attrs, backend: host});

  const layout = layoutOf(inputs.x);
  const packed = new Packed(backend);
  const dy = packed.rows(inputs.dy, layout, cols);
  const x = packed.rows(inputs.x, layout, cols);
  const stats = packed.rows(inputs.stats, layout, 2);
  const gamma = inputs.gamma ? [packed.vector(inputs.gamma, layout)] : []; // [cols]
  const hasGamma = inputs.gamma != null;
  const chunks = chunksOf(layout);

  const sizes = [cols, layout.colPairs, chunks.ofRow, layout.rowPairs];
  const rowInputs = [dy, x, stats, ...gamma];
  let sums = packed.temporarily(
    packed.runRows(rowMeans(hasGamma), rowInputs, [sizes], layout, 2 * chunks.ofRow, 2),
  );
  if (chunks.ofRow > 1) {
    const parts = [sums];
    sums = packed.temporarily(packed.runRows(addChunks, parts, [[chunks.ofRow]], layout, 2, 2));
  }
  const dx = packed.runRows(
    gradient(hasGamma, attrs.center),
    [dy, x, stats, sums, ...gamma],
    [[layout.colPairs, layout.rowPairs]],
    layout,
    cols,
  );
  const [dgamma, dbeta] = columnSums(packed, [dy, x, stats, sums], layout, chunks.ofColumn);
  packed.dispose();
  return [{...dx.tensor, shape: inputs.x.shape}, dgamma.tensor, dbeta.tensor];
}

/** dγ and dβ, each [cols]. */
function columnSums(packed: Packed, inputs: Grid[], layout: Layout, chunks: number): Grid[] {
  const {rows, cols, rowPairs, colPairs} = layout;
  // Row pairs in a batch, to find the last, half empty one; with even rows there is none.
  const period = rows % 2 === 1 ? (rows + 1) / 2 : 2 ** 30;
  const sizes = [colPairs, chunks, rowPairs];
  const pairs = [period, chunks % period];
  const vector = {shape: [cols], height: 1, width: colPairs};
  if (chunks === 1) {
    return [
      packed.run(columns('dgamma'), inputs, [sizes, pairs], vector),
      packed.run(columns('dbeta'), [inputs[0]], [sizes, pairs], vector),
    ];
  }
  const parts = packed.temporarily(
    packed.run(columns('both'), inputs, [sizes, pairs], {
      shape: [chunks, 1, 2, cols], // of each chunk (dγ, dβ)
      height: chunks,
      width: colPairs,
    }),
  );
  return ['rg', 'ba'].map((channels) =>
    packed.run(addColumnChunks(channels), [parts], [[colPairs, chunks]], vector),
  );
}

/** (mean(g), mean(g·x̂)) of each row, then (shift, 0); with chunks, each chunk's part of them. */
function rowMeans(hasGamma: boolean): Source {
  return {
    inputs: ['dy', 'x', 'stats', ...(hasGamma ? ['gamma'] : [])],
    uniforms: [{name: 'sizes', type: 'ivec4'}], // cols, colPairs, chunks, rowPairs
    code: `
    void main() {
      int colPairs = sizes.y, step_ = sizes.z, whole = sizes.x / 2;
      ivec2 at = place(step_);
      int row = at.x, i = at.y;
      if (row >= sizes.w) {
        row -= sizes.w;
        vec4 s = stats_at(row, 0, 1);
        vec2 shift = vec2(0.);
        // Below 16 standard deviations the rounding of the mean shifts x̂ by less than 1e-6.
        if (abs(s.r) * s.g > 16. || abs(s.b) * s.a > 16.) {
          for (; i < colPairs; i += step_) {
            vec4 xhat = (x_at(row, i, colPairs) - s.rrbb) * s.ggaa;
            shift += xhat.rb + (i < whole ? xhat.ga : vec2(0.));
          }
        }
        shift /= float(sizes.x);
        setOutput(vec4(shift.x, 0., shift.y, 0.));
        return;
      }

      vec4 s = stats_at(row, 0, 1);
      vec4 sumG = vec4(0.), sumGXhat = vec4(0.);
      for (; i < whole; i += step_) {
        vec4 g = dy_at(row, i, colPairs) ${hasGamma ? '* gamma_at(0, i, colPairs).rgrg' : ''};
        sumG += g;
        sumGXhat += g * ((x_at(row, i, colPairs) - s.rrbb) * s.ggaa);
      }
      if (i < colPairs) { // an odd number of columns: .ga is no number of the row
        vec2 g = dy_at(row, i, colPairs).rb ${hasGamma ? '* gamma_at(0, i, colPairs).r' : ''};
        sumG.rb += g;
        sumGXhat.rb += g * ((x_at(row, i, colPairs).rb - s.rb) * s.ga);
      }
      vec4 means = vec4(sumG.rb + sumG.ga, sumGXhat.rb + sumGXhat.ga) / float(sizes.x);
      setOutput(means.xzyw);
    }`,
  };
}

/** The sum of each row's chunks. */
const addChunks: Source = {
  inputs: ['parts'],
  uniforms: [{name: 'chunks', type: 'int'}],
  code: `
    void main() {
      int row = place(1).x;
      vec4 sum = vec4(0.);
      for (int k = 0; k < chunks; k++) sum += parts_at(row, k, chunks);
      setOutput(sum);
    }`,
};

/** dx = r·(g − mean(g) − x̂·mean(g·x̂)); without centring mean(g) falls away. */
function gradient(hasGamma: boolean, center: boolean): Source {
  return {
    inputs: ['dy', 'x', 'stats', 'sums', ...(hasGamma ? ['gamma'] : [])],
    uniforms: [{name: 'sizes', type: 'ivec2'}], // colPairs, rowPairs
    code: `
    void main() {
      int colPairs = sizes.x;
      ivec2 at = place(colPairs);
      vec4 s = stats_at(at.x, 0, 1), means = sums_at(at.x, 0, 1);
      vec2 shift = sums_at(at.x + sizes.y, 0, 1).rb;
      vec2 meanG = means.rb, meanGXhat = means.ga - shift * meanG;
      vec4 g = dy_at(at.x, at.y, colPairs)
        ${hasGamma ? '* gamma_at(0, at.y, colPairs).rgrg' : ''};
      vec4 xhat = (x_at(at.x, at.y, colPairs) - s.rrbb) * s.ggaa - shift.xxyy;
      setOutput(s.ggaa * (g ${center ? '- meanG.xxyy' : ''} - xhat * meanGXhat.xxyy));
    }`,
  };
}

/** Sums over the rows: dγ or dβ in .rg, or of each chunk of rows dγ in .rg and dβ in .ba. */
function columns(wanted: 'dgamma' | 'dbeta' | 'both'): Source {
  const [wantsGamma, wantsBeta] = [wanted !== 'dbeta', wanted !== 'dgamma'];
  const output = {
    dgamma: 'vec4(dgamma, 0., 0.)',
    dbeta: 'vec4(dbeta, 0., 0.)',
    both: 'vec4(dgamma, dbeta)',
  };
  return {
    inputs: wantsGamma ? ['dy', 'x', 'stats', 'sums'] : ['dy'],
    uniforms: [
      {name: 'sizes', type: 'ivec3'}, // colPairs, chunks, rowPairs
      {name: 'pairs', type: 'ivec2'}, // row pairs in a batch, and the chunks modulo these
    ],
    code: `
    void main() {
      int colPairs = sizes.x, step_ = sizes.y;
      ivec2 at = place(colPairs);
      int inBatch = at.x % pairs.x;
      vec2 dgamma = vec2(0.), dbeta = vec2(0.);
      for (int row = at.x; row < sizes.z; row += step_) {
        // An odd number of rows: the lower one of a batch's last pair is none, and may be NaN.
        bool hasLower = inBatch != pairs.x - 1;
        vec4 d = dy_at(row, at.y, colPairs);
        ${wantsBeta ? 'dbeta += d.rg + (hasLower ? d.ba : vec2(0.));' : ''}
        ${
          wantsGamma
            ? `vec4 s = stats_at(row, 0, 1);
        vec2 shift = sums_at(row + sizes.z, 0, 1).rb;
        d *= (x_at(row, at.y, colPairs) - s.rrbb) * s.ggaa - shift.xxyy;
        dgamma += d.rg + (hasLower ? d.ba : vec2(0.));`
            : ''
        }
        inBatch += pairs.y;
        if (inBatch >= pairs.x) inBatch -= pairs.x;
      }
      setOutput(${output[wanted]});
    }`,
  };
}

/** The sum of the chunks of rows, of dγ (.rg) or of dβ (.ba). */
function addColumnChunks(channels: string): Source {
  return {
    inputs: ['parts'],
    uniforms: [{name: 'sizes', type: 'ivec2'}], // colPairs, chunks
    code: `
    void main() {
      int column = place(sizes.x).y;
      vec2 sum = vec2(0.);
      for (int k = 0; k < sizes.y; k++) sum += parts_at(k, column, sizes.x).${channels};
      setOutput(vec4(sum, 0., 0.));
    }`,
  };
}

export const layerNormGradConfigWebgl = layerNormGradConfig('webgl', layerNormGrad);
