/** Keeps a warning that the tests of a file bring about on purpose from being printed. */
export function silence(part: string): void {
  let warn: typeof console.warn;
  beforeAll(() => {
    warn = console.warn; // here, as another call may have replaced it by now
    console.warn = (text, ...rest) => {
      if (!String(text).includes(part)) warn(text, ...rest);
    };
  });
  afterAll(() => {
    console.warn = warn;
  });
}
