/**
 * The gradient of layer normalisation on the `webgl` backend, in four or five draw calls. The
 * derivation is in `reference.ts`, whose names are used here.
 *
 * The first two give each row's sums and dx: dy and x are read twice, dx is written once. The others
 * give dγ and dβ, for which dy and x are read a third time. A draw call has one output, so that each
 * of the two is drawn by its own. Many rows are first summed in chunks, dγ and dβ at once; few long
 * rows are summed in chunks for dx (`chunks.ts`). The order of every sum is fixed: two runs are equal
 * to the bit.
 *
 * A texel holds two columns of two rows: .rg of the upper, .ba of the lower row.
 */
import type {MathBackendWebGL} from '@tensorflow/tfjs-backend-webgl';
import {
  type LayerNormAttrs,
  type LayerNormGradInputs,
  type LayerNormGradOutputs,
  rowsAndCols,
} from '../contract.js';
import {chunksOf} from './chunks.js';
import {type Grid, type Layout, layoutOf, Packed, type Source} from './packed.js';
import {COMPENSATED_SUM, normalized, ROUNDED} from './row.js';

const sizes: Source['uniforms'][number] = {name: 'sizes', type: 'ivec3'}; // cols, colPairs, chunks

export function layerNormGrad(args: {
  inputs: LayerNormGradInputs;
  attrs: LayerNormAttrs;
  backend: MathBackendWebGL;
}): LayerNormGradOutputs {
  const {inputs, attrs, backend} = args;
  const {cols} = rowsAndCols(inputs.x);

  const layout = layoutOf(inputs.x);
  const packed = new Packed(backend);
  const dy = packed.rows(inputs.dy, layout, cols); // [rows, cols]
  const x = packed.rows(inputs.x, layout, cols); // [rows, cols]
  const stats = packed.rows(inputs.stats, layout, 2); // [rows, 2]
  const gamma = inputs.gamma ? [packed.vector(inputs.gamma, layout)] : []; // [cols]
  const {center} = attrs;
  const hasGamma = inputs.gamma != null;
  const chunks = chunksOf(layout);

  const values = [[cols, layout.colPairs, chunks.ofRow]];
  let sums = packed.temporarily(
    packed.runRows(
      rowSums(center, hasGamma, chunks.ofRow > 1),
      [dy, x, stats, ...gamma],
      values,
      layout,
      2 * chunks.ofRow, // [rows, 2·chunks]
    ),
  );
  if (chunks.ofRow > 1) {
    sums = packed.temporarily(
      packed.runRows(combineChunks(hasGamma), [sums, dy, ...gamma], values, layout, 2), // [rows, 2]
    );
  }
  const dx = packed.runRows(
    gradient(center, hasGamma),
    [dy, x, stats, sums, ...gamma],
    values,
    layout,
    cols, // [rows, cols]
  );
  const [dgamma, dbeta] = gammaAndBeta(packed, center, [dy, x, stats], layout, chunks.ofColumn);
  packed.dispose();
  return [{...dx.tensor, shape: inputs.x.shape}, dgamma.tensor, dbeta.tensor];
}

/**
 * (mean(g), mean(g·x̂)) of each row; with chunks, each chunk's part of (mean(g − g₀), mean(g·x̂)). The
 * differences from g₀, the row's first g, are summed, so that the mean of equal numbers is that
 * number.
 */
function rowSums(center: boolean, hasGamma: boolean, chunked: boolean): Source {
  return {
    inputs: ['dy', 'x', 'stats', ...(hasGamma ? ['gamma'] : [])],
    uniforms: [sizes],
    code: `${normalized(center)}${scaled(hasGamma)}
    void main() {
      int colPairs = sizes.y, step_ = sizes.z, whole = sizes.x / 2;
      ivec2 at = place(step_);
      int row = at.x, i = at.y;
      vec4 stats = stats_at(row, 0, 1);
      vec4 first = ${center ? 'x_at(row, 0, colPairs)' : 'vec4(0.)'};
      vec4 firstG = scaled_at(row, 0, colPairs).rrbb;
      vec4 sumG = vec4(0.), sumGXhat = vec4(0.);
      for (; i < whole; i += step_) {
        vec4 g = scaled_at(row, i, colPairs);
        sumG += rounded(g - firstG);
        sumGXhat += g * normalized(x_at(row, i, colPairs), first, stats);
      }
      if (i < colPairs) { // an odd number of columns: .ga is no number of the row
        vec4 g = scaled_at(row, i, colPairs);
        vec4 xhat = normalized(x_at(row, i, colPairs), first, stats);
        sumG.rb += rounded(g - firstG).rb;
        sumGXhat.rb += g.rb * xhat.rb;
      }
      vec4 means = vec4(sumG.rb + sumG.ga, sumGXhat.rb + sumGXhat.ga) / float(sizes.x);
      setOutput(means.xzyw ${chunked ? '' : '+ vec4(firstG.r, 0., firstG.b, 0.)'});
    }`,
  };
}

/** (mean(g), mean(g·x̂)) of each row, from its chunks' parts. */
function combineChunks(hasGamma: boolean): Source {
  return {
    inputs: ['parts', 'dy', ...(hasGamma ? ['gamma'] : [])],
    uniforms: [sizes],
    code: `${ROUNDED}${COMPENSATED_SUM}${scaled(hasGamma)}
    void main() {
      int row = place(1).x, colPairs = sizes.y, chunks = sizes.z;
      Sum sum = zero();
      for (int k = 0; k < chunks; k++) add(sum, parts_at(row, k, chunks));
      vec4 firstG = scaled_at(row, 0, colPairs);
      setOutput(totalOf(sum) + vec4(firstG.r, 0., firstG.b, 0.));
    }`,
  };
}

