import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { countParameters } from '../../lib/driver/parameters.js';
import { parseIonText } from '../../lib/ion/text.js';
import { CommitDigest } from '../../lib/session/commit-digest.js';
import type {
  SendCommandRequest,
  SessionEndpoint,
} from '../../lib/session/endpoint.js';
import { driverOf } from './support.js';

interface Vector {
  readonly transactionId: string;
  readonly statements: readonly {
    readonly statement: string;
    readonly parametersIonText: readonly string[];
    readonly parametersIonBinaryHex: readonly string[];
  }[];
  readonly commitDigestHex: string;
}

const file = [
  process.env['COMMIT_DIGESTS'],
  '../shared/data/commit-digests.json',
  'test/data/commit-digests.json',
].find((path) => path !== undefined && existsSync(path)) as string;
const vectors = JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[];

describe('commit digests computed by pyqldb', () => {
  it('case 20: there are some', () =>
    expect(vectors.length).toBeGreaterThan(20));

  for (const [
    index,
    { transactionId, statements, commitDigestHex },
  ] of vectors.entries()) {
    it(`case 20, S62: vector ${index} (${transactionId}) from the binary parameters`, () => {
      const digest = new CommitDigest(transactionId);
      for (const { statement, parametersIonBinaryHex } of statements)
        digest.add(
          statement,
          parametersIonBinaryHex.map((hex) => Buffer.from(hex, 'hex')),
        );
      expect(Buffer.from(digest.value).toString('hex')).toBe(commitDigestHex);
    });
  }

  // The driver refuses a parameter that no ? stands for, as the ledger would.
  const sendable = vectors.filter(({ statements }) =>
    statements.every(
      ({ statement, parametersIonText }) =>
        countParameters(statement) === parametersIonText.length,
    ),
  );
  it('case 20, B40: all but two can be sent', () =>
    expect(vectors.length - sendable.length).toBe(2));

  for (const { transactionId, statements, commitDigestHex } of sendable) {
    it(`case 20, S62, S63: what the driver sends for ${transactionId} with ${statements.length} statements`, async () => {
      const sent: SendCommandRequest[] = [];
      const endpoint: SessionEndpoint = {
        sendCommand(request) {
          sent.push(request);
          return Promise.resolve({
            StartSession: { SessionToken: 'token' },
            StartTransaction: { TransactionId: transactionId },
            CommitTransaction: request.CommitTransaction,
            ExecuteStatement: {},
          });
        },
      };
      await driverOf(endpoint).executeLambda(async (txn) => {
        for (const { statement, parametersIonText } of statements) {
          await txn.execute(statement, ...parametersIonText.map(parseIonText));
        }
      });
      const commit = sent.at(-1)?.CommitTransaction;
      expect(Buffer.from(commit?.CommitDigest ?? []).toString('hex')).toBe(
        commitDigestHex,
      );
    });
  }
});
