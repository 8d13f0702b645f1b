/**
 * The page that explains layer normalisation, built, served, and used as a reader would: in Chromium,
 * and by `npm run test:browsers` in Firefox and WebKit.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import type {Browser, Page} from 'playwright-core';
import {forward} from '../../src/reference';
import type {Engine} from '../../tools/engines/index.mjs';
import {kerasFixtures} from '../fixtures/keras';
import {gunzip} from '../support/gunzip';

const root = path.resolve(__dirname, '../..');

/** Of the kernels, and half of the last digit that the page shows. */
const tolerance = (digits: number) => 1e-5 + 0.5 * 10 ** -digits;

/** Given by the environment. */
declare const engine: Engine;

let server: ChildProcess;
let address: string;
let browser: Browser;
let page: Page;
/** What went wrong in the page, and what it asked for. */
const complaints: string[] = [];
const requests: string[] = [];

beforeAll(async () => {
  server = spawn(process.execPath, ['--import', 'tsx', 'scripts/playground.ts'], {cwd: root});
  let output = '';
  const ended = once(server, 'exit').then(() => {
    throw new Error(`The page was not served:\n${output}`);
  });
  const served = new Promise<string>((resolve) => {
    const listen = (chunk: Buffer) => {
      output += chunk;
      const found = output.match(/The page is at (http:\S+)/);
      if (found) resolve(found[1]);
    };
    server.stdout?.on('data', listen);
    server.stderr?.on('data', listen);
  });
  address = await Promise.race([served, ended]);
  ended.catch(() => {}); // it ends when the tests do
  browser = await engine.launch();
  page = await browser.newPage({viewport: {width: 1280, height: 900}, reducedMotion: 'reduce'});
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  page.on('request', (request) => requests.push(request.url()));
  await open('');
}, 300_000);

afterAll(async () => {
  await browser?.close();
  const ended = once(server, 'exit');
  if (server.kill()) await ended;
});

async function open(search: string) {
  await page.goto(address + search);
  await page.locator('#backend:enabled').waitFor();
}

/** Headless Chromium alone asks before a page uses the clipboard. */
async function allowClipboard() {
  if (engine.title !== 'Chromium') return;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
}

/** What is in the clipboard. WebKit lets no script read it, but anyone may paste it. */
async function pasted() {
  await page.evaluate(() => {
    const area = document.createElement('textarea');
    area.id = 'pasted';
    document.body.append(area);
  });
  const area = page.locator('#pasted');
  await area.focus();
  await page.keyboard.press('Control+v');
  await eventually(
    () => area.inputValue(),
    (it) => it.not.toBe(''),
  );
  const text = await area.inputValue();
  await page.evaluate(() => document.querySelector('#pasted')?.remove());
  return text;
}

/** Brings a step near enough to be started. */
async function goTo(step: string) {
  await page.locator(`#${step}`).scrollIntoViewIfNeeded();
}

