/** Has the spec run on `tensorflow`: libtensorflow through `@tensorflow/tfjs-node`. */
import '@tensorflow/tfjs-node';
import {useBackend} from './current.js';

useBackend('tensorflow');
