import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dot, hashIon } from '../../lib/ion/hash.js';
import { formatIonText, parseIonText } from '../../lib/ion/text.js';
import { IonStruct, type IonValue } from '../../lib/ion/value.js';
import { importJournal, verifyExport } from '../../lib/journal-files/index.js';
import { openLedger } from '../../lib/ledger/index.js';
import { merkleRoot, NO_HASH } from '../../lib/ledger/journal/merkle.js';
import { SYSTEM_TABLE_ID } from '../../lib/ledger/transaction/table-catalog.js';
import { temporaryFolder } from './support.js';

const folder = temporaryFolder();
const STRAND = 'S'.repeat(22);
const id = (n: number) => `D${String(n).padStart(21, '0')}`;

interface Crafted {
  readonly statements?: readonly string[];
  /** Documents by id: table id, table name, data, version. */
  readonly documents?: readonly (readonly [
    string,
    string,
    string,
    string,
    number?,
  ])[];
  readonly opaque?: number;
}

/** A journal whose hashes are all right, whatever it says. */
function craft(blocks: readonly Crafted[]): string[] {
  let previous: Uint8Array = NO_HASH;
  return blocks.map(
    ({ statements = [], documents = [], opaque = 0 }, sequenceNo) => {
      const time = parseIonText('2020-01-01T00:00:00.000Z');
      const address = IonStruct.of([
        ['strandId', STRAND],
        ['sequenceNo', sequenceNo],
      ]);
      const txId = `T${String(sequenceNo).padStart(21, '0')}`;
      const info = IonStruct.of([
        [
          'statements',
          statements.map((statement) =>
            IonStruct.of([
              ['statement', statement],
              ['startTime', time],
              ['statementDigest', hashIon(statement)],
            ]),
          ),
        ],
        ...(documents.length > 0
          ? ([
              [
                'documents',
                IonStruct.of(
                  documents.map(([documentId, tableId, tableName]) => [
                    documentId,
                    IonStruct.of([
                      ['tableName', tableName],
                      ['tableId', tableId],
                      ['statements', [0]],
                    ]),
                  ]),
                ),
              ],
            ] as [string, IonValue][])
          : []),
      ]);
      const revisions = documents.map(([documentId, , , data, version = 0]) => {
        const metadata = IonStruct.of([
          ['id', documentId],
          ['version', version],
          ['txTime', time],
          ['txId', txId],
        ]);
        const value = parseIonText(data);
        return IonStruct.of([
          ['blockAddress', address],
          ['hash', dot(hashIon(metadata), hashIon(value))],
          ['data', value],
          ['metadata', metadata],
        ]);
      });
      const entries = [
        ...(revisions.length > 0
          ? [merkleRoot(revisions.map((one) => one.get('hash') as Uint8Array))]
          : []),
        hashIon(info),
        ...Array.from({ length: opaque }, (_, n) =>
          hashIon(`${sequenceNo} ${n}`),
        ),
      ];
      const entriesHash = merkleRoot(entries);
      const blockHash = dot(entriesHash, previous);
      const block = IonStruct.of([
        ['blockAddress', address],
        ['transactionId', txId],
        ['blockTimestamp', time],
        ['blockHash', blockHash],
        ['entriesHash', entriesHash],
        ['previousBlockHash', previous],
        ['entriesHashList', entries],
        ['transactionInfo', info],
        ...(revisions.length > 0
          ? ([['revisions', revisions]] as [string, IonValue][])
          : []),
      ]);
      previous = blockHash;
      return formatIonText(block);
    },
  );
}

let exports = 0;
async function imported(
  blocks: readonly Crafted[],
  edit = (lines: string[]) => lines,
) {
  const from = join(folder, `crafted-${exports++}`);
  mkdirSync(from);
  writeFileSync(
    join(from, `${STRAND}.0-${blocks.length - 1}.ion`),
    edit(craft(blocks)).join('\n'),
  );
  const store = `file:${from}-store`;
  await importJournal({ name: 'test', store, from });
  return openLedger({ name: 'test', store });
}

const table = (n: number) => `B${String(n).padStart(21, '0')}`;

