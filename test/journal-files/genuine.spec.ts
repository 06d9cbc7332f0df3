import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dot, hashIon } from '../../lib/ion/hash.js';
import {
  formatIonText,
  parseIonText,
  parseIonTextSequence,
} from '../../lib/ion/text.js';
import { IonStruct, type IonValue } from '../../lib/ion/value.js';
import { toJsonText } from '../../lib/ion/json-text.js';
import {
  findTypes,
  LearnedTypes,
} from '../../lib/journal-files/json/find-types.js';
import { JsonBlocks } from '../../lib/journal-files/json/json-blocks.js';
import { timestampOf as timestampIn } from '../../lib/journal-files/json/leaf-types.js';
import {
  JsonObject,
  type JsonValue,
  parseJson,
} from '../../lib/journal-files/json/parse-json.js';
import { importJournal, verifyExport } from '../../lib/journal-files/index.js';
import {
  readCompleted,
  readStarted,
} from '../../lib/journal-files/manifest.js';
import { FolderPlace } from '../../lib/journal-files/folder-place.js';
import { openLedger } from '../../lib/ledger/index.js';
import { equal } from '../../lib/ledger/journal/verify.js';
import { execute } from '../contract/raw-session.js';
import { temporaryFolder } from './support.js';

const data = process.env['QLDB_JOURNAL_DATA'] ?? '../shared/data/qldb-journal';
const isThere = existsSync(
  join(data, '20-block-docs-journal-contents-2022-seq25.ion'),
);
if (!isThere)
  console.log(
    'SKIPPED genuine journal files: set QLDB_JOURNAL_DATA to their folder',
  );
const read = (file: string) => readFileSync(join(data, file), 'utf8');
const folder = temporaryFolder();

describe.runIf(isThere)('genuine journal data', () => {
  const block = isThere
    ? (parseIonText(
        read('20-block-docs-journal-contents-2022-seq25.ion'),
      ) as IonStruct)
    : IonStruct.of([]);

  it.each(['Ion', 'JSON'])(
    'as %s: a block without transactionInfo is verified and imported',
    async (form) => {
      const from = join(folder, form);
      mkdirSync(from);
      const name = `4o5UuzWSW5PIoOGm5jPA6J.25-25.${form === 'Ion' ? 'ion' : 'json'}`;
      writeFileSync(
        join(from, name),
        form === 'Ion' ? formatIonText(block) : toJsonText(block),
      );
      expect(await verifyExport({ from })).toMatchObject({
        isValid: true,
        grades: { opaque: 1 },
        opaqueEntries: 3,
        revisions: 2,
      });
      const store = `file:${join(folder, `store-${form}`)}`;
      await importJournal({ name: 'test', store, from });
      const ledger = await openLedger({ name: 'test', store });
      await ledger.verify();
      expect(
        await execute(ledger.sessions, 'SELECT VALUE u.VIN FROM unnamed AS u'),
      ).toEqual(['1N4AL11D75C109151']);
      await execute(ledger.sessions, "UPDATE unnamed SET City = 'Portland'");
      await ledger.verify();
      await ledger.close();
    },
  );

  it('as JSON: types are found again by the hash, in few tries', async () => {
    const found = await new JsonBlocks().read(toJsonText(block));
    expect(found.unproven).toBe(0);
    expect(found.tries).toBeLessThan(25);
    expect(hashIon(found.block)).toEqual(hashIon(block));
  });

  it('of another ledger, as JSON from its history, is proven', async () => {
    const { fields } = parseJson(
      read('22-history-accord-4I9L-seq13-seq22.json').replace(
        /^\s*\/\/.*$/gm,
        '',
      ),
    ) as JsonObject;
    const revisions = fields[0][1] as readonly JsonObject[];
    expect(revisions.length).toBeGreaterThan(1);
    const learned = new LearnedTypes();
    for (const revision of revisions) {
      const metadata = metadataOf(revision.get('metadata') as JsonObject);
      const hash = Buffer.from(textOf(revision.get('hash')), 'base64');
      const isRight = (value: IonValue) =>
        equal(dot(hashIon(metadata), hashIon(value)), hash);
      const json = revision.get('data') as JsonValue;
      expect(await findTypes(json, 'T', learned, isRight, 100)).toMatchObject({
        isProven: true,
      });
      const [[name], ...rest] = (json as JsonObject).fields;
      const altered = new JsonObject([[name, 'altered'], ...rest]);
      expect(
        await findTypes(altered, 'T', learned, isRight, 300),
      ).toMatchObject({ isProven: false });
    }
  });

  it('manifests of the developer guide are read', async () => {
    const [started, completed] = parseIonTextSequence(
      read('30-manifests-from-docs.ion'),
    ) as IonStruct[];
    writeFileSync(join(folder, 'a.started.manifest'), formatIonText(started));
    writeFileSync(
      join(folder, 'a.b.completed.manifest'),
      formatIonText(completed),
    );
    const place = new FolderPlace(folder);
    expect(await readStarted(place, 'a.started.manifest')).toMatchObject({
      ledgerName: 'my-example-ledger',
      prefix: 'journalExport',
      outputFormat: 'ION_TEXT',
      inclusiveStartTime: new Date('2019-04-15T00:00:00Z'),
    });
    expect(await readCompleted(place, 'a.b.completed.manifest')).toHaveLength(
      3,
    );
  });
});

const textOf = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : '';

function metadataOf(json: JsonObject): IonStruct {
  return IonStruct.of(
    json.fields.map(([name, value]): [string, IonValue] => [
      name,
      name === 'txTime'
        ? (timestampIn(textOf(value)) ?? null)
        : name === 'version'
          ? Number((value as { text: string }).text)
          : textOf(value),
    ]),
  );
}
