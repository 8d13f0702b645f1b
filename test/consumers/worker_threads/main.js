import {once} from 'node:events';
import {Worker} from 'node:worker_threads';

const workers = [1, 2, 3].map(() => new Worker(new URL('worker.js', import.meta.url)));
const reports = await Promise.all(
  workers.map(async (worker) => (await once(worker, 'message'))[0]),
);
for (const report of reports) console.log(JSON.stringify(report));
