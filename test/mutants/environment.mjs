/**
 * The environment of the Node backends, which skips what is left of the specs once a test has failed:
 * the mutant is seen then. Jest's own `bail` stops between files, and here all specs are in one.
 */
import BackendEnvironment from '../backends/node/environment.mjs';

export default class MutantEnvironment extends BackendEnvironment {
  hasFailed = false;

  /** @type {import('@jest/types').Circus.EventHandler} */
  handleTestEvent = (event) => {
    if (event.name === 'test_done') this.hasFailed ||= event.test.errors.length > 0;
    if (event.name === 'test_start' && this.hasFailed) event.test.mode = 'skip';
  };
}
