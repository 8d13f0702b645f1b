/** A page whose browser has neither WebGL nor WebGPU: the script tags of a user still work. */
import {execFileSync} from 'node:child_process';
import path from 'node:path';
import * as reference from '../../src/reference';

const root = path.resolve(__dirname, '../..');
const x = [3, 1, 4, 1, 5, 9, 2, 6];
const {y} = reference.forward(x, {cols: 4, epsilon: 1e-3, center: true});

const scripts = {
  tfjs: 'node_modules/@tensorflow/tfjs/dist/tf.min.js',
  wasm: 'node_modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js',
  ours: 'dist/tfjs-layernorm.min.js',
};

/** What a page with these scripts gives, once `use` has run in it. */
function inPage(
  names: (keyof typeof scripts)[],
  use: string,
): {backend: string; fused: boolean; gpu: boolean; y: number[]} {
  const script = `
    import {readFileSync} from 'node:fs';
    import {chromium} from 'playwright-core';
    import {browserLaunchOptions} from './tools/browser.mjs';
    import {serve} from './tools/server.mjs';

    const server = await serve(
      (address) =>
        address === '/' ? '<!doctype html>' : readFileSync('node_modules/@tensorflow' + address),
      {isolated: false},
    );
    const options = browserLaunchOptions();
    const args = options.args.filter((arg) => !/gl=|webgpu|swiftshader/i.test(arg));
    const browser = await chromium.launch({...options, args: [...args, '--disable-3d-apis']});
    try {
      const page = await browser.newPage();
      await page.goto(server.origin);
      for (const file of ${JSON.stringify(names.map((name) => scripts[name]))}) {
        await page.addScriptTag({path: file});
      }
      const result = await page.evaluate(async () => {
        ${use}
        const input = tf.tensor2d(${JSON.stringify(x)}, [2, 4]);
        return {
          backend: tf.getBackend(),
          fused: tfjsLayerNorm.usesFusedKernel(),
          gpu: document.createElement('canvas').getContext('webgl2') !== null ||
            Boolean(await navigator.gpu?.requestAdapter()),
          y: Array.from(await tfjsLayerNorm.layerNorm(input).data()),
        };
      });
      console.log(JSON.stringify(result));
    } finally {
      await browser.close();
      await server.close();
    }`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
  });
  return JSON.parse(printed);
}

test.each([
  ['cpu', 'which tfjs chooses by itself', ['tfjs', 'ours'] as const, 'await tf.ready();'],
  [
    'wasm',
    'which the page chooses',
    ['tfjs', 'wasm', 'ours'] as const,
    "tf.wasm.setWasmPaths('/tfjs-backend-wasm/dist/'); await tf.setBackend('wasm');",
  ],
])(
  'runs on %s, %s',
  (backend, _, names, use) => {
    const result = inPage([...names], use);
    expect(result).toMatchObject({backend, fused: true, gpu: false});
    result.y.forEach((value, i) => {
      expect(value).toBeCloseTo(y[i], 5);
    });
  },
  60_000,
);
