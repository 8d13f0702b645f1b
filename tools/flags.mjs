/** The command lines of all commands but the set-up's, which runs before any package is there. */
import {Command, CommanderError, InvalidArgumentError, Option} from 'commander';
import {fail, UsageError} from './shell.mjs';

/**
 * One flag. It is a switch unless it has a `value`: the name that the help gives its value, for
 * example LIST.
 *
 * @typedef {object} Flag
 * @property {string} about
 * @property {string} [value]
 * @property {unknown} [default]
 * @property {(text: string) => unknown} [parse] from text to value; throws what it must be
 * @property {readonly string[]} [choices]
 */

/**
 * What a flag gives: true or false if it is a switch, else what `parse` returns, or text, or nothing
 * where it is not given and has no default.
 *
 * @template {Flag} F
 * @typedef {F extends {value: string}
 *     ? (F extends {parse: (text: string) => infer Value} ? Value
 *         : F extends {choices: readonly (infer Name)[]} ? Name : string)
 *       | (F extends {default: {}} ? never : undefined)
 *     : boolean} ValueOf
 */

/**
 * A command: how it is called, what it does, its flags by name, and perhaps its arguments and notes
 * below the list of flags.
 *
 * @template {Record<string, Flag>} Flags
 * @typedef {object} CommandLine
 * @property {string} command
 * @property {string} about
 * @property {Flags} flags
 * @property {{name: string, about: string, choices?: readonly string[]}} [rest]
 * @property {string} [notes]
 */

/**
 * Reads a command line.
 *
 * @template {Record<string, Flag>} const Flags
 * @param {CommandLine<Flags>} commandLine
 * @param {string[]} [args] without Node and the script's own name
 * @returns {{[Name in keyof Flags]: ValueOf<Flags[Name]>} & {rest: string[]}} the values by the
 *     flags' names; `rest`: the arguments that are no flags
 * @throws {UsageError} A flag is unknown or has a wrong value; the message says what is allowed.
 */
export function readFlags(commandLine, args = process.argv.slice(2)) {
  const {command, about, flags, rest, notes} = commandLine;
  const program = new Command(command)
    .usage(`[--flag value]${rest ? ` [${rest.name}…]` : ''}`)
    .description(about)
    .exitOverride()
    .configureOutput({writeErr: () => {}})
    .allowExcessArguments(false);
  if (notes) program.addHelpText('after', `\n${notes}`);
  if (rest) program.argument(`[${rest.name}...]`, rest.about, collect(rest), []);
  const options = Object.entries(flags).map(([name, flag]) => {
    const option = optionOf(name, flag);
    program.addOption(option);
    return /** @type {const} */ ([name, option.attributeName()]);
  });
  try {
    program.parse(args, {from: 'user'});
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) process.exit(0); // the help, which is printed by now
    throw new UsageError(sentence(error.message), program.helpInformation());
  }
  const values = program.opts();
  const named = options.map(([name, key]) => [name, values[key] ?? missing(flags[name])]);
  return Object.assign(Object.fromEntries(named), {rest: rest ? program.processedArgs[0] : []});
}

/**
 * Reads a command line as `readFlags` does. A wrong one ends the process with 2 and a sentence on
 * what is wrong, `--help` with 0.
 *
 * @type {typeof readFlags}
 */
export function parseFlags(commandLine, args) {
  try {
    return readFlags(commandLine, args);
  } catch (error) {
    fail(error);
    throw error;
  }
}

/** @param {Flag} flag */
function missing(flag) {
  return flag.value === undefined ? false : undefined;
}

/**
 * @param {string} name
 * @param {Flag} flag
 */
function optionOf(name, flag) {
  const allowed = flag.choices ? `: ${flag.choices.join(', ')}` : '';
  const long = flag.value === undefined ? `--${name}` : `--${name} <${flag.value}>`;
  const option = new Option(long, `${flag.about}${allowed}`);
  if (flag.value === undefined) return option;
  if (flag.default !== undefined) option.default(flag.default, String(flag.default));
  return option.argParser((text) => parseValue(name, flag, text));
}

/**
 * @param {string} name
 * @param {Flag} flag
 * @param {string} text
 */
function parseValue(name, {parse, choices}, text) {
  if (choices && !choices.includes(text)) {
    throw invalid(`--${name} must be one of ${choices.join(', ')}, but is “${text}”.`);
  }
  try {
    return parse ? parse(text) : text;
  } catch (error) {
    const wanted = error instanceof Error ? error.message : error;
    throw invalid(`--${name} must be ${wanted}, but is “${text}”.`);
  }
}

/**
 * @param {{name: string, choices?: readonly string[]}} rest
 * @returns {(text: string, others: string[]) => string[]}
 */
function collect({name, choices}) {
  return (text, others) => {
    if (choices && !choices.includes(text)) {
      throw invalid(`There is no ${name} “${text}”: name some of ${choices.join(', ')}.`);
    }
    return [...others, text];
  };
}

/** Commander puts words of its own before the message of an error with the code of this one. */
const OURS = 'ours: ';

/** @param {string} message */
function invalid(message) {
  return new InvalidArgumentError(OURS + message);
}

/**
 * Commander's message as a whole sentence; one of ours as it is.
 *
 * @param {string} message
 */
function sentence(message) {
  const at = message.indexOf(OURS);
  if (at >= 0) return message.slice(at + OURS.length);
  const text = message.replace(/^error: |\.$/g, '');
  const [first, ...suggestion] = text.split('\n');
  return [`${first[0].toUpperCase()}${first.slice(1)}.`, ...suggestion].join(' ');
}

/**
 * For `parse`: a whole number above 0.
 *
 * @param {string} text
 */
export function positiveInteger(text) {
  return integerFrom(1)(text);
}

/**
 * For `parse`: a whole number, no less than `least`.
 *
 * @param {number} least
 * @param {number} [most]
 * @returns {(text: string) => number}
 */
export function integerFrom(least, most = Number.MAX_SAFE_INTEGER) {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    if (most < Number.MAX_SAFE_INTEGER) throw new Error(`a whole number from ${least} to ${most}`);
    throw new Error(`a whole number above ${least - 1}`);
  };
}

/**
 * For `parse`: a number above 0.
 *
 * @param {string} text
 */
export function positiveNumber(text) {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error('a number above 0');
  return value;
}

/**
 * For `parse`: some of the names, with commas between.
 *
 * @template {string} Name
 * @param {readonly Name[]} allowed
 * @returns {(text: string) => Name[]} in the order of `allowed`
 */
export function someOf(allowed) {
  return (text) => {
    const names = text.split(',');
    if (!names.every((name) => /** @type {readonly string[]} */ (allowed).includes(name))) {
      throw new Error(`some of ${allowed.join(', ')}, with commas between`);
    }
    return allowed.filter((name) => names.includes(name));
  };
}
