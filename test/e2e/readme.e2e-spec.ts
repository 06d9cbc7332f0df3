import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { curlLines, isAnswer, runCurl } from './curl-lines.js';
import { SampleProcess } from './sample-process.js';

const README = '../../README.md';
const SAMPLE_README = '../../sample/01-vehicle-registration/README.md';

describe('the curl lines of', () => {
  it.each([README, SAMPLE_README])('%s answer as printed', async (file) => {
    const text = await readFile(new URL(file, import.meta.url), 'utf8');
    const lines = curlLines(text);
    expect(lines.length).toBeGreaterThanOrEqual(8);
    const folder = await mkdtemp(join(tmpdir(), 'readme-'));
    const sample = await SampleProcess.start(folder);
    try {
      for (const { command, answer } of lines) {
        const actual = await runCurl(command, sample);
        expect(isAnswer(actual, answer), `$ ${command}\n${actual}`).toBe(true);
      }
    } finally {
      await sample.kill();
      await rm(folder, { recursive: true });
    }
  });

  it('a README are compared but for ids, hashes and times', () => {
    const [line, ...none] = curlLines(
      '```console\n$ npm start\n$ curl \\\n  -s x\n{"a":"…"}\n```\n',
    );
    expect(none).toEqual([]);
    expect(line).toEqual({ command: 'curl \\\n  -s x', answer: '{"a":"…"}' });
    expect(isAnswer('{"a":"b"}', '{"a":"…"}')).toBe(true);
    expect(isAnswer('{"a":"b","c":1}', '{"a":"…"}')).toBe(false);
    expect(
      isAnswer(
        '{"id":"9xSysd2iPQUKzvmc303KXn"}',
        '{"id":"JkHmMiNNmeU9rxxUdHHTzi"}',
      ),
    ).toBe(true);
    expect(isAnswer('1\n2\n3', '2\n…')).toBe(true);
    expect(isAnswer('1\n2', '2')).toBe(false);
    expect(isAnswer('{"n":1}', '{"n":2}')).toBe(false);
  });
});
