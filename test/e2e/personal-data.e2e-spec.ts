import { createSecretKey, randomBytes } from 'node:crypto';
import {
  cp,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../lib/ledger/index.js';
import { seal, unseal } from '../../sample/03-personal-data/src/vault/seal.js';
import { curlLines, isAnswer, runCurl } from './curl-lines.js';
import { SampleProcess } from './sample-process.js';

interface Person {
  readonly PersonId: string;
  readonly Name?: string | null;
  readonly Email?: string | null;
  readonly Note?: string;
  readonly ForgottenAt?: string;
}
interface State {
  readonly Version: number;
  readonly Proven: boolean;
  readonly Person: Person | null;
}

const ADA = {
  PersonId: 'p-1',
  Name: 'Ada Lovelace',
  Email: 'ada@example.com',
};
const README = new URL(
  '../../sample/03-personal-data/README.md',
  import.meta.url,
);

const home = await mkdtemp(join(tmpdir(), 'personal-data-'));
afterAll(() => rm(home, { recursive: true }));

let folders = 0;
let folder: string;
let sample: SampleProcess;
const samples: SampleProcess[] = [];

async function start(at: string): Promise<SampleProcess> {
  const started = await SampleProcess.start(at, '03-personal-data');
  samples.push(started);
  return started;
}
beforeEach(async () => {
  folder = join(home, `ledger-${folders++}`);
  sample = await start(folder);
});
afterEach(() =>
  Promise.all(samples.splice(0).map((started) => started.kill())),
);

const send = (method: string, path: string, body?: unknown, to = sample) =>
  to.fetch(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
const statusOf = async (answer: Promise<Response>) => (await answer).status;
const history = (personId: string, of = sample) =>
  of.get<State[]>(`/people/${personId}/history`);
const keyOf = (personId: string) => join(`${folder}.keys`, personId, 'key');

/** Everything in the files below a folder, byte by byte. */
async function bytesIn(at: string): Promise<string> {
  const names = await readdir(at, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile());
  expect(files.length).toBeGreaterThan(0);
  const texts = files.map(({ parentPath, name }) =>
    readFile(join(parentPath, name), 'latin1'),
  );
  return (await Promise.all(texts)).join('\n');
}

/** Checks the whole ledger, which no process has open. */
async function verify(at: string): Promise<void> {
  const ledger = await openLedger({ name: 'people', store: `file:${at}` });
  try {
    await ledger.verify();
  } finally {
    await ledger.close();
  }
}

describe('the personal data sample', () => {
  it('answers the curl lines of its README as printed', async () => {
    const lines = curlLines(await readFile(README, 'utf8'));
    expect(lines.length).toBeGreaterThanOrEqual(10);
    for (const { command, answer } of lines) {
      const actual = await runCurl(command, sample);
      expect(isAnswer(actual, answer), `$ ${command}\n${actual}`).toBe(true);
    }
  });

  it('registers, reads and changes people, after a kill -9 too', async () => {
    expect(await statusOf(send('POST', '/people', ADA))).toBe(201);
    expect(await statusOf(send('POST', '/people', ADA))).toBe(409);
    await sample.kill();
    sample = await start(folder);
    expect(await sample.get('/people/p-1')).toEqual(ADA);
    const Email = 'countess@example.com';
    const changed = await send('PATCH', '/people/p-1', { Email });
    expect(await changed.json()).toEqual({ ...ADA, Email });
    expect((await history('p-1')).map(({ Person }) => Person)).toEqual([
      ADA,
      { ...ADA, Email },
    ]);
  });

  it('keeps one key for each person, for its owner only, outside of the ledger', async () => {
    await send('POST', '/people', ADA);
    await send('POST', '/people', { ...ADA, PersonId: 'p-2' });
    const keys = await Promise.all(
      ['p-1', 'p-2'].map((personId) => readFile(keyOf(personId), 'latin1')),
    );
    expect(keys.map((key) => key.length)).toEqual([32, 32]);
    expect(keys[0]).not.toBe(keys[1]);
    expect((await stat(keyOf('p-1'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(`${folder}.keys`, 'p-1'))).toEqual(['key']);
    await sample.kill('SIGTERM');
    const ledger = await bytesIn(folder);
    for (const key of keys) expect(ledger).not.toContain(key);
  });

  it('never has a name in the files of the ledger, though the same search finds what is not sealed', async () => {
    await send('POST', '/people', { ...ADA, Note: 'Prefers tea' });
    await send('PATCH', '/people/p-1', { Email: 'countess@example.com' });
    await sample.kill('SIGTERM');
    const text = await bytesIn(folder);
    for (const said of ['Ada', 'Lovelace', 'ada@', 'countess', 'example.com'])
      expect(text).not.toContain(said);
    for (const said of ['Prefers tea', 'p-1']) expect(text).toContain(said);
  });

  it('forgets a person, in every copy that there is, and keeps its proofs', async () => {
    await send('POST', '/people', ADA);
    await send('POST', '/people', { ...ADA, PersonId: 'p-2' });
    await send('PATCH', '/people/p-1', { Name: 'Ada King' });
    await sample.kill('SIGTERM');
    const backup = `${folder}-backup`;
    await cp(folder, backup, { recursive: true });
    sample = await start(folder);

    const forgotten = await send('DELETE', '/people/p-1');
    expect(forgotten.status).toBe(200);
    expect(await forgotten.json()).toEqual({
      PersonId: 'p-1',
      ForgottenAt: expect.any(String) as string,
    });
    await expect(stat(keyOf('p-1'))).rejects.toThrow('ENOENT');
    for (const refused of [
      await send('GET', '/people/p-1'),
      await send('PATCH', '/people/p-1', { Name: 'Ada Byron' }),
    ]) {
      expect(refused.status).toBe(410);
      expect(await refused.text()).toContain('was forgotten');
    }
    const nothing = { PersonId: 'p-1', Name: null, Email: null };
    const states = await history('p-1');
    expect(states).toMatchObject([
      { Version: 0, Proven: true, Person: nothing },
      { Version: 1, Proven: true, Person: nothing },
      { Version: 2, Proven: true, Person: { PersonId: 'p-1' } },
    ]);
    // Asked again, it is the same; nobody else gets the number; nobody else is forgotten.
    expect(await statusOf(send('DELETE', '/people/p-1'))).toBe(200);
    expect(await history('p-1')).toEqual(states);
    expect(await statusOf(send('POST', '/people', ADA))).toBe(409);
    expect(await sample.get('/people/p-2')).toMatchObject({ Name: ADA.Name });
    await sample.kill('SIGTERM');
    await verify(folder);

    // The backup knows nothing of it, and cannot be read either.
    await cp(`${folder}.keys`, `${backup}.keys`, { recursive: true });
    const old = await start(backup);
    expect(await statusOf(send('GET', '/people/p-1', undefined, old))).toBe(
      410,
    );
    expect(await history('p-1', old)).toMatchObject([
      { Version: 0, Proven: true, Person: nothing },
      { Version: 1, Proven: true, Person: nothing },
    ]);
    expect(await old.get('/people/p-2')).toMatchObject({ Name: ADA.Name });
  });

  it('has forgotten a person when only the key went, and writes it down when it is asked again', async () => {
    await send('POST', '/people', ADA);
    await rm(keyOf('p-1'));
    expect(await statusOf(send('GET', '/people/p-1'))).toBe(410);
    expect(await statusOf(send('DELETE', '/people/p-1'))).toBe(200);
    expect((await history('p-1')).at(-1)?.Person).toHaveProperty('ForgottenAt');
  });

  it('does not read with the key of another, nor what was sealed for another place', async () => {
    await send('POST', '/people', ADA);
    await send('POST', '/people', { ...ADA, PersonId: 'p-2' });
    await writeFile(keyOf('p-2'), await readFile(keyOf('p-1')));
    const answer = await send('GET', '/people/p-2');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('Ada');
    const [key, other] = [1, 2].map(() => createSecretKey(randomBytes(32)));
    if (!key || !other) throw new Error('no keys');
    const place = { table: 'Person', personId: 'p-1', field: 'Name' };
    const sealed = seal('Ada', key, place);
    expect(unseal(sealed, key, place)).toBe('Ada');
    expect(seal('Ada', key, place)).not.toEqual(sealed);
    expect(() => unseal(sealed, other, place)).toThrow();
    for (const change of [
      { table: 'Other' },
      { personId: 'p-2' },
      { field: 'Email' },
    ])
      expect(() => unseal(sealed, key, { ...place, ...change })).toThrow();
    for (let at = 0; at < sealed.length; at++) {
      const altered = Uint8Array.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(() => unseal(altered, key, place)).toThrow();
      expect(() => unseal(sealed.subarray(0, at), key, place)).toThrow();
    }
  });

  it('redacts what went in by mistake, bytes and all, and keeps its proofs', async () => {
    const mistake = 'Call 020 7946 0018';
    await send('POST', '/people', { ...ADA, Note: mistake });
    const redact = (Version: unknown) =>
      send('POST', '/people/p-1/redactions', { Version });
    // As it is now: corrected first.
    expect(await statusOf(redact(0))).toBe(409);
    await send('PATCH', '/people/p-1', { Note: 'Call' });
    const copy = `${folder}-before`;
    await cp(folder, copy, { recursive: true });
    expect(await bytesIn(copy)).toContain(mistake);

    expect(await statusOf(redact(0))).toBe(200);
    expect(await bytesIn(folder)).not.toContain(mistake);
    expect(await history('p-1')).toMatchObject([
      { Version: 0, Proven: true, Person: null },
      { Version: 1, Proven: true, Person: { ...ADA, Note: 'Call' } },
    ]);
    for (const [version, status] of [
      [0, 409],
      [7, 404],
      ['0', 400],
    ])
      expect([version, await statusOf(redact(version))]).toEqual([
        version,
        status,
      ]);
    await sample.kill('SIGTERM');
    await verify(folder);
  });

  it('refuses what it cannot take, and repeats nothing of it', async () => {
    for (const body of [
      { ...ADA, PersonId: '../p-1' },
      { ...ADA, PersonId: undefined },
      { ...ADA, Name: '' },
      { ...ADA, Email: 7 },
      { ...ADA, Email: undefined },
      { ...ADA, Note: 'n'.repeat(201) },
    ]) {
      const answer = await send('POST', '/people', body);
      expect(answer.status).toBe(400);
      expect(await answer.text()).not.toMatch(/Ada|nnn/);
    }
    for (const method of ['GET', 'DELETE'])
      for (const personId of ['nobody', '..%2f..%2fetc'])
        expect(await statusOf(send(method, `/people/${personId}`))).toBe(404);
    await sample.kill('SIGTERM');
    expect(sample.output).not.toMatch(/Ada|example\.com/);
  });
});
