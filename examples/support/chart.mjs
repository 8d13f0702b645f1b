import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import * as Plot from '@observablehq/plot';
import {parseHTML} from 'linkedom';

/** The colours of the lines, in their order: pairs of a warm and a cold one. */
const COLORS = ['#d1495b', '#2274a5', '#e09f3e', '#2a9d8f'];

/** Pixels from one name of the legend to the next. */
const LEGEND_LINE = 18;

/**
 * Draws lines into an SVG file: each value faintly, its running mean clearly. What
 * rises far above where the lines began leaves the picture at the top.
 *
 * @param {{file: string, title: string, xLabel: string, yLabel: string,
 *     fromZero?: boolean, lines: {name: string, values: number[]}[]}} chart
 * @returns {string} the file's path
 */
export function writeLineChart({file, title, xLabel, yLabel, fromZero = true, lines}) {
  const {document} = parseHTML('<!doctype html><html><body></body></html>');
  const points = lines
    .flatMap(({name, values}) => values.map((y, i) => ({name, x: i + 1, y})))
    .filter(({y}) => Number.isFinite(y));
  const steps = Math.max(...lines.map(({values}) => values.length));
  /** @type {Plot.WindowOptions} */
  const window = {k: Math.max(1, Math.ceil(steps / 40)), anchor: 'end', strict: false};
  const lowest = Math.min(...points.map(({y}) => y));
  const begun = Math.max(...lines.map(({values}) => values[0]));
  const svg = Plot.plot({
    document,
    width: 760,
    height: 420,
    marginTop: 70,
    marginRight: 20,
    x: {label: xLabel},
    y: {label: null, grid: true, domain: [fromZero ? 0 : lowest, 1.05 * begun]},
    color: {domain: lines.map(({name}) => name), range: COLORS.slice(0, lines.length)},
    marks: [
      Plot.lineY(points, {x: 'x', y: 'y', stroke: 'name', strokeOpacity: 0.18, clip: true}),
      Plot.lineY(
        points,
        Plot.windowY(window, {x: 'x', y: 'y', stroke: 'name', strokeWidth: 2.5, clip: true}),
      ),
      lines.map(({name}, i) =>
        Plot.text([`— ${name}`], {
          frameAnchor: 'top-right',
          dy: i * LEGEND_LINE,
          fill: COLORS[i],
          fontSize: 13,
          fontWeight: 600,
          lineAnchor: 'top',
        }),
      ),
      Plot.text([`↑ ${yLabel}`], {frameAnchor: 'top-left', dx: -36, dy: -22}),
      Plot.text([title], {
        frameAnchor: 'top-left',
        dx: -36,
        dy: -58,
        fontSize: 15,
        fontWeight: 600,
      }),
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('style', 'background: white; color: #222; font-family: sans-serif');
  mkdirSync(path.dirname(file), {recursive: true});
  writeFileSync(file, svg.outerHTML);
  return file;
}
