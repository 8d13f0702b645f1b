/** Settings kept in the address, after the #, so that a page can be shared as it is. */

const read = () => new URLSearchParams(location.hash.includes('=') ? location.hash.slice(1) : '');
const values = read();

/** Ties an input to a setting: takes its value from the address, and puts changes there. */
export function keepInAddress(input: HTMLInputElement | HTMLSelectElement, fallback: string): void {
  const name = input.id;
  input.value = values.get(name) ?? fallback;
  if (input.value === '') input.value = fallback; // an option that is not there
  input.addEventListener('input', () => {
    if (input.value === fallback) values.delete(name);
    else values.set(name, input.value);
    history.replaceState(null, '', values.size > 0 ? `#${values}` : location.pathname);
  });
}
