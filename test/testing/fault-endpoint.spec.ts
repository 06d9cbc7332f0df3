import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type {
  SendCommandRequest,
  SessionEndpoint,
} from '../../lib/session/endpoint.js';
import { CapacityExceededException } from '../../lib/session/exceptions.js';
import {
  FaultEndpoint,
  type FaultRule,
  InjectedDisconnectError,
} from '../../lib/testing/fault-endpoint.js';

/** An endpoint that answers everything, and remembers it. */
class Echo implements SessionEndpoint {
  readonly maxConcurrency = 9;
  readonly received: SendCommandRequest[] = [];
  closed = false;

  sendCommand(request: SendCommandRequest) {
    this.received.push(request);
    return Promise.resolve({ EndSession: {} });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

const commit: SendCommandRequest = {
  SessionToken: 't',
  CommitTransaction: { TransactionId: 'x', CommitDigest: new Uint8Array() },
};
const end: SendCommandRequest = { SessionToken: 't', EndSession: {} };

/** What became of the commands, one letter each: answered, failed. */
async function outcomes(
  rules: FaultRule[],
  requests: SendCommandRequest[],
): Promise<string> {
  const faults = new FaultEndpoint(new Echo(), rules);
  let text = '';
  for (const request of requests) {
    text += await faults.sendCommand(request).then(
      () => 'a',
      () => 'f',
    );
  }
  return text;
}

describe('FaultEndpoint', () => {
  it('without a rule it changes nothing', async () => {
    const echo = new Echo();
    const faults = new FaultEndpoint(echo);
    expect(await faults.sendCommand(end)).toEqual({ EndSession: {} });
    expect(echo.received).toEqual([end]);
    expect(faults.maxConcurrency).toBe(9);
    expect(faults.commands).toEqual([
      { command: 'EndSession', outcome: 'answered' },
    ]);
    await faults.close();
    expect(echo.closed).toBe(true);
  });

  it('an error: the command is not carried out; the same object comes out, or a new one each time', async () => {
    const echo = new Echo();
    const error = new CapacityExceededException('full');
    const faults = new FaultEndpoint(echo, [
      { error },
      { error: () => new CapacityExceededException('full') },
      { error: () => 'text' },
    ]);
    await expect(faults.sendCommand(end)).rejects.toBe(error);
    await expect(faults.sendCommand(end)).rejects.not.toBe(error);
    await expect(faults.sendCommand(end)).rejects.toBe('text');
    expect(echo.received).toEqual([]);
    expect(faults.commands.map(({ outcome }) => outcome)).toEqual([
      'failed',
      'failed',
      'failed',
    ]);
  });

  it('a disconnect comes before the command takes effect, a lost reply after', async () => {
    const echo = new Echo();
    const faults = new FaultEndpoint(echo, [
      { disconnect: true },
      { loseReply: true },
    ]);
    await expect(faults.sendCommand(end)).rejects.toBeInstanceOf(
      InjectedDisconnectError,
    );
    expect(echo.received).toHaveLength(0);
    await expect(faults.sendCommand(end)).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(echo.received).toHaveLength(1);
    expect(faults.commands.map(({ outcome }) => outcome)).toEqual([
      'lost',
      'lost',
    ]);
  });

  it('a command that hangs ends with its signal alone', async () => {
    const faults = new FaultEndpoint(new Echo(), [{ hang: true, times: 2 }]);
    const controller = new AbortController();
    const hanging = faults.sendCommand(end, { signal: controller.signal });
    expect(faults.commands[0]?.outcome).toBe('pending');
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(hanging).rejects.toBe(reason);
    await expect(
      faults.sendCommand(end, { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  it('which commands: by name, after some, for some', async () => {
    const six = [commit, end, commit, end, commit, end];
    expect(
      await outcomes([{ command: 'CommitTransaction', disconnect: true }], six),
    ).toBe('faaaaa');
    expect(
      await outcomes(
        [
          {
            command: 'CommitTransaction',
            skip: 1,
            times: Infinity,
            disconnect: true,
          },
        ],
        six,
      ),
    ).toBe('aafafa');
    expect(
      await outcomes(
        [
          {
            command: ['EndSession', 'CommitTransaction'],
            times: 4,
            disconnect: true,
          },
        ],
        six,
      ),
    ).toBe('ffffaa');
    expect(await outcomes([{ skip: 2, times: 2, disconnect: true }], six)).toBe(
      'aaffaa',
    );
    expect(await outcomes([{ times: 0, disconnect: true }], six)).toBe(
      'aaaaaa',
    );
  });

  it('two rules for one command: the first counts, the second waits for its turn', async () => {
    expect(
      await outcomes(
        [{ disconnect: true }, { disconnect: true }],
        [end, end, end],
      ),
    ).toBe('ffa');
  });

  it('rules come and go', async () => {
    const faults = new FaultEndpoint(new Echo());
    const remove = faults.inject({ times: Infinity, disconnect: true });
    await expect(faults.sendCommand(end)).rejects.toThrow();
    remove();
    remove();
    await faults.sendCommand(end);
    faults.inject({ times: Infinity, disconnect: true });
    faults.clear();
    await faults.sendCommand(end);
  });

  it('a rule with two faults, and a request without a command, are mistakes', async () => {
    expect(
      () =>
        new FaultEndpoint(new Echo(), [{ disconnect: true, loseReply: true }]),
    ).toThrow(TypeError);
    await expect(
      new FaultEndpoint(new Echo()).sendCommand({ SessionToken: 't' }),
    ).rejects.toThrow(TypeError);
  });

  describe('latency', () => {
    beforeEach(
      () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }),
    );
    afterEach(() => void vi.useRealTimers());

    it('adds up, and comes before the command takes effect', async () => {
      const echo = new Echo();
      const faults = new FaultEndpoint(echo, [
        { latency: 30, times: Infinity },
        { latency: () => 12 },
      ]);
      let answered = false;
      const sending = faults.sendCommand(end).then(() => (answered = true));
      await vi.advanceTimersByTimeAsync(41);
      expect(echo.received).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      await sending;
      expect(answered).toBe(true);
    });

    it('ends with the signal', async () => {
      const echo = new Echo();
      const faults = new FaultEndpoint(echo, [{ latency: 1_000 }]);
      const controller = new AbortController();
      const sending = faults.sendCommand(end, { signal: controller.signal });
      const reason = new Error('enough');
      controller.abort(reason);
      await expect(sending).rejects.toBe(reason);
      expect(echo.received).toEqual([]);
    });
  });
});
