/** The one worker of the page: all tasks in one file, as each needs the same libraries. */
import {createNames} from './names.js';
import {createRace} from './race.js';
import {serveTasks} from './serve_tasks.js';
import {createSpeed} from './speed.js';

serveTasks({race: createRace, names: createNames, speed: createSpeed});
