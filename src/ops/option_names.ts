/** @throws Error An option that does not exist, such as `eps`, which would else be overlooked. */
export function checkOptionNames(opName: string, options: object, names: string[]): void {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new Error(`${opName}: unknown option '${name}'; the options are ${names.join(', ')}.`);
    }
  }
}
