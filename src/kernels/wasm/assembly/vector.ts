/**
 * Arithmetic on `V`, which is `v128` (four float32 lanes) or `f32` (one). The compiler makes each
 * function twice and drops the untaken branch, so one source serves the SIMD build, the plain
 * build, and the last few columns of a row in the SIMD build.
 */

export function splat<V>(value: f32): V {
  if (isVector<V>()) return f32x4.splat(value);
  return value;
}

export function add<V>(a: V, b: V): V {
  if (isVector<V>()) return f32x4.add(a, b);
  return a + b;
}

export function sub<V>(a: V, b: V): V {
  if (isVector<V>()) return f32x4.sub(a, b);
  return a - b;
}

export function mul<V>(a: V, b: V): V {
  if (isVector<V>()) return f32x4.mul(a, b);
  return a * b;
}

/** The sum of the lanes. */
export function sum<V>(a: V): f32 {
  if (isVector<V>()) {
    return (
      f32x4.extract_lane(a, 0) +
      f32x4.extract_lane(a, 1) +
      (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3))
    );
  }
  return a;
}
