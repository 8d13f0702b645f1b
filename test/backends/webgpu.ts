/** Has the spec run on `webgpu`. */
import '@tensorflow/tfjs-backend-webgpu';
import {useBackend} from './current.js';

useBackend('webgpu');
