/** Keeps a warning that the tests of a file bring about on purpose from being printed. */
export function silence(part: string): void {
  const warn = console.warn;
  beforeAll(() => {
    console.warn = (text, ...rest) => {
      if (!String(text).includes(part)) warn(text, ...rest);
    };
  });
  afterAll(() => {
    console.warn = warn;
  });
}
