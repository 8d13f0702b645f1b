/** Pictures of the page for the README: `npm run playground:shots`. */
import {mkdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {chromium, type Page} from 'playwright-core';
import {browserLaunchOptions} from '../../tools/browser.mjs';
import {root} from '../../tools/shell.mjs';

const folder = path.join(root, 'docs/shots');

const how = {step: 'how', width: 1000, height: 840, prepare: scaleAndShift};

interface Shot {
  file: string;
  step: string;
  colorScheme: 'light' | 'dark';
  width: number;
  height: number;
  /** The element at the top of the picture; default: the step. */
  scrollTo?: string;
  /** What is done on the page before the picture is taken. */
  prepare(page: Page): Promise<void>;
}

const shots: Shot[] = [
  {...how, file: 'how-light.png', colorScheme: 'light'},
  {...how, file: 'how-dark.png', colorScheme: 'dark'},
  {
    ...{file: 'race.png', step: 'race', colorScheme: 'light', width: 1000, height: 800},
    prepare: (page) => train(page, 'race', '#race-progress', 250),
  },
  {
    ...{file: 'transformer-phone.png', step: 'transformer', colorScheme: 'dark'},
    ...{width: 360, height: 760, scrollTo: '#names-loss'},
    prepare: (page) => train(page, 'transformer', '#names-progress', 250),
  },
];

/** Takes all pictures of the page at an address. */
export async function takeShots(address: string): Promise<void> {
  mkdirSync(folder, {recursive: true});
  const browser = await chromium.launch(browserLaunchOptions());
  try {
    for (const {file, step, colorScheme, width, height, prepare, scrollTo} of shots) {
      const page = await browser.newPage({viewport: {width, height}, colorScheme});
      await page.goto(address);
      await page.locator('#backend:enabled').waitFor();
      await page.locator(`#${step}`).scrollIntoViewIfNeeded();
      await prepare(page);
      const target = page.locator(scrollTo ?? `#${step}`);
      await target.evaluate((element) => element.scrollIntoView({behavior: 'instant'}));
      await page.waitForTimeout(1000); // what moves has come to rest
      const out = path.join(folder, file);
      await page.screenshot({path: out});
      console.log(`${path.relative(root, out)}: ${(statSync(out).size / 1024).toFixed(0)} KB`);
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

async function scaleAndShift(page: Page): Promise<void> {
  await page.locator('#how-table tbody tr').first().waitFor();
  await page.locator('#how-gamma').fill('1.5');
  await page.locator('#how-beta').fill('0.5');
  await page.locator('#how-beta').blur();
}

/** Starts a training and waits for a step of it. */
async function train(page: Page, step: string, progress: string, until: number): Promise<void> {
  await page.locator(`#${step} [data-do="run"]:enabled`).click();
  await page.waitForFunction(
    ([selector, least]) => {
      const shown = document.querySelector(selector)?.textContent ?? '';
      return Number(shown.match(/Step (\d+)/)?.[1]) >= least;
    },
    [progress, until] as const,
    {timeout: 180_000},
  );
  await page.locator(`#${step} [data-do="run"]`).click();
}
