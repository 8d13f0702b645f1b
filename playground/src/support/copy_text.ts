/** Buttons that copy a text of the page. */

/** Copies what `element` says, and has the button say so for a while. */
export async function copyText(button: HTMLButtonElement, element: HTMLElement): Promise<void> {
  const title = button.textContent;
  try {
    await navigator.clipboard.writeText(element.textContent ?? '');
    button.textContent = 'Copied';
  } catch {
    // Not allowed here: the text is chosen, so that the reader's own keys copy it.
    getSelection()?.selectAllChildren(element);
    button.textContent = 'Selected';
  }
  setTimeout(() => {
    button.textContent = title;
  }, 2000);
}
