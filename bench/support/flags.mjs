/** The command lines of `npm run bench` and `npm run numerics`. */
import {parseArgs} from 'node:util';

export const BACKENDS = ['cpu', 'wasm', 'tensorflow', 'webgl', 'webgpu'];
export const PEERS = ['built-in', 'onnxruntime', 'torch'];

export const HELP = `Measures layer normalisation: this package, its peers and a copy of the same bytes.

usage: npm run bench -- [--flag value]

  --backend LIST   some of ${BACKENDS.join(', ')} (default all)
  --shape LIST     shapes, the last dimension normalised, e.g. 4096x768,8x64 (default a set)
  --quick          few repeats, few shapes: minutes, and less to rely on
  --json FILE      where the numbers go (default bench/results.json, or out/bench.json)
  --peers LIST     some of ${PEERS.join(', ')} (default all)
  --python FILE    a Python that has torch, for the peer torch (default: the peer is left out)
  --help

Without flags, or with --python alone, it writes bench/results.json, bench/ratios.svg and the table of
README.md. With any other flag it writes the numbers alone, to out/bench.json.`;

/**
 * @param {string[]} argv
 * @returns {{backends: string[], shapes?: number[][], quick: boolean, json?: string,
 *     peers: string[], python?: string, help: boolean, isWhole: boolean}} `isWhole`: nothing has
 *     been left out, so that the result may stand for all
 * @throws Error A flag is unknown or has a wrong value; the message says what is allowed.
 */
export function parseBenchFlags(argv) {
  const {values} = parseArgs({
    args: argv,
    options: {
      backend: {type: 'string'},
      shape: {type: 'string'},
      quick: {type: 'boolean', default: false},
      json: {type: 'string'},
      peers: {type: 'string'},
      python: {type: 'string'},
      help: {type: 'boolean', short: 'h', default: false},
    },
  });
  const {backend, shape, quick, json, peers, python, help} = values;
  return {
    backends: backend === undefined ? BACKENDS : someOf('backend', backend, BACKENDS),
    shapes: shape === undefined ? undefined : shape.split(',').map(parseShape),
    quick,
    json,
    peers: peers === undefined ? PEERS : someOf('peers', peers, PEERS),
    python,
    help,
    isWhole: !quick && [backend, shape, json, peers].every((value) => value === undefined),
  };
}

export const NUMERICS_HELP = `Measures how exact layer normalisation is: this package, the built-in layer, onnxruntime and torch.

usage: npm run numerics -- [--flag value]

  --backend LIST   some of ${BACKENDS.join(', ')} (default all)
  --python FILE    a Python that has torch (default: torch is left out)
  --help

It writes the tables of docs/numerics.md; with --backend it prints them instead.`;

/**
 * @param {string[]} argv
 * @returns {{backends: string[], python?: string, help: boolean, isWhole: boolean}}
 * @throws Error A flag is unknown or has a wrong value; the message says what is allowed.
 */
export function parseNumericsFlags(argv) {
  const {values} = parseArgs({
    args: argv,
    options: {
      backend: {type: 'string'},
      python: {type: 'string'},
      help: {type: 'boolean', short: 'h', default: false},
    },
  });
  const {backend, python, help} = values;
  return {
    backends: backend === undefined ? BACKENDS : someOf('backend', backend, BACKENDS),
    python,
    help,
    isWhole: backend === undefined,
  };
}

function someOf(flag, text, allowed) {
  const names = text.split(',');
  const unknown = names.find((name) => !allowed.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--${flag} must be some of ${allowed.join(', ')}, but has “${unknown}”.`);
  }
  return allowed.filter((name) => names.includes(name));
}

function parseShape(text) {
  const shape = text.split('x').map(Number);
  if (shape.length < 2 || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw new Error(`--shape must be two or more whole numbers like 4096x768, but has “${text}”.`);
  }
  return shape;
}
