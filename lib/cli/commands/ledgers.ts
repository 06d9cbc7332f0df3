import type { Command } from 'commander';
import { isLedgerName, openLedger, storeHome } from '../../ledger/index.js';
import { StoreError } from '../../store/store-errors.js';
import { type CommandContext, report } from '../context.js';
import { formatDigest } from '../digest-text.js';
import { withExamples, withStore } from '../ledger-options.js';
import { counted } from '../values.js';

/** A ledger of a store, as it is listed. */
interface ListedLedger {
  readonly name: string;
  /** In bytes, on the disk; a database does not tell. */
  readonly size?: number | undefined;
  readonly blocks?: number;
  readonly digest?: string;
  /** Why there is nothing more to tell: a process has it open, or it is damaged. */
  readonly remark?: string;
}

export function addLedgers(program: Command, context: CommandContext): void {
  withExamples(
    withStore(
      program.command('ledgers').description('list the ledgers of a store'),
    ),
    'nestjs-qldb ledgers --store file:/var/lib/ledgers',
  ).action(
    async (options: { readonly store: string; readonly json?: boolean }) => {
      const ledgers = await listLedgers(options.store);
      report(
        context,
        options,
        ledgers.length === 0
          ? ['There is no ledger in that store.']
          : ledgers.map(
              ({ name, size, blocks, digest, remark }) =>
                `${name}  ${size === undefined ? '' : `${(size / 1e6).toFixed(1)} MB  `}${remark ?? `${counted(blocks ?? 0, 'block')}  ${digest}`}`,
            ),
        { ledgers },
      );
    },
  );
}

async function listLedgers(store: string): Promise<ListedLedger[]> {
  const home = await storeHome(store);
  const ledgers: ListedLedger[] = [];
  for (const name of (await home.names()).filter(isLedgerName))
    ledgers.push(await look(name, store, await home.size(name)));
  return ledgers;
}

async function look(
  name: string,
  store: string,
  size: number | undefined,
): Promise<ListedLedger> {
  try {
    const ledger = await openLedger({ name, store });
    const digest = ledger.getDigest();
    await ledger.close();
    return {
      name,
      size,
      blocks: digest.digestTipAddress.sequenceNo + 1 - ledger.firstSequenceNo,
      digest: formatDigest(digest),
    };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return {
      name,
      size,
      remark:
        error.code === 'QLDB_STORE_IN_USE'
          ? 'is open in another process'
          : error.message,
    };
  }
}
