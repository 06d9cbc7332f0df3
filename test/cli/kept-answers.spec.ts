import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readDigest } from '../../lib/cli/digest-text.js';
import { readProof } from '../../lib/cli/kept-proof.js';
import { formatIonText, parseIonText } from '../../lib/ion/text.js';
import { IonStruct, type IonValue } from '../../lib/ion/value.js';
import { type LedgerDigest, openLedger } from '../../lib/ledger/index.js';
import { addressStruct } from '../../lib/ledger/journal/block.js';
import { foldProof } from '../../lib/ledger/journal/verify.js';
import { execute } from '../contract/raw-session.js';
import { between, temporaryFolder } from '../journal-files/support.js';
import { failCli, runCli } from './support.js';

const folder = temporaryFolder();
let files = 0;
function file(text: string): string {
  const path = join(folder, `kept-${files++}.json`);
  writeFileSync(path, text);
  return path;
}

/** JSON as `aws qldb` prints it. */
const answer = (value: object) => `${JSON.stringify(value, undefined, 4)}\n`;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const holder = (value: IonValue) => ({ IonText: formatIonText(value) });
const digestAnswer = ({ digest, digestTipAddress }: LedgerDigest) =>
  answer({
    Digest: base64(digest),
    DigestTipAddress: holder(addressStruct(digestTipAddress)),
  });
const revisionAnswer = (revision: IonValue, proof: readonly IonValue[]) =>
  answer({ Revision: holder(revision), Proof: holder([...proof]) });

describe('answers that AWS gave', () => {
  const genuine = parseIonText(
    readFileSync(
      'test/data/qldb-journal/04-getrevision-awscli-seq100-tip123.ion',
      'utf8',
    ),
  ) as IonStruct;
  const revision = genuine.get('revision') as IonStruct;
  const kept: LedgerDigest = {
    digest: Buffer.from(genuine.get('digest') as Uint8Array),
    digestTipAddress: { strandId: 'KmA3ZZca7vAIiJAK9S5Iwl', sequenceNo: 123 },
  };
  const digestText = `{
    "Digest": "6m6BMXobbJKpMhahwVthAEsN6awgnHK62Qq5McGP1Gk=",
    "DigestTipAddress": {
        "IonText": "{strandId:\\"KmA3ZZca7vAIiJAK9S5Iwl\\",sequenceNo:123}"
    }
}`;
  const proofText = revisionAnswer(
    revision,
    genuine.get('proof') as IonValue[],
  );

  it('to GetDigest are digests, as text and in a file', async () => {
    expect(await readDigest(digestText)).toEqual(kept);
    expect(await readDigest(file(digestText))).toEqual(kept);
    expect(digestAnswer(kept)).toBe(`${digestText}\n`);
  });

  it('to GetRevision are proofs of the digest that is given, or is in the file', async () => {
    for (const read of [
      await readProof(file(proofText), kept),
      await readProof(proofText, kept),
      await readProof(file(digestText + proofText)),
      await readProof(file(proofText + digestText)),
    ]) {
      expect(read).toMatchObject({
        blockAddress: { strandId: 'KmA3ZZca7vAIiJAK9S5Iwl', sequenceNo: 100 },
        documentId: 'JUJgkIcNbhS2goq8RqLuZ4',
        digest: kept.digest,
      });
      const hash = revision.get('hash') as Uint8Array;
      expect(base64(foldProof(hash, read.proof))).toBe(base64(kept.digest));
    }
    await expect(readProof(file(proofText))).rejects.toMatchObject({
      code: 'QLDB_COMMAND',
      message: expect.stringMatching(
        /no digest.*kept-\d+\.json": give it with --digest/,
      ) as string,
    });
  });

  it.each([
    ['nothing', ''],
    ['no text', '\0\u0001\u0002'],
    ['half of it', digestText.slice(0, -2)],
    ['an answer to something else', '{"Name": "vehicle-registration"}'],
    ['a list', `[${digestText}]`],
    ['a short hash', digestText.replace('6m6B', '')],
    ['no base64', digestText.replace('6m6B', '6m6-')],
    ['no address', digestText.replace(/sequenceNo:\d+/, '')],
    ['a block below 0', digestText.replace('123', '-1')],
    ['a block beyond all', digestText.replace('123', '9007199254740993')],
    [
      'an address that is no Ion',
      digestText.replace('{strandId', '{{strandId'),
    ],
    ['values too deep in one another', '['.repeat(10_000)],
    ['two digests', digestText + digestText],
    ['more than a digest has', digestText + ' '.repeat(100_000)],
  ])('are no digest with %s', async (_, text) => {
    const path = file(text);
    await expect(readDigest(path)).rejects.toMatchObject({
      code: 'QLDB_COMMAND',
      message: expect.stringContaining(path) as string,
    });
    if (text.startsWith('{'))
      await expect(readDigest(text)).rejects.toMatchObject({
        code: 'QLDB_COMMAND',
        message: expect.stringContaining('--digest') as string,
      });
  });

  it('are no digest in a folder, or where nothing is', async () => {
    for (const path of [folder, join(folder, 'none'), 'x'.repeat(10_000)])
      await expect(readDigest(path)).rejects.toMatchObject({
        code: 'QLDB_COMMAND',
        message: expect.stringMatching(/^--digest takes .{1,400}$/) as string,
      });
  });

  it.each([
    ['nothing', ''],
    ['half of it', proofText.slice(0, -3)],
    ['no proof', answer({ Revision: holder(revision) })],
    ['a proof of no hashes', revisionAnswer(revision, ['x'])],
    ['a hash that is short', revisionAnswer(revision, [Buffer.alloc(31)])],
    ['no revision', revisionAnswer('x', [])],
    ['a revision that is nowhere', revisionAnswer(IonStruct.of([]), [])],
    ['a digest instead', digestText],
    ['two proofs', proofText + proofText],
    ['a proof of ours without a digest', '{"blockAddress":{},"proof":[]}'],
  ])('are no proof with %s', async (_, text) => {
    const path = file(text);
    await expect(readProof(path, kept)).rejects.toMatchObject({
      code: 'QLDB_COMMAND',
      message: expect.stringContaining(path) as string,
    });
  });
});

