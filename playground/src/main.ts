/** Starts the backend, and each step when the reader comes near it. */
import {startBackendMenu} from './support/backend_menu.js';
import {find} from './support/dom.js';

/** The code of a step, with the libraries and data that it alone needs, is loaded when it starts. */
const steps: Record<string, () => Promise<{start: () => void}>> = {
  why: () => import('./steps/why.js'),
  how: () => import('./steps/how.js'),
  compare: () => import('./steps/compare.js'),
  race: () => import('./steps/race.js'),
  transformer: () => import('./steps/transformer.js'),
  code: () => import('./steps/code.js'),
  speed: () => import('./steps/speed.js'),
};

/** How far off the screen a step is when it starts. */
const AHEAD = '600px';

const observer = new IntersectionObserver(
  (entries) => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      steps[target.id]().then(({start}) => start());
    }
  },
  {rootMargin: AHEAD},
);

for (const id of Object.keys(steps)) observer.observe(find(`#${id}`));
startBackendMenu();
