/** Stands for `process` in Jest's own parts; the spec and tfjs do not see it. */
export const process = {cwd: () => '/', env: {}, platform: 'browser'};
