import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ExportError,
  exportJournal,
  verifyExport,
} from '../../lib/journal-files/index.js';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import { execute } from '../contract/raw-session.js';
import { live } from '../ledger/live.js';
import { dataFile, filesIn, FORMATS, temporaryFolder } from './support.js';

const folder = temporaryFolder();
let ledger: Ledger;
let count: number;
/** When the first half of the blocks was there. */
let half: Date;

beforeAll(async () => {
  ledger = await openLedger({ name: 'test', store: 'memory:' });
  await live(ledger);
  await new Promise((resolve) => setTimeout(resolve, 5));
  half = new Date();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await execute(
    ledger.sessions,
    'UPDATE V SET y = 4, z = `2020-01-01T` WHERE y = 3',
  );
  await execute(
    ledger.sessions,
    "INSERT INTO V {'sym': `abc`, 'dec': 1.50, 'blob': `{{aGVsbG8gd29ybGQgYW5kIG1vcmU=}}`}",
  );
  count = ledger.getDigest().digestTipAddress.sequenceNo + 1;
});

let copies = 0;
/** An export of the whole journal, in a folder that the test may change. */
async function exported(format = FORMATS[0]): Promise<string> {
  const to = join(folder, `copy-${copies++}`);
  await exportJournal(ledger, { to, format });
  return to;
}
describe.each(FORMATS)('an export in %s', (format) => {
  // The one document with an annotation has lost it in JSON.
  const unproven = format === 'JSON' ? 1 : 0;
  const isValid = unproven === 0;

  it('has the layout of QLDB', async () => {
    const to = join(folder, `layout-${format}`);
    const done = await exportJournal(ledger, { to, format });
    const files = filesIn(to);
    const extension = format === 'JSON' ? 'json' : 'ion';
    expect(files.length).toBe(3);
    expect(files).toContain(`${done.exportId}.started.manifest`);
    expect(files).toContain(
      `${done.exportId}.${ledger.strandId}.completed.manifest`,
    );
    expect(files).toContain(done.keys[0]);
    expect(done.keys).toEqual([
      expect.stringMatching(
        new RegExp(
          `^\\d{4}/\\d\\d/\\d\\d/\\d\\d/${ledger.strandId}\\.0-${count - 1}\\.${extension}$`,
        ),
      ),
    ]);
    expect(done.blocks).toEqual({ first: 0, last: count - 1 });
    const manifest = readFileSync(join(to, done.manifest));
    if (format === 'JSON')
      expect(JSON.parse(manifest.toString())).toEqual({ keys: done.keys });
    if (format === 'ION_BINARY')
      expect([...manifest.subarray(0, 4)]).toEqual([0xe0, 1, 0, 0xea]);
  });

  it('is verified, every block proven, with the digest of the ledger', async () => {
    const from = await exported(format);
    const digest = ledger.getDigest();
    const verification = await verifyExport({ from, digest });
    expect(verification).toMatchObject({
      isValid,
      blocks: count,
      unprovenRevisions: unproven,
      grades: {
        proven: count - unproven,
        opaque: 0,
        unproven,
        links: 0,
        broken: 0,
      },
      broken: [],
      problems: [],
      digest,
    });
    expect(verification.unprovable).toEqual([]);
  });

  it('of a span of time has its blocks, and joins with the others', async () => {
    const to = join(folder, `spans-${format}`);
    const first = await exportJournal(ledger, { to, format, until: half });
    const second = await exportJournal(ledger, { to, format, from: half });
    expect(first.blocks).toEqual({ first: 0, last: count - 3 });
    expect(second.blocks).toEqual({ first: count - 2, last: count - 1 });
    const both = await verifyExport({ from: to });
    expect(both).toMatchObject({ isValid, blocks: count });
    expect(both.digest).toEqual(ledger.getDigest());
    const alone = await verifyExport({
      from: to,
      exportIds: [second.exportId],
      digest: ledger.getDigest(),
    });
    expect(alone).toMatchObject({
      isValid: false,
      blocks: 2,
      grades: { broken: 0 },
      problems: [],
      unchecked: [
        `The digest of block ${count - 1} could not be checked: it needs the hashes of all blocks from the first on, and the export begins with block ${count - 2}. Verify it together with the parts before it.`,
      ],
      digest: undefined,
      span: { first: count - 2, last: count - 1 },
    });
    expect(alone.unprovable.join()).toContain(
      `begins with block ${count - 2}: that this one follows`,
    );
    // Without a digest, there is nothing that was to be checked and was not.
    expect(
      await verifyExport({ from: to, exportIds: [second.exportId] }),
    ).toMatchObject({ isValid: true, unchecked: [] });
  });

  it('of a span without blocks is complete', async () => {
    const to = join(folder, `empty-${format}`);
    const done = await exportJournal(ledger, {
      to,
      format,
      from: new Date(0),
      until: new Date(1000),
    });
    expect(done).toMatchObject({ blocks: undefined, keys: [] });
    expect(await verifyExport({ from: to })).toMatchObject({
      isValid: true,
      blocks: 0,
      span: undefined,
    });
  });

  it('goes on after it was interrupted', async () => {
    const to = join(folder, `resumed-${format}`);
    const stop = new AbortController();
    stop.abort(new Error('stopped'));
    await expect(
      exportJournal(ledger, { to, format, signal: stop.signal }),
    ).rejects.toThrow('stopped');
    await expect(verifyExport({ from: to })).rejects.toMatchObject({
      code: 'QLDB_EXPORT_UNFINISHED',
    });
    const started = filesIn(to);
    const done = await exportJournal(ledger, { to, format });
    expect(started).toEqual([`${done.exportId}.started.manifest`]);
    expect((await verifyExport({ from: to })).isValid).toBe(isValid);
    // Of another id, or another format, it is another one.
    await expect(
      exportJournal(ledger, { to, format, exportId: done.exportId }),
    ).rejects.toMatchObject({ code: 'QLDB_EXPORT_EXISTS' });
  });

  it('is read however it was copied', async () => {
    const from = await exported(format);
    const data = dataFile(from);
    // Folders are gone, and the file is compressed.
    writeFileSync(
      join(from, `${basename(data)}.gz`),
      gzipSync(readFileSync(data)),
    );
    rmSync(data);
    expect(await verifyExport({ from })).toMatchObject({
      isValid,
      blocks: count,
    });
    // Without manifests, and below another folder.
    for (const file of filesIn(from))
      if (file.endsWith('manifest')) rmSync(join(from, file));
    mkdirSync(join(from, 'below'));
    renameSync(
      join(from, `${basename(data)}.gz`),
      join(from, 'below', `${basename(data)}.gz`),
    );
    const loose = await verifyExport({ from });
    expect(loose).toMatchObject({ isValid, blocks: count });
    expect(loose.unprovable.join()).toContain('no manifest');
  });

  it('that was cut off is refused', async () => {
    const from = await exported(format);
    const data = dataFile(from);
    writeFileSync(data, readFileSync(data).subarray(0, -10));
    await expect(verifyExport({ from })).rejects.toMatchObject({
      code: 'QLDB_EXPORT_FILE_INVALID',
    });
    rmSync(data);
    await expect(verifyExport({ from })).rejects.toMatchObject({
      code: 'QLDB_EXPORT_FILE_MISSING',
    });
  });
});

