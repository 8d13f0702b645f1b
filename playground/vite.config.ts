/**
 * Builds the page into `playground/dist`: a static folder that works from any address, offline.
 *
 * The page imports the package by its public name, and gets the sources of this checkout: what a
 * reader sees is the code as it is, with no build of it in between.
 */
import path from 'node:path';
import {defineConfig} from 'vite';
import {data} from './build/data.js';
import {stepsInHtml} from './build/steps_in_html.js';

const here = import.meta.dirname;
const src = path.resolve(here, '../src');

export default defineConfig({
  root: here,
  base: './',
  publicDir: false,
  plugins: [stepsInHtml(), data()],
  resolve: {
    alias: [
      {find: /^tfjs-layernorm$/, replacement: path.join(src, 'index.ts')},
      {find: /^tfjs-layernorm\/(\w+)$/, replacement: path.join(src, '$1/index.ts')},
    ],
    // Two copies of tfjs would be two engines.
    dedupe: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'],
  },
  worker: {format: 'es'},
  build: {
    target: 'es2022',
    outDir: path.join(here, 'dist'),
    emptyOutDir: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 5000, // h5wasm, loaded when a model file is dropped
  },
});
