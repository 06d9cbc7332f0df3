import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { open } from 'lmdb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Ledger,
  openLedger,
  rebuildLedger,
  restoreLedger,
} from '../../lib/ledger/index.js';
import { execute } from '../contract/raw-session.js';
import { live } from './live.js';

const TREES = [
  'blocks',
  'documents',
  'superseded',
  'deleted',
  'entries',
  'endedEntries',
  'meta',
];

/** Every record of a closed ledger, as text. */
async function dump(path: string): Promise<Record<string, string[]>> {
  const root = open<Buffer, Buffer>({
    path,
    noSubdir: false,
    maxDbs: 16,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  try {
    return Object.fromEntries(
      TREES.map((name) => {
        const tree = root.openDB<Buffer, Buffer>({
          name,
          encoding: 'binary',
          keyEncoding: 'binary',
        });
        return [
          name,
          Array.from(
            tree.getRange(),
            ({ key, value }) =>
              `${key.toString('hex')}=${value.toString('hex')}`,
          ),
        ];
      }),
    );
  } finally {
    await root.close();
  }
}

describe('the continuity of a ledger', () => {
  let root: string;
  let store: string;
  let ledger: Ledger;
  const name = 'test';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'qldb-continuity-'));
    store = `file:${join(root, 'ledgers')}`;
    ledger = await openLedger({ name, store });
    await live(ledger);
  });
  afterAll(async () => {
    await ledger.close();
    await rm(root, { recursive: true, force: true });
  });
  const folder = (place: string) => `file:${join(root, place)}`;

  it('is a backup in a stream, which a new ledger is restored from', async () => {
    const file = join(root, 'backup.ion');
    const seen: number[] = [];
    const digest = await ledger.backup(createWriteStream(file));
    expect(digest).toEqual(ledger.getDigest());
    const restored = await restoreLedger({
      name,
      store: folder('restored'),
      from: createReadStream(file, { highWaterMark: 97 }),
      digest,
      onProgress: ({ checked }) => seen.push(checked),
    });
    expect(Buffer.from(restored.digest)).toEqual(Buffer.from(digest.digest));
    expect(seen.at(-1)).toBe(digest.digestTipAddress.sequenceNo + 1);
    const again = await openLedger({ name, store: folder('restored') });
    expect(await again.verify({ digest })).toMatchObject(digest);
    const rows = 'SELECT * FROM _ql_committed_T BY id ORDER BY id';
    expect(await execute(again.sessions, rows)).toEqual(
      await execute(ledger.sessions, rows),
    );
    // It goes on where the other was.
    await execute(again.sessions, "INSERT INTO T {'n': 1000}");
    await again.verify();
    await again.close();
  });

  it('is a backup in a folder, which is a ledger', async () => {
    const digest = await ledger.backup(folder('copy'));
    await expect(ledger.backup(folder('copy'))).rejects.toMatchObject({
      code: 'QLDB_LEDGER_EXISTS',
    });
    const copy = await openLedger({ name, store: folder('copy') });
    expect(copy.getDigest()).toMatchObject({
      digestTipAddress: digest.digestTipAddress,
    });
    await copy.verify();
    await copy.close();
  });

  it.each(['file', 'memory'])(
    'makes the same records from the same journal: %s',
    async (kind) => {
      const made = await openLedger({
        name,
        store: kind === 'file' ? folder(`made-${kind}`) : 'memory:',
      });
      await live(made);
      const file = join(root, `${kind}.ion`);
      await made.backup(createWriteStream(file));
      await made.close();
      await restoreLedger({
        name,
        store: folder(`again-${kind}`),
        from: createReadStream(file),
      });
      const again = await dump(join(root, `again-${kind}`, name));
      expect(Object.values(again).flat().length).toBeGreaterThan(50);
      if (kind === 'file')
        expect(again).toEqual(await dump(join(root, `made-${kind}`, name)));
    },
  );

  it('is rebuilt from the journal alone', async () => {
    const made = await openLedger({ name, store: folder('broken') });
    await live(made);
    const digest = made.getDigest();
    // What is left to do in the file is left in no copy of it.
    await made.redactionsDone();
    await made.close();
    const path = join(root, 'broken', name);
    const before = await dump(path);
    const lmdb = open<Buffer, Buffer>({ path, noSubdir: false, maxDbs: 16 });
    for (const tree of TREES.slice(1, -1))
      await lmdb.openDB({ name: tree }).clearAsync();
    await lmdb.close();
    const broken = await openLedger({ name, store: folder('broken') });
    await expect(broken.verify()).rejects.toMatchObject({
      code: 'QLDB_VIEWS_INVALID',
      message: expect.stringContaining('is missing') as string,
    });
    await broken.close();

    const rebuilt = await rebuildLedger({ name, store: folder('broken') });
    expect(Buffer.from(rebuilt.digest)).toEqual(Buffer.from(digest.digest));
    expect(await dump(path)).toEqual(before);
    expect((await stat(rebuilt.former)).size).toBeGreaterThan(0);
    const again = await openLedger({ name, store: folder('broken') });
    await again.verify({ digest });
    await again.close();
  });

  describe('with a backup that is', () => {
    let whole: Buffer;
    beforeAll(async () => {
      const file = join(root, 'whole.ion');
      await ledger.backup(createWriteStream(file));
      whole = await readFile(file);
    });
    const restore = (bytes: Buffer, options = {}) =>
      restoreLedger({
        name: 'bad',
        store: folder('bad'),
        from: Readable.from([bytes]),
        ...options,
      });
    const nothingIsLeft = async () =>
      expect(stat(join(root, 'bad', 'bad'))).rejects.toThrow('ENOENT');

    it.each([
      ['empty', () => Buffer.alloc(0)],
      ['no Ion', () => Buffer.from('this is a text, and no backup')],
      ['cut off in a block', () => whole.subarray(0, whole.length - 10)],
      [
        'cut off after a block',
        () =>
          whole.subarray(0, whole.lastIndexOf(Buffer.from([0xe0, 1, 0, 0xea]))),
      ],
      [
        'without a header',
        () => whole.subarray(whole.indexOf(Buffer.from([0xe0, 1, 0, 0xea]), 4)),
      ],
      [
        'longer than anything',
        () =>
          Buffer.concat([
            whole.subarray(0, 4),
            Buffer.from('de7f7f7f7f7f7f7f7fff', 'hex'),
          ]),
      ],
    ])('%s', async (_, make) => {
      await expect(restore(make())).rejects.toMatchObject({
        code: 'QLDB_BACKUP_INVALID',
      });
      await nothingIsLeft();
    });

    it('changed in any byte', async () => {
      const marker = Buffer.from([0xe0, 1, 0, 0xea]);
      // The name in the header is for people, and the first block's transaction
      // is in no hash: there is nothing before it, and no revision in it.
      const header = whole.indexOf('digest');
      const second = whole.indexOf(marker, whole.indexOf(marker, 4) + 4);
      const places = new Set<number>();
      for (let at = header; at < header + 20; at++) places.add(at);
      for (let at = second; at < whole.length; at += 97) places.add(at);
      const names = [
        'revisions',
        'documents',
        'transactionInfo',
        'transactionId',
        'blockTimestamp',
        'tableId',
        'metadata',
      ];
      for (const word of names) places.add(whole.indexOf(word, second));
      for (const at of places) {
        const bytes = Buffer.from(whole);
        bytes[at] = bytes[at] ^ 1;
        await expect(restore(bytes), `byte ${at}`).rejects.toMatchObject({
          code: expect.stringMatching(
            /^QLDB_(BACKUP|JOURNAL)_INVALID$/,
          ) as string,
        });
      }
      await nothingIsLeft();
    });

    it('another than the digest says', async () => {
      const digest = ledger.getDigest();
      const other = { ...digest, digest: Buffer.alloc(32, 1) };
      await expect(restore(whole, { digest: other })).rejects.toMatchObject({
        code: 'QLDB_BACKUP_INVALID',
      });
      await nothingIsLeft();
    });
  });

  it('leaves a ledger that is there as it is', async () => {
    await expect(
      restoreLedger({ name, store, from: Readable.from([]) }),
    ).rejects.toMatchObject({ code: 'QLDB_LEDGER_EXISTS' });
    await expect(rebuildLedger({ name: 'none', store })).rejects.toMatchObject({
      code: 'QLDB_LEDGER_MISSING',
    });
    await expect(rebuildLedger({ name, store })).rejects.toMatchObject({
      code: 'QLDB_STORE_IN_USE',
    });
  });

  it('can be stopped', async () => {
    const reason = new Error('enough');
    await expect(
      ledger.backup(createWriteStream(join(root, 'stopped.ion')), {
        signal: AbortSignal.abort(reason),
      }),
    ).rejects.toThrow();
    await expect(
      ledger.verify({ signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });
});
