import { setTimeout } from 'node:timers/promises';
import type {
  CommandName,
  SendCommandOptions,
  SendCommandRequest,
  SendCommandResult,
  SessionEndpoint,
} from '../session/endpoint.js';

/**
 * One fault, and the commands that it befalls.
 *
 * Of `error`, `disconnect`, `loseReply` and `hang` give at most one. A rule
 * with none of them only slows commands down.
 */
export interface FaultRule {
  /** Commands that the rule is about. Default: all. */
  readonly command?: CommandName | readonly CommandName[];
  /** How many of these commands pass before the rule begins. Default: 0. */
  readonly skip?: number;
  /** How many commands it befalls; `Infinity` for all. Default: 1. */
  readonly times?: number;
  /** Milliseconds that the command waits before anything else happens to it. */
  readonly latency?: number | (() => number);
  /** The command is not carried out; this is thrown instead, or what the function makes. */
  readonly error?: object | (() => unknown);
  /** The command is not carried out: the connection breaks on its way there. */
  readonly disconnect?: boolean;
  /** The command is carried out: the connection breaks on its reply's way back. */
  readonly loseReply?: boolean;
  /** The command is not carried out, and there is no reply before the caller's signal is aborted. */
  readonly hang?: boolean;
}

/** A command that went through a {@link FaultEndpoint}, and how it went. */
export interface RecordedCommand {
  readonly command: CommandName;
  readonly outcome: 'pending' | 'answered' | 'failed' | 'lost';
}

/** What a broken connection looks like: the error that Node's sockets give. */
export class InjectedDisconnectError extends Error {
  readonly code = 'ECONNRESET';

  constructor(command: CommandName) {
    super(`Injected fault: the connection broke during ${command}.`);
    this.name = 'InjectedDisconnectError';
  }
}

/**
 * Puts faults between a driver and a ledger: slow commands, errors, lost
 * replies, broken connections, by a script. For tests of what an application
 * does when the ledger is far away and the day is bad.
 *
 * ```ts
 * const faults = new FaultEndpoint(ledger.sessions, [
 *   { command: 'CommitTransaction', loseReply: true },              // the first commit: done, but nobody knows
 *   { command: 'FetchPage', skip: 2, times: Infinity, latency: 50 },
 *   { command: 'StartSession', error: () => new CapacityExceededException('Capacity exceeded') },
 * ]);
 * const driver = new PooledQldbDriver({ ledgerName: 'vehicles', endpoint: faults });
 * ```
 *
 * Rules are looked at in their order. The latencies of all that match add up;
 * of the faults, the first counts. Nothing is random: let `error` or `latency`
 * be functions for that, with a seed of your own.
 */
export class FaultEndpoint implements SessionEndpoint {
  readonly maxConcurrency?: number;
  readonly #target: SessionEndpoint;
  readonly #rules: ActiveRule[];
  readonly #commands: { command: CommandName; outcome: Outcome }[] = [];

  constructor(target: SessionEndpoint, rules: Iterable<FaultRule> = []) {
    this.#target = target;
    if (target.maxConcurrency !== undefined) {
      this.maxConcurrency = target.maxConcurrency;
    }
    this.#rules = Array.from(rules, (rule) => new ActiveRule(rule));
  }

  /** Every command so far, in the order of their arrival. */
  get commands(): readonly RecordedCommand[] {
    return this.#commands;
  }

  /** Adds a rule after those that there are. Call the result to take it away. */
  inject(rule: FaultRule): () => void {
    const active = new ActiveRule(rule);
    this.#rules.push(active);
    return () => {
      const index = this.#rules.indexOf(active);
      if (index >= 0) this.#rules.splice(index, 1);
    };
  }

  /** Takes all rules away. */
  clear(): void {
    this.#rules.length = 0;
  }

  async sendCommand(
    request: SendCommandRequest,
    options: SendCommandOptions = {},
  ): Promise<SendCommandResult> {
    const command = commandName(request);
    const record = { command, outcome: 'pending' as Outcome };
    this.#commands.push(record);
    try {
      const result = await this.#carryOut(command, request, options);
      record.outcome = 'answered';
      return result;
    } catch (error) {
      record.outcome =
        error instanceof InjectedDisconnectError ? 'lost' : 'failed';
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#target.close?.();
  }

  async #carryOut(
    command: CommandName,
    request: SendCommandRequest,
    options: SendCommandOptions,
  ): Promise<SendCommandResult> {
    const { latency, fault } = this.#faultOf(command);
    if (latency > 0) {
      const { signal } = options;
      await setTimeout(latency, undefined, { signal }).catch(() => {
        throw signal?.reason;
      });
    }
    if (fault?.hang) return untilAborted(options.signal);
    if (fault?.disconnect) throw new InjectedDisconnectError(command);
    if (fault?.error !== undefined) throw made(fault.error);
    const result = await this.#target.sendCommand(request, options);
    if (fault?.loseReply) throw new InjectedDisconnectError(command);
    return result;
  }

  #faultOf(command: CommandName): { latency: number; fault?: FaultRule } {
    let latency = 0;
    let fault: FaultRule | undefined;
    for (const active of this.#rules) {
      // A fault that comes too late keeps its turn for the next command.
      if (fault && active.isFault) continue;
      if (!active.befalls(command)) continue;
      latency += active.latency();
      if (active.isFault) fault = active.rule;
    }
    return fault ? { latency, fault } : { latency };
  }
}

type Outcome = RecordedCommand['outcome'];

/** A rule, and how often it applied. */
class ActiveRule {
  readonly isFault: boolean;
  #toSkip: number;
  #left: number;

  constructor(readonly rule: FaultRule) {
    const { error, disconnect, loseReply, hang, skip = 0, times = 1 } = rule;
    const faults = [error !== undefined, disconnect, loseReply, hang];
    const count = faults.filter(Boolean).length;
    if (count > 1) {
      throw new TypeError(
        'A fault rule has more than one of error, disconnect, loseReply and hang. Make it several rules.',
      );
    }
    this.isFault = count === 1;
    this.#toSkip = skip;
    this.#left = times;
  }

  befalls(command: CommandName): boolean {
    const about = this.rule.command;
    if (about !== undefined && ![about].flat().includes(command)) return false;
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return false;
    }
    if (this.#left <= 0) return false;
    this.#left--;
    return true;
  }

  latency(): number {
    const { latency = 0 } = this.rule;
    return typeof latency === 'function' ? latency() : latency;
  }
}

function commandName(request: SendCommandRequest): CommandName {
  for (const [name, value] of Object.entries(request)) {
    if (name !== 'SessionToken' && value !== undefined) {
      return name as CommandName;
    }
  }
  throw new TypeError('The request has no command.');
}

function made(error: object | (() => unknown)): unknown {
  return typeof error === 'function' ? (error as () => unknown)() : error;
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason as Error);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
