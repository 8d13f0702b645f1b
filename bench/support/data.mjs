/** The same numbers for every contender: ordinary activations, with a mean that is not 0. */

export const EPSILON = 1e-3;

/** @param {number[]} shape the last dimension is normalised */
export function createData(shape) {
  const cols = shape.at(-1);
  const size = shape.reduce((product, n) => product * n, 1);
  const random = generator(cols * 31 + size);
  const fill = (length, scale, offset) =>
    Float32Array.from({length}, () => offset + scale * random());
  return {
    x: fill(size, 2, 0.5),
    dy: fill(size, 1, 0),
    gamma: fill(cols, 0.5, 1),
    beta: fill(cols, 0.5, 0),
  };
}

/** `size` float32 numbers of the normal distribution (Box–Muller), the same each time. */
export function normal(size, mean, spread) {
  const random = generator(size);
  const uniform = () => (random() + 1) / 2; // in [0, 1)
  const draw = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return Float32Array.from({length: size}, () => mean + spread * draw());
}

/** Numbers between -1 and 1, evenly spread (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}
