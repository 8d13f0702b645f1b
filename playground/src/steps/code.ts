/** Step 6: code to copy, and the reader's own model opened. */
import {dataAddress} from '../support/address.js';
import {copyText} from '../support/copy_text.js';
import {find, findAll} from '../support/dom.js';
import {percent} from '../support/format.js';
import {showModel} from './model_view.js';

export function start(): void {
  for (const button of findAll<HTMLButtonElement>('#code [data-copy]')) {
    const code = find('code', button.closest('figure') ?? document);
    button.addEventListener('click', () => copyText(button, code));
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

async function open(files: File[]): Promise<void> {
  if (files.length === 0) return;
  const result = find('#model-result');
  const names = files.map(({name}) => name).join(', ');
  const progress = find<HTMLProgressElement>('#model-progress');
  const tell = (done: number) => {
    result.textContent = `Opening ${names}: ${percent(done)}`;
    progress.value = done;
  };
  tell(0);
  progress.hidden = false;
  find('#model-layers').replaceChildren();
  try {
    // The readers of model files are large: they are loaded now, when a file is there.
    const {openModel} = await import('../support/open_model.js');
    result.textContent = await showModel(await openModel(files, tell), find('#model-layers'));
  } catch (error) {
    result.textContent = (error as Error).message;
  } finally {
    progress.hidden = true;
  }
}