/** Waits until what `get` gives is as expected; else fails as the expectation does. */
async function eventually<Value>(
  get: () => Promise<Value>,
  check: (it: ReturnType<typeof expect<Value>>) => void,
  timeout = 10_000,
) {
  for (const start = performance.now(); ; ) {
    const value = await get();
    try {
      return check(expect(value));
    } catch (error) {
      if (performance.now() - start > timeout) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const numbersOf = (text: string) =>
  (text.replaceAll('−', '-').match(/-?\d+(\.\d+)?/g) ?? []).map(Number);

/** The cells of a table's body, row by row. */
async function cells(table: string): Promise<number[][]> {
  const rows = await page.locator(`${table} tbody tr`).all();
  return Promise.all(
    rows.map(async (row) => numbersOf((await row.locator('td').allTextContents()).join(' '))),
  );
}

function expectNear(actual: number[], expected: ArrayLike<number>, digits: number) {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of actual.entries()) {
    expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(tolerance(digits));
  }
}

/** All numbers that step 2 shows, against the float64 reference for the x that it shows. */
async function expectStep2Right({gamma = 1, beta = 0, epsilon = 1e-3} = {}) {
  const rows = await cells('#how-table');
  const x = rows.map(([value]) => value);
  const cols = x.length;
  const {y: xhat, mean, rstd} = forward(x, {cols, epsilon, center: true});
  expectNear(
    rows.map(([, value]) => value),
    xhat,
    3,
  );
  expectNear(
    rows.map(([, , value]) => value),
    xhat.map((value) => value * gamma + beta),
    3,
  );
  const shown = async (name: string) =>
    numbersOf((await page.locator(`#how-numbers [data-value="${name}"]`).textContent()) ?? '')[0];
  expectNear([await shown('mu')], mean, 2);
  expectNear([await shown('variance')], [rstd[0] === 0 ? 0 : 1 / rstd[0] ** 2 - epsilon], 2);
  const selected = await page.locator('#how-table tr.selected td').allTextContents();
  expect(await shown('x')).toBe(numbersOf(selected[0])[0]);
  expect(await shown('y')).toBe(numbersOf(selected[2])[0]);
}

test('1: activations vanish without normalisation, and keep their size with it', async () => {
  await goTo('why');
  const result = page.locator('#why-result');
  await eventually(
    () => result.textContent(),
    (it) => it.toContain('Spread'),
  );
  await page.locator('#why-gain').fill('0.5');
  await eventually(
    async () => numbersOf((await result.textContent()) ?? '')[1],
    (it) => it.toBeLessThan(0.01),
  );
  const [, , first, last] = numbersOf((await result.textContent()) ?? '');
  expect([first, last]).toEqual([1, 1]);
  expect(await page.locator('#why-chart svg').count()).toBe(1);
  expect(await page.evaluate(() => location.href)).toContain('why-gain=0.5');
});

test('1: the everyday pictures show each row on its own scale', async () => {
  const marks = page.locator('#marks');
  expect(await marks.getAttribute('aria-label')).toContain('Short answers: Ada 3, Ben 7');
  await page.locator('#marks-switch').check();
  const told = numbersOf((await marks.getAttribute('aria-label')) ?? '');
  const {y} = forward([38, 52, 64, 90, 3, 7, 5, 9], {cols: 4, epsilon: 0, center: true});
  expectNear(told, y, 1);
  await page.locator('#chefs-switch').check();
  expect(await page.locator('#chefs').getAttribute('aria-label')).toMatch(/^Ana: plain −1\.2/);
});

describe('2: how it works', () => {
  it('shows the numbers of the reference, also when a bar is moved by keys', async () => {
    await goTo('how');
    await page.locator('#how-table tbody tr').first().waitFor();
    await expectStep2Right();
    const bar = page.getByRole('slider', {name: 'activation 3'});
    await bar.focus();
    for (const key of ['ArrowUp', 'ArrowUp', 'PageDown', 'ArrowLeft'])
      await page.keyboard.press(key);
    await eventually(
      () => bar.getAttribute('aria-valuetext'),
      (it) => it.toBe('−3.0'),
    );
    await eventually(
      async () => (await cells('#how-table'))[2][0],
      (it) => it.toBe(-3),
    );
    await expectStep2Right();
  });

  it('follows a bar that is dragged', async () => {
    const bar = page.getByRole('slider', {name: 'activation 1'});
    await bar.scrollIntoViewIfNeeded();
    const handle = (await bar.locator('.handle').boundingBox()) ?? {
      x: 0,
      y: 0,
      width: 0,
      height: 0,
    };
    await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
    await page.mouse.down();
    await page.mouse.move(handle.x, handle.y - 40, {steps: 4});
    await page.mouse.up();
    await eventually(
      async () => (await cells('#how-table'))[0][0],
      (it) => it.toBeGreaterThan(3),
    );
    await expectStep2Right();
  });

  it('scales, shifts, and does not care for the size of the whole', async () => {
    await page.locator('#how-gamma').fill('-1.5');
    await page.locator('#how-beta').fill('0.7');
    await eventually(
      () => page.locator('#how-beta-shown').textContent(),
      (it) => it.toBe('0.7'),
    );
    await expectStep2Right({gamma: -1.5, beta: 0.7});
    await page.getByRole('button', {name: 'Start again'}).click();
    const before = (await cells('#how-table')).map(([, xhat]) => xhat);
    await page.getByRole('button', {name: 'All × 2'}).click();
    await eventually(
      async () => (await cells('#how-table'))[0][0],
      (it) => it.toBe(2),
    );
    const after = (await cells('#how-table')).map(([, xhat]) => xhat);
    expectNear(after, before, 3);
  });

  it('makes β of a constant layer, with ε and without', async () => {
    await page.getByRole('button', {name: 'All the same'}).click();
    for (const epsilon of ['1', '0']) {
      await page.locator('#how-epsilon').selectOption(epsilon);
      await eventually(
        async () => (await cells('#how-table')).map(([, ...results]) => results),
        (it) => it.toEqual(Array(6).fill([0, 0.7])),
      );
      await expectStep2Right({gamma: -1.5, beta: 0.7, epsilon: Number(epsilon)});
    }
    expect(await page.locator('#how-result').textContent()).toContain('0 divided by 0');
  });

  it('lights what a symbol stands for', async () => {
    await page.locator('#how-formula [data-symbol="mu"]').first().hover();
    expect(await page.locator('#how-panel').getAttribute('data-lit')).toBe('mu');
    expect(await page.locator('#how-meaning').textContent()).toContain('the mean');
    await page.mouse.move(0, 0);
    expect(await page.locator('#how-panel').getAttribute('data-lit')).toBeNull();
  });

  const backends = ['cpu', 'webgl', 'webgpu', 'wasm'] as const;
  const here = backends.filter((name) => name !== 'webgpu' || engine.backends.includes(name));

  it.each(here)('computes the same on %s', async (backend) => {
    await page.getByRole('button', {name: 'Start again'}).click();
    await page.locator('#how-epsilon').selectOption('0.001');
    await page.locator('#backend').selectOption(backend);
    const title = page.locator(`#backend option[value="${backend}"]`);
    const name = ((await title.textContent()) ?? '').split(' (')[0];
    await eventually(
      () => page.locator('#backend-note').textContent(),
      (it) => it.toContain(`(${name})`),
    );
    await page.locator('#how-gamma').fill('2');
    await page.locator('#how-gamma').fill('-1.5');
    await eventually(
      () => page.locator('#how-gamma-shown').textContent(),
      (it) => it.toBe('−1.5'),
    );
    await expectStep2Right({gamma: -1.5, beta: 0.7});
  });
});

describe('3: layer or batch', () => {
  it('colours the cells that share a mean, and breaks batch normalisation at 1', async () => {
    await goTo('compare');
    const results = () => cells('#compare-after');
    await eventually(
      async () => (await results()).flat(),
      (it) => it.toHaveLength(16),
    );
    const x = (await cells('#compare-before')).flat();
    const options = {cols: 4, epsilon: 1e-3};
    expectNear((await results()).flat(), forward(x, {...options, center: true}).y, 2);

    await page.getByLabel('RMS').check();
    const {y} = forward(x, {...options, center: false});
    await eventually(
      async () => (await results())[0][0],
      (it) => it.toBeCloseTo(y[0], 2),
    );
    expectNear((await results()).flat(), y, 2);

    await page.locator('input[name="compare-kind"][value="batch"]').check();
    await page.locator('#compare-size').fill('1');
    await eventually(
      async () => (await results())[0],
      (it) => it.toEqual([0, 0, 0, 0]),
    );
    expect(await page.locator('#compare-result').textContent()).toContain('breaks');
    const hues = await page.locator('#compare-after tbody tr').first().locator('td').all();
    const classes = await Promise.all(hues.map((cell) => cell.getAttribute('class')));
    expect(new Set(classes).size).toBe(4);

    await page.locator('input[name="compare-kind"][value="layer"]').check();
    const alone = forward(x.slice(0, 4), {...options, center: true}).y;
    await eventually(
      async () => (await results())[0][3],
      (it) => it.toBeCloseTo(alone[3], 2),
    );
    expectNear((await results())[0], alone, 2);
  });

  it('lets padding into the mean of a batch, unless it is masked', async () => {
    const mean = async () => (await cells('#words-table'))[0][0];
    const setLength = (words: string) => page.locator('#words-length').fill(words);
    await page.locator('input[name="words-kind"][value="batch"]').check();
    await eventually(mean, (it) => it.toBe(0.8));
    await setLength('8');
    await eventually(mean, (it) => it.toBeLessThan(0.8));
    await page.locator('#words-mask').check();
    // (0.4 + 2.1 + 1.2 + 3.0 + 0.8 + 1.7 + 4 · 1.1 + 2.6 + 1.9 − …) / 12: as the reference has it.
    const firsts = [0.4, 2.1, 1.2, 3.0, 0.8, 1.7, 1.1, 1.1, 1.1, 1.1, 2.6, 1.9];
    const masked = forward(firsts, {cols: firsts.length, epsilon: 0, center: true}).mean[0];
    await eventually(mean, (it) => it.toBeCloseTo(masked, 2));
  });
});

test('4: the race trains nine networks, a step at a time and on', async () => {
  await goTo('race');
  const race = page.locator('#race');
  const progress = async () =>
    numbersOf((await page.locator('#race-progress').textContent()) ?? '')[0];
  await page.locator('#race-depth').selectOption('2');
  await race.getByRole('button', {name: 'One step'}).click();
  await eventually(progress, (it) => it.toBe(1), 20_000);
  expect((await cells('#race-table')).flat()).toHaveLength(9);
  await race.getByRole('button', {name: 'Continue'}).click();
  await eventually(progress, (it) => it.toBeGreaterThanOrEqual(12), 20_000);
  await race.getByRole('button', {name: 'Pause'}).click();
  expect(await page.locator('#race-charts svg path[stroke]').count()).toBeGreaterThan(0);
  expect((await cells('#race-table')).flat().every((share) => share >= 0 && share <= 100)).toBe(
    true,
  );
  await page.locator('#race-seed').fill('7');
  await page.locator('#race-seed').dispatchEvent('change'); // which Firefox omits for such input
  await eventually(progress, (it) => it.toBe(0));
});

test('5: the transformer learns, writes names, and shows γ and β', async () => {
  await goTo('transformer');
  const names = page.locator('#transformer');
  const progress = async () =>
    numbersOf((await page.locator('#names-progress').textContent()) ?? '');
  await page.locator('#names-depth').selectOption('2');
  await names.getByRole('button', {name: 'One step'}).click();
  await eventually(
    async () => (await progress())[2],
    (it) => it.toBeGreaterThan(2),
    20_000,
  );
  const [, , before] = await progress();
  await names.getByRole('button', {name: 'Continue'}).click();
  await eventually(
    async () => (await progress())[2],
    (it) => it.toBeLessThan(before),
    30_000,
  );
  await names.getByRole('button', {name: 'Pause'}).click();
  const written = await page.locator('#names-written li').allTextContents();
  expect(written).toHaveLength(6);
  for (const name of written) expect(name).toMatch(/^([A-Z][a-z]{0,9}( ✓)?|–)$/);
  expect(written.some((name) => name.length > 2)).toBe(true);
  // Two blocks with two normalisations of 32 features each, and one before the output.
  expect(await page.locator('#names-gamma rect[fill]').count()).toBe(5 * 32);
  const [low, high] = numbersOf((await page.locator('#names-gamma-range').textContent()) ?? '');
  expect(low).toBeLessThan(1);
  expect(high).toBeGreaterThan(1);
});

describe('6: in code', () => {
  const result = () => page.locator('#model-result').textContent();
  const fixture = async (name: string, ending: 'keras' | 'h5') => {
    const found = kerasFixtures.find((one) => one.name === name);
    if (!found) throw new Error(`There is no fixture ${name}.`);
    return Buffer.from(await gunzip(found.files[ending]));
  };

  it('copies', async () => {
    await goTo('code');
    await allowClipboard();
    await page.locator('#code [data-copy]').first().click();
    const copied = await pasted();
    expect(copied).toContain("import {layerNormalization} from 'tfjs-layernorm';");
  });

  it('opens a .keras file that is dropped', async () => {
    const model = await fixture('keras3_mlp', 'keras');
    await page.evaluate((base64) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'model.keras'));
      const drop = new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true});
      document.querySelector('#drop')?.dispatchEvent(drop);
    }, model.toString('base64'));
    await eventually(result, (it) => it.toMatch(/4 layers, of which 1 normalises/), 20_000);
    expect(await result()).toMatch(
      /A run on random numbers took .* ms and gave \[1,3\], values from/,
    );
    expect(await page.locator('#model-list tbody tr').count()).toBe(4);
    expect(await page.locator('#model-progress').isVisible()).toBe(false);
    expect(await page.locator('#model-layers h4').textContent()).toContain('LayerNormalization');
    const captions = await page.locator('#model-layers figcaption').allTextContents();
    expect(captions).toEqual(['γ: 8 values, 0.868 to 1.202', 'β: 8 values, −0.609 to 0.369']);
    expect(await page.locator('.effect').textContent()).toMatch(/mean 2\.\d+, spread .* → mean/);
  });

  it('opens an .h5 file that is chosen, and says what is wrong with another', async () => {
    const files = page.locator('#model-files');
    const buffer = await fixture('keras2_nested', 'h5');
    await files.setInputFiles({name: 'model.h5', mimeType: '', buffer});
    await eventually(result, (it) => it.toMatch(/normalise/), 20_000);
    expect(await page.locator('#model-layers h4').count()).toBeGreaterThan(0);
    await files.setInputFiles({name: 'notes.txt', mimeType: '', buffer: Buffer.from('a')});
    await eventually(result, (it) =>
      it.toMatch(/^Expected a \.keras or \.h5 file, .* but got notes\.txt\.$/),
    );
  });
});

