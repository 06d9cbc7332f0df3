import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { readFile, rename, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreInUseError } from '../store-errors.js';

/** Who says that it owns a store. */
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

const OWNER_FILE = 'owner.json';
const HEARTBEAT_MS = 2_000;
/** An owner on another host (or in another container) that was silent for so long is dead. */
const SILENCE_MS = 10_000;

/** Folders that this process has open: LMDB would share one environment between them. */
const openHere = new Set<string>();

/**
 * The claim of this process to a folder, in a file of it. One process owns a
 * ledger, since it keeps the end of the journal in memory; a dead owner's claim
 * is taken over.
 *
 * It is made before LMDB opens the folder: two containers whose processes have
 * one number would stop each other there for good. Against an owner that was
 * only silent, see the fence in `LmdbStore`.
 */
export class Ownership {
  /** A number that no other claim has. */
  readonly version = Number.parseInt(randomUUID().slice(-12), 16);
  readonly #path: string;
  readonly #file: string;
  readonly #self: Owner;
  #heartbeat: NodeJS.Timeout | undefined;

  private constructor(path: string, self: Owner) {
    this.#path = path;
    this.#file = join(path, OWNER_FILE);
    this.#self = self;
  }

  /** @throws StoreInUseError when the owner is alive */
  static async claim(path: string): Promise<Ownership> {
    if (openHere.has(path)) throw new StoreInUseError(path, 'this process');
    openHere.add(path);
    try {
      const ownership = new Ownership(path, thisProcess());
      await ownership.#claim();
      return ownership;
    } catch (error) {
      openHere.delete(path);
      throw error;
    }
  }

  async #claim(): Promise<void> {
    // A process that cannot be asked is given the time to fall silent.
    const deadline = Date.now() + SILENCE_MS + HEARTBEAT_MS;
    for (;;) {
      if (await this.#create()) return;
      const owner = await this.#read();
      if (owner === undefined) continue;
      if (!isAlive(owner, this.#self, this.#file)) await this.#remove(owner);
      else if (isNeighbour(owner, this.#self) || Date.now() > deadline)
        throw new StoreInUseError(
          this.#path,
          `process ${owner.pid} on ${owner.host}`,
        );
      else await sleep(HEARTBEAT_MS / 4);
    }
  }

  /** False if there is a claim. */
  async #create(): Promise<boolean> {
    try {
      await writeFile(this.#file, JSON.stringify(this.#self), {
        flag: 'wx',
        mode: 0o600,
      });
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  /** The claim that stands; undefined if it has just gone. */
  async #read(): Promise<Owner | undefined> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return JSON.parse(text) as Owner;
    } catch {
      // Its owner has not written it yet, or died before it had: who it was is not known.
      return { host: 'an unknown host', pid: 0, claim: text };
    }
  }

  /** Takes away the claim of a dead owner; puts it back if it turns out to be another's. */
  async #remove(dead: Owner): Promise<void> {
    const aside = `${this.#file}.${this.#self.claim}`;
    try {
      await rename(this.#file, aside);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    const moved = await readFile(aside, 'utf8').catch(() => '');
    if (moved !== '' && claimIn(moved) !== dead.claim)
      await writeFile(this.#file, moved, { flag: 'wx', mode: 0o600 }).catch(
        () => {},
      );
    await unlink(aside).catch(() => {});
  }

  /**
   * Shows others that this process is alive, for as long as it is.
   *
   * @param check - called with each sign of life
   */
  keepAlive(check: () => Promise<void>): void {
    this.#heartbeat = setInterval(() => {
      const now = new Date();
      void utimes(this.#file, now, now).catch(() => {});
      void check();
    }, HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** Gives up the claim, if it is still this process's. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    try {
      const owner = await this.#read();
      if (owner?.claim === this.#self.claim) await unlink(this.#file);
    } catch {
      // Gone with its folder, or not ours to remove: the process number tells the next one.
    } finally {
      openHere.delete(this.#path);
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function claimIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as Owner).claim;
  } catch {
    return text;
  }
}

function isAlive(owner: Owner, self: Owner, file: string): boolean {
  if (!isNeighbour(owner, self)) return !isSilent(file);
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  // The number may belong to another process by now.
  return owner.started === undefined || owner.started === startOf(owner.pid);
}

/** Whether the owner's process number means the same to this process: one host, one container. */
function isNeighbour(owner: Owner, self: Owner): boolean {
  return owner.host === self.host && owner.namespace === self.namespace;
}

function isSilent(file: string): boolean {
  try {
    return Date.now() - statSync(file).mtimeMs > SILENCE_MS;
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
