/**
 * Runs the specification and the walk through the page in the browser engines that are installed here,
 * Chromium, Firefox and WebKit (`tools/engines`).
 *
 *     npm run test:browsers
 *     npm run test:browsers -- --engine firefox
 *     npm run test:browsers -- --engine webkit --project webkit-webgl spec/op spec/layers
 *
 * The last line is `N passed, N failed`.
 */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import type {Browser, Page} from 'playwright-core';
import {ENGINE_NAMES, ENGINES, type EngineName, projectsOf} from '../tools/engines/index.mjs';
import {parseFlags, positiveInteger, someOf} from '../tools/flags.mjs';
import {serve} from '../tools/server.mjs';
import {setup} from '../tools/setup/index.mjs';
import {fail, root, setupDir, UserError} from '../tools/shell.mjs';
import {printTable} from '../tools/table.mjs';

const PROJECTS = ENGINE_NAMES.flatMap(projectsOf);

interface Counts {
  passed: number;
  failed: number;
}

async function main() {
  const {engine, project, workers, rest} = parseFlags({
    command: 'npm run test:browsers --',
    about: 'Runs the specification and the walk through the page in several browser engines.',
    flags: {
      engine: {
        value: 'LIST',
        about: `some of ${ENGINE_NAMES.join(', ')} (default: those that are installed)`,
        parse: someOf(ENGINE_NAMES),
      },
      project: {
        value: 'LIST',
        about: `some of ${PROJECTS.join(', ')} (default: all of the engines)`,
        parse: someOf(PROJECTS),
      },
      workers: {
        value: 'N',
        about: 'browsers at a time (default: a core each)',
        parse: positiveInteger,
      },
    },
    rest: {name: 'pattern', about: 'of the paths of tests, e.g. spec/op (default all)'},
  });
  const chosen = (engine ?? ENGINE_NAMES).filter(
    (name) => !project || projectsOf(name).some((one) => project.includes(one)),
  );
  const {ready, lacking} = sortByPackages(chosen);
  if (lacking.length && (engine || project)) throw lacksPackages(lacking);
  await setup(ready.includes('chromium') ? ['browser'] : []);

  const rows: string[][] = [];
  const total = {passed: 0, failed: 0};
  for (const name of ready) {
    const {version, renderers} = await describe(name);
    const about = `${ENGINES[name].title} ${version}`;
    console.log(`\n${about}: ${renderers}`);
    for (const one of projectsOf(name)) {
      if (project && !project.includes(one)) continue;
      const start = performance.now();
      const {passed, failed} = runJest(one, rest, workers);
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      rows.push([about, one, `${passed}`, `${failed}`, `${seconds} s`]);
      total.passed += passed;
      total.failed += failed;
    }
  }
  if (total.passed + total.failed === 0) {
    throw new UserError(`No test has a path with ${rest.join(' or ')}.`, 'see test/spec.');
  }
  printTable(['engine', 'project', 'passed', 'failed', 'time'], rows);
  if (lacking.length) console.log(`Left out: ${lacksPackages(lacking).message}`);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exit(total.failed === 0 ? 0 : 1);
}

/** The engines that can be run here, and those that lack something. */
function sortByPackages(names: readonly EngineName[]) {
  const ready = names.filter((name) => ENGINES[name].missing().length === 0);
  return {ready, lacking: names.filter((name) => !ready.includes(name))};
}

function lacksPackages(names: EngineName[]): UserError {
  const packages = [...new Set(names.flatMap((name) => ENGINES[name].missing()))].join(' ');
  const titles = names.map((name) => ENGINES[name].title).join(' and ');
  return new UserError(
    `${titles}: not installed here, or not all that it needs.`,
    `on Debian or Ubuntu, \`apt-get install --no-install-recommends ${packages}\`.`,
  );
}

/** The engine's version, and what it renders with. */
async function describe(name: EngineName): Promise<{version: string; renderers: string}> {
  const server = await serve(() => '<!doctype html><title>check</title>');
  let browser: Browser | undefined;
  try {
    browser = await ENGINES[name].launch();
    const page = await browser.newPage();
    await page.goto(server.origin);
    return {version: browser.version(), renderers: await renderersOf(page)};
  } finally {
    await browser?.close();
    await server.close();
  }
}

function renderersOf(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const gl = document.createElement('canvas').getContext('webgl2');
    const names = gl?.getExtension('WEBGL_debug_renderer_info');
    const renderer = gl?.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
    const adapter = await navigator.gpu?.requestAdapter();
    const {vendor = '', architecture = '', description = ''} = adapter?.info ?? {};
    const gpu = [vendor, architecture, description].filter(Boolean).join(' ');
    return [
      `WebGL on ${renderer ?? 'nothing'}`,
      adapter ? `WebGPU on ${gpu || 'an adapter that has no name'}` : 'no WebGPU',
    ].join(', ');
  });
}

/** Runs one project of Jest, with its output shown. */
function runJest(project: string, patterns: string[], workers?: number): Counts {
  mkdirSync(setupDir, {recursive: true});
  const results = path.join(setupDir, `jest_${project}.json`);
  rmSync(results, {force: true});
  const args = ['--json', `--outputFile=${results}`, '--verbose', '--selectProjects', project];
  if (patterns.length) args.push('--testPathPatterns', ...patterns);
  if (workers) args.push(`--maxWorkers=${workers}`);
  const jest = path.join(root, 'node_modules/jest/bin/jest.js');
  const env = {...process.env, ENGINES: '1'};
  const {status} = spawnSync(process.execPath, [jest, '--passWithNoTests', ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  if (!existsSync(results)) return {passed: 0, failed: 1};
  const counts = JSON.parse(readFileSync(results, 'utf8'));
  // A file that could not even be loaded has no tests to count, nor has what Jest finds wrong at its end.
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
  return {passed: counts.numPassedTests, failed: failed || (status === 0 ? 0 : 1)};
}

main().catch(fail);
