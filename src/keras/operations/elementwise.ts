/** Operations on each element: arithmetic, functions of one number, comparison, logic. */
import * as tf from '@tensorflow/tfjs-core';
import {
  equal,
  greater,
  greaterEqual,
  isFiniteNumber,
  isInf,
  isNan,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
} from './conditions.js';
import {
  broadcastTo,
  choose,
  divideNoNaN,
  maximum,
  minimum,
  sumTo,
  withGradient,
  withoutGradient,
} from './gradients.js';
import {
  binary,
  broadcast,
  cast,
  discreteBinary,
  floatBinary,
  floats,
  logicalBinary,
  numbers,
  type Operation,
  promoted,
  select,
  shapeLike,
  type Table,
  tests,
  throughInt,
  toFloat,
} from './operation.js';
import {broadcastShapes} from './shapes.js';
import {type Arguments, kindOf} from './values.js';

const LN2 = Math.LN2;
const isInt = ({dtype}: tf.Tensor) => dtype === 'int32';

/** Rounded down to whole numbers as Python does it. Its derivative is 0, for tfjs another. */
const floorDivide = (a: tf.Tensor, b: tf.Tensor) =>
  isInt(a) ? tf.floorDiv(a, b) : tf.floor(tf.div(a, b));

/** The remainder with the sign of b, as in Python. */
export function modulo(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (isInt(a)) {
    return withoutGradient([a, b], () => tf.sub(a, tf.mul(tf.floorDiv(a, b), b)));
  }
  return withGradient(
    [a, b],
    () => tf.mod(a, b),
    (dy, _, [x, y]) => {
      const down = tf.neg(tf.floor(tf.div(x, y)));
      return [sumTo(dy, x.shape), sumTo(tf.mul(dy, down), y.shape)];
    },
  );
}

/** Of whole numbers whole numbers, unless the exponent is negative or a fraction. */
function power(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return isInt(a) ? withoutGradient([a, b], () => integerPower(a, b)) : tf.pow(a, b);
}

/** By squaring, so that it is exact, and goes past the largest int32 as it does in Keras. */
function integerPower(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  let [result, base, exponent] = [tf.onesLike(tf.add(a, b)), a, b];
  for (let bit = 0; bit < 5; bit++) {
    const half = tf.floorDiv(exponent, tf.scalar(2, 'int32'));
    const isOdd = notEqual(exponent, tf.mul(half, tf.scalar(2, 'int32')));
    result = choose(isOdd, tf.mul(result, base), result);
    [base, exponent] = [tf.mul(base, base), half];
  }
  return result;
}

const negative = (x: tf.Tensor) => (isInt(x) ? tf.sub(tf.scalar(0, 'int32'), x) : tf.neg(x));

const square = (x: tf.Tensor) => (isInt(x) ? tf.mul(x, x) : tf.square(x));

const absolute = (x: tf.Tensor) => (isInt(x) ? tf.maximum(x, negative(x)) : tf.abs(x));

const sign = (x: tf.Tensor) =>
  isInt(x)
    ? withoutGradient([x], () => tf.maximum(tf.minimum(x, one(x)), tf.scalar(-1, 'int32')))
    : tf.sign(x);

const one = (x: tf.Tensor) => tf.scalar(1, x.dtype);
const zero = (x: tf.Tensor) => tf.scalar(0, x.dtype);

/** x itself where the mathematics leaves whole numbers alone. */
const unlessInt = (f: (x: tf.Tensor) => tf.Tensor) => (x: tf.Tensor) =>
  isInt(x) ? tf.clone(x) : f(x);

function round(x: tf.Tensor, args: Arguments): tf.Tensor {
  const decimals = args.integer('decimals', 0);
  if (isInt(x) && decimals >= 0) return tf.clone(x);
  const factor = 10 ** decimals;
  const rounded = tf.div(tf.round(tf.mul(toFloat(x), factor)), factor);
  return isInt(x) ? cast(rounded, 'int32') : decimals ? rounded : tf.round(x);
}

/** Greater of two, or the other where one is not a number. */
const ignoringNaN = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  binary((a, b) => {
    if (isInt(a)) return f(a, b);
    return choose(isNan(a), b, choose(isNan(b), a, f(a, b)));
  });

const stableLog = (base: number) => (a: tf.Tensor, b: tf.Tensor) => {
  const away = tf.abs(tf.sub(a, b));
  const rest = tf.div(tf.log1p(tf.exp(tf.mul(away, -base))), base);
  return choose(isNan(away), tf.add(a, b), tf.add(maximum(a, b), rest));
};