/** dx = r·(g − mean(g) − x̂·mean(g·x̂)); without centring mean(g) falls away. */
function gradient(center: boolean, hasGamma: boolean): Source {
  return {
    inputs: ['dy', 'x', 'stats', 'sums', ...(hasGamma ? ['gamma'] : [])],
    uniforms: [sizes],
    code: `${normalized(center)}${scaled(hasGamma)}
    void main() {
      int colPairs = sizes.y;
      ivec2 at = place(colPairs);
      vec4 stats = stats_at(at.x, 0, 1), means = sums_at(at.x, 0, 1);
      vec4 first = ${center ? 'x_at(at.x, 0, colPairs)' : 'vec4(0.)'};
      vec4 xhat = normalized(x_at(at.x, at.y, colPairs), first, stats);
      vec4 g = scaled_at(at.x, at.y, colPairs);
      setOutput(stats.ggaa * (g ${center ? '- means.rrbb' : ''} - xhat * means.ggaa));
    }`,
  };
}

/** dγ and dβ, each [cols]. */
function gammaAndBeta(
  packed: Packed,
  center: boolean,
  inputs: Grid[],
  layout: Layout,
  chunks: number,
): Grid[] {
  const {rows, cols, rowPairs, colPairs} = layout;
  // Row pairs in a batch, to find the last, half empty one; with even rows there is none.
  const period = rows % 2 === 1 ? (rows + 1) / 2 : 2 ** 30;
  const sizes = [colPairs, chunks, rowPairs];
  const pairs = [period, chunks % period];
  const vector = {shape: [cols], height: 1, width: colPairs};
  if (chunks === 1) {
    return [
      packed.run(columnSums('dgamma', center), inputs, [sizes, pairs], vector),
      packed.run(columnSums('dbeta', center), [inputs[0]], [sizes, pairs], vector),
    ];
  }
  const parts = packed.temporarily(
    packed.run(columnSums('both', center), inputs, [sizes, pairs], {
      shape: [chunks, 1, 2, cols], // of each chunk (dγ, dβ)
      height: chunks,
      width: colPairs,
    }),
  );
  return (['rg', 'ba'] as const).map((channels) =>
    packed.run(combineColumnParts(channels), [parts], [[colPairs, chunks]], vector),
  );
}

/** The sums over the rows: dγ or dβ in .rg, or for each chunk of rows dγ in .rg and dβ in .ba. */
function columnSums(wanted: 'dgamma' | 'dbeta' | 'both', center: boolean): Source {
  const [wantsGamma, wantsBeta] = [wanted !== 'dbeta', wanted !== 'dgamma'];
  const output = {
    dgamma: 'vec4(ofBothRows(dgamma), 0., 0.)',
    dbeta: 'vec4(ofBothRows(dbeta), 0., 0.)',
    both: 'vec4(ofBothRows(dgamma), ofBothRows(dbeta))',
  };
  return {
    inputs: wantsGamma ? ['dy', 'x', 'stats'] : ['dy'],
    uniforms: [
      {name: 'sizes', type: 'ivec3'}, // colPairs, chunks, rowPairs
      {name: 'pairs', type: 'ivec2'}, // row pairs in a batch, and the chunks modulo these
    ],
    code: `${normalized(center)}${COMPENSATED_SUM}
    vec2 ofBothRows(Sum sum) {
      Sum upper = Sum(sum.value, sum.lost + sum.lost.baba);
      add(upper, vec4(sum.value.ba, 0., 0.));
      return totalOf(upper).rg;
    }

    void main() {
      int colPairs = sizes.x, step_ = sizes.y;
      ivec2 at = place(colPairs);
      int inBatch = at.x % pairs.x;
      ${wantsGamma ? 'Sum dgamma = zero();' : ''}
      ${wantsBeta ? 'Sum dbeta = zero();' : ''}
      for (int row = at.x; row < sizes.z; row += step_) {
        // An odd number of rows: the lower one of a batch's last pair is none, and may be NaN.
        bool hasLower = inBatch != pairs.x - 1;
        vec4 dy = dy_at(row, at.y, colPairs);
        ${wantsBeta ? 'add(dbeta, hasLower ? dy : vec4(dy.rg, 0., 0.));' : ''}
        ${
          wantsGamma
            ? `vec4 first = ${center ? 'x_at(row, 0, colPairs)' : 'vec4(0.)'};
        vec4 part = dy * normalized(x_at(row, at.y, colPairs), first, stats_at(row, 0, 1));
        add(dgamma, hasLower ? part : vec4(part.rg, 0., 0.));`
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
function combineColumnParts(channels: 'rg' | 'ba'): Source {
  return {
    inputs: ['parts'],
    uniforms: [{name: 'sizes', type: 'ivec2'}], // colPairs, chunks
    code: `${ROUNDED}${COMPENSATED_SUM}
    void main() {
      int column = place(sizes.x).y;
      Sum sum = zero();
      for (int k = 0; k < sizes.y; k++) add(sum, parts_at(k, column, sizes.x));
      setOutput(vec4(totalOf(sum).${channels}, 0., 0.));
    }`,
  };
}

/** GLSL: g = γ·dy, rounded: g − mean(g) is 0 only if the same numbers have been averaged. */
function scaled(hasGamma: boolean): string {
  return `
    vec4 scaled_at(int row, int column, int colPairs) {
      vec4 g = dy_at(row, column, colPairs);
      ${hasGamma ? 'g = rounded(g * gamma_at(0, column, colPairs).rgrg);' : ''}
      return g;
    }
`;
}
