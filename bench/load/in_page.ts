/** Loads a file in a page, from its URL and from a File, and tells what each cost. */
import * as tf from '@tensorflow/tfjs';
import {loadKerasModel} from 'tfjs-layernorm/keras';
import {type LoadCost, measureLoad} from './measure.js';

declare global {
  interface Window {
    loadFile(address: string, from: 'URL' | 'File'): Promise<LoadCost>;
  }
}

window.loadFile = async (address, from) => {
  await tf.setBackend('cpu');
  if (from === 'URL') return measureLoad(loadKerasModel, address);
  const blob = await (await fetch(address)).blob();
  return measureLoad(loadKerasModel, new File([blob], 'model.keras'));
};
