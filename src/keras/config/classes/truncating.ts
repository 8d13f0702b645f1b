/** What the classes share that give whole numbers for whole ones, from some version of Keras on. */
import {inVersion, type KerasVersion} from '../version.js';
import {takesWholeNumbers} from '../whole_numbers.js';
import type {KerasClass} from './row.js';

/** The class of tfjs has the option `truncates` for it, whatever its calls are given. */
export function truncatesSince(since: `${number}.${number}`): KerasClass {
  const holds = (version: KerasVersion) => inVersion({[since]: true}, version) === true;
  return {
    adds: (_config, version, saved) =>
      holds(version) && takesWholeNumbers(saved) === 'all' ? {truncates: true} : {},
    refuses: (saved, version) =>
      holds(version) && takesWholeNumbers(saved) === 'some'
        ? 'it is called with whole numbers and with others, of which Keras cuts the results of the ' +
          'one to whole numbers. In Python cast the whole numbers to float32 before it.'
        : undefined,
  };
}