test('7: the benchmark runs and draws the ratio', async () => {
  await goTo('speed');
  await page.locator('#speed-sizes').selectOption('small');
  await page.locator('#speed').getByRole('button', {name: 'Start', exact: true}).click();
  const status = page.locator('#speed-controls [role="status"]');
  await eventually(
    () => status.textContent(),
    (it) => it.toBe('Finished.'),
    40_000,
  );
  const rows = await cells('#speed-table');
  expect(rows).toHaveLength(2);
  for (const [builtIn, ours, ratio] of rows) {
    expect(ratio).toBeGreaterThan(1);
    expect(ratio / (builtIn / ours)).toBeGreaterThan(0.8);
    expect(ratio / (builtIn / ours)).toBeLessThan(1.25);
  }
  expect(await page.locator('#speed-chart').textContent()).toContain('×');
  await allowClipboard();
  await page.locator('#speed-copy').click();
  const copied = await pasted();
  expect(copied).toMatch(/^64 × 128, forward: .* ×, 64 × 128, training: .* × \(.*Mozilla/);
});

describe('the whole page', () => {
  it('fits a phone, and 200 % zoom', async () => {
    for (const width of [360, 640]) {
      await page.setViewportSize({width, height: 800});
      const beyond = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await eventually(beyond, (it) => it.toBeLessThanOrEqual(0));
    }
  });

  it('names every control for those who do not see it', async () => {
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('input, select, button, a, [role="slider"], svg')]
        .filter((element) => {
          if (element.closest('.chart') && element.tagName !== 'svg') return false;
          const labels = (element as HTMLInputElement).labels ?? [];
          const texts = [element, ...labels].map((one) => one.textContent?.trim());
          return !element.getAttribute('aria-label') && !texts.some(Boolean);
        })
        .map((element) => element.outerHTML.slice(0, 100)),
    );
    expect(nameless).toEqual([]);
  });

  it('keeps what is set in the address', async () => {
    await open('#how-gamma=0.5');
    await page.reload();
    await page.locator('#backend:enabled').waitFor();
    await goTo('how');
    await eventually(
      () => page.locator('#how-gamma-shown').textContent(),
      (it) => it.toBe('0.5'),
    );
  });

  it('asked no other server for anything, and complained of nothing', async () => {
    // WebKit's driver tells of no request; but the page knows what it has loaded.
    const loaded = () => performance.getEntriesByType('resource').map(({name}) => name);
    const foreign = [...requests, ...(await page.evaluate(loaded))].filter(
      (url) => !url.startsWith(address) && !/^(data|blob):/.test(url),
    );
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
