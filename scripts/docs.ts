/**
 * Writes the reference of the package from its docstrings: `docs/api/index.html`.
 *
 *     npm run docs
 *     npm run docs -- --check     writes nothing, only looks for faults
 *
 * A broken link, an export that has no docstring and a type that is mentioned but not exported are
 * errors.
 */
import {register} from 'node:module';
import path from 'node:path';
import {parseFlags} from '../tools/flags.mjs';
import {root} from '../tools/shell.mjs';

const flags = parseFlags({
  command: 'npm run docs --',
  about: 'Writes the reference of the package from its docstrings: docs/api/index.html.',
  flags: {check: {about: 'writes nothing, only looks for faults'}},
});

// TypeDoc reads sources with the API of TypeScript 5, which TypeScript 7 does not have.
const resolve = `export const resolve = (specifier, context, next) =>
  next(specifier === 'typescript' ? 'typescript-for-docs' : specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(resolve)}`);
const {Application, OptionDefaults} = await import('typedoc');

const app = await Application.bootstrap({
  name: 'tfjs-layernorm',
  entryPoints: ['index', 'graph/index', 'keras/index'].map((name) =>
    path.join(root, 'src', `${name}.ts`),
  ),
  tsconfig: path.join(root, 'tsconfig.build.json'),
  readme: path.join(root, 'README.md'),
  out: path.join(root, 'docs/api'),
  blockTags: [...OptionDefaults.blockTags, '@nocollapse'],
  excludePrivate: true,
  excludeExternals: true, // what the classes inherit from tf.layers.Layer
  disableSources: true,
  externalSymbolLinkMappings: {
    '@tensorflow/tfjs-core': {'*': '#'},
    '@tensorflow/tfjs-layers': {'*': '#'},
    '@tensorflow/tfjs-converter': {'*': '#'},
  },
  validation: {notExported: true, invalidLink: true, notDocumented: true},
  requiredToBeDocumented: ['Class', 'Interface', 'Function', 'TypeAlias', 'Variable'],
  treatValidationWarningsAsErrors: true,
  treatWarningsAsErrors: true,
  skipErrorChecking: true,
  logLevel: 'Warn',
});
const project = await app.convert();
if (project) app.validate(project);
if (project && !flags.check) {
  await app.generateOutputs(project);
  console.log('Wrote docs/api/index.html.');
}
process.exit(!project || app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0);
