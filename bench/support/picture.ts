/** The picture of README.md: how many times faster than the built-in layer, on a log scale. */
import {writeFileSync} from 'node:fs';
import * as Plot from '@observablehq/plot';
import {parseHTML} from 'linkedom';
import type {Report} from '../types.js';
import {only} from '../types.js';
import {formatRatio, formatShape, KINDS, ratioTo} from './format.js';

/** The shape that is shown: that of a small transformer, and in the run of every backend. */
const SHAPE = [8, 512, 768];

const COLORS: Record<string, string> = {
  layer: '#2274a5',
  onnxruntime: '#e08e45',
  torch: '#d1495b',
  copy: '#b9c0c6',
};
const LABELS: Record<string, string> = {
  layer: 'tfjs-layernorm',
  onnxruntime: 'onnxruntime',
  torch: 'torch',
  copy: 'copy of the bytes',
};

interface Bar {
  environment: string;
  kind: string;
  name: string;
  ratio: number;
  once: boolean;
}

/** Draws a report, such as `bench/results.json` holds, into an SVG file. */
export function writePicture(report: Report, file: string): void {
  const bars = barsOf(report);
  const {document} = parseHTML('<!doctype html><html><body></body></html>');
  const names = Object.keys(LABELS).map((key) => LABELS[key]);
  const largest = Math.max(1, ...bars.map(({ratio}) => ratio));
  const svg = Plot.plot({
    document,
    width: 860,
    height: 110 + 15 * bars.length,
    marginLeft: 170,
    marginRight: 60,
    marginTop: 80,
    marginBottom: 40,
    x: {
      type: 'log',
      label: 'times as fast as tf.layers.layerNormalization on the same backend (log scale)',
      domain: [Math.min(1, ...bars.map(({ratio}) => ratio)), largest * 5],
      grid: true,
      tickFormat: (value) => `${value}×`,
      ticks: [1, 10, 100, 1000].filter((tick) => tick <= largest * 5),
    },
    y: {axis: null, domain: names, padding: 0.1},
    fy: {label: null, domain: [...new Set(bars.map(({environment}) => environment))]},
    fx: {label: null, domain: [KINDS.forward, KINDS.backward]},
    color: {domain: names, range: Object.values(COLORS)},
    facet: {marginLeft: 170},
    marks: [
      Plot.barX(bars, {
        fx: 'kind',
        fy: 'environment',
        y: 'name',
        x1: 1,
        x2: 'ratio',
        fill: 'name',
      }),
      Plot.text(bars, {
        fx: 'kind',
        fy: 'environment',
        y: 'name',
        x: 'ratio',
        text: ({ratio, once}: Bar) => `${formatRatio(ratio)}${once ? ' (one run)' : ''}`,
        textAnchor: 'start',
        dx: 3,
        fontSize: 9,
      }),
      Plot.ruleX([1]),
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('style', 'background: white; color: #222; font-family: sans-serif');
  svg.insertAdjacentHTML('beforeend', heading(report));
  writeFileSync(file, `${svg.outerHTML}\n`);
}

/** A bar for each measured contender but the built-in layer, which is 1. */
function barsOf({environments}: Report): Bar[] {
  return environments.flatMap(({name: environment, results}) =>
    only(results, 'layerNorm')
      .filter(({shape, kind}) => String(shape) === String(SHAPE) && kind !== 'sum')
      .flatMap(({kind, rows}) =>
        rows
          .filter(({contender, ms}) => LABELS[contender] && ms !== undefined)
          .map((row) => ({
            environment,
            kind: KINDS[kind],
            name: LABELS[row.contender],
            ratio: ratioTo(rows, row),
            once: rows.some(({contender, runs}) => contender === 'built-in' && runs === 1),
          })),
      )
      .filter((bar): bar is Bar => bar.ratio !== undefined),
  );
}

function heading({date, machine, busy}: Report): string {
  const keys = Object.keys(LABELS)
    .map(
      (key, i) =>
        `<rect x="${10 + 170 * i}" y="42" width="11" height="11" fill="${COLORS[key]}"></rect>` +
        `<text x="${26 + 170 * i}" y="52" font-size="12">${LABELS[key]}</text>`,
    )
    .join('');
  const place = `${machine.cpu}, ${machine.cores} cores, ${date}${busy ? ', while the machine was busy' : ''}`;
  return (
    `<g text-anchor="start"><text x="10" y="20" font-size="15" font-weight="600">` +
    `Layer normalisation of ${formatShape(SHAPE)}</text>` +
    `<text x="10" y="35" font-size="11">${place}</text>${keys}</g>`
  );
}
