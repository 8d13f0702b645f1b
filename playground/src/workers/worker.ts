/**
 * The one worker of the page. It imports what a task needs when the task is started, and exports nothing:
 * WebKit runs a worker's own file a second time when another module imports something from it.
 */
import {serveTasks} from './serve_tasks.js';

serveTasks({
  race: () => import('./race.js'),
  names: () => import('./names.js'),
  speed: () => import('./speed.js'),
});