function hypot(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [x, y] = [tf.abs(a), tf.abs(b)];
  const larger = maximum(x, y);
  return tf.mul(larger, tf.sqrt(tf.add(1, tf.square(divideNoNaN(minimum(x, y), larger)))));
}

function gcd(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  let [x, y] = [absolute(a), absolute(b)];
  for (let step = 0; step < 46; step++) {
    const isDone = equal(y, 0);
    const remainder = modulo(x, choose(isDone, tf.onesLike(y), y));
    [x, y] = [choose(isDone, x, y), choose(isDone, y, remainder)];
  }
  return tf.add(x, y);
}

/** A number for each pair of bits, by arithmetic: not all backends have kernels for it. */
const bitwise = (bit: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operation =>
  discreteBinary((a, b) => {
    const [bitsA, bitsB] = [a, b].map(bitsOf);
    return bitsA
      .map((x, i) => tf.mul(bit(x, bitsB[i]), tf.scalar(i === 31 ? -(2 ** 31) : 2 ** i, 'int32')))
      .reduce((sum, x) => tf.add(sum, x));
  }, 'x, y');

function bitsOf(x: tf.Tensor): tf.Tensor[] {
  const isNegative = tf.cast(less(x, zero(x)), 'int32');
  const bits: tf.Tensor[] = [];
  let rest = x;
  for (let i = 0; i < 31; i++) {
    const half = tf.floorDiv(rest, tf.scalar(2, 'int32'));
    bits.push(tf.sub(rest, tf.mul(half, tf.scalar(2, 'int32'))));
    rest = half;
  }
  return [...bits, isNegative];
}

const powerOfTwo = (x: tf.Tensor) => integerPower(tf.mul(tf.onesLike(x), tf.scalar(2, 'int32')), x);

/** Giles 2012, "Approximating the erfinv function": in float32 to the last digits. */
function inverseErf(x: tf.Tensor): tf.Tensor {
  return withGradient(
    [x],
    () => {
      const w = tf.neg(tf.log1p(tf.neg(tf.square(x))));
      const polynomial = (at: tf.Tensor, coefficients: number[]) =>
        coefficients.reduce<tf.Tensor>((sum, c) => tf.add(tf.mul(sum, at), c), tf.zerosLike(at));
      const central = polynomial(
        tf.sub(w, 2.5),
        [
          2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087,
          -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
        ],
      );
      const tail = polynomial(
        tf.sub(tf.sqrt(w), 3),
        [
          -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
          -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
        ],
      );
      const inside = tf.mul(choose(less(w, 5), central, tail), x);
      return choose(equal(tf.abs(x), 1), tf.mul(x, Number.POSITIVE_INFINITY), inside);
    },
    (dy, y) => [tf.mul(dy, tf.mul(Math.sqrt(Math.PI) / 2, tf.exp(tf.square(y))))],
  );
}

/** The modified Bessel function of order 0: Abramowitz and Stegun 9.8.1 and 9.8.2. */
function bessel0(x: tf.Tensor): tf.Tensor {
  const polynomial = (at: tf.Tensor, coefficients: number[]) =>
    coefficients.reduceRight<tf.Tensor>((sum, c) => tf.add(tf.mul(sum, at), c), tf.zerosLike(at));
  const size = tf.abs(x);
  const small = polynomial(
    tf.square(tf.div(tf.minimum(size, 3.75), 3.75)),
    [1, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813],
  );
  const large = tf.maximum(size, 3.75);
  const tail = polynomial(
    tf.div(3.75, large),
    [
      0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281, -0.02057706, 0.02635537,
      -0.01647633, 0.00392377,
    ],
  );
  const outside = tf.mul(tf.div(tf.exp(large), tf.sqrt(large)), tail);
  return choose(lessEqual(size, 3.75), small, outside);
}

/** A number, in place of a value that is not one or has no end. */
function nanToNum(x: tf.Tensor, args: Arguments): tf.Tensor {
  const largest = 3.4028234663852886e38;
  const replacements: [(x: tf.Tensor) => tf.Tensor, number][] = [
    [isNan, args.number('nan', 0)],
    [(y) => equal(y, Number.POSITIVE_INFINITY), args.number('posinf', largest)],
    [(y) => equal(y, Number.NEGATIVE_INFINITY), args.number('neginf', -largest)],
  ];
  return replacements.reduce(
    (y, [isSo, value]) =>
      choose(
        withoutGradient([y], () => isSo(y)),
        tf.fill(y.shape, value),
        y,
      ),
    x,
  );
}

const where: Operation = {
  signature: 'condition, x1=None, x2=None',
  shape: (args) => {
    if (!args.has('x1') || !args.has('x2')) {
      throw new Error(
        'without x1 and x2 it gives as many numbers as the values say, which no layer can.',
      );
    }
    return broadcast('condition', 'x1', 'x2')(args);
  },
  compute: (args) => {
    const [x1, x2] = ['x1', 'x2'].map((name) => args.tensor(name));
    // Two numbers are floats, mostly: the file does not tell 1.0 from 1.
    const areNumbers = ['x1', 'x2'].every((name) => typeof args.get(name) === 'number');
    return select(args.tensor('condition'), areNumbers ? toFloat(x1) : x1, x2);
  },
};

/** The first of several choices whose condition holds. */
const firstOf: Operation = {
  signature: 'condlist, choicelist, default=0',
  shape: (args) =>
    broadcastShapes(
      ...[...args.tensors('condlist'), ...args.tensors('choicelist'), args.tensor('default')].map(
        ({shape}) => shape,
      ),
    ),
  compute: (args) => {
    const choices = args.tensors('choicelist');
    const conditions = args.tensors('condlist');
    return conditions.reduceRight(
      (otherwise, condition, i) => select(condition, choices[i], otherwise),
      args.tensor('default'),
    );
  },
};

/** Bounds may be numbers or tensors. */
const clip: Operation = {
  signature: 'x, x_min, x_max',
  shape: (args) =>
    broadcastShapes(
      ...['x', 'x_min', 'x_max'].flatMap((name) =>
        args.has(name) ? [args.tensor(name).shape] : [],
      ),
    ),
  compute: (args) => {
    const x = promoted(args, 'x')[0];
    // Keras clips in the dtype of x.
    const bound = (name: string) => cast(args.tensor(name), kindOf(x.dtype));
    const above = args.has('x_min') ? maximum(x, bound('x_min')) : x;
    return args.has('x_max') ? minimum(above, bound('x_max')) : tf.clone(above);
  },
};

const castTo = (signature: string, name = 'x'): Operation => ({
  signature,
  shape: shapeLike(name),
  compute: (args) => {
    const x = args.tensor(name);
    return args.has('dtype') ? toDtype(x, args.text('dtype')) : tf.clone(x);
  },
});

/** Casts to the dtype of a name; whole numbers of fewer bits than 32 go round at their ends. */
export function toDtype(x: tf.Tensor, dtype: string): tf.Tensor {
  const kind = kindOf(dtype);
  const bits = /^(u?)int(8|16)$/.exec(dtype);
  const whole = cast(x, kind);
  if (!bits) return whole === x ? tf.clone(x) : whole;
  const range = tf.scalar(2 ** Number(bits[2]), 'int32');
  const lowest = tf.scalar(bits[1] ? 0 : -(2 ** (Number(bits[2]) - 1)), 'int32');
  return tf.add(modulo(tf.sub(whole, lowest), range), lowest);
}

/** Within the range of a dtype, the nearest end for what is outside. */
function saturated(x: tf.Tensor, dtype: string): tf.Tensor {
  const bits = /^(u?)int(\d+)$/.exec(dtype);
  if (!bits || x.dtype === 'bool') return toDtype(x, dtype);
  const [lowest, highest] = bits[1]
    ? [0, 2 ** Number(bits[2]) - 1]
    : [-(2 ** (Number(bits[2]) - 1)), 2 ** (Number(bits[2]) - 1) - 1];
  const end = (value: number) =>
    tf.scalar(Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1), x.dtype);
  return toDtype(tf.minimum(tf.maximum(x, end(lowest)), end(highest)), dtype);
}

