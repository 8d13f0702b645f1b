/** Warns that something stands in for a fused kernel. The caller sees to it that it is said once. */
export function noticeSubstitute(
  what: string,
  substitute = 'composed tfjs ops serve',
  advice = '',
  values = 'the same values',
): void {
  console.warn(
    `tfjs-layernorm: no fused kernel for ${what}; ${substitute} ` +
      `instead: ${values}, more slowly. ${advice}`.trimEnd(),
  );
}
