/** Makes the layers of KerasHub known, to tfjs and to the table of classes. */
import {addClasses} from '../config/classes/libraries.js';
import {addLayers} from '../layers/register.js';
import {hubClasses} from './classes.js';

/** Safe to repeat. */
export function registerHubLayers(): void {
  addClasses(hubClasses);
  addLayers(Object.values(hubClasses).flatMap(({layer}) => layer ?? []));
}