const allClose: Operation = {
  signature: 'x1, x2, rtol=1e-05, atol=1e-08, equal_nan=False',
  shape: () => [],
  compute: (args) => {
    const [a, b] = promoted(args, 'x1', 'x2');
    return withoutGradient([a, b], () => {
      const areFinite = logicalAnd(isFiniteNumber(toFloat(a)), isFiniteNumber(toFloat(b)));
      const areNaN = logicalAnd(isNan(toFloat(a)), isNan(toFloat(b)));
      const near = logicalAnd(isClose(a, b, args), logicalOr(areFinite, areNaN));
      return tf.all(logicalOr(near, equal(a, b)));
    });
  },
};

/** As in Keras an infinity is not close to itself, and every finite number is close to it. */
function isClose(a: tf.Tensor, b: tf.Tensor, args: Arguments): tf.Tensor {
  if (isInt(a)) return equal(a, b);
  const far = tf.add(args.number('atol', 1e-8), tf.mul(args.number('rtol', 1e-5), tf.abs(b)));
  const near = lessEqual(tf.abs(tf.sub(a, b)), far);
  return args.flag('equal_nan') ? logicalOr(near, logicalAnd(isNan(a), isNan(b))) : near;
}

const xor = (a: tf.Tensor, b: tf.Tensor) => notEqual(tf.cast(a, 'int32'), tf.cast(b, 'int32'));

