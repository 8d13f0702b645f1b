/** A bar chart whose bars can be dragged, or moved by the arrow keys. */
import {setAttributes, svg} from './dom.js';
import {fixed} from './format.js';

const WIDTH = 300;
const HEIGHT = 240;
const TOP = 26;
const BOTTOM = 214;
const LEFT = 30;

export interface BarsOptions {
  /** The values at the lower and the upper end of the chart. */
  domain: [number, number];
  ticks: number[];
  /** What a bar stands for: the name of its symbol. */
  symbol: string;
  /** Called when the reader moves a bar; without it, the bars cannot be moved. */
  onMove?: (index: number, value: number) => void;
  onSelect?: (index: number) => void;
}

export interface BarsState {
  values: number[];
  selected: number;
  /** The mean as a line, and the spread as a band about it. */
  mean?: number;
  spread?: number;
}

export class Bars {
  private readonly bars: {group: SVGGElement; bar: SVGRectElement; handle: SVGCircleElement}[];
  private readonly labels: SVGTextElement[];
  private readonly meanLine = svg('line', {
    class: 'mean',
    'data-symbol': 'mu',
    x1: LEFT,
    x2: WIDTH,
  });
  private readonly band = svg('rect', {class: 'band', 'data-symbol': 'sigma', x: LEFT});

  constructor(
    private readonly picture: SVGSVGElement,
    count: number,
    private readonly options: BarsOptions,
  ) {
    picture.classList.add('bars');
    if (options.onMove) picture.setAttribute('role', 'group');
    picture.append(this.axis(), this.band);
    this.band.setAttribute('width', String(WIDTH - LEFT));
    const slot = (WIDTH - LEFT) / count;
    this.labels = [];
    this.bars = Array.from({length: count}, (_, i) => {
      const centre = LEFT + slot * (i + 0.5);
      const bar = svg('rect', {class: 'bar', x: centre - slot * 0.32, width: slot * 0.64, rx: 2});
      const handle = svg('circle', {class: 'handle', cx: centre, r: options.onMove ? 8 : 0});
      const label = svg('text', {class: 'value', x: centre});
      this.labels.push(label);
      const name = svg('text', {class: 'index', x: centre, y: HEIGHT - 6}, String(i + 1));
      const group = svg('g', {'data-symbol': options.symbol}, bar, handle, label, name);
      if (options.onMove) this.makeSlider(group, handle, i, options.onMove);
      group.addEventListener('pointerdown', () => options.onSelect?.(i));
      picture.append(group);
      return {group, bar, handle};
    });
    picture.append(this.meanLine);
  }

  update({values, selected, mean, spread}: BarsState): void {
    const zero = this.y(0);
    for (const [i, {group, bar, handle}] of this.bars.entries()) {
      const at = this.y(values[i]);
      setAttributes(bar, {y: Math.min(zero, at), height: Math.max(1, Math.abs(zero - at))});
      handle.setAttribute('cy', String(at));
      group.classList.toggle('selected', i === selected);
      this.labels[i].textContent = fixed(values[i], 1);
      const gap = this.options.onMove ? 13 : 5;
      this.labels[i].setAttribute('y', String(values[i] < 0 ? at + gap + 10 : at - gap));
      if (this.options.onMove) {
        setAttributes(group, {'aria-valuenow': values[i], 'aria-valuetext': fixed(values[i], 1)});
      }
    }
    this.meanLine.style.display = this.band.style.display = mean === undefined ? 'none' : '';
    if (mean === undefined || spread === undefined) return;
    setAttributes(this.meanLine, {y1: this.y(mean), y2: this.y(mean)});
    const top = this.y(mean + spread);
    setAttributes(this.band, {y: top, height: Math.max(0, this.y(mean - spread) - top)});
  }

  /** Values beyond the ends are drawn at the ends. */
  private y(value: number): number {
    const [low, high] = this.options.domain;
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return BOTTOM - share * (BOTTOM - TOP);
  }

  private axis(): SVGGElement {
    const axis = svg('g', {class: 'axis'});
    for (const tick of this.options.ticks) {
      const y = this.y(tick);
      axis.append(
        svg('line', {x1: LEFT, x2: WIDTH, y1: y, y2: y, class: tick === 0 ? 'zero' : ''}),
        svg('text', {x: LEFT - 6, y: y + 4}, fixed(tick, 0)),
      );
    }
    return axis;
  }

  private makeSlider(
    group: SVGGElement,
    handle: SVGCircleElement,
    index: number,
    onMove: (index: number, value: number) => void,
  ): void {
    const [low, high] = this.options.domain;
    setAttributes(group, {
      ...{role: 'slider', tabindex: 0, 'aria-orientation': 'vertical'},
      ...{'aria-label': `activation ${index + 1}`, 'aria-valuemin': low, 'aria-valuemax': high},
    });
    const move = (value: number) =>
      onMove(index, Math.min(high, Math.max(low, Math.round(value * 10) / 10)));
    const current = () => Number(group.getAttribute('aria-valuenow'));
    const steps: Record<string, () => number> = {
      ArrowUp: () => current() + 0.5,
      ArrowRight: () => current() + 0.5,
      ArrowDown: () => current() - 0.5,
      ArrowLeft: () => current() - 0.5,
      PageUp: () => current() + 2,
      PageDown: () => current() - 2,
      Home: () => low,
      End: () => high,
    };
    group.addEventListener('keydown', (event) => {
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      move(step());
    });
    group.addEventListener('focus', () => this.options.onSelect?.(index));
    // The finger's first touch must be on the handle: elsewhere it scrolls the page.
    group.classList.add('draggable');
    const drag = (event: PointerEvent) => {
      const box = this.picture.getBoundingClientRect();
      const y = ((event.clientY - box.top) / box.height) * HEIGHT;
      move(low + ((BOTTOM - y) / (BOTTOM - TOP)) * (high - low));
    };
    group.addEventListener('pointerdown', (event) => {
      if (event.pointerType !== 'mouse' && event.target !== handle) return;
      event.preventDefault();
      group.focus();
      group.setPointerCapture(event.pointerId);
      drag(event);
    });
    group.addEventListener('pointermove', (event) => {
      if (group.hasPointerCapture(event.pointerId)) drag(event);
    });
  }
}
