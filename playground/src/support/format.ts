/** Numbers as the page shows them: with a true minus, and no −0. */

export function fixed(value: number, digits = 2): string {
  const text = value.toFixed(digits);
  return /^-[0.]*$/.test(text) ? text.slice(1) : text.replace('-', '−');
}

/** Of any size, with two digits that count: 0.0031, 1.2, 340, 5.2 × 10⁶. */
export function short(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) {
    const [digits, power] = value.toExponential(1).split('e');
    const superscript = [...String(Number(power))]
      .map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? '⁻')
      .join('');
    return `${digits.replace('-', '−')} × 10${superscript}`;
  }
  const text = size >= 10 ? String(Number(value.toPrecision(3))) : value.toPrecision(2);
  return text.replace('-', '−');
}

export const percent = (share: number, digits = 0) => `${(100 * share).toFixed(digits)} %`;
