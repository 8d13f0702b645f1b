/** The two everyday pictures of step 1: marks of two papers, and the sugar of three chefs. */
import {onBackend} from '../support/backend_menu.js';
import {find, svg} from '../support/dom.js';
import {fixed} from '../support/format.js';
import {layerNormRows} from '../support/normalize.js';

const papers = [
  {name: 'Long answers', unit: 'points of 100', marks: [38, 52, 64, 90]},
  {name: 'Short answers', unit: 'points of 10', marks: [3, 7, 5, 9]},
];
const pupils = ['Ada', 'Ben', 'Cem', 'Dia'];

const chefs = [
  {name: 'Ana', unit: 'grams', sugar: [60, 150, 240]},
  {name: 'Bo', unit: 'spoons', sugar: [5, 12, 20]},
  {name: 'Chi', unit: 'cups', sugar: [0.3, 0.8, 1.2]},
];
const cakes = ['plain', 'sweet', 'very sweet'];

export function startEverydayPictures(): void {
  onBackend(async () => {
    drawMarks(
      await layerNormRows(
        papers.map(({marks}) => marks),
        {epsilon: 0},
      ),
    );
    // Rows of a table must be as long as each other: one call for each kind of picture.
    drawChefs(
      await layerNormRows(
        chefs.map(({sugar}) => sugar),
        {epsilon: 0},
      ),
    );
  });
}

/** Two number lines; the pupils' dots slide between the raw marks and the normalised ones. */
function drawMarks(normalized: number[][]): void {
  const picture = find<SVGSVGElement>('#marks');
  const toggle = find<HTMLInputElement>('#marks-switch');
  const left = 20;
  const right = 340;
  const place = (share: number) => left + share * (right - left);

  const draw = () => {
    const onOneScale = toggle.checked;
    const x = (paper: number, pupil: number) =>
      onOneScale
        ? place((normalized[paper][pupil] + 2) / 4)
        : place(papers[paper].marks[pupil] / 100);
    const ticks = onOneScale ? [-2, -1, 0, 1, 2] : [0, 25, 50, 75, 100];
    const axis = svg('g', {class: 'axis'});
    for (const [i, tick] of ticks.entries()) {
      const at = place(i / (ticks.length - 1));
      axis.append(
        svg('line', {x1: at, x2: at, y1: 28, y2: 160}),
        svg('text', {x: at, y: 176}, String(tick).replace('-', '−')),
      );
    }
    picture.querySelector('.axis')?.remove();
    picture.prepend(axis);
    for (const dot of picture.querySelectorAll<SVGGElement>('.dot')) {
      const [paper, pupil] = (dot.dataset.of ?? '').split(',').map(Number);
      const y = 66 + 72 * paper;
      dot.style.transform = `translate(${x(paper, pupil)}px, ${y}px)`;
    }
    find('.unit', picture).textContent = onOneScale
      ? 'spreads above or below the paper’s average'
      : 'points';
    const told = papers.map(({name, marks}, paper) => {
      const values = onOneScale ? normalized[paper].map((v) => fixed(v, 1)) : marks;
      return `${name}: ${pupils.map((pupil, i) => `${pupil} ${values[i]}`).join(', ')}.`;
    });
    picture.setAttribute('aria-label', told.join(' '));
  };

  if (!picture.querySelector('.dot')) {
    picture.append(svg('text', {class: 'unit', x: 180, y: 196}));
    for (const [paper, {name, marks}] of papers.entries()) {
      const y = 66 + 72 * paper;
      picture.append(
        svg('text', {class: 'name', x: left, y: y - 24}, name),
        svg('line', {class: 'base', x1: left, x2: right, y1: y, y2: y}),
      );
      for (const pupil of marks.keys()) {
        picture.append(
          svg(
            'g',
            {class: `dot hue${pupil}`, 'data-of': `${paper},${pupil}`},
            svg('circle', {r: 11}),
            svg('text', {y: 4}, pupils[pupil][0]),
          ),
        );
      }
    }
  }
  toggle.onchange = draw;
  draw();
}

/** A heap of sugar for each cake; they grow from zero, or up and down from each chef's average. */
function drawChefs(normalized: number[][]): void {
  const picture = find<SVGSVGElement>('#chefs');
  const toggle = find<HTMLInputElement>('#chefs-switch');
  const most = Math.max(...chefs.flatMap(({sugar}) => sugar));
  const floor = 140;
  const middle = 90;

  const draw = () => {
    const fromUsual = toggle.checked;
    picture.classList.toggle('from-usual', fromUsual);
    const base = fromUsual ? middle : floor;
    find<SVGLineElement>('.base', picture).style.transform = `translateY(${base}px)`;
    for (const heap of picture.querySelectorAll<SVGRectElement>('.heap')) {
      const [chef, cake] = (heap.dataset.of ?? '').split(',').map(Number);
      const height = fromUsual
        ? 36 * normalized[chef][cake]
        : (112 * chefs[chef].sugar[cake]) / most;
      heap.style.transform = `translateY(${base}px) scaleY(${-height / 100})`;
      const label = find<SVGTextElement>(`text[data-of="${chef},${cake}"]`, picture);
      const signed = fixed(normalized[chef][cake], 1);
      label.textContent = fromUsual
        ? signed.replace(/^(?=[1-9]|0\.[1-9])/, '+')
        : String(chefs[chef].sugar[cake]);
      label.style.transform = `translateY(${base - height + (height < 0 ? 13 : -5)}px)`;
    }
    const told = chefs.map(({name, unit, sugar}, chef) => {
      const values = fromUsual ? normalized[chef].map((v) => fixed(v, 1)) : sugar;
      const words = cakes.map((cake, i) => `${cake} ${values[i]}`).join(', ');
      return `${name}${fromUsual ? '' : ` in ${unit}`}: ${words}.`;
    });
    picture.setAttribute('aria-label', told.join(' '));
  };

  if (!picture.querySelector('.heap')) {
    picture.append(svg('line', {class: 'base', x1: 8, x2: 352, y1: 0, y2: 0}));
    for (const [chef, {name, unit, sugar}] of chefs.entries()) {
      const start = 18 + 114 * chef;
      picture.append(
        svg('text', {class: 'name centred', x: start + 48, y: 164}, name),
        svg('text', {class: 'unit', x: start + 48, y: 182}, `in ${unit}`),
      );
      for (const cake of sugar.keys()) {
        const x = start + 34 * cake;
        picture.append(
          svg('rect', {
            ...{class: `heap hue${cake}`, 'data-of': `${chef},${cake}`},
            ...{x, y: 0, width: 28, height: 100},
          }),
          svg('text', {class: 'value', 'data-of': `${chef},${cake}`, x: x + 14, y: 0}),
        );
      }
    }
  }
  toggle.onchange = draw;
  draw();
}
