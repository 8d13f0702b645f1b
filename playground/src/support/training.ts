/** The page's side of a training in a worker, and the buttons that drive it. */
import {find} from './dom.js';

/** What the page says to the worker … */
export type Command<Settings> =
  | {type: 'start'; task: string; settings: Settings}
  | {type: 'run'}
  | {type: 'pause'}
  | {type: 'step'};

/** … and the worker to the page. */
export type Answer<Report> =
  | {type: 'ready'}
  | {type: 'report'; report: Report}
  | {type: 'done'}
  | {type: 'error'; message: string};

export interface TrainingOptions<Settings, Report> {
  /** The `id` of the element with the buttons `run`, `step` and `restart`, and a status. */
  controls: string;
  /** What the worker is to do; see `workers/worker.ts`. */
  task: 'race' | 'names' | 'speed';
  settings: () => Settings;
  /** Before the first report of each start. */
  onRestart: () => void;
  onReport: (report: Report) => void;
}

/**
 * One worker at a time. A restart ends it and starts another: so nothing of the last training,
 * neither memory nor a step under way, reaches the next.
 */
export class Training<Settings, Report> {
  private worker: Worker | null = null;
  private isRunning = false;
  private readonly runButton: HTMLButtonElement;
  private readonly stepButton: HTMLButtonElement;
  private readonly status: HTMLElement;

  constructor(private readonly options: TrainingOptions<Settings, Report>) {
    const controls = find(`#${options.controls}`);
    this.runButton = find('[data-do="run"]', controls);
    this.stepButton = find('[data-do="step"]', controls);
    this.status = find('[role="status"]', controls);
    this.runButton.addEventListener('click', () => this.toggle());
    this.stepButton.addEventListener('click', () => {
      this.send({type: 'step'});
      this.setRunning(false);
    });
    const restartButton = find<HTMLButtonElement>('[data-do="restart"]', controls);
    restartButton.disabled = false;
    restartButton.addEventListener('click', () => this.restart());
  }

  /** Back to the start with the settings as they are now, and on if it was running. */
  restart(): void {
    const goesOn = this.isRunning;
    this.stop();
    this.options.onRestart();
    if (goesOn) this.toggle();
  }

  /** Back to the start, and waiting. */
  stop(): void {
    this.worker?.terminate();
    this.worker = null;
    this.runButton.disabled = this.stepButton.disabled = false;
    this.setRunning(false);
    this.status.textContent = '';
  }

  private toggle(): void {
    this.setRunning(!this.isRunning);
    this.send({type: this.isRunning ? 'run' : 'pause'});
  }

  private setRunning(isRunning: boolean): void {
    this.isRunning = isRunning;
    this.runButton.textContent = isRunning ? 'Pause' : this.worker ? 'Continue' : 'Start';
  }

  private send(command: Command<Settings>): void {
    this.worker ??= this.start();
    this.worker.postMessage(command);
  }

  private start(): Worker {
    const worker = new Worker(new URL('../workers/worker.ts', import.meta.url), {type: 'module'});
    this.status.textContent = 'Getting ready …';
    worker.addEventListener('message', ({data}: MessageEvent<Answer<Report>>) => {
      if (worker !== this.worker) return; // it was ended while this was on its way
      if (data.type === 'ready') this.status.textContent = '';
      if (data.type === 'report') this.options.onReport(data.report);
      if (data.type === 'done') this.end('Finished.');
      if (data.type === 'error') this.end(data.message);
    });
    worker.addEventListener('error', ({message}) => this.end(message));
    const {task} = this.options;
    const start: Command<Settings> = {type: 'start', task, settings: this.options.settings()};
    worker.postMessage(start);
    return worker;
  }

  private end(message: string): void {
    this.setRunning(false);
    this.runButton.disabled = this.stepButton.disabled = true;
    this.runButton.textContent = 'Start';
    this.status.textContent = message;
  }
}

/** At most four times a second, and at the end: enough for the eye, and little work for the page. */
export function paced(draw: () => void): () => void {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      draw();
    }, 250);
  };
}