const comparison = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) => discreteBinary(f);

const copy: Operation = {
  signature: 'x',
  shape: shapeLike('x'),
  compute: (args) => tf.clone(args.tensor('x')),
};

const isInfinite = (bound: number) => (x: tf.Tensor) => equal(toFloat(x), bound);

const arithmetic: Table = {
  Add: binary(tf.add),
  Divide: floatBinary(tf.div),
  DivideNoNan: floatBinary(divideNoNaN),
  FloorDivide: discreteBinary(floorDivide),
  Fmod: binary((a, b) => tf.mul(sign(a), modulo(absolute(a), absolute(b)))),
  Mod: binary(modulo),
  Multiply: binary(tf.mul),
  Power: {
    ...binary(power),
    compute: (args) => {
      const exponent = args.get('x2');
      const isWhole = typeof exponent !== 'number' || exponent >= 0;
      const [a, b] = promoted(args, 'x1', 'x2');
      return isWhole ? power(a, b) : tf.pow(toFloat(a), toFloat(b));
    },
  },
  Subtract: binary(tf.sub),
  TrueDivide: floatBinary(tf.div),

  Arctan2: floatBinary(tf.atan2),
  Fmax: ignoringNaN(maximum),
  Fmin: ignoringNaN(minimum),
  Gcd: discreteBinary(gcd),
  Heaviside: floatBinary((x, y) =>
    choose(less(x, 0), tf.zerosLike(x), choose(greater(x, 0), tf.onesLike(x), y)),
  ),
  Hypot: floatBinary(hypot),
  Lcm: discreteBinary((a, b) => {
    const divisor = gcd(a, b);
    const nonZero = tf.maximum(divisor, one(divisor));
    return absolute(tf.mul(a, tf.floorDiv(b, nonZero)));
  }),
  Ldexp: floatBinary((x, n) => tf.mul(x, tf.pow(2, n))),
  Logaddexp: floatBinary(stableLog(1)),
  Logaddexp2: floatBinary(stableLog(LN2)),
  Maximum: binary(maximum),
  Minimum: binary(minimum),
  // Keras takes the next float64 and rounds it to float32, which is x1 again.
  Nextafter: floatBinary((x1, x2) => tf.add(x1, tf.zerosLike(x2))),

  BitwiseAnd: bitwise((a, b) => tf.mul(a, b)),
  BitwiseOr: bitwise((a, b) => tf.maximum(a, b)),
  BitwiseXor: bitwise((a, b) => tf.cast(notEqual(a, b), 'int32')),
  BitwiseInvert: numbers((x) => tf.sub(tf.scalar(-1, 'int32'), x)),
  BitwiseNot: numbers((x) => tf.sub(tf.scalar(-1, 'int32'), x)),
  BitwiseLeftShift: discreteBinary((a, n) => tf.mul(a, powerOfTwo(n)), 'x, y'),
  BitwiseRightShift: discreteBinary((a, n) => tf.floorDiv(a, powerOfTwo(n)), 'x, y'),
  LeftShift: discreteBinary((a, n) => tf.mul(a, powerOfTwo(n)), 'x, y'),
  RightShift: discreteBinary((a, n) => tf.floorDiv(a, powerOfTwo(n)), 'x, y'),
};

