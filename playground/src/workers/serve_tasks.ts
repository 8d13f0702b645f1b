/** The worker's side of a training: runs steps, and hears the page between them. */
import type {Answer, Command} from '../support/training.js';

export interface Trainer<Report> {
  /** @returns what the page is to show; null after the last step. */
  step(): Promise<Report | null>;
}

interface TaskModule {
  /** Makes what is trained, with the settings that the page gives. */
  create(settings: never): Promise<Trainer<unknown>>;
}

/** Answers the page: it names one of the tasks, then says when to take steps. */
export function serveTasks(tasks: Record<string, () => Promise<TaskModule>>): void {
  let trainer: Promise<Trainer<unknown>>;
  let isRunning = false;
  let isBusy = false;
  const answer = (message: Answer<unknown>) => self.postMessage(message);

  /** One step; then, if it is still wanted, the next, with a gap in which messages come. */
  async function step(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    try {
      const report = await (await trainer).step();
      if (report === null) isRunning = false;
      answer(report === null ? {type: 'done'} : {type: 'report', report});
    } catch (error) {
      isRunning = false;
      answer({type: 'error', message: (error as Error).message});
    }
    isBusy = false;
    if (isRunning) setTimeout(step);
  }

  self.addEventListener('message', ({data}: MessageEvent<Command<never>>) => {
    if (data.type === 'start') {
      trainer = tasks[data.task]().then(({create}) => create(data.settings));
      trainer.then(
        () => answer({type: 'ready'}),
        ({message}) => answer({type: 'error', message}),
      );
      return;
    }
    isRunning = data.type === 'run';
    if (data.type !== 'pause') step();
  });
}
