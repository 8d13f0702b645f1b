/** Puts the prose of each step, `src/steps/<name>.html`, where index.html says `<!-- step: name -->`. */
import {readFileSync} from 'node:fs';
import type {Plugin} from 'vite';

/** The plugin of Vite that does it. */
export function stepsInHtml(): Plugin {
  const file = (name: string) => new URL(`../src/steps/${name}.html`, import.meta.url);
  return {
    name: 'steps-in-html',
    transformIndexHtml: {
      order: 'pre',
      handler: (html) =>
        html.replace(/<!-- step: (\w+) -->/g, (_, name) => readFileSync(file(name), 'utf8')),
    },
    handleHotUpdate({file: changed, server}) {
      if (changed.endsWith('.html')) server.ws.send({type: 'full-reload'});
    },
  };
}
