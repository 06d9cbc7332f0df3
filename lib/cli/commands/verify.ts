import type { Command } from 'commander';
import {
  type ExportVerification,
  verifyExport,
} from '../../journal-files/index.js';
import { CheckFailedError, CommandError } from '../command-error.js';
import { type CommandContext, report, watch } from '../context.js';
import {
  digestJson,
  formatDigest,
  readBlockHash,
  readDigest,
} from '../digest-text.js';
import { readProof } from '../kept-proof.js';
import { useLedger, withExamples, withStore } from '../ledger-options.js';
import { collect, counted } from '../values.js';

interface VerifyOptions {
  readonly ledger?: string;
  readonly store: string;
  readonly json?: boolean;
  readonly digest?: string;
  readonly from?: string;
  readonly export?: readonly string[];
  readonly exportId?: readonly string[];
  readonly proof?: readonly string[];
}

export function addVerify(program: Command, context: CommandContext): void {
  withExamples(
    withStore(
      program
        .command('verify')
        .description(
          "check a ledger, or an export of a journal (AWS's or ours) without a ledger",
        )
        .option(
          '--ledger <name>',
          'a ledger: every hash of its journal is recomputed, and all else checked against it',
        )
        .option(
          '--export <place>',
          'an export: a folder, or s3://<bucket>/<prefix>; may be repeated',
          collect,
        )
        .option('--export-id <id>', 'of the exports there, only these', collect)
        .option(
          '--digest <digest>',
          'a digest that was kept: STRAND:BLOCK:HASH as printed, what GetDigest answered in JSON, or a file with one of them',
        )
        .option(
          '--from <block:hash>',
          'of a ledger: begin at a block whose hash is known',
        )
        .option(
          '--proof <file>',
          'of an export: a proof that was kept, as proof --json printed it or GetRevision answered; the digest of the latter is the one of --digest, or what GetDigest answered, in the same file; may be repeated',
          collect,
        ),
    ),
    'nestjs-qldb verify --ledger vehicles',
    'nestjs-qldb verify --export ./qldb-export --digest digest.json --proof revision.json',
    'nestjs-qldb verify --export s3://backups/vehicles/ --json',
  ).action(async (options: VerifyOptions) => {
    const { ledger, export: places } = options;
    if (ledger !== undefined && places === undefined)
      await verifyALedger(options, ledger, context);
    else if (ledger === undefined && places !== undefined)
      await verifyAnExport(options, places, context);
    else
      throw new CommandError(
        'Name a ledger or an export: --ledger NAME, or --export PLACE.',
      );
  });
}

async function verifyALedger(
  options: VerifyOptions,
  name: string,
  context: CommandContext,
): Promise<void> {
  const { digest, from } = options;
  const task = {
    digest: digest === undefined ? undefined : await readDigest(digest),
    from: from === undefined ? undefined : readBlockHash(from),
  };
  await useLedger({ ...options, ledger: name }, async (ledger) => {
    const verified = await ledger.verify({
      ...task,
      signal: context.signal,
      onProgress: ({ stage, checked, total }) =>
        context.progress(stage, checked, total),
    });
    const { blocks, revisions, unproven } = verified;
    report(
      context,
      options,
      [
        `${ledger.name} is as it was written: ${counted(blocks, 'block')}, ${counted(revisions, 'revision')}.`,
        ...unprovenLine(unproven),
        formatDigest(verified),
      ],
      { blocks, revisions, unproven, ...digestJson(verified) },
    );
  });
}

function unprovenLine(unproven: number): readonly string[] {
  if (unproven === 0) return [];
  return [
    unproven === 1
      ? '1 revision is not proven: it was imported from JSON.'
      : `${unproven} revisions are not proven: they were imported from JSON.`,
  ];
}

async function verifyAnExport(
  options: VerifyOptions,
  places: readonly string[],
  context: CommandContext,
): Promise<void> {
  const { digest, exportId, proof = [] } = options;
  const kept = digest === undefined ? undefined : await readDigest(digest);
  const verified = await verifyExport({
    from: places,
    exportIds: exportId,
    digest: kept,
    proofs: await Promise.all(proof.map((given) => readProof(given, kept))),
    ...watch(context, 'bytes'),
  });
  report(context, options, [...linesOf(verified)], {
    ...verified,
    digest: verified.digest && digestJson(verified.digest),
  });
  if (verified.isValid) return;
  throw new CheckFailedError(
    isOnlyUnchecked(verified)
      ? 'The digest could not be checked.'
      : 'The export is not what was written.',
  );
}

const isOnlyUnchecked = ({
  grades,
  unprovenRevisions,
  problems,
}: ExportVerification): boolean =>
  grades.broken === 0 && unprovenRevisions === 0 && problems.length === 0;

function* linesOf(verified: ExportVerification): Iterable<string> {
  const { span, grades, blocks, revisions, files, bytes } = verified;
  yield span
    ? `Blocks ${span.first} to ${span.last} of strand ${verified.strandId}: ${counted(revisions, 'revision')}, ${counted(files, 'file')}, ${counted(bytes, 'byte')}.`
    : 'The export has no blocks.';
  const named = Object.entries(grades).filter(([, count]) => count > 0);
  if (blocks > 0)
    yield `Blocks: ${named.map(([grade, count]) => `${count} ${GRADES[grade as keyof typeof grades]}`).join(', ')}.`;
  for (const { sequenceNo, what } of verified.broken)
    yield `Block ${sequenceNo} is broken: ${what}.`;
  for (const problem of verified.problems) yield `Not right: ${problem}.`;
  yield* verified.unchecked;
  yield* verified.unprovable;
  if (verified.digest) yield formatDigest(verified.digest);
}

const GRADES: Readonly<Record<keyof ExportVerification['grades'], string>> = {
  proven: 'proven',
  opaque: 'proven with opaque entries',
  unproven: 'with revisions that are not proven',
  links: 'with links only',
  broken: 'broken',
};
