import type { Command } from 'commander';
import { PooledQldbDriver } from '../../driver/index.js';
import { formatIonText } from '../../ion/text.js';
import {
  type BlockAddress,
  type Ledger,
  verifyRevision,
} from '../../ledger/index.js';
import { CheckFailedError, CommandError } from '../command-error.js';
import { type CommandContext, report } from '../context.js';
import {
  base64,
  digestJson,
  formatDigest,
  readDigest,
} from '../digest-text.js';
import {
  type LedgerOptions,
  useLedger,
  withExamples,
  withLedgerOptions,
} from '../ledger-options.js';
import { numberOf } from '../values.js';

interface ProofOptions extends LedgerOptions {
  readonly table?: string;
  readonly block?: number;
  readonly id: string;
  readonly version?: number;
  readonly digest?: string;
}

export function addProof(program: Command, context: CommandContext): void {
  withExamples(
    withLedgerOptions(
      program
        .command('proof')
        .description(
          'print a revision with the proof that it is part of the ledger',
        )
        .requiredOption('--id <document>', 'id of the document')
        .option('--table <name>', 'its table')
        .option(
          '--version <number>',
          'its version; default: the current one',
          numberOf('--version', 0, 2 ** 32),
        )
        .option(
          '--block <number>',
          'or the block of the revision',
          numberOf('--block', 0, 2 ** 53),
        )
        .option(
          '--digest <digest>',
          'the digest to prove it by, or its file, as verify takes it; default: that of now',
        ),
    ),
    'nestjs-qldb proof --ledger vehicles --table Person --id 5PLf9SXwndd63lPaSIa0O6',
    'nestjs-qldb proof --ledger vehicles --block 12 --id 5PLf9SXwndd63lPaSIa0O6 --json > proof.json',
  ).action(async (options: ProofOptions) => {
    const { id, digest: kept } = options;
    if ((options.table === undefined) === (options.block === undefined))
      throw new CommandError(
        'Say where the document is: --table NAME or --block NUMBER.',
      );
    const given = kept === undefined ? undefined : await readDigest(kept);
    await useLedger(options, async (ledger) => {
      const digest = given ?? ledger.getDigest();
      const address = await addressOf(ledger, options);
      const { revision, proof = [] } = await ledger.getRevision(
        address,
        id,
        digest.digestTipAddress,
      );
      if (!verifyRevision(revision, proof, digest.digest))
        throw new CheckFailedError(
          'The revision is not proven by that digest: the digest is of another ledger, or the ledger was changed.',
        );
      report(
        context,
        options,
        [
          formatIonText(revision),
          ...proof.map(base64),
          `The revision is part of the ledger with the digest ${formatDigest(digest)}.`,
        ],
        {
          blockAddress: address,
          documentId: id,
          revision: formatIonText(revision),
          proof: proof.map(base64),
          digest: digestJson(digest),
        },
      );
    });
  });
}

async function addressOf(
  ledger: Ledger,
  { table, block, id, version }: ProofOptions,
): Promise<BlockAddress> {
  const { strandId } = ledger;
  if (table === undefined) return { strandId, sequenceNo: block ?? 0 };
  const name = `"${table.replaceAll('"', '""')}"`;
  const driver = new PooledQldbDriver({
    ledgerName: ledger.name,
    endpoint: ledger.sessions,
  });
  try {
    const rows = await driver.executeStatement<{ blockAddress: BlockAddress }>(
      version === undefined
        ? `SELECT r.blockAddress FROM "_ql_committed_${table.replaceAll('"', '""')}" AS r WHERE r.metadata.id = ?`
        : `SELECT r.blockAddress FROM history(${name}) AS r WHERE r.metadata.id = ? AND r.metadata.version = ?`,
      id,
      ...(version === undefined ? [] : [version]),
    );
    for await (const { blockAddress } of rows) return blockAddress;
  } finally {
    await driver.close();
  }
  throw new CheckFailedError(
    `Table ${table} has no such document, or none of that version.`,
  );
}