const functions: Table = {
  Abs: numbers(absolute),
  Absolute: numbers(absolute),
  Angle: floats((x) => tf.mul(tf.cast(less(x, 0), 'float32'), Math.PI)),
  Arccos: floats(tf.acos),
  Arccosh: floats(tf.acosh),
  Arcsin: floats(tf.asin),
  Arcsinh: floats(tf.asinh),
  Arctan: floats(tf.atan),
  Arctanh: floats(tf.atanh),
  Cbrt: floats((x) => tf.mul(tf.sign(x), tf.pow(tf.abs(x), 1 / 3))),
  Ceil: floats(tf.ceil),
  Conj: copy,
  Conjugate: copy,
  Copy: copy,
  Cos: floats(tf.cos),
  Cosh: floats(tf.cosh),
  Deg2rad: floats((x) => tf.mul(x, Math.PI / 180)),
  Erf: floats(tf.erf),
  Erfc: floats((x) => tf.sub(1, tf.erf(x))),
  Erfinv: floats(inverseErf),
  Exp: floats(tf.exp),
  Exp2: floats((x) => tf.pow(2, x)),
  Expm1: floats(tf.expm1),
  Fabs: floats(tf.abs),
  Floor: floats(tf.floor),
  I0: floats(bessel0),
  Imag: floats(tf.zerosLike),
  Log: floats(tf.log),
  Log10: floats((x) => tf.div(tf.log(x), Math.LN10)),
  Log1p: floats(tf.log1p),
  Log2: floats((x) => tf.div(tf.log(x), LN2)),
  NanToNum: numbers(
    (x, args) => (isInt(x) ? tf.clone(x) : nanToNum(x, args)),
    'x, nan=0.0, posinf=None, neginf=None',
  ),
  Negative: numbers(negative),
  Rad2deg: floats((x) => tf.mul(x, 180 / Math.PI)),
  Real: copy,
  Reciprocal: floats((x) => tf.div(1, x)),
  Round: numbers(round, 'x, decimals=0'),
  Rsqrt: floats(tf.rsqrt),
  Sign: numbers(sign),
  Sin: floats(tf.sin),
  Sinc: floats((x) => {
    const isZero = equal(x, 0);
    const safe = tf.mul(choose(isZero, tf.onesLike(x), x), Math.PI);
    return choose(isZero, tf.onesLike(x), tf.div(tf.sin(safe), safe));
  }),
  Sinh: floats(tf.sinh),
  Sqrt: floats(tf.sqrt),
  Square: numbers(square),
  Tan: floats(tf.tan),
  Tanh: floats(tf.tanh),
  Trunc: numbers(unlessInt((x) => choose(less(x, 0), tf.ceil(x), tf.floor(x)))),

  Cast: castTo('x, dtype'),
  SaturateCast: {
    ...castTo('x, dtype'),
    compute: (args) => saturated(args.tensor('x'), args.text('dtype')),
  },
  ConvertToTensor: castTo('x, dtype=None, sparse=None, ragged=None'),
  Array: castTo('x, dtype=None'),
  StopGradient: {
    signature: 'variable',
    shape: shapeLike('variable'),
    compute: (args) => {
      const x = args.tensor('variable');
      return withoutGradient([x], () => tf.clone(x));
    },
  },
  Clip: clip,
};

const comparisons: Table = {
  Equal: comparison(equal),
  Greater: comparison(greater),
  GreaterEqual: comparison(greaterEqual),
  Less: comparison(less),
  LessEqual: comparison(lessEqual),
  NotEqual: comparison(notEqual),
  AllClose: allClose,
  Isclose: discreteBinary(isClose, 'x1, x2, rtol=1e-05, atol=1e-08, equal_nan=False'),
  Isfinite: tests((x) => isFiniteNumber(toFloat(x))),
  Isinf: tests((x) => isInf(toFloat(x))),
  Isnan: tests((x) => isNan(toFloat(x))),
  Isneginf: tests(isInfinite(Number.NEGATIVE_INFINITY)),
  Isposinf: tests(isInfinite(Number.POSITIVE_INFINITY)),
  Isreal: tests((x) => tf.onesLike(cast(x, 'bool'))),
  Signbit: tests((x) => {
    const y = toFloat(x);
    return logicalOr(less(y, 0), less(tf.div(1, y), 0));
  }),
  LogicalAnd: logicalBinary(logicalAnd),
  LogicalNot: tests((x) => logicalNot(cast(x, 'bool'))),
  LogicalOr: logicalBinary(logicalOr),
  LogicalXor: logicalBinary(xor),
  Select: firstOf,
  Where: where,
};

/** Each a tensor like x, of zeros, of ones or of a number. */
const filled = (signature: string, value: (args: Arguments) => number): Operation => ({
  signature,
  shape: shapeLike('x'),
  compute: (args) => {
    const x = args.tensor('x');
    const dtype = args.has('dtype') ? args.text('dtype') : x.dtype;
    return tf.fill(x.shape, value(args), kindOf(dtype));
  },
});

const likes: Table = {
  EmptyLike: filled('x, dtype=None', () => 0),
  OnesLike: filled('x, dtype=None', () => 1),
  ZerosLike: filled('x, dtype=None', () => 0),
  FullLike: {
    signature: 'x, fill_value, dtype=None',
    shape: shapeLike('x'),
    compute: (args) => {
      const x = args.tensor('x');
      const dtype = kindOf(args.has('dtype') ? args.text('dtype') : x.dtype);
      const value = args.tensor('fill_value');
      return throughInt(cast(value, dtype), (y) => broadcastTo(y, x.shape));
    },
  },
};

export const elementwise: Table = {...arithmetic, ...functions, ...comparisons, ...likes};

export {absolute, negative};
