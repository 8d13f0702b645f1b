/**
 * GLSL that every shader over rows shares. A texel holds two columns of two rows: .rg of the upper,
 * .ba of the lower row.
 */

/**
 * `rounded(v)` is v, and makes the compiler round it to float32 before anything else is done with
 * it. Without it a driver may compute (x − x₀) − m as x − (x₀ + m), which loses the digits that the
 * statistics were chosen to keep, or fuse γ·dy with a subtraction of the rounded γ·dy, which then
 * leaves a rounding error instead of 0. GLSL ES has no `precise`; but no compiler can look through an
 * exclusive or with a number that it does not know to be 0.
 */
export const ROUNDED = `
    vec4 rounded(vec4 v) {
      uint zero = uint(outTexShape[0] >> 31); // the height of a texture is never negative
      return uintBitsToFloat(floatBitsToUint(v) ^ uvec4(zero));
    }
`;

/**
 * `normalized(x, first, stats)` is x̂ = ((x − x₀) − m)·r, where `first` is the texel of x in column 0
 * and `stats` holds (m, r) of the upper row and of the lower. Without centring x₀ and m are 0.
 */
export function normalized(center: boolean): string {
  return `${ROUNDED}
    vec4 normalized(vec4 x, vec4 first, vec4 stats) {
      return ${center ? '(rounded(x - first.rrbb) - stats.rrbb)' : 'x'} * stats.ggaa;
    }
`;
}

/**
 * `add(sum, v)` adds v to a sum, and to `sum.lost` what the addition loses by rounding (Knuth, Møller
 * 1965); `totalOf(sum)` is both together. So a sum of many numbers is as exact as one of two, even
 * where it is small beside them, as dγ and dβ may be. Uses `rounded`.
 */
export const COMPENSATED_SUM = `
    struct Sum { vec4 value, lost; };
    Sum zero() { return Sum(vec4(0.), vec4(0.)); }

    void add(inout Sum sum, vec4 v) {
      vec4 value = rounded(sum.value + v);
      vec4 added = rounded(value - sum.value);
      sum.lost += rounded(sum.value - rounded(value - added)) + (v - added);
      sum.value = value;
    }

    vec4 totalOf(Sum sum) { // of a sum that is infinite, what was lost is NaN
      return mix(sum.value, sum.value + sum.lost, lessThan(abs(sum.value), vec4(3.4e38)));
    }
`;
