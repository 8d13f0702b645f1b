/** Stands for `@jest/globals` in a spec: the names that the harness has made global. */
const names = globalThis as unknown as typeof import('@jest/globals');

export const {describe, it, test, beforeAll, beforeEach, afterAll, afterEach, expect, jest} = names;
