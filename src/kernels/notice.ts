/** Says once, by the caller's care, that something else computes what a fused kernel would. */
export function noticeSubstitute(
  what: string,
  substitute = 'composed tfjs ops serve',
  advice = '',
): void {
  console.warn(
    `tfjs-layernorm: no fused kernel for ${what}; ${substitute} ` +
      `instead: the same values, more slowly. ${advice}`.trimEnd(),
  );
}
