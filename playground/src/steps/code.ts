/** Step 6: code to copy, and the reader's own model opened. */
import {dataAddress} from '../support/address.js';
import {find, findAll} from '../support/dom.js';
import {showModel} from './model_view.js';

export function start(): void {
  for (const button of findAll<HTMLButtonElement>('#code [data-copy]')) {
    button.addEventListener('click', () => copy(button));
  }
  const drop = find('#drop');
  const input = find<HTMLInputElement>('#model-files');
  input.addEventListener('change', () => open([...(input.files ?? [])]));
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    open([...(event.dataTransfer?.files ?? [])]);
  });
  find('#model-example').addEventListener('click', async () => {
    const response = await fetch(dataAddress('example.keras'));
    open([new File([await response.blob()], 'example.keras')]);
  });
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const code = find('code', button.closest('figure') ?? document);
  try {
    await navigator.clipboard.writeText(code.textContent ?? '');
    button.textContent = 'Copied';
  } catch {
    // Not allowed here: the text is chosen, so that the reader's own keys copy it.
    getSelection()?.selectAllChildren(code);
    button.textContent = 'Selected';
  }
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 2000);
}

async function open(files: File[]): Promise<void> {
  if (files.length === 0) return;
  const result = find('#model-result');
  result.textContent = `Opening ${files.map(({name}) => name).join(', ')} …`;
  find('#model-layers').replaceChildren();
  try {
    // The readers of model files are large: they are loaded now, when a file is there.
    const {openModel} = await import('../support/open_model.js');
    result.textContent = await showModel(await openModel(files), find('#model-layers'));
  } catch (error) {
    result.textContent = (error as Error).message;
  }
}
