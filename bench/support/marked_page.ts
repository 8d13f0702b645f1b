/** Pages of the documentation of which a command writes parts, and the tables in them. */
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {root, run} from '../../tools/shell.mjs';
import {replaceMarked} from './marked.js';

/** A part of a page by the name of its markers. */
export type Part = [name: string, text: string];

/** Writes the parts anew, and formats the page. @throws Error The page lacks the markers of one. */
export function writeParts(page: string, command: string, parts: readonly Part[]): void {
  const file = path.join(root, page);
  let text = readFileSync(file, 'utf8');
  for (const [name, lines] of parts) {
    text = replaceMarked(text, {name, command, file: page}, lines);
  }
  writeFileSync(file, text);
  const format = ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', file];
  run(process.execPath, format, {advice: 'see the message above.'});
  console.log(`The tables: ${page}.`);
}

/** A table of Markdown. */
export function markdownTable(head: string[], rows: (string | number)[][]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
