/**
 * The steps on the way to a fast kernel that no backend takes any more: a plain loop, and our
 * WebAssembly module with and without SIMD, on memory of its own. `docs/kernels.md` tells the way.
 */
import {instantiate, type Variant} from '../../src/kernels/wasm/module.js';
import type {Contender, Given, Values, Work} from '../types.js';

/** Rungs 1 to 3 of docs/kernels.md. They are measured where the peer `rungs` is asked for. */
export const rungs: Contender[] = [
  rung('loop', 'one loop in JavaScript', plainLoop),
  rung('plain module', 'the loop in WebAssembly', (given) => inModule('plain', given)),
  rung('simd module', 'four at a time (SIMD)', (given) => inModule('simd', given)),
];

/** What normalises the same numbers again and again, into the same memory. */
interface Rung {
  run: () => void;
  y: Values;
}

function rung(name: string, label: string, prepare: (given: Given) => Rung): Contender {
  return {
    name,
    label,
    peer: 'rungs',
    kinds: ['forward'],
    create: () => ({prepare: (given) => work(prepare(given))}),
  };
}

function work({run, y}: Rung): Work {
  return {
    async time(calls) {
      const start = performance.now();
      for (let i = 0; i < calls; i++) run();
      return (performance.now() - start) / calls;
    },
    async outputs() {
      run();
      return [y];
    },
    dispose() {},
  };
}

/** Three loops over each row, which stays in the processor's cache from the first to the last. */
function plainLoop({shape, data, epsilon}: Given): Rung {
  const {x, gamma, beta} = data;
  const cols = shape[shape.length - 1];
  const y = new Float32Array(x.length); // [rows, cols]
  const run = () => {
    for (let start = 0; start < x.length; start += cols) {
      let sum = 0;
      for (let c = 0; c < cols; c++) sum += x[start + c];
      const mean = sum / cols;

      let sumOfSquares = 0;
      for (let c = 0; c < cols; c++) sumOfSquares += (x[start + c] - mean) ** 2;
      const rstd = 1 / Math.sqrt(sumOfSquares / cols + epsilon);

      for (let c = 0; c < cols; c++) {
        y[start + c] = (x[start + c] - mean) * rstd * gamma[c] + beta[c];
      }
    }
  };
  return {run, y};
}

/** The module that `cpu` and `wasm` share, on a memory that holds x and y already. */
function inModule(variant: Variant, {shape, data, epsilon}: Given): Rung {
  const {x, gamma, beta} = data;
  const cols = shape[shape.length - 1];
  const rows = x.length / cols;
  const sizes = [cols, cols, x.length, x.length, 2 * rows];
  const offsets: number[] = [];
  let end = 16;
  for (const size of sizes) {
    offsets.push(end);
    end += Math.ceil((4 * size) / 16) * 16;
  }
  const memory = new WebAssembly.Memory({initial: Math.ceil(end / 2 ** 16)});
  const [gammaAt, betaAt, xAt, yAt, statsAt] = offsets;
  new Float32Array(memory.buffer, gammaAt, cols).set(gamma);
  new Float32Array(memory.buffer, betaAt, cols).set(beta);
  new Float32Array(memory.buffer, xAt, x.length).set(x);
  const {layerNorm} = instantiate(variant, memory);
  const run = () => layerNorm(xAt, gammaAt, betaAt, yAt, statsAt, rows, cols, epsilon, true);
  return {run, y: new Float32Array(memory.buffer, yAt, x.length)};
}
