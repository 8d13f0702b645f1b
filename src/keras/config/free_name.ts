/** The name for a layer that the loader adds: the one wanted, made longer until no other layer has it. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  let name = wanted;
  while (isTaken(name)) name += '_';
  return name;
}
