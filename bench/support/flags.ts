/** The command lines of `npm run bench` and `npm run numerics`. */
import {BACKENDS, type Backend} from '../../tools/backends.mjs';
import {parseFlags, someOf} from '../../tools/flags.mjs';
import {GPU_BACKENDS} from '../../tools/gpu.mjs';

export const PEERS = ['built-in', 'onnxruntime', 'torch'] as const;

/** The flag of all commands that measure backends. */
export const backendFlag = {
  value: 'LIST',
  about: `some of ${BACKENDS.join(', ')} (default all)`,
  parse: someOf(BACKENDS),
};
const python = {value: 'FILE', about: 'a Python that has torch (default: torch is left out)'};

export interface BenchFlags {
  backends: readonly Backend[];
  shapes?: number[][];
  quick: boolean;
  /** Whether pages render on the machine's own GPU. */
  gpu: boolean;
  /** dist/ is there, and newer than the sources. */
  isBuilt: boolean;
  json?: string;
  peers: string[];
  python?: string;
  /** Nothing has been left out, so that the result may stand for all. */
  isWhole: boolean;
}

/** Reads the flags of the benchmark; a wrong one ends the process with a word why. */
export function parseBenchFlags(argv: string[]): BenchFlags {
  const flags = parseFlags(
    {
      command: 'npm run bench --',
      about: 'Measures layer normalisation: this package, its peers and a copy of the same bytes.',
      flags: {
        backend: backendFlag,
        shape: {
          value: 'LIST',
          about: 'shapes, the last dimension normalised, e.g. 4096x768,8x64 (default a set)',
          parse: parseShapes,
        },
        quick: {about: 'few repeats, few shapes: minutes, and less to rely on'},
        gpu: {
          about: "webgl and webgpu, on the machine's own GPU; refused where there is none",
        },
        built: {about: 'does not build dist/ first'},
        json: {
          value: 'FILE',
          about: 'where the numbers go (default bench/results.json, or out/bench.json)',
        },
        peers: {
          value: 'LIST',
          about: `some of ${PEERS.join(', ')} (default all)`,
          parse: someOf(PEERS),
        },
        python,
      },
      notes: `Without flags, or with --python alone, it writes bench/results.json, bench/ratios.svg and the
tables of the documentation. With any other flag it writes the numbers alone, to out/bench.json.`,
    },
    argv,
  );
  const {shape: shapes, quick, gpu, json, peers} = flags;
  return {
    backends: flags.backend ?? (gpu ? GPU_BACKENDS : BACKENDS),
    shapes,
    quick,
    gpu,
    isBuilt: flags.built,
    json,
    peers: peers ?? [...PEERS],
    python: flags.python,
    isWhole:
      !quick && !gpu && [flags.backend, shapes, json, peers].every((value) => value === undefined),
  };
}

export interface NumericsFlags {
  backends: readonly Backend[];
  python?: string;
  /** No backend has been left out. */
  isWhole: boolean;
}

/** Reads the flags of the numerics; a wrong one ends the process with a word why. */
export function parseNumericsFlags(argv: string[]): NumericsFlags {
  const flags = parseFlags(
    {
      command: 'npm run numerics --',
      about:
        'Measures how exact layer normalisation is: this package, the built-in layer, onnxruntime ' +
        'and torch.',
      flags: {backend: backendFlag, python},
      notes: 'It writes the tables of docs/numerics.md; with --backend it prints them instead.',
    },
    argv,
  );
  return {
    backends: flags.backend ?? BACKENDS,
    python: flags.python,
    isWhole: flags.backend === undefined,
  };
}

function parseShapes(text: string): number[][] {
  const shapes = text.split(',').map((part) => part.split('x').map(Number));
  const isShape = (shape: number[]) =>
    shape.length >= 2 && shape.every((size) => Number.isInteger(size) && size > 0);
  if (shapes.every(isShape)) return shapes;
  throw new Error('shapes of two or more whole numbers like 4096x768, with commas between');
}
