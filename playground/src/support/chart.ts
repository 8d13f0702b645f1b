import {type PlotOptions, plot} from '@observablehq/plot';

/**
 * A chart that fits its container, again when that changes its width. The container's height is
 * fixed in the HTML, so that nothing moves when the chart comes.
 */
export class Chart {
  private options: ((width: number) => PlotOptions) | null = null;
  private width = 0;

  constructor(private readonly container: HTMLElement) {
    new ResizeObserver(() => {
      if (container.clientWidth !== this.width) this.render();
    }).observe(container);
  }

  draw(options: (width: number) => PlotOptions): void {
    this.options = options;
    this.render();
  }

  private render(): void {
    this.width = this.container.clientWidth;
    if (!this.options || this.width === 0) return;
    const height = this.container.clientHeight;
    this.container.replaceChildren(
      plot({width: this.width, height, ...this.options(this.width)}) as Element,
    );
  }
}
