import { describe, expect, it } from 'vitest';
import { decodeResult, encodeRequest } from '../../lib/driver/aws-json.js';

describe('AWS JSON 1.0', () => {
  it('writes blobs in base64, and the rest as it is', () => {
    expect(
      JSON.parse(
        encodeRequest({
          SessionToken: 't',
          ExecuteStatement: {
            TransactionId: 'id',
            Statement: 'SELECT ?, ?',
            Parameters: [
              { IonBinary: new Uint8Array([0, 255]) },
              { IonText: '1' },
            ],
          },
        }),
      ),
    ).toEqual({
      SessionToken: 't',
      ExecuteStatement: {
        TransactionId: 'id',
        Statement: 'SELECT ?, ?',
        Parameters: [{ IonBinary: 'AP8=' }, { IonText: '1' }],
      },
    });
    expect(
      encodeRequest({
        CommitTransaction: {
          TransactionId: 'id',
          CommitDigest: new Uint8Array([1]),
        },
      }),
    ).toBe(
      '{"CommitTransaction":{"TransactionId":"id","CommitDigest":"AQ=="}}',
    );
  });

  it('reads blobs, and takes what is null for left out', () => {
    expect(
      decodeResult(`{
        "StartSession": null,
        "FetchPage": {
          "Page": {
            "Values": [null, { "IonBinary": "AP8=", "IonText": null }],
            "NextPageToken": null
          },
          "ConsumedIOs": { "ReadIOs": 3, "WriteIOs": null }
        },
        "CommitTransaction": { "CommitDigest": "AQ==" }
      }`),
    ).toEqual({
      FetchPage: {
        Page: { Values: [{ IonBinary: new Uint8Array([0, 255]) }] },
        ConsumedIOs: { ReadIOs: 3 },
      },
      CommitTransaction: { CommitDigest: new Uint8Array([1]) },
    });
    expect(
      decodeResult('{"FetchPage":{"Page":{"NextPageToken":null}}}').FetchPage
        ?.Page,
    ).not.toHaveProperty('NextPageToken');
    expect(decodeResult('')).toEqual({});
  });

  for (const text of [
    'null',
    '1',
    '{"CommitTransaction":{"CommitDigest":"AQ=Q"}}',
    '{"CommitTransaction":{"CommitDigest":"A!Q="}}',
    '{"CommitTransaction":{"Comm',
  ])
    it(`refuses ${text}`, () => {
      expect(() => decodeResult(text)).toThrow();
    });
});
