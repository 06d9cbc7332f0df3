import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from 'lmdb';
import { StoreInUseError } from '../store-errors.js';

/** The right of this process to write to a store. */
export interface Ownership {
  /**
   * Call it inside a write transaction.
   *
   * @throws StoreInUseError when another process has taken over
   */
  assertHeld(): void;
  /** Gives up the claim, if it is still this process's. */
  release(): void;
}

interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Tells the claims of one process apart. */
  readonly claim: string;
  /** Where the number is known; another container may have a process of the same number. */
  readonly namespace?: string;
  /** Tells this process from a later one with the same number; absent where the system does not say. */
  readonly started?: string;
}

const OWNER = Buffer.from('owner');
const HEARTBEAT_FILE = 'owner.heartbeat';
const HEARTBEAT_MS = 2_000;
/** An owner on another host (or in another container) that was silent for so long is dead. */
const SILENCE_MS = 10_000;

/** Stores that this process has open: LMDB would share one environment between them. */
const openHere = new Set<string>();

/**
 * Makes this process the one that may write to the store.
 *
 * LMDB lets several processes write, one after the other; but a ledger keeps the
 * end of its journal in memory, so one process owns it. The claim is written in
 * an LMDB write transaction, which excludes every other process, and a dead
 * owner's claim is taken over at once.
 *
 * @throws StoreInUseError when the owner is alive
 */
export async function claimOwnership(
  path: string,
  meta: Database<Buffer, Buffer>,
): Promise<Ownership> {
  if (openHere.has(path)) throw new StoreInUseError(path, 'this process');
  openHere.add(path);
  try {
    const heartbeatFile = join(path, HEARTBEAT_FILE);
    const self = thisProcess();
    let owner = claim(meta, self, heartbeatFile);
    // A process that cannot be asked is given the time to fall silent.
    const deadline = Date.now() + SILENCE_MS + HEARTBEAT_MS;
    while (owner && !isNeighbour(owner, self) && Date.now() < deadline) {
      await sleep(HEARTBEAT_MS / 4);
      owner = claim(meta, self, heartbeatFile);
    }
    if (owner)
      throw new StoreInUseError(path, `process ${owner.pid} on ${owner.host}`);

    await writeFile(heartbeatFile, '');
    const heartbeat = setInterval(() => {
      const now = new Date();
      void utimes(heartbeatFile, now, now).catch(() => {});
    }, HEARTBEAT_MS);
    heartbeat.unref();

    const held = () => {
      const record = meta.get(OWNER);
      return record && (JSON.parse(record.toString()) as Owner);
    };
    return {
      assertHeld: () => {
        const holder = held();
        if (holder?.claim !== self.claim)
          throw new StoreInUseError(
            path,
            holder ? `process ${holder.pid} on ${holder.host}` : 'no process',
          );
      },
      release: () => {
        clearInterval(heartbeat);
        openHere.delete(path);
        meta.transactionSync(() => {
          if (held()?.claim === self.claim) meta.removeSync(OWNER);
        });
      },
    };
  } catch (error) {
    openHere.delete(path);
    throw error;
  }
}

/** Writes `self` as the owner; returns the present owner instead if it is alive. */
function claim(
  meta: Database<Buffer, Buffer>,
  self: Owner,
  heartbeatFile: string,
): Owner | undefined {
  return meta.transactionSync(() => {
    const record = meta.get(OWNER);
    const owner = record && (JSON.parse(record.toString()) as Owner);
    if (owner && isAlive(owner, self, heartbeatFile)) return owner;
    meta.putSync(OWNER, Buffer.from(JSON.stringify(self)));
    return undefined;
  });
}

function isAlive(owner: Owner, self: Owner, heartbeatFile: string): boolean {
  if (!isNeighbour(owner, self)) return !isSilent(heartbeatFile);
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // The number may belong to another process by now.
  return owner.started === undefined || owner.started === startOf(owner.pid);
}

/** Whether the owner's process number means the same to this process: one host, one container. */
function isNeighbour(owner: Owner, self: Owner): boolean {
  return owner.host === self.host && owner.namespace === self.namespace;
}

function isSilent(heartbeatFile: string): boolean {
  try {
    return Date.now() - statSync(heartbeatFile).mtimeMs > SILENCE_MS;
  } catch {
    return true;
  }
}

function thisProcess(): Owner {
  const started = startOf(process.pid);
  const namespace = processNamespace();
  return {
    host: hostname(),
    pid: process.pid,
    claim: randomUUID(),
    ...(namespace === undefined ? {} : { namespace }),
    ...(started === undefined ? {} : { started }),
  };
}

/** The space of process numbers that this process lives in, as Linux names it. */
function processNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** When a process started, as Linux tells it: the boot, and the clock ticks since. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the command, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1');
    return `${boot.trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}
