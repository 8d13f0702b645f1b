/**
 * Layer normalisation on the `webgl` backend, in two draw calls: each row's statistics, then the
 * normalised texels. x is read twice, y written once. Few long rows are cut into chunks, whose
 * statistics a third, small draw call combines (`chunks.ts`). For many rows another small one puts γ
 * and β into one texture.
 *
 * The variance is never E[x²] − E[x]². Each texel takes the deviations from the row's first number,
 * so that a large mean costs no digits. It adds them up in blocks of eight and combines the blocks'
 * means and sums of squared deviations (Chan, Golub, LeVeque 1979). A row whose squares overflow or
 * vanish is done again, scaled by a power of two.
 *
 * A texel holds two columns of two rows: .rg of the upper, .ba of the lower row.
 */
import type {MathBackendWebGL} from '@tensorflow/tfjs-backend-webgl';
import * as tf from '@tensorflow/tfjs-core';
import {
  type LayerNormAttrs,
  type LayerNormInputs,
  type LayerNormOutputs,
  rowsAndCols,
} from '../contract.js';
import {chunksOf} from './chunks.js';
import {type Grid, type Layout, layoutOf, Packed, type Source} from './packed.js';
import {COMPENSATED_SUM, normalized, ROUNDED} from './row.js';

export function layerNorm(args: {
  inputs: LayerNormInputs;
  attrs: LayerNormAttrs;
  backend: MathBackendWebGL;
}): LayerNormOutputs {
  const {inputs, attrs, backend} = args;
  const {epsilon, center} = attrs;
  const {rows, cols} = rowsAndCols(inputs.x);

  const layout = layoutOf(inputs.x);
  const packed = new Packed(backend);
  const x = packed.rows(inputs.x, layout, cols); // [rows, cols]
  const params = paramsOf(packed, inputs, layout); // [cols] each, or one of [2, cols]

  const chunks = chunksOf(layout).ofRow;
  const sizes = [cols, layout.colPairs, chunks];
  const limits = [epsilon, largestFloat()];
  let stats = packed.runRows(
    statistics(center, chunks > 1),
    [x],
    [sizes, limits],
    layout,
    2 * chunks, // [rows, 2·chunks]
  );
  if (chunks > 1) {
    const parts = packed.temporarily(stats);
    stats = packed.runRows(combineChunks, [parts], [sizes, limits], layout, 2); // [rows, 2]
  }

  const source = normalize(center, Object.keys(params) as Param[]);
  const grids = [x, stats, ...Object.values(params)];
  const y = packed.runRows(source, grids, [sizes], layout, cols); // [rows, cols]
  packed.dispose();
  return [
    {...y.tensor, shape: inputs.x.shape},
    {...stats.tensor, shape: [rows, 2]},
  ];
}

/** What a texture can hold; with 16 bits an rstd beyond it would be stored as Infinity. */
function largestFloat(): number {
  return tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED') ? 3.4e38 : 65504;
}

/** The bounds of the variance: outside of these, float32 may have overflowed or lost digits below 1e-38. */
const scaling = `
  bool isSafe(float variance) { return variance > 1e-30 && variance < 1e30; }

  // A power of two, so that no digit is lost.
  float scaleFor(float variance, float largest) {
    if (isSafe(variance)) return 1.;
    return largest > 1e15 ? exp2(-100.) : largest < 1e-15 ? exp2(60.) : 1.;
  }

  // 1 / √v, and 0 for a constant row without epsilon, whose x̂ is 0.
  float reciprocalRoot(float v, float scale, float limit) {
    float rstd = v == 0. ? 0. : scale / sqrt(v);
    return rstd > limit ? limit : rstd; // not min: it may take NaN for the limit
  }
`;

const uniforms: Source['uniforms'] = [
  {name: 'sizes', type: 'ivec3'}, // cols, colPairs, chunks
  {name: 'limits', type: 'vec2'}, // epsilon, largest float
];

/**
 * (m, r) = (mean − x₀, rstd) of each row; with chunks (mean − x₀, standard deviation) of each chunk:
 * unlike the variance, a standard deviation cannot overflow.
 */
