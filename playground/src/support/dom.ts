/** Small helpers for elements. */

/** The element; its type is as the caller says. @throws Error There is none. */
export function find<E extends Element = HTMLElement>(selector: string, within?: ParentNode): E {
  const found = (within ?? document).querySelector<E>(selector);
  if (!found) throw new Error(`The page has no element ${selector}.`);
  return found;
}

export function findAll<E extends Element = HTMLElement>(
  selector: string,
  within: ParentNode = document,
): E[] {
  return [...within.querySelectorAll<E>(selector)];
}

type Attributes = Record<string, string | number>;

/** An HTML element with attributes and what is in it. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** The same for SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, String(value));
  }
}

/** The value of the chosen radio button of a group. */
export function chosen(name: string): string {
  return find<HTMLInputElement>(`input[name="${name}"]:checked`).value;
}