describe('the verification of an export', () => {
  const change = (path: string, edit: (text: string) => string): void => {
    const data = dataFile(path);
    const before = readFileSync(data, 'utf8');
    const after = edit(before);
    expect(after).not.toBe(before);
    writeFileSync(data, after);
  };
  const lines = (edit: (lines: string[]) => string[]) => (text: string) =>
    `${edit(text.trimEnd().split('\n')).join('\n')}\n`;

  it('finds a value that was changed, and goes on behind it', async () => {
    const from = await exported();
    change(from, (text) => text.replace(/price:1\.50/, 'price:1.51'));
    const { isValid, grades, broken, digest } = await verifyExport({ from });
    expect({ isValid, broken: grades.broken, proven: grades.proven }).toEqual({
      isValid: false,
      broken: 1,
      proven: count - 1,
    });
    expect(broken[0]?.what).toMatch(/^revision \d does not hash/);
    expect(digest).toBeUndefined();
    expect(JSON.stringify(broken)).not.toContain('1.51');
  });

  it('finds a value of JSON that was changed: no reading of it has its hash', async () => {
    const from = await exported('JSON');
    change(from, (text) => text.replace(/"price":1\.50/, '"price":1.51'));
    expect(await verifyExport({ from })).toMatchObject({
      isValid: false,
      unprovenRevisions: 2,
      grades: { unproven: 2, broken: 0, proven: count - 2 },
    });
  }, 60_000);

  it('finds blocks that are gone, twice there, or moved', async () => {
    for (const edit of [
      lines((all) => all.toSpliced(3, 1)),
      lines((all) => all.toSpliced(3, 0, all[3])),
      lines((all) => all.with(3, all[4]).with(4, all[3])),
      lines((all) => all.slice(0, -1)),
      lines((all) => [...all, all[0]]),
    ]) {
      const from = await exported();
      change(from, edit);
      await expect(verifyExport({ from })).rejects.toMatchObject({
        code: 'QLDB_EXPORT_FILE_INVALID',
      });
    }
  });

  it.each([
    ['revisions', /revisions:\[\{.*?\}\]\}/, '}', /has no revision in it/],
    ['a transaction id', /transactionId:"./, 'transactionId:"#', /transaction/],
    [
      'a time',
      /blockTimestamp:2/,
      'blockTimestamp:1',
      /committed before|its time/,
    ],
    [
      'a link',
      /previousBlockHash:\{\{..../,
      'previousBlockHash:{{AAAA',
      /does not follow/,
    ],
    [
      'a statement',
      /CREATE INDEX ON T/,
      'CREATE INDEX ON X',
      /transactionInfo/,
    ],
  ])('finds %s that was taken out or changed', async (_, from, to, what) => {
    const path = await exported();
    change(
      path,
      lines((all) => {
        const n = all.findLastIndex((line) => from.test(line));
        return all.with(n, all[n].replace(from, to));
      }),
    );
    const { isValid, broken } = await verifyExport({ from: path });
    expect(isValid).toBe(false);
    expect(broken[0]?.what).toMatch(what);
  });

  it('checks a digest and proofs that were kept', async () => {
    const from = await exported();
    const digest = ledger.getDigest();
    const { digestTipAddress: tip } = digest;
    const [row] = await execute<{
      blockAddress: { sequenceNo: number };
      metadata: { id: string };
    }>(ledger.sessions, 'SELECT VALUE r FROM _ql_committed_V AS r');
    const { id } = row.metadata;
    const blockAddress = {
      strandId: ledger.strandId,
      sequenceNo: row.blockAddress.sequenceNo,
    };
    const { proof = [] } = await ledger.getRevision(blockAddress, id, tip);
    const block = await ledger.getBlock(blockAddress, tip);
    const proofs = [
      { blockAddress, documentId: id, proof, digest: digest.digest },
      { blockAddress, proof: block.proof ?? [], digest: digest.digest },
    ];
    expect(await verifyExport({ from, digest, proofs })).toMatchObject({
      isValid: true,
    });
    const other = Buffer.from(digest.digest);
    other[0] ^= 1;
    const wrong = await verifyExport({
      from,
      digest: { ...digest, digest: other },
      proofs: [
        ...proofs.map((one) => ({ ...one, digest: other })),
        { ...proofs[1], blockAddress: { ...blockAddress, sequenceNo: count } },
      ],
    });
    expect(wrong.isValid).toBe(false);
    expect(wrong.problems).toHaveLength(4);
  });

  it('refuses what is no one journal', async () => {
    const other = await openLedger({ name: 'other', store: 'memory:' });
    const twice = await exported();
    await exportJournal(ledger, { to: twice, format: 'ION_BINARY' });
    await expect(verifyExport({ from: twice })).rejects.toMatchObject({
      code: 'QLDB_EXPORT_OVERLAP',
    });
    const strands = await exported();
    await exportJournal(other, { to: strands });
    await expect(verifyExport({ from: strands })).rejects.toMatchObject({
      code: 'QLDB_EXPORT_STRANDS',
    });
    await other.close();
    const gap = join(folder, 'gap');
    await exportJournal(ledger, { to: gap, until: half });
    const middle = filesIn(gap).find((file) => file.endsWith('.ion')) ?? '';
    renameSync(
      join(gap, middle),
      join(
        gap,
        middle.replace(/\.0-/, '.9000-').replace(/-\d+\.ion/, '-9001.ion'),
      ),
    );
    await expect(verifyExport({ from: gap })).rejects.toMatchObject({
      code: 'QLDB_EXPORT_FILE_MISSING',
    });
    for (const file of filesIn(gap))
      if (file.endsWith('manifest')) rmSync(join(gap, file));
    cpSync(dataFile(await exported()), join(gap, basename(dataFile(twice))));
    await expect(verifyExport({ from: gap })).rejects.toMatchObject({
      code: 'QLDB_EXPORT_GAP',
    });
    await expect(
      verifyExport({ from: join(folder, 'nowhere') }),
    ).rejects.toBeInstanceOf(ExportError);
    mkdirSync(join(folder, 'nothing'));
    await expect(
      verifyExport({ from: join(folder, 'nothing') }),
    ).rejects.toMatchObject({ code: 'QLDB_EXPORT_MISSING' });
  });

  it('refuses spans that are none', async () => {
    const to = join(folder, 'spans');
    for (const span of [
      { until: new Date(Date.now() + 60_000) },
      { from: new Date(10), until: new Date(10) },
      { from: new Date(NaN) },
    ])
      await expect(
        exportJournal(ledger, { to, ...span }),
      ).rejects.toMatchObject({ code: 'QLDB_EXPORT_SPAN' });
  });
});
