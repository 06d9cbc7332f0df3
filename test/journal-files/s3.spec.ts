import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  exportJournal,
  importJournal,
  verifyExport,
} from '../../lib/journal-files/index.js';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import { live } from '../ledger/live.js';
import { type S3Server, s3Server } from './s3-server.js';
import { temporaryFolder } from './support.js';

describe('exports in S3', () => {
  const folder = temporaryFolder();
  const environment = { ...process.env };
  let s3: S3Server;
  let ledger: Ledger;
  beforeAll(async () => {
    s3 = await s3Server();
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKID',
      AWS_SECRET_ACCESS_KEY: 's3cret',
      AWS_MAX_ATTEMPTS: '1',
    });
    ledger = await openLedger({ name: 'test', store: 'memory:' });
    await live(ledger);
  });
  afterAll(async () => {
    process.env = environment;
    await ledger.close();
    await s3.close();
  });

  it('are written, verified and imported', async () => {
    const to = 's3://my-bucket/journals/test/';
    const done = await exportJournal(ledger, { to, format: 'ION_BINARY' });
    expect([...s3.objects.keys()].sort()).toEqual(
      [
        `/my-bucket/journals/test/${done.exportId}.started.manifest`,
        `/my-bucket/journals/test/${done.keys[0]}`,
        `/my-bucket/${done.manifest}`,
      ].sort(),
    );
    const digest = ledger.getDigest();
    expect(await verifyExport({ from: to, digest })).toMatchObject({
      isValid: true,
    });
    const store = `file:${join(folder, 'ledgers')}`;
    expect(
      await importJournal({ name: 'test', store, from: to, digest }),
    ).toMatchObject(digest);
  });

  it('go on without what is there already', async () => {
    const to = 's3://my-bucket/resumed/';
    const { manifest, keys } = await exportJournal(ledger, { to });
    s3.objects.delete(`/my-bucket/${manifest}`);
    s3.requests.splice(0);
    await exportJournal(ledger, { to });
    expect(s3.requests.filter((line) => line.startsWith('PUT'))).toEqual([
      `PUT /my-bucket/${manifest}`,
    ]);
    // What is there, but is not what it should be, is written anew.
    const key = `/my-bucket/resumed/${keys[0]}`;
    s3.objects.delete(`/my-bucket/${manifest}`);
    s3.objects.set(key, Buffer.from('{}'));
    await exportJournal(ledger, { to });
    expect(await verifyExport({ from: to })).toMatchObject({ isValid: true });
  });

  it('are encrypted as they are told', async () => {
    await exportJournal(ledger, {
      to: 's3://my-bucket/a/',
      encryption: { type: 'SSE_S3' },
    });
    expect(s3.headers).toMatchObject({
      'x-amz-server-side-encryption': 'AES256',
    });
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/1';
    await exportJournal(ledger, {
      to: 's3://my-bucket/b/',
      encryption: { type: 'SSE_KMS', kmsKeyArn },
    });
    expect(s3.headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyArn,
    });
  });

  it('say what is wrong with a bucket', async () => {
    await expect(
      exportJournal(ledger, { to: 's3://My_Bucket/' }),
    ).rejects.toMatchObject({ code: 'QLDB_EXPORT_PLACE' });
    await expect(
      verifyExport({ from: 's3://my-bucket/nothing/' }),
    ).rejects.toMatchObject({ code: 'QLDB_EXPORT_MISSING' });
    process.env['AWS_ENDPOINT_URL_S3'] = 'http://127.0.0.1:1';
    await expect(
      exportJournal(ledger, { to: 's3://my-bucket/' }),
    ).rejects.toMatchObject({
      code: 'QLDB_EXPORT_PLACE',
      message: expect.stringContaining(
        'goes on when it is begun again',
      ) as string,
    });
    process.env['AWS_ENDPOINT_URL_S3'] = s3.url;
  });
});
