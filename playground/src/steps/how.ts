/** Step 2: mean, variance, normalise, scale and shift, on six activations that can be dragged. */
import {onBackend} from '../support/backend_menu.js';
import {Bars} from '../support/bars.js';
import {find, findAll, html} from '../support/dom.js';
import {fixed} from '../support/format.js';
import {latest} from '../support/latest.js';
import {layerNormRows, statisticsOfRows} from '../support/normalize.js';
import {keepInAddress} from '../support/settings.js';

const START = [1, 2.5, -1.5, 0.5, 3.8, -0.6];
const LIMIT = 8;

const changes: Record<string, (x: number[]) => number[]> = {
  double: (x) => x.map((value) => value * 2),
  add: (x) => x.map((value) => value + 1),
  constant: (x) => x.map(() => 3),
  reset: () => START,
};

const meanings: Record<string, string> = {
  x: 'x is an activation: a number that one unit of the layer gives. i says which one.',
  mu: 'μ (mu) is the mean, the average of the whole layer: the dashed line.',
  sigma:
    'σ (sigma) is the spread, how far a typical activation is from the mean: the band. σ² is the variance.',
  epsilon:
    'ε (epsilon) is a small number that keeps the root above 0, so that a constant layer does not divide by 0.',
  gamma: 'γ (gamma) is the scale. It starts at 1 and is learned.',
  beta: 'β (beta) is the shift. It starts at 0 and is learned.',
  xhat: 'x̂ (x hat) is the normalised activation: how many spreads it lies above or below the mean.',
  y: 'y is the result, which goes to the next layer.',
};

export function start(): void {
  let x = [...START];
  let selected = 1;
  const gamma = find<HTMLInputElement>('#how-gamma');
  const beta = find<HTMLInputElement>('#how-beta');
  const epsilon = find<HTMLSelectElement>('#how-epsilon');
  keepInAddress(gamma, '1');
  keepInAddress(beta, '0');
  keepInAddress(epsilon, '0.001');

  const select = (index: number) => {
    selected = index;
    draw();
  };
  const raw = new Bars(find('#how-x'), x.length, {
    domain: [-LIMIT, LIMIT],
    ticks: [-8, -4, 0, 4, 8],
    symbol: 'x',
    onMove: (index, value) => {
      x[index] = value;
      select(index);
    },
    onSelect: select,
  });
  const normalized = new Bars(find('#how-xhat'), x.length, {
    domain: [-2.6, 2.6], // of six values none can be further than √5 from the mean
    ticks: [-2, -1, 0, 1, 2],
    symbol: 'xhat',
    onSelect: select,
  });
  const result = new Bars(find('#how-y'), x.length, {
    domain: [-6.5, 6.5],
    ticks: [-6, -3, 0, 3, 6],
    symbol: 'y',
    onSelect: select,
  });

  const draw = latest(async () => {
    const now = {
      x: [...x],
      selected,
      epsilon: Number(epsilon.value),
      gamma: gamma.valueAsNumber,
      beta: beta.valueAsNumber,
    };
    const [{mean, variance}] = await statisticsOfRows([now.x]);
    const [xhat] = await layerNormRows([now.x], {epsilon: now.epsilon});
    const [y] = await layerNormRows([now.x], now);
    const sigma = Math.sqrt(variance);

    raw.update({values: now.x, selected: now.selected, mean, spread: sigma});
    normalized.update({values: xhat, selected: now.selected});
    result.update({values: y, selected: now.selected});
    describe('#how-xhat', 'Normalised', xhat);
    describe('#how-y', 'Scaled and shifted', y);

    find('#how-gamma-shown').textContent = fixed(now.gamma, 1);
    find('#how-beta-shown').textContent = fixed(now.beta, 1);
    showValues({
      x: fixed(now.x[now.selected], 1),
      mu: fixed(mean),
      variance: fixed(variance),
      sigma: fixed(sigma),
      epsilon: epsilon.value,
      gamma: fixed(now.gamma, 1),
      beta: now.beta < 0 ? `(${fixed(now.beta, 1)})` : fixed(now.beta, 1),
      xhat: fixed(xhat[now.selected], 3),
      y: fixed(y[now.selected], 3),
    });
    showTable(now.x, xhat, y, now.selected);
    for (const button of findAll<HTMLButtonElement>('#how [data-change]')) {
      const changed = changes[button.dataset.change ?? ''](now.x);
      button.disabled = changed.some((value) => Math.abs(value) > LIMIT);
    }
    find('#how-result').textContent = verdict({variance, ...now});
  });

  for (const input of [gamma, beta, epsilon]) input.addEventListener('input', draw);
  for (const button of findAll('#how [data-change]')) {
    button.addEventListener('click', () => {
      x = changes[button.dataset.change ?? ''](x);
      draw();
    });
  }
  lightSymbols();
  onBackend(draw);
}

function describe(selector: string, what: string, values: number[]): void {
  const told = values.map((value) => fixed(value)).join(', ');
  find<SVGElement>(selector).setAttribute('aria-label', `${what}: ${told}`);
}

function showValues(values: Record<string, string>): void {
  for (const place of findAll<MathMLElement>('#how [data-value]')) {
    place.textContent = values[place.dataset.value ?? ''];
  }
}

function showTable(x: number[], xhat: number[], y: number[], selected: number): void {
  const rows = x.map((_, i) => {
    const row = html(
      'tr',
      {},
      html('th', {scope: 'row'}, String(i + 1)),
      html('td', {'data-symbol': 'x'}, fixed(x[i], 1)),
      html('td', {'data-symbol': 'xhat'}, fixed(xhat[i], 3)),
      html('td', {'data-symbol': 'y'}, fixed(y[i], 3)),
    );
    row.classList.toggle('selected', i === selected);
    return row;
  });
  find('#how-table tbody').replaceChildren(...rows);
}

function verdict({
  variance,
  epsilon,
  beta,
}: {
  variance: number;
  epsilon: number;
  beta: number;
}): string {
  if (variance > 0) {
    return variance < epsilon
      ? 'The variance is smaller than ε: the result is pressed towards β.'
      : 'The mean of x̂ is 0, its spread is 1, wherever you drag the bars.';
  }
  return epsilon > 0
    ? `A constant layer: x − μ is 0 everywhere, and √ε is not, so x̂ = 0 and y = β = ${fixed(beta, 1)}.`
    : 'A constant layer without ε: 0 divided by 0, which is no number. This package then gives ' +
        `x̂ = 0, so y = β = ${fixed(beta, 1)}; a plain division would give NaN and spoil the network.`;
}

/** Whoever points at a symbol, or comes to it with Tab, sees all that belongs to it lit. */
function lightSymbols(): void {
  const panel = find('#how-panel');
  const meaning = find('#how-meaning');
  const light = (target: EventTarget | null) => {
    const symbol = (target as Element).closest<HTMLElement>('[data-symbol]')?.dataset.symbol;
    if (symbol) {
      panel.dataset.lit = symbol;
      meaning.textContent = meanings[symbol];
    } else {
      delete panel.dataset.lit;
    }
  };
  const formula = find('#how-formula');
  for (const where of [formula, find('#how .four')]) {
    where.addEventListener('pointerover', ({target}) => light(target));
    where.addEventListener('pointerleave', () => light(panel));
    where.addEventListener('focusin', ({target}) => light(target));
    where.addEventListener('focusout', () => light(panel));
  }
}