describe('a journal whose hashes are right', () => {
  it('may be of one who wrote them: then it is a ledger that verifies', async () => {
    const ledger = await imported([
      {},
      { statements: ['CREATE TABLE T'], opaque: 2 },
      {
        statements: ['INSERT INTO T ?'],
        documents: [[id(1), table(1), 'T', '{a: 1}']],
        opaque: 2,
      },
    ]);
    await ledger.verify();
    await ledger.close();
  });

  it.each([
    [
      'a table definition that is none',
      [{}, { documents: [[id(1), SYSTEM_TABLE_ID, 'x', '{a: 1}']] }],
    ],
    [
      'an id that is a key of another',
      [{}, { documents: [['short', table(1), 'T', '{a: 1}']], opaque: 2 }],
    ],
    [
      'a table id that is none',
      [{}, { documents: [[id(1), 'T', 'T', '{a: 1}']], opaque: 2 }],
    ],
    [
      'a version that is none',
      [
        {},
        { documents: [[id(1), table(1), 'T', '{a: 1}', 2 ** 40]], opaque: 2 },
      ],
    ],
    [
      'a version below zero',
      [{}, { documents: [[id(1), table(1), 'T', '{a: 1}', -1]], opaque: 2 }],
    ],
  ] as [string, Crafted[]][])('is refused with %s', async (_, blocks) => {
    await expect(imported(blocks)).rejects.toMatchObject({
      code: 'QLDB_EXPORT_BROKEN',
    });
  });

  it('is refused with a field twice', async () => {
    const blocks: Crafted[] = [
      {},
      { documents: [[id(1), table(1), 'T', '{a: 1}']], opaque: 2 },
    ];
    await expect(
      imported(blocks, (lines) =>
        lines.with(1, `${lines[1].slice(0, -1)},revisions:[]}`),
      ),
    ).rejects.toMatchObject({
      code: 'QLDB_EXPORT_BROKEN',
      message: expect.stringContaining('a field twice') as string,
    });
  });

  it('may have statements that are none, and odd names', async () => {
    const ledger = await imported([
      {},
      {
        statements: [
          'CREATE TABLE',
          'create table "Odd Name" -- x',
          'CREATE INDEX ON "Odd Name" ("a b")',
          'DROP TABLE Nothing',
          'UNDROP TABLE "x"',
          'DROP INDEX "i" ON Nothing',
          'CREATE TABLE'.repeat(1000),
          '/* '.repeat(5000),
        ],
        opaque: 2,
      },
      {
        statements: ['INSERT'],
        documents: [[id(1), table(1), 'Odd Name', "{'a b': 5}"]],
        opaque: 2,
      },
      // Another table of that name, and the drop of the first is not here.
      {
        statements: ['INSERT'],
        documents: [[id(2), table(2), 'Odd Name', "{'a b': 6}"]],
        opaque: 2,
      },
      {
        statements: ['INSERT'],
        documents: [[id(3), table(3), '__proto__', '{__proto__: 1}']],
        opaque: 2,
      },
    ]);
    const names = [];
    for await (const batch of ledger.blocks()) names.push(...batch);
    expect(names).toHaveLength(5);
    await ledger.verify();
    await ledger.close();
  });

  it('is told apart from one that is not', async () => {
    const from = join(folder, 'links');
    mkdirSync(from);
    const [first] = craft([{ opaque: 3 }]);
    writeFileSync(
      join(from, `${STRAND}.0-0.ion`),
      first.replace(/,transactionInfo:\{.*\}/, '}'),
    );
    expect(await verifyExport({ from })).toMatchObject({
      isValid: true,
      grades: { links: 1 },
    });
  });

  it('of one entry that is a hash alone is spoken of in the singular', async () => {
    const from = join(folder, 'one-opaque');
    mkdirSync(from);
    writeFileSync(
      join(from, `${STRAND}.0-0.ion`),
      craft([{ opaque: 1 }]).join('\n'),
    );
    expect((await verifyExport({ from })).unprovable).toContain(
      '1 entry is there as a hash alone: what it stands for cannot be told, only that it was not changed.',
    );
  });
});
