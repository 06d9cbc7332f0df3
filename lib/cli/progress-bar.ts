import type { WriteStream } from 'node:tty';

const WIDTH = 30;

/** A line that shows how far something has come. */
export interface ProgressBar {
  readonly show: (stage: string, checked: number, total: number) => void;
  /** Takes the line away. */
  readonly clear: () => void;
}

/** A bar on a terminal; nothing where nobody watches. */
export function progressBar(output: WriteStream): ProgressBar {
  if (!output.isTTY) return { show() {}, clear() {} };
  let isShown = false;
  return {
    show(stage, checked, total) {
      isShown = true;
      const done = total > 0 ? Math.min(checked / total, 1) : 1;
      const bar = '='.repeat(Math.round(done * WIDTH)).padEnd(WIDTH);
      output.write(`\r${stage.padEnd(8)}[${bar}] ${checked}/${total}\u001b[K`);
    },
    clear() {
      if (isShown) output.write('\r\u001b[K');
      isShown = false;
    },
  };
}
