import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  isStoreAddress,
  type Ledger,
  type LedgerDigest,
  LedgerMissingError,
  openLedger,
  rebuildLedger,
  restoreLedger,
  type VerifyOptions,
} from '../ledger/index.js';
import { hasStore } from '../store/open-store.js';

export const USAGE = `Works on a ledger that no application has open.

  nestjs-qldb verify  --ledger NAME [--digest DIGEST] [--from BLOCK:HASH]
  nestjs-qldb digest  --ledger NAME
  nestjs-qldb backup  --ledger NAME --to FILE | --to file:FOLDER
  nestjs-qldb restore --ledger NAME --from FILE [--digest DIGEST]
  nestjs-qldb rebuild --ledger NAME

  verify   recomputes every hash of the journal, and checks all else against it
  digest   prints the digest, and the block it reaches to
  backup   writes the journal to a file (- for the standard output), or a ledger to a folder
  restore  makes a ledger from a backup; every block is checked
  rebuild  makes all but the journal anew from the journal

  --store STORE    where the ledger is (default: file:.qldb)
  --digest DIGEST  a digest that was kept, as printed: STRAND:BLOCK:HASH
  --from BLOCK:HASH  verify: begin at a block whose hash is known
  --help           this text

Hashes are in base64. An application that has the ledger open verifies it with
ledger.verify(), and backs it up with ledger.backup().`;

/** What the command was told to do is not clear. */
export class CommandError extends Error {
  readonly code = 'QLDB_COMMAND';

  constructor(message: string, options?: ErrorOptions) {
    super(`${message} --help lists the commands.`, options);
    this.name = new.target.name;
  }
}

/** Where the command writes, and how it is stopped. */
export interface CommandContext {
  /** Results, one line each. */
  readonly print: (line: string) => void;
  /** How far it has come, for a person who watches. */
  readonly progress: (stage: string, checked: number, total: number) => void;
  readonly signal?: AbortSignal;
}

const COMMANDS: Readonly<
  Record<string, (options: Options, context: CommandContext) => Promise<void>>
> = { verify, digest, backup, restore, rebuild };

/**
 * Runs one command.
 *
 * @throws CommandError, LedgerError, StoreError
 */
export async function runLedgerCommand(
  args: readonly string[],
  context: CommandContext,
): Promise<void> {
  const [name, options] = readOptions(args);
  if (options.help || (name === undefined && args.length === 0))
    return context.print(USAGE);
  if (name === undefined || !Object.hasOwn(COMMANDS, name))
    throw new CommandError(
      name === undefined ? 'Name a command.' : 'There is no such command.',
    );
  await COMMANDS[name](options, context);
}

interface Options {
  readonly help: boolean;
  readonly ledger?: string;
  readonly store: string;
  readonly digest?: string;
  readonly from?: string;
  readonly to?: string;
}

function readOptions(
  args: readonly string[],
): [name: string | undefined, options: Options] {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', default: false },
        ledger: { type: 'string' },
        store: { type: 'string', default: 'file:.qldb' },
        digest: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
      },
    });
    if (positionals.length > 1) throw new Error('One command at a time.');
    return [positionals[0], values];
  } catch (cause) {
    throw new CommandError((cause as Error).message, { cause });
  }
}

async function verify(
  options: Options,
  context: CommandContext,
): Promise<void> {
  const { digest, from } = options;
  await withLedger(options, async (ledger) => {
    const verified = await ledger.verify({
      digest: readDigest(digest),
      from: readBlockHash(from),
      signal: context.signal,
      onProgress: ({ stage, checked, total }) =>
        context.progress(stage, checked, total),
    });
    context.print(
      `${ledger.name} is as it was written: ${verified.blocks} blocks, ${verified.revisions} revisions.`,
    );
    context.print(formatDigest(verified));
  });
}

async function digest(
  options: Options,
  context: CommandContext,
): Promise<void> {
  await withLedger(options, (ledger) =>
    context.print(formatDigest(ledger.getDigest())),
  );
}

async function backup(
  options: Options,
  context: CommandContext,
): Promise<void> {
  const { to } = options;
  if (to === undefined)
    throw new CommandError('Say where to: --to FILE or --to file:FOLDER.');
  await withLedger(options, async (ledger) => {
    const target = isStoreAddress(to)
      ? to
      : to === '-'
        ? process.stdout
        : createWriteStream(to, { flags: 'wx', mode: 0o600 });
    const digest = await ledger.backup(target, watch(context));
    if (to !== '-') context.print(formatDigest(digest));
  });
}

async function restore(
  options: Options,
  context: CommandContext,
): Promise<void> {
  const { from, store } = options;
  const name = ledgerName(options);
  if (from === undefined) throw new CommandError('Say what from: --from FILE.');
  if (from !== '-') await stat(from);
  const restored = await restoreLedger({
    name,
    store,
    from: from === '-' ? process.stdin : createReadStream(from),
    ...watch(context),
    digest: readDigest(options.digest),
  });
  context.print(formatDigest(restored));
}

async function rebuild(
  options: Options,
  context: CommandContext,
): Promise<void> {
  const rebuilt = await rebuildLedger({
    name: ledgerName(options),
    store: options.store,
    ...watch(context),
  });
  context.print(formatDigest(rebuilt));
  context.print(`What was there before is in ${rebuilt.former}.`);
}

function watch({ signal, progress }: CommandContext) {
  return {
    signal,
    onProgress: ({ checked, total }: { checked: number; total: number }) =>
      progress('blocks', checked, total),
  };
}

/** Opens a ledger that is there; a name that was mistyped must not make one. */
async function withLedger(
  options: Options,
  work: (ledger: Ledger) => void | Promise<void>,
): Promise<void> {
  const name = ledgerName(options);
  if (!hasStore(options.store, name)) throw new LedgerMissingError(name);
  const ledger = await openLedger({ name, store: options.store });
  try {
    await work(ledger);
  } finally {
    await ledger.close();
  }
}

function ledgerName({ ledger }: Options): string {
  if (ledger === undefined)
    throw new CommandError('Name the ledger: --ledger NAME.');
  return ledger;
}

function formatDigest({ digest, digestTipAddress }: LedgerDigest): string {
  const { strandId, sequenceNo } = digestTipAddress;
  return `${strandId}:${sequenceNo}:${Buffer.from(digest).toString('base64')}`;
}

const DIGEST = /^([A-Za-z0-9]{22}):(\d{1,15}):([A-Za-z0-9+/]{43}=)$/;

function readDigest(text: string | undefined): LedgerDigest | undefined {
  if (text === undefined) return undefined;
  const [, strandId, sequenceNo, hash] = DIGEST.exec(text) ?? [];
  if (strandId === undefined || hash === undefined)
    throw new CommandError('--digest takes a digest as it is printed.');
  return {
    digest: Buffer.from(hash, 'base64'),
    digestTipAddress: { strandId, sequenceNo: Number(sequenceNo) },
  };
}

const BLOCK_HASH = /^(\d{1,15}):([A-Za-z0-9+/]{43}=)$/;

function readBlockHash(text: string | undefined): VerifyOptions['from'] {
  if (text === undefined) return undefined;
  const [, sequenceNo, hash] = BLOCK_HASH.exec(text) ?? [];
  if (hash === undefined)
    throw new CommandError('--from takes BLOCK:HASH, the hash in base64.');
  return {
    sequenceNo: Number(sequenceNo),
    blockHash: Buffer.from(hash, 'base64'),
  };
}
