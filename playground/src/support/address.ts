/** The address of a file of the page's data, in a worker too. */
export const dataAddress = (name: string) => new URL(`data/${name}`, document.baseURI).href;
