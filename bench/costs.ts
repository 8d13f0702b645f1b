/**
 * Counts what a transformer block and a layer ask of tfjs on every backend, with this package's layer and
 * with the built-in one: kernels, calls of the GPU, and memory at the peak. It takes a minute, also on a
 * machine that is busy.
 *
 *     npm run bench:costs
 *     npm run bench:costs -- --backend cpu,webgl
 *     npm run bench:costs -- --python .venv/bin/python
 *
 * The tables go to docs/benchmarks.md, unless backends are left out; with a Python that has torch, that of
 * the memory has a row for torch.
 */
import {execFileSync} from 'node:child_process';
import path from 'node:path';
import {BACKENDS} from '../tools/backends.mjs';
import {parseFlags} from '../tools/flags.mjs';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, root} from '../tools/shell.mjs';
import {printTable} from '../tools/table.mjs';
import {environments} from './environments.js';
import {runEnvironment} from './support/children.js';
import {backendFlag} from './support/flags.js';
import {formatShape} from './support/format.js';
import {markdownTable, type Part, writeParts} from './support/marked_page.js';
import {type Cost, type CostRow, type CostsTask, only} from './types.js';
import {limitsFor} from './work/tasks.js';

const TASKS: CostsTask[] = [
  {type: 'costs', of: 'block', shape: [2, 64, 128]},
  {type: 'costs', of: 'layer', shape: [8, 128, 256]},
];

/** The columns of each table, and what they hold of a cost. */
const COLUMNS: Record<CostsTask['of'], [title: string, format: (cost: Cost) => string][]> = {
  block: [
    ['kernels', ({kernels}) => String(kernels)],
    ['GPU calls', ({gpuCalls}) => String(gpuCalls ?? '–')],
  ],
  layer: [['peak / input', ({peak}) => peak.toFixed(1)]],
};

async function main() {
  const {backend, python} = parseFlags({
    command: 'npm run bench:costs --',
    about: 'Counts the kernels, GPU calls and bytes of a transformer block and of a layer.',
    flags: {
      backend: backendFlag,
      python: {value: 'FILE', about: 'a Python that has torch (default: torch is left out)'},
    },
  });
  const chosen = (backend ?? BACKENDS).map((name) => environments([name])[0]);
  await setup([...new Set(chosen.flatMap(({steps}) => steps))]);
  buildPackage();
  const lines: Record<CostsTask['of'], string[][]> = {block: [], layer: []};
  for (const environment of chosen) {
    const limits = limitsFor({quick: true, onGpu: environment.host === 'page'});
    const request = {tasks: TASKS, limits, peers: []};
    const {results} = await runEnvironment(environment, request, () => {});
    for (const {of, rows} of only(results, 'costs')) {
      lines[of].push([environment.backend, ...cellsOf(of, rows)]);
    }
  }
  if (python) lines.layer.push(rowOfTorch(python));
  for (const {of, shape} of TASKS) {
    console.log(`\nA ${of} of ${formatShape(shape)}`);
    printTable(headOf(of), lines[of]);
  }
  if (!backend) {
    const parts = TASKS.map(
      ({of}): Part => [`costs of a ${of}`, markdownTable(headOf(of), lines[of])],
    );
    writeParts('docs/benchmarks.md', 'npm run bench:costs', parts);
  }
}

/** Forward and in training, ours beside the built-in layer's. */
function cellsOf(of: CostsTask['of'], rows: CostRow[]): string[] {
  return (['forward', 'training'] as const).flatMap((pass) =>
    COLUMNS[of].flatMap(([, format]) =>
      rows.map((row) => {
        const cost = row[pass];
        return cost ? format(cost) : (row.reason ?? '–');
      }),
    ),
  );
}

/** What torch's own record of its memory says of the layer's task. */
function rowOfTorch(python: string): string[] {
  const [, {shape}] = TASKS;
  const script = path.join(root, 'bench/contenders/torch_memory.py');
  const said = execFileSync(python, [script, ...shape.map(String)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const {version, forward, training} = JSON.parse(said);
  return [`torch ${version}`, forward.toFixed(1), '–', training.toFixed(1), '–'];
}

function headOf(of: CostsTask['of']): string[] {
  const columns = ['forward', 'training'].flatMap((pass) =>
    COLUMNS[of].flatMap(([title]) => [`${pass}, ${title}`, 'built-in']),
  );
  return ['backend', ...columns];
}

main().catch(fail);
