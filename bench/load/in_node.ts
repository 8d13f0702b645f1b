/** Loads one file in a process of its own, and tells what it cost: `in_node.ts FILE` */
import * as tf from '@tensorflow/tfjs';
import {loadKerasModel} from 'tfjs-layernorm/keras';
import {measureLoad} from './measure.js';

const [, , file] = process.argv;
await tf.setBackend('cpu');
const before = process.memoryUsage().rss;
const cost = await measureLoad(loadKerasModel, file);
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({...cost, memory: peak - before}));
