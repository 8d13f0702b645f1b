import {parseArgs} from 'node:util';

/**
 * Reads the command line.
 *
 * @param {{command: string, about: string, flags: Object}} options `flags`: by name, each
 *     `{default, about}` with `parse` (text to value, throwing) or `choices`
 * @returns {Object} the values by name. A wrong flag or `--help` ends the process, with a word why.
 */
export function parseFlags({command, about, flags}) {
  const options = Object.fromEntries(Object.keys(flags).map((name) => [name, {type: 'string'}]));
  try {
    const {values} = parseArgs({options: {...options, help: {type: 'boolean', short: 'h'}}});
    if (values.help) {
      console.log(help({command, about, flags}));
      process.exit(0);
    }
    return Object.fromEntries(
      Object.entries(flags).map(([name, flag]) => [name, parseValue(name, flag, values[name])]),
    );
  } catch (error) {
    const message = error.message.split('. To specify a positional')[0];
    console.error(`${message}\n\n${help({command, about, flags})}`);
    process.exit(1);
  }
}

function parseValue(name, {default: fallback, parse, choices}, text) {
  if (text === undefined) return fallback;
  if (choices && !choices.includes(text)) {
    throw new Error(`--${name} must be one of ${choices.join(', ')}, but is “${text}”.`);
  }
  try {
    return parse ? parse(text) : text;
  } catch (error) {
    throw new Error(`--${name} must be ${error.message}, but is “${text}”.`);
  }
}

function help({command, about, flags}) {
  const width = Math.max(...Object.keys(flags).map((name) => name.length));
  const lines = Object.entries(flags).map(([name, flag]) => {
    const choices = flag.choices ? `: ${flag.choices.join(', ')}` : '';
    return `  --${name.padEnd(width)} ${flag.about}${choices} (default ${flag.default})`;
  });
  return `${about}\n\nusage: ${command} [--flag value]\n\n${lines.join('\n')}\n  --help`;
}

/** For `parse`: a whole number above 0. */
export function positiveInteger(text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error('a whole number above 0');
  return value;
}

/** For `parse`: a number above 0. */
export function positiveNumber(text) {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error('a number above 0');
  return value;
}
