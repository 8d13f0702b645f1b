/** The graph models that are run whole: those that a script makes, and the fixtures of the tests. */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {root, UserError} from '../../tools/shell.mjs';
import type {GraphModelFile} from '../types.js';

const MADE = path.join(root, 'out/graph_models');
const SCRIPT = path.join(root, 'test/fixtures/make/make_graph_models.py');

/** The flag of the commands that need them. */
export const pythonFlag = {
  value: 'PATH',
  about:
    'a Python with TensorFlow and the converter, to make the models (default: those made before)',
};

/**
 * A BERT, a ViT, a Swin, a MobileBERT and a style transformer with random weights.
 *
 * @param python Makes them anew; absent: those of out/graph_models are taken.
 * @throws {UserError} There are none, or Python fails.
 */
export function madeModels(python?: string): GraphModelFile[] {
  if (python) {
    mkdirSync(MADE, {recursive: true});
    console.log('Making the models.');
    execFileSync(python, [SCRIPT, MADE], {stdio: ['ignore', 'ignore', 'pipe']});
  }
  if (!existsSync(MADE)) {
    throw new UserError(
      'The models have not been made.',
      'name a Python with --python PATH; test/fixtures/make/requirements/graph_keras2.txt says what it needs.',
    );
  }
  return modelsIn(MADE);
}

/** The graph models of the tests. */
export function fixtureModels(): GraphModelFile[] {
  return modelsIn(path.join(root, 'test/fixtures/graph'));
}

function modelsIn(folder: string): GraphModelFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
}
