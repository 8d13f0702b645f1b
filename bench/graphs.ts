/**
 * Times whole graph models on every backend: `loadGraphModel` of this package, and that of tfjs, in turn.
 *
 *     npm run bench:graphs -- --python .venv/bin/python
 *     npm run bench:graphs -- --backend cpu,webgl --quick
 *     npm run bench:graphs -- --backend webgpu --model bert --quick
 *
 * The models are a BERT, a ViT, a Swin, a MobileBERT and a style transformer with random weights, made by
 * test/fixtures/make/make_graph_models.py. The numbers go to bench/graphs.json, and those of a part of the
 * backends or models to out/graphs.json.
 */
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {BACKENDS} from '../tools/backends.mjs';
import {parseFlags} from '../tools/flags.mjs';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, root, UserError} from '../tools/shell.mjs';
import {printTable} from '../tools/table.mjs';
import {environments} from './environments.js';
import {runEnvironment} from './support/children.js';
import {backendFlag} from './support/flags.js';
import {madeModels, pythonFlag} from './support/graph_models.js';
import {describeMachine} from './support/machine.js';
import {type GraphModelFile, type GraphModelResult, type GraphModelTask, only} from './types.js';
import {limitsFor} from './work/tasks.js';

async function main() {
  const {backend, model, python, quick} = parseFlags({
    command: 'npm run bench:graphs --',
    about: 'Times whole graph models: this package and tfjs itself, in turn.',
    flags: {
      backend: backendFlag,
      model: {value: 'NAME', about: 'one of the models (default all)'},
      python: pythonFlag,
      quick: {about: 'few repeats: less to rely on'},
    },
  });
  const chosen = (backend ?? BACKENDS).map((name) => environments([name])[0]);
  await setup([...new Set(chosen.flatMap(({steps}) => steps))]);
  buildPackage();
  const tasks = chosenModels(madeModels(python), model).map(
    (model): GraphModelTask => ({
      type: 'graphModel',
      model,
      contenders: ['ours', 'stock'],
      times: true,
    }),
  );
  const measured: {backend: string; models: GraphModelResult[]}[] = [];
  for (const environment of chosen) {
    const onGpu = environment.host === 'page';
    const limits = limitsFor({quick: Boolean(quick), onGpu});
    const {results} = await runEnvironment(environment, {tasks, limits, peers: []}, () => {});
    const models = only(results, 'graphModel');
    measured.push({backend: environment.backend, models});
    print(environment.name, models);
  }
  const file = path.join(root, backend || model || quick ? 'out/graphs.json' : 'bench/graphs.json');
  mkdirSync(path.dirname(file), {recursive: true});
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    measured,
  };
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
  console.log(`The numbers: ${path.relative(process.cwd(), file)}`);
}

/** All of the models, or the one that is named. */
function chosenModels(models: GraphModelFile[], name?: string): GraphModelFile[] {
  const chosen = name ? models.filter((model) => model.name === name) : models;
  if (chosen.length > 0) return chosen;
  throw new UserError(
    `There is no model “${name}”.`,
    `name one of ${models.map((model) => model.name).join(', ')}.`,
  );
}

function print(name: string, models: readonly GraphModelResult[]): void {
  console.log(`\n${name}`);
  const rows = models.map(({name: model, found, rows: [ours, stock]}) => [
    ...[model, found ?? '–', ours.ms?.toFixed(2) ?? ours.reason ?? '–'],
    stock.ms?.toFixed(2) ?? stock.reason?.slice(0, 60) ?? '–',
    ours.ms && stock.ms ? (stock.ms / ours.ms).toFixed(2) : '–',
    ours.error?.toExponential(1) ?? '–',
  ]);
  printTable(['model', 'fused', 'ours, ms', 'tfjs, ms', 'times faster', 'error'], rows);
}

main().catch(fail);
