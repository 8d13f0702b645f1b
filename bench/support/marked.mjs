/** The parts of a Markdown file that a command writes, each between two markers. */

/**
 * @param {string} text the whole file
 * @param {{name: string, command: string, file: string}} part
 * @param {string} lines what goes between its markers
 * @throws Error The file lacks the markers.
 */
export function replaceMarked(text, {name, command, file}, lines) {
  const [begin, end] = [`<!-- ${name}: written by \`${command}\` -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} lacks the markers ${begin} and ${end}.`);
  return `${text.slice(0, from + begin.length)}\n\n${lines}\n\n${text.slice(to)}`;
}
