/**
 * Loads and runs models, and compares them with what their makers give; writes the tables of docs/models.md.
 *
 *     npm run models -- --python .venv/bin/python
 *     npm run models -- --backend cpu
 *     npm run models -- --keras --keras-python .venv3/bin/python
 *
 * The graph models are those of test/fixtures and of test/fixtures/make/make_graph_models.py, each run on
 * every backend; with --backend it prints what is not right instead. The models of Keras are those of
 * test/fixtures, and the networks of keras.applications that test/fixtures/make/make_application.py makes
 * with --keras-python: to be run once with a Python that has Keras 3, once with one that has Keras 2.
 */
import {environments} from '../bench/environments.js';
import {runEnvironment} from '../bench/support/children.js';
import {backendFlag} from '../bench/support/flags.js';
import {fixtureModels, madeModels, pythonFlag} from '../bench/support/graph_models.js';
import {writeParts} from '../bench/support/marked_page.js';
import {
  type GraphContender,
  type GraphModelFile,
  type GraphModelResult,
  type GraphModelTask,
  type GraphRow,
  only,
} from '../bench/types.js';
import {limitsFor} from '../bench/work/tasks.js';
import {BACKENDS, type Backend} from '../tools/backends.mjs';
import {parseFlags} from '../tools/flags.mjs';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, UserError} from '../tools/shell.mjs';
import {applicationsPart, kerasParts} from './models/keras.js';

/** A model is right where no value is further off than this, relative to the largest. */
const TOLERANCE = 1e-4;
const PAGE = 'docs/models.md';

/** By backend, what became of each model with each loader. */
type Outcomes = Map<Backend, Record<GraphContender, Map<string, GraphRow>>>;

async function main() {
  const flags = parseFlags({
    command: 'npm run models --',
    about: 'Runs whole models on every backend, and writes the table of docs/models.md.',
    flags: {
      backend: backendFlag,
      python: pythonFlag,
      keras: {about: 'the half of Keras alone'},
      'keras-python': {
        value: 'PATH',
        about:
          'a Python with Keras, to make networks of keras.applications (default: those made before)',
      },
    },
  });
  const {backend, python} = flags;
  if (!flags.keras) await openGraphModels(backend, python);
  if (backend) return;
  await setup(['packages']);
  writeParts(PAGE, 'npm run models', [...kerasParts(), applicationsPart(flags['keras-python'])]);
}

async function openGraphModels(backend?: readonly Backend[], python?: string): Promise<void> {
  const backends = backend ?? BACKENDS;
  await setup([...new Set(backends.flatMap((name) => environments([name])[0].steps))]);
  buildPackage();
  const models = [...madeModels(python), ...fixtureModels()];
  const found = new Map<string, number>();
  const outcomes: Outcomes = new Map();
  for (const name of backends) {
    const ours = await outcomesOf(name, 'ours', models);
    const stock = await outcomesOf(name, 'stock', models);
    for (const {name: model, found: count} of ours)
      found.set(model, count ?? found.get(model) ?? 0);
    outcomes.set(name, {ours: byModel(ours), stock: byModel(stock)});
    const right = (results: GraphModelResult[]) => results.filter(({rows}) => isRight(rows[0]));
    console.log(
      `${name}: ${right(ours).length} of ${models.length} right, tfjs ${right(stock).length}`,
    );
    for (const {name: model, rows} of ours) {
      if (!isRight(rows[0])) console.log(`  ${model}: ${rows[0].reason ?? rows[0].error}`);
    }
  }
  if (!backend)
    writeParts(PAGE, 'npm run models', [['graph models', tableOf(models, found, outcomes)]]);
}

/** Each contender has a process of its own: a kernel of tfjs that writes past its memory would spoil the other's. */
async function outcomesOf(
  backend: Backend,
  contender: GraphContender,
  models: GraphModelFile[],
): Promise<GraphModelResult[]> {
  const tasks = models.map(
    (model): GraphModelTask => ({type: 'graphModel', model, contenders: [contender], times: false}),
  );
  const [environment] = environments([backend]);
  const limits = limitsFor({quick: true, onGpu: environment.host === 'page'});
  try {
    const {results} = await runEnvironment(environment, {tasks, limits, peers: []}, () => {});
    return only(results, 'graphModel');
  } catch (error) {
    if (!(error instanceof UserError) || contender === 'ours') throw error;
    const rows: GraphRow[] = [{contender, reason: 'the process ended'}];
    return models.map(({name, source}) => ({type: 'graphModel', name, source, rows}));
  }
}

function byModel(results: readonly GraphModelResult[]): Map<string, GraphRow> {
  return new Map(results.map(({name, rows}) => [name, rows[0]]));
}

function isRight({error}: GraphRow): boolean {
  return error !== undefined && error <= TOLERANCE;
}

/** One word of what became of a model. */
function verdict(row: GraphRow | undefined): string {
  if (!row || row.reason) return 'throws';
  return isRight(row) ? 'right' : 'wrong';
}

function tableOf(
  models: readonly GraphModelFile[],
  found: ReadonlyMap<string, number>,
  outcomes: Outcomes,
): string {
  const backends = [...outcomes.keys()];
  const head = ['model', 'source', 'normalisations', ...backends];
  const rows = models.map(({name, source}) => {
    const cells = backends.map((backend) => {
      const of = outcomes.get(backend);
      const [ours, stock] = [of?.ours, of?.stock].map((rows) => verdict(rows?.get(name)));
      return ours === stock ? ours : `${ours} (tfjs: ${stock})`;
    });
    return [`\`${name}\``, source, String(found.get(name) ?? '–'), ...cells];
  });
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}

main().catch(fail);
