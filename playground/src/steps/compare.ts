/** Step 3: which cells share a mean, in layer, batch and RMS normalisation. */
import {onBackend} from '../support/backend_menu.js';
import {chosen, find, findAll, html} from '../support/dom.js';
import {fixed} from '../support/format.js';
import {latest} from '../support/latest.js';
import {batchNormRows, layerNormRows, rmsNormRows, statisticsOfRows} from '../support/normalize.js';
import {keepInAddress} from '../support/settings.js';

const EPSILON = 1e-3;

const samples = [
  [1.2, 3.4, -0.6, 5.1],
  [2.8, 2.9, 1.4, 7.3],
  [-0.4, 4.2, 0.3, 6.0],
  [1.9, 1.1, -1.8, 8.2],
  [3.3, 5.0, 0.9, 4.4],
  [0.6, 2.2, -1.1, 6.7],
];

const normalizeBy: Record<string, (rows: number[][]) => Promise<number[][]>> = {
  layer: (rows) => layerNormRows(rows, {epsilon: EPSILON}),
  batch: (rows) => batchNormRows(rows, EPSILON),
  rms: (rows) => rmsNormRows(rows, EPSILON),
};

/** The vectors of the words; the first number is the one whose mean is shown. */
const words: Record<string, number[]> = {
  the: [0.4, -0.2, 0.9, 0.1],
  cat: [2.1, 0.7, -0.5, 1.3],
  sat: [1.2, -0.9, 0.3, 2.0],
  hello: [3.0, 1.1, 0.2, -0.7],
  we: [0.8, 0.5, -1.2, 0.6],
  like: [1.7, 2.2, 0.4, -0.3],
  long: [2.6, -0.4, 1.5, 0.8],
  very: [1.1, 0.3, 0.6, 1.9],
  sentences: [1.9, 1.4, -0.8, 0.2],
};
const longSentence = ['we', 'like', 'very', 'very', 'very', 'very', 'long', 'sentences'];

export function start(): void {
  startTable();
  startWords();
}

function startTable(): void {
  const size = find<HTMLInputElement>('#compare-size');
  keepInAddress(size, '4');
  const draw = latest(async () => {
    const kind = chosen('compare-kind');
    const count = size.valueAsNumber;
    find('#compare-size-shown').textContent = size.value;
    const before = samples.slice(0, count);
    const after = await normalizeBy[kind](before);
    fillCells('#compare-before', before, kind, 1);
    fillCells('#compare-after', after, kind, 2);
    find('#compare-result').textContent = await verdict(kind, count);
  });
  size.addEventListener('input', draw);
  for (const radio of findAll('input[name="compare-kind"]')) radio.addEventListener('change', draw);
  onBackend(draw);
}

/** Always as many rows as there are samples, so that the page does not move. */
function fillCells(selector: string, rows: number[][], kind: string, digits: number): void {
  const table = find<HTMLTableElement>(selector);
  const head = html(
    'tr',
    {},
    html('td'),
    ...samples[0].map((_, i) => html('th', {scope: 'col'}, `feature ${i + 1}`)),
  );
  const body = samples.map((sample, row) => {
    const cells = sample.map((_, column) => {
      if (!rows[row]) return html('td', {class: 'absent'}, '·');
      const hue = kind === 'batch' ? column : row;
      return html('td', {class: `hue${hue}`}, fixed(rows[row][column], digits));
    });
    return html('tr', {}, html('th', {scope: 'row'}, `sample ${row + 1}`), ...cells);
  });
  const caption = table.caption ?? html('caption');
  table.replaceChildren(caption, html('thead', {}, head), html('tbody', {}, ...body));
}

async function verdict(kind: string, count: number): Promise<string> {
  const firstOf = async (rows: number[][]) => (await normalizeBy[kind](rows))[0][0];
  const now = await firstOf(samples.slice(0, count));
  const full = await firstOf(samples);
  if (kind !== 'batch') {
    return (
      `Each row is on its own. Sample 1, feature 1 becomes ${fixed(now)}; ` +
      `in a batch of 6 it becomes ${fixed(full)}. The batch size does not matter.`
    );
  }
  if (count === 1) {
    return (
      'A batch of one: each value is its own mean, so every result is 0. ' +
      'Nothing of the sample is left. Batch normalisation breaks here.'
    );
  }
  return (
    `Each column is on its own. Sample 1, feature 1 becomes ${fixed(now)}; ` +
    `in a batch of 6 it becomes ${fixed(full)}. What else is in the batch changes the result.`
  );
}

function startWords(): void {
  const mask = find<HTMLInputElement>('#words-mask');
  const length = find<HTMLInputElement>('#words-length');
  keepInAddress(length, '6');
  const draw = latest(async () => {
    const longest = length.valueAsNumber;
    find('#words-length-shown').textContent = `${longest} words`;
    const sentences = [
      ['the', 'cat', 'sat'],
      ['hello'],
      [...longSentence.slice(0, longest - 1), 'sentences'],
    ];
    const places = sentences.map((sentence) =>
      Array.from({length: longest}, (_, i) => sentence[i] ?? null),
    );
    const isLayer = chosen('words-kind') === 'layer';
    const means = isLayer
      ? await meansByWord(places)
      : await meanOverWords(places.flat().filter((word) => word || !mask.checked));
    fillWords(places, means, {isLayer, isMasked: mask.checked});
    const real = places.flat().filter(Boolean).length;
    const padding = places.flat().length - real;
    find('#words-result').textContent = isLayer
      ? 'Each word is normalised by its own numbers. The padding changes nothing, mask or no mask.'
      : mask.checked
        ? `One mean over the ${real} real words. The mask leaves the ${padding} empty places out.`
        : `One mean over ${real} words and ${padding} empty places, which count as zeros: make a ` +
          'sentence longer and the mean of every word changes.';
  });
  mask.addEventListener('change', draw);
  length.addEventListener('input', draw);
  for (const radio of findAll('input[name="words-kind"]')) radio.addEventListener('change', draw);
  onBackend(draw);
}

type Place = string | null;
const vectorOf = (word: Place) => (word ? words[word] : [0, 0, 0, 0]);

async function meansByWord(places: Place[][]): Promise<(word: Place) => number> {
  const unique = [...new Set(places.flat())];
  const statistics = await statisticsOfRows(unique.map(vectorOf));
  return (word) => statistics[unique.indexOf(word)].mean;
}

async function meanOverWords(counted: Place[]): Promise<(word: Place) => number> {
  const [{mean}] = await statisticsOfRows([counted.map((word) => vectorOf(word)[0])]);
  return () => mean;
}

function fillWords(
  places: Place[][],
  mean: (word: Place) => number,
  {isLayer, isMasked}: {isLayer: boolean; isMasked: boolean},
): void {
  let hue = 0;
  const rows = places.map((sentence) =>
    html(
      'tr',
      {},
      ...sentence.map((word) => {
        const counts = word !== null || !isMasked;
        const color =
          !counts || (isLayer && word === null) ? 'absent' : `hue${isLayer ? hue++ % 6 : 1}`;
        const name = word ?? (isMasked ? 'masked' : 'padding');
        const shown = counts ? fixed(mean(word)) : '–';
        return html(
          'td',
          {class: word ? color : `${color} padding`},
          html('span', {class: 'word'}, name),
          html('span', {class: 'of'}, shown),
        );
      }),
    ),
  );
  const table = find<HTMLTableElement>('#words-table');
  table.replaceChildren(table.caption ?? '', html('tbody', {}, ...rows));
}
