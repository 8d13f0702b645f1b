/** The menu of backends, and word of each change to the steps. */
import {
  type Availability,
  availability,
  type BackendName,
  backendNames,
  backendTitles,
  startBackend,
} from './backends.js';
import {find, html} from './dom.js';

const listeners = new Set<(name: BackendName) => void>();
let current: BackendName | null = null;

/** Calls back with the backend in use, now if it runs already, and after each change. */
export function onBackend(listener: (name: BackendName) => void): void {
  listeners.add(listener);
  if (current) listener(current);
}

/** Fills the menu and starts the best backend, or the one that the address asks for. */
export async function startBackendMenu(): Promise<void> {
  const menu = find<HTMLSelectElement>('#backend');
  const there = await availability();
  menu.replaceChildren(...backendNames.map((name) => optionFor(name, there[name])));
  const wanted = new URLSearchParams(location.search).get('backend') as BackendName | null;
  await use(wanted && there[wanted]?.isThere ? wanted : best(there), menu);
  menu.disabled = false;
  menu.addEventListener('change', () => use(menu.value as BackendName, menu));
}

function optionFor(name: BackendName, {isThere, isSoftware}: Availability): HTMLOptionElement {
  const note = isThere ? (isSoftware ? ' (in software)' : '') : ' (not in this browser)';
  const option = html('option', {value: name}, `${backendTitles[name]}${note}`);
  option.disabled = !isThere;
  return option;
}

/** The first that is there and is not a graphics card played by the processor. */
function best(there: Record<BackendName, Availability>): BackendName {
  return backendNames.find((name) => there[name].isThere && !there[name].isSoftware) ?? 'cpu';
}

/** Where a backend does not start, the next one serves, and the page says so. */
async function use(name: BackendName, menu: HTMLSelectElement): Promise<void> {
  const note = find('#backend-note');
  try {
    await startBackend(name);
    note.textContent =
      `Everything on this page is computed live, on your device (${backendTitles[name]}), ` +
      'by the package tfjs-layernorm.';
  } catch (error) {
    const option = find<HTMLOptionElement>(`option[value="${name}"]`, menu);
    option.disabled = true;
    option.textContent = `${backendTitles[name]} (did not start)`;
    const next = backendNames[backendNames.indexOf(name) + 1];
    if (!next) throw error;
    await use(next, menu);
    note.textContent += ` ${backendTitles[name]} did not start: ${(error as Error).message}`;
    return;
  }
  current = name;
  menu.value = name;
  for (const listener of listeners) listener(name);
}
