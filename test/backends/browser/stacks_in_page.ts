/**
 * Stacks as V8 writes them, which is what Jest reads: with the message before the frames, and the frames
 * as `at name (place)`. Firefox and WebKit have the frames alone, as `name@place`.
 */
export function writeStackLikeV8(error: unknown): void {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return;
  const {name, message, stack} = error;
  if (/^\s+at /m.test(stack) || stack.startsWith(name)) return;
  const frames = stack
    .split('\n')
    .filter((line) => /@.*:\d+:\d+$/.test(line))
    .map((line) =>
      line.replace(/^(.*?)@(.*)$/, (_, of, place) => `    at ${of || '?'} (${place})`),
    );
  const written = [`${name}: ${message}`, ...frames].join('\n');
  Object.defineProperty(error, 'stack', {value: written, configurable: true, writable: true});
}