function statistics(center: boolean, chunked: boolean): Source {
  const addBlock = center
    ? `
        vec4 sum4 = a + b + c + d;
        vec2 blockMean = (sum4.rb + sum4.ga) * 0.125;
        a -= blockMean.xxyy; b -= blockMean.xxyy; c -= blockMean.xxyy; d -= blockMean.xxyy;
        vec4 squares = a * a + b * b + c * c + d * d;
        add(blockMean, squares.rb + squares.ga, 8.);`
    : `
        vec4 squares = a * a + b * b + c * c + d * d;
        add(vec2(0.), squares.rb + squares.ga, 8.);`;
  const addTexel = center
    ? `
        vec2 pairMean = (a.rb + a.ga) * 0.5;
        vec2 half_ = a.rb - pairMean;
        add(pairMean, 2. * half_ * half_, 2.);`
    : `
        add(vec2(0.), a.rb * a.rb + a.ga * a.ga, 2.);`;
  const addOne = center ? 'add(a.rb, vec2(0.), 1.);' : 'add(vec2(0.), a.rb * a.rb, 1.);';
  const result = chunked
    ? 'vec4 o = vec4(mean, sqrt(m2 / n)) / scale.xyxy; setOutput(o.xzyw);'
    : `
      mean /= scale;
      setOutput(vec4(
        mean.x, reciprocalRoot(v.x, scale.x, limits.y),
        mean.y, reciprocalRoot(v.y, scale.y, limits.y)));`;

  return {
    inputs: ['x'],
    uniforms,
    code: `${ROUNDED}${scaling}
    vec2 mean, m2; // the mean of x − x₀ so far, and the sum of squared deviations from it
    float n;

    void add(vec2 blockMean, vec2 blockM2, float count) {
      float total = n + count;
      ${center ? 'vec2 delta = blockMean - mean;' : ''}
      ${center ? 'mean += delta * (count / total);' : ''}
      m2 += blockM2 ${center ? '+ delta * delta * (n * count / total)' : ''};
      n = total;
    }

    void main() {
      int colPairs = sizes.y, step_ = sizes.z, whole = sizes.x / 2;
      ivec2 at = place(step_);
      int row = at.x;
      vec2 first = ${center ? 'x_at(row, 0, colPairs).rb' : 'vec2(0.)'};
      vec2 scale = vec2(1.), v;
      for (int attempt = 0; attempt < 2; attempt++) {
        vec4 s = scale.xxyy, o = (first * scale).xxyy;
        mean = vec2(0.); m2 = vec2(0.); n = 0.;
        int i = at.y;
        for (; i + 3 * step_ < whole; i += 4 * step_) {
          vec4 a = rounded(x_at(row, i, colPairs) * s - o);
          vec4 b = rounded(x_at(row, i + step_, colPairs) * s - o);
          vec4 c = rounded(x_at(row, i + 2 * step_, colPairs) * s - o);
          vec4 d = rounded(x_at(row, i + 3 * step_, colPairs) * s - o);
          ${addBlock}
        }
        for (; i < whole; i += step_) {
          vec4 a = rounded(x_at(row, i, colPairs) * s - o);
          ${addTexel}
        }
        if (i < colPairs) { // an odd number of columns: .ga is no number of the row
          vec4 a = rounded(x_at(row, i, colPairs) * s - o);
          ${addOne}
        }
        v = m2 / n + limits.x * scale * scale;
        if (attempt == 1 || (isSafe(v.x) && isSafe(v.y))) break;

        vec2 largest = vec2(0.);
        for (i = at.y; i < colPairs; i += step_) {
          vec4 a = abs(x_at(row, i, colPairs));
          largest = max(largest, i < whole ? max(a.rb, a.ga) : a.rb);
        }
        ${center ? 'largest = max(largest, abs(first));' : ''}
        scale = vec2(scaleFor(v.x, largest.x), scaleFor(v.y, largest.y));
      }
      ${result}
    }`,
  };
}

/**
 * (m, r) of each row, from (mean − x₀, standard deviation) of its chunks. What is averaged are the
 * differences from the first chunk's mean, so that the sum has no more to round than they need.
 */
