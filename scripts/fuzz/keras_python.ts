/** Runs `draw_keras_models.py`, which draws models with Keras and builds them from their specs. */
import {type ChildProcess, spawn} from 'node:child_process';
import path from 'node:path';
import {createInterface, type Interface} from 'node:readline';
import {root, UserError} from '../../tools/shell.mjs';
import type {Outputs} from './keras_case.js';
import type {Spec} from './keras_spec.js';

const SCRIPT = path.join(root, 'scripts/fuzz/draw_keras_models.py');

/** The names of the cases, each as soon as its folder in `folder` is written. */
export async function* drawModels(
  python: string,
  folder: string,
  {count, seed}: {count: number; seed: number},
): AsyncGenerator<string> {
  const args = [SCRIPT, 'draw', folder, '--count', String(count), '--seed', String(seed)];
  const child = start(python, args);
  let drawn = 0;
  for await (const line of linesOf(child)) {
    if (!line.startsWith('{"case"')) continue;
    drawn++;
    yield JSON.parse(line).case;
  }
  if (drawn === count) return;
  throw new UserError(
    `${python} drew ${drawn} of ${count} models; see its message above.`,
    'name a Python that has Keras and TensorFlow: --python FILE.',
  );
}

/** A process that answers each line of JSON that it is given. */
class Answers {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(python: string, action: string, folder: string) {
    this.child = start(python, [SCRIPT, action, folder]);
    this.lines = linesOf(this.child)[Symbol.asyncIterator]();
  }

  /** What the answer has under `key`; undefined where the process has ended. */
  async ask(question: object, key: string): Promise<unknown> {
    this.child.stdin?.write(`${JSON.stringify(question)}\n`);
    for (;;) {
      const {value, done} = await this.lines.next();
      if (done) return undefined;
      if (value.startsWith(`{"${key}"`)) return JSON.parse(value)[key];
    }
  }

  close(): void {
    this.child.stdin?.end();
  }
}

/** Has Keras build models from specs, one after the other, in one process. */
export class ModelBuilder {
  private readonly answers: Answers;

  /** Each model is written to `case` in `folder`. */
  constructor(python: string, folder: string) {
    this.answers = new Answers(python, 'build', folder);
  }

  /** Whether Keras can build, run and save the model of a spec. */
  async build(spec: Spec): Promise<boolean> {
    return (await this.answers.ask(spec, 'built')) === true;
  }

  close(): void {
    this.answers.close();
  }
}

/** What Keras makes of a file that it has saved itself, or why it cannot be asked. */
export type Audit = {readings: Outputs[]; noise: number} | {cause: string};

/** Has Keras open saved models, one after the other, in one process. */
export class ModelAuditor {
  private readonly answers: Answers;

  /** @param folder that of the cases */
  constructor(python: string, folder: string) {
    this.answers = new Answers(python, 'audit', folder);
  }

  /**
   * The outputs of the saved model, run eagerly and compiled, and by how much they move, relative to
   * the largest number of each, where inputs, weights and what each layer gives move by their last
   * binary place.
   */
  async audit(name: string, format: string): Promise<Audit> {
    const answer = await this.answers.ask({name, format}, 'audited');
    return (answer as Audit | undefined) ?? {cause: 'the Python that was named does not run'};
  }

  close(): void {
    this.answers.close();
  }
}

function start(python: string, args: string[]): ChildProcess {
  const child = spawn(python, args, {stdio: ['pipe', 'pipe', 'inherit']});
  child.on('error', () => {}); // told by `drawModels`: no line comes
  return child;
}

function linesOf({stdout}: ChildProcess): Interface {
  return createInterface({input: stdout as NodeJS.ReadableStream});
}
