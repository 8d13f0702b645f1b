/**
 * Layer normalisation in plain float64 loops: what every kernel here must compute.
 *
 * Forward. A row x has n numbers. With centring:
 *
 *     μ  = Σx / n               mean
 *     σ² = Σ(x − μ)² / n        variance (of the population: n, not n − 1)
 *     r  = 1 / √(σ² + ε)        rstd, the reciprocal of the standard deviation
 *     x̂  = (x − μ)·r            the normalised row
 *     y  = γ·x̂ + β
 *
 * RMS normalisation is the same with μ = 0.
 *
 * Backward. Given dy = ∂L/∂y, the sums over all rows
 *
 *     dβ = Σ dy          because ∂y/∂β = 1
 *     dγ = Σ dy·x̂        because ∂y/∂γ = x̂
 *
 * and, for dx, let g = ∂L/∂x̂ = γ·dy. Within a row each x moves every x̂, in three ways:
 *
 *     ∂x̂ᵢ/∂xⱼ = r·(δᵢⱼ − 1/n − x̂ᵢ·x̂ⱼ/n)
 *
 *     r·δᵢⱼ       directly
 *     −r/n        through the mean:      ∂μ/∂xⱼ = 1/n
 *     −r·x̂ᵢx̂ⱼ/n   through the deviation: ∂r/∂xⱼ = −r³·(xⱼ − μ)/n = −r²·x̂ⱼ/n
 *
 * Multiplied by gᵢ and summed over i:
 *
 *     dx = r·(g − mean(g) − x̂·mean(g·x̂))
 *
 * Without centring μ is no function of x, and the term mean(g) falls away.
 *
 * Sources: Ba, Kiros, Hinton 2016 (arXiv 1607.06450); Zhang, Sennrich 2019 (arXiv 1910.07467).
 */

export interface ReferenceOptions {
  /** Length of a row. */
  cols: number;
  /** [cols]; absent: all 1. */
  gamma?: ArrayLike<number>;
  /** [cols]; absent: all 0. */
  beta?: ArrayLike<number>;
  epsilon: number;
  /** `false`: RMS normalisation. */
  center: boolean;
}

/** `y` [rows, cols] of `x` [rows, cols], with each row's statistics. */
export function forward(
  x: ArrayLike<number>,
  options: ReferenceOptions,
): {y: Float64Array; mean: Float64Array; rstd: Float64Array} {
  const {cols, gamma, beta, epsilon, center} = options;
  const rows = x.length / cols;
  const y = new Float64Array(x.length);
  const mean = new Float64Array(rows);
  const rstd = new Float64Array(rows);

  for (let row = 0; row < rows; row++) {
    const at = (c: number) => row * cols + c;

    let sum = 0;
    for (let c = 0; c < cols; c++) sum += x[at(c)];
    mean[row] = center ? sum / cols : 0;

    let sumOfSquares = 0;
    for (let c = 0; c < cols; c++) sumOfSquares += (x[at(c)] - mean[row]) ** 2;
    const variance = sumOfSquares / cols;

    // A constant row without epsilon: x − μ is 0, and so shall x̂ be.
    rstd[row] = variance + epsilon === 0 ? 0 : 1 / Math.sqrt(variance + epsilon);

    for (let c = 0; c < cols; c++) {
      const xhat = (x[at(c)] - mean[row]) * rstd[row];
      y[at(c)] = xhat * (gamma ? gamma[c] : 1) + (beta ? beta[c] : 0);
    }
  }
  return {y, mean, rstd};
}

/** `dx` [rows, cols], `dgamma` and `dbeta` [cols], for `dy` and `x` [rows, cols]. */
export function backward(
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
  options: ReferenceOptions,
): {dx: Float64Array; dgamma: Float64Array; dbeta: Float64Array} {
  const {cols, gamma, center} = options;
  const rows = x.length / cols;
  const {mean, rstd} = forward(x, options);
  const dx = new Float64Array(x.length);
  const dgamma = new Float64Array(cols);
  const dbeta = new Float64Array(cols);

  for (let row = 0; row < rows; row++) {
    const at = (c: number) => row * cols + c;
    const xhat = (c: number) => (x[at(c)] - mean[row]) * rstd[row];
    const g = (c: number) => dy[at(c)] * (gamma ? gamma[c] : 1);

    let sumG = 0;
    let sumGXhat = 0;
    for (let c = 0; c < cols; c++) {
      dbeta[c] += dy[at(c)];
      dgamma[c] += dy[at(c)] * xhat(c);
      sumG += g(c);
      sumGXhat += g(c) * xhat(c);
    }

    const meanG = center ? sumG / cols : 0;
    const meanGXhat = sumGXhat / cols;
    for (let c = 0; c < cols; c++) {
      dx[at(c)] = rstd[row] * (g(c) - meanG - xhat(c) * meanGXhat);
    }
  }
  return {dx, dgamma, dbeta};
}
