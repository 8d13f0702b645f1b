/**
 * Runs an asynchronous drawing as often as is asked, one at a time: while one runs, of all further
 * wishes only the last is kept, so a slider never queues work.
 */
export function latest(draw: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  return async function run() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await draw();
    } while (again);
    running = false;
  };
}