describe('nestjs-qldb, given what GetDigest and GetRevision answered', () => {
  const store = `file:${join(folder, 'ledgers')}`;
  const on = ['--ledger', 'test', '--store', store];
  const whole = join(folder, 'whole');
  const part = join(folder, 'part');
  let printed: string;
  let digest: string;
  let other: string;
  let revision: string;
  beforeAll(async () => {
    const ledger = await openLedger({ name: 'test', store });
    await execute(ledger.sessions, 'CREATE TABLE P');
    const time = await between();
    await execute(ledger.sessions, "INSERT INTO P {'name': 'Ada'}");
    await execute(ledger.sessions, "INSERT INTO P {'name': 'Bob'}");
    const [{ blockAddress, metadata }] = await execute<{
      blockAddress: LedgerDigest['digestTipAddress'];
      metadata: { id: string };
    }>(
      ledger.sessions,
      "SELECT VALUE p FROM _ql_committed_P AS p WHERE p.data.name = 'Ada'",
    );
    const kept = ledger.getDigest();
    const proved = await ledger.getRevision(
      blockAddress,
      metadata.id,
      kept.digestTipAddress,
    );
    digest = digestAnswer(kept);
    other = digestAnswer({ ...kept, digest: Buffer.alloc(32, 1) });
    revision = revisionAnswer(proved.revision, proved.proof ?? []);
    await ledger.close();
    [printed] = (await runCli(['digest', ...on])).lines;
    await runCli(['export', ...on, '--to', whole]);
    const from = ['--from', time.toISOString()];
    await runCli(['export', ...on, '--to', part, ...from]);
  });

  it('verifies, imports and proves by the digest', async () => {
    const json = (await runCli(['digest', ...on, '--json'])).lines.join('');
    for (const given of [
      digest,
      file(digest),
      printed,
      file(`${printed}\n`),
      file(json),
    ]) {
      expect(
        (await runCli(['verify', ...on, '--digest', given])).lines,
      ).toContain(printed);
      expect(
        (await runCli(['verify', '--export', whole, '--digest', given])).lines,
      ).toContain(printed);
    }
    for (const given of [other, file(other)])
      expect(
        (await failCli(['verify', ...on, '--digest', given])).error,
      ).toMatchObject({ code: 'QLDB_JOURNAL_INVALID' });
    const elsewhere = ['--store', `file:${join(folder, 'imported')}`];
    const importing = ['import', '--ledger', 'test', ...elsewhere];
    expect(
      (await failCli([...importing, '--from', whole, '--digest', file(other)]))
        .error,
    ).toMatchObject({ code: 'QLDB_EXPORT_BROKEN' });
    await runCli([...importing, '--from', whole, '--digest', file(digest)]);
    const { id } = JSON.parse(
      (
        await runCli(['shell', ...on, '--format', 'json'], {
          input: 'SELECT p.metadata.id FROM _ql_committed_P AS p',
        })
      ).lines[0],
    ) as { id: string };
    const proving = ['proof', ...on, '--table', 'P', '--id', id];
    await runCli([...proving, '--digest', file(digest)]);
    expect(
      (await failCli([...proving, '--digest', file(other)])).error,
    ).toMatchObject({ code: 'QLDB_CHECK_FAILED' });
  });

  it('checks the proof, also of a part of a journal', async () => {
    const verify = ['verify', '--export', whole];
    const proof = ['--proof', file(revision)];
    await runCli([...verify, ...proof, '--digest', file(digest)]);
    expect((await failCli([...verify, ...proof])).error).toMatchObject({
      code: 'QLDB_COMMAND',
    });
    const both = ['--proof', file(digest + revision)];
    const partly = ['verify', '--export', part];
    await runCli([...partly, ...both]);
    const wrong = ['--proof', file(other + revision)];
    const failed = await failCli([...partly, ...wrong, '--json']);
    expect(failed.error).toMatchObject({ code: 'QLDB_CHECK_FAILED' });
    expect(JSON.parse(failed.lines.join(''))).toMatchObject({
      isValid: false,
      problems: [expect.stringMatching(/does not lead to its digest$/)],
    });
  });
});
