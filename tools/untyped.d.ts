/** The types of packages that bring none: as much of them as is used here. */

declare module 'mnist' {
  /** Ten classes by their digit; each has its pixels, 28 × 28 to an image, one image after another. */
  const digits: {raw: number[]; length: number}[];
  export default digits;
}
