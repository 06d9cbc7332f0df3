import type { VerificationProgress } from './verify-contents.js';

/** The least time between two reports, in milliseconds. */
const REPORT_EVERY = 100;

/** Reports at intervals, and at the end of each stage. */
export function seldom(
  onProgress: (progress: VerificationProgress) => void,
): (progress: VerificationProgress) => void {
  let due = -Infinity;
  let ended: string | undefined;
  return (progress) => {
    const { stage, checked, total } = progress;
    if (stage === ended) return;
    const now = performance.now();
    if (now < due && checked < total) return;
    due = now + REPORT_EVERY;
    if (checked >= total) ended = stage;
    onProgress(progress);
  };
}
