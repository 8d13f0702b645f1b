/** The parts of a Markdown file that a command writes, each between two markers. */

/**
 * Replaces what stands between the markers of a part.
 *
 * @param text the whole file
 * @throws Error The file lacks the markers.
 */
export function replaceMarked(
  text: string,
  {name, command, file}: {name: string; command: string; file: string},
  lines: string,
): string {
  const [begin, end] = [`<!-- ${name}: written by \`${command}\` -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} lacks the markers ${begin} and ${end}.`);
  return `${text.slice(0, from + begin.length)}\n\n${lines}\n\n${text.slice(to)}`;
}