const combineChunks: Source = {
  inputs: ['parts'],
  uniforms,
  code: `${ROUNDED}${COMPENSATED_SUM}${scaling}
    float numbersIn(int chunk) {
      int cols = sizes.x, colPairs = sizes.y, chunks = sizes.z;
      int texels = (colPairs - 1 - chunk) / chunks + 1;
      bool hasOddColumn = cols % 2 == 1 && (colPairs - 1) % chunks == chunk;
      return float(2 * texels - (hasOddColumn ? 1 : 0));
    }

    void main() {
      int row = place(1).x, chunks = sizes.z;
      float n = float(sizes.x);
      vec2 scale = vec2(1.), mean, v;
      for (int attempt = 0; attempt < 2; attempt++) {
        vec4 s = scale.xxyy, first = parts_at(row, 0, chunks) * s;
        Sum sum = zero(), m2 = zero();
        vec2 largest = abs(first.rb) + first.ga;
        for (int k = 1; k < chunks; k++) {
          vec4 part = parts_at(row, k, chunks) * s;
          add(sum, (part - first).rbrb * numbersIn(k));
          largest = max(largest, abs(part.rb) + part.ga);
        }
        mean = first.rb + totalOf(sum).xy / n;
        for (int k = 0; k < chunks; k++) {
          vec4 part = parts_at(row, k, chunks) * s;
          vec2 delta = part.rb - mean;
          add(m2, (part.ga * part.ga + delta * delta).xyxy * numbersIn(k));
        }
        v = totalOf(m2).xy / n + limits.x * scale * scale;
        if (attempt == 1 || (isSafe(v.x) && isSafe(v.y))) break;
        scale = vec2(scaleFor(v.x, largest.x), scaleFor(v.y, largest.y));
      }
      mean /= scale;
      setOutput(vec4(
        mean.x, reciprocalRoot(v.x, scale.x, limits.y),
        mean.y, reciprocalRoot(v.y, scale.y, limits.y)));
    }`,
};

type Param = 'gamma' | 'beta' | 'gammaBeta';

/** With fewer pairs of rows, to draw γ and β into one texture costs more than it saves. */
const enoughToPair = 256;

/**
 * The parameters as the last program reads them. Each texel of y reads a texel of each of its inputs,
 * and that is what its time goes to: for many rows, γ and β are first put into one texture.
 */
function paramsOf(
  packed: Packed,
  {gamma, beta}: LayerNormInputs,
  layout: Layout,
): Partial<Record<Param, Grid>> {
  const params = {
    ...(gamma ? {gamma: packed.vector(gamma, layout)} : {}),
    ...(beta ? {beta: packed.vector(beta, layout)} : {}),
  };
  if (!params.gamma || !params.beta || layout.rowPairs < enoughToPair) return params;
  const {cols, colPairs} = layout;
  const output = {shape: [1, 1, 2, cols], height: 1, width: colPairs};
  const pair = packed.run(pairParams, [params.gamma, params.beta], [[colPairs]], output);
  return {gammaBeta: packed.temporarily(pair)};
}

const pairParams: Source = {
  inputs: ['gamma', 'beta'],
  uniforms: [{name: 'colPairs', type: 'int'}],
  code: `
    void main() {
      int column = place(colPairs).y;
      setOutput(vec4(gamma_at(0, column, colPairs).rg, beta_at(0, column, colPairs).rg));
    }`,
};

/** y = γ·x̂ + β. */
function normalize(center: boolean, params: Param[]): Source {
  const apply = {
    gamma: 'y *= gamma_at(0, at.y, colPairs).rgrg;',
    beta: 'y += beta_at(0, at.y, colPairs).rgrg;',
    gammaBeta: `
      vec4 gammaBeta = gammaBeta_at(0, at.y, colPairs);
      y = y * gammaBeta.rgrg + gammaBeta.baba;`,
  };
  return {
    inputs: ['x', 'stats', ...params],
    uniforms: [{name: 'sizes', type: 'ivec3'}], // cols, colPairs, chunks
    code: `${normalized(center)}
    void main() {
      int colPairs = sizes.y;
      ivec2 at = place(colPairs);
      vec4 first = ${center ? 'x_at(at.x, 0, colPairs)' : 'vec4(0.)'};
      vec4 y = normalized(x_at(at.x, at.y, colPairs), first, stats_at(at.x, 0, 1));
      ${params.map((param) => apply[param]).join('')}
      setOutput(y);
    }`,
  };
}
