// Verifies a store in a thread of its own: see verify-ledger.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { openContents } from '../../store/open-store.js';
import { type Answer, failureOf, type WorkerTask } from './worker-messages.js';
import { seldom } from './progress.js';
import { verifyContents } from './verify-contents.js';

const task = workerData as WorkerTask;
const say = (answer: Answer): void => parentPort?.postMessage(answer);

let isStopped = false;
class Stopped extends Error {}
parentPort?.once('message', () => {
  isStopped = true;
});

const contents = await openContents(task.address);
try {
  const verification = await verifyContents(contents, task, {
    throwIfStopped() {
      if (isStopped) throw new Stopped();
    },
    onProgress: seldom((progress) => say({ progress })),
  });
  say({ verification });
} catch (error) {
  say(
    error instanceof Stopped
      ? { stopped: true }
      : { failure: failureOf(error) },
  );
} finally {
  contents.close();
  parentPort?.close();
}
