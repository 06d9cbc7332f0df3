/**
 * @typedef {object} Row
 * @property {string} name - what was measured
 * @property {number} ours
 * @property {number} [peer] - the peer's figure, from the same run
 * @property {string} unit - such as `tx/s`
 * @property {string} [peerName]
 * @property {boolean} [lessIsBetter]
 */

/** @param {string} title @param {readonly Row[]} rows */
export function printTable(title, rows) {
  console.log(`\n${title}`);
  const lines = rows.map(
    ({ name, ours, peer, unit, peerName, lessIsBetter }) => ({
      '': name,
      ours: `${figure(ours)} ${unit}`,
      peer: peer === undefined ? '' : `${figure(peer)} ${unit} (${peerName})`,
      ratio:
        peer === undefined
          ? ''
          : `${(lessIsBetter ? peer / ours : ours / peer).toFixed(2)}x`,
    }),
  );
  const columns = ['', 'ours', 'peer', 'ratio'];
  const widths = columns.map((column) =>
    Math.max(column.length, ...lines.map((line) => line[column].length)),
  );
  const format = (cells) =>
    cells
      .map((cell, n) =>
        n === 0 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]),
      )
      .join('  ');
  console.log(format(columns));
  for (const line of lines)
    console.log(format(columns.map((column) => line[column])));
}

const figure = (value) =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

/** Runs `operation` from `callers` loops for `seconds` and returns how many ended in a second; it may return how many it did at once. */
export async function throughput(callers, seconds, operation) {
  let count = 0;
  const end = performance.now() + seconds * 1000;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      while (performance.now() < end) {
        const done = await operation(caller);
        count += typeof done === 'number' ? done : 1;
      }
    }),
  );
  return (count / (performance.now() - started)) * 1000;
}
