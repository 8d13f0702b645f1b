/** Has the spec run on `tensorflow` as on a machine where the addon could not be had. */
import '@tensorflow/tfjs-node';
import {silence} from '../support/silence.js';
import {useBackend} from './current.js';

jest.mock('../../addon/index.cjs', () => {
  throw new Error('this test hides it');
});

silence('this test hides it');
useBackend('tensorflow', () => {}, 'borrowed');
