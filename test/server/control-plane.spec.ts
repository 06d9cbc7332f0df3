import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CancelJournalKinesisStreamCommand,
  CreateLedgerCommand,
  DeleteLedgerCommand,
  DescribeJournalKinesisStreamCommand,
  DescribeJournalS3ExportCommand,
  DescribeLedgerCommand,
  ExportJournalToS3Command,
  GetBlockCommand,
  GetDigestCommand,
  GetRevisionCommand,
  InvalidParameterException,
  ListJournalKinesisStreamsForLedgerCommand,
  ListJournalS3ExportsCommand,
  ListJournalS3ExportsForLedgerCommand,
  ListLedgersCommand,
  ListTagsForResourceCommand,
  paginateListLedgers,
  QLDBClient,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  ResourcePreconditionNotMetException,
  StreamJournalToKinesisCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateLedgerCommand,
  UpdateLedgerPermissionsModeCommand,
} from '@aws-sdk/client-qldb';
import {
  QLDBSessionClient,
  SendCommandCommand,
} from '@aws-sdk/client-qldb-session';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { parseIonText } from '../../lib/ion/text.js';
import type { IonStruct } from '../../lib/ion/value.js';
import { verifyExport } from '../../lib/journal-files/index.js';
import { foldProof, verifyRevision } from '../../lib/ledger/index.js';
import {
  createQldbServer,
  LedgerDirectory,
  type QldbServer,
} from '../../lib/server/index.js';

const credentials = { accessKeyId: 'AKID', secretAccessKey: 's3cret' };
const ROLE = 'arn:aws:iam::123456789012:role/export';

describe.each(['file', 'memory'])(
  'the control plane over ledgers in %s',
  (kind) => {
    let folder: string;
    let directory: LedgerDirectory;
    let server: QldbServer;
    let qldb: QLDBClient;
    const errors: unknown[] = [];

    const store = () =>
      kind === 'file' ? `file:${join(folder, 'ledgers')}` : 'memory:';
    async function start(): Promise<void> {
      directory = await LedgerDirectory.open({ store: store() });
      server = await createQldbServer({
        ledgers: directory,
        exports: join(folder, 'buckets'),
        credentials: [credentials],
        region: 'eu-central-1',
        onError: (error) => errors.push(error),
      });
      qldb = client();
    }
    const client = (options: object = {}) =>
      new QLDBClient({
        endpoint: server.url,
        region: 'eu-central-1',
        credentials,
        maxAttempts: 1,
        ...options,
      });
    async function stop(): Promise<void> {
      qldb.destroy();
      await server.close();
      await directory.close();
    }

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'qldb-control-'));
      await start();
    });
    afterEach(async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
      expect(errors.splice(0)).toEqual([]);
    });

    const create = (Name: string, more: object = {}) =>
      qldb.send(
        new CreateLedgerCommand({
          Name,
          PermissionsMode: 'ALLOW_ALL',
          ...more,
        }),
      );
    const describeIt = (Name: string) =>
      qldb.send(new DescribeLedgerCommand({ Name }));
    const driver = (ledgerName: string) =>
      new PooledQldbDriver({
        ledgerName,
        endpoint: server.url,
        region: 'eu-central-1',
        credentials,
      });

    it('makes, describes, updates and deletes ledgers, which serve sessions at once', async () => {
      const made = await create('vehicles', {
        Tags: { team: 'a' },
        DeletionProtection: true,
      });
      expect(made).toMatchObject({
        Name: 'vehicles',
        Arn: 'arn:aws:qldb:eu-central-1:000000000000:ledger/vehicles',
        State: 'CREATING',
        PermissionsMode: 'ALLOW_ALL',
        DeletionProtection: true,
      });
      expect(
        Math.abs(made.CreationDateTime!.getTime() - Date.now()),
      ).toBeLessThan(60_000);
      expect(await describeIt('vehicles')).toMatchObject({
        State: 'ACTIVE',
        PermissionsMode: 'ALLOW_ALL',
        CreationDateTime: made.CreationDateTime,
      });
      const one = driver('vehicles');
      await one.executeStatement('CREATE TABLE T');
      expect(await one.listTables()).toEqual(['T']);
      await one.close();

      await expect(create('vehicles')).rejects.toBeInstanceOf(
        ResourceAlreadyExistsException,
      );
      await expect(create('vehicles')).rejects.toMatchObject({
        ResourceType: 'ledger',
        ResourceName: 'vehicles',
        $metadata: { httpStatusCode: 409 },
      });
      await expect(
        qldb.send(new DeleteLedgerCommand({ Name: 'vehicles' })),
      ).rejects.toBeInstanceOf(ResourcePreconditionNotMetException);
      expect(
        await qldb.send(
          new UpdateLedgerCommand({
            Name: 'vehicles',
            DeletionProtection: false,
          }),
        ),
      ).toMatchObject({ DeletionProtection: false });
      expect(
        await qldb.send(
          new UpdateLedgerPermissionsModeCommand({
            Name: 'vehicles',
            PermissionsMode: 'STANDARD',
          }),
        ),
      ).toMatchObject({ PermissionsMode: 'STANDARD', Name: 'vehicles' });
      await qldb.send(new DeleteLedgerCommand({ Name: 'vehicles' }));
      await expect(describeIt('vehicles')).rejects.toBeInstanceOf(
        ResourceNotFoundException,
      );
      await expect(describeIt('vehicles')).rejects.toMatchObject({
        ResourceType: 'ledger',
        ResourceName: 'vehicles',
        $metadata: { httpStatusCode: 404 },
      });
      if (kind === 'file')
        expect(readdirSync(join(folder, 'ledgers'))).toEqual([]);
      // The name is free again, and the ledger another one.
      await create('vehicles');
      const again = driver('vehicles');
      expect(await again.listTables()).toEqual([]);
      await again.close();
    });

    it('ends the sessions of a ledger that is deleted', async () => {
      await create('gone', { DeletionProtection: false });
      const sessions = new QLDBSessionClient({
        endpoint: server.url,
        region: 'eu-central-1',
        credentials,
        maxAttempts: 1,
      });
      const { StartSession } = await sessions.send(
        new SendCommandCommand({ StartSession: { LedgerName: 'gone' } }),
      );
      const { SessionToken } = StartSession!;
      const begun = await sessions.send(
        new SendCommandCommand({ SessionToken, StartTransaction: {} }),
      );
      expect(begun.StartTransaction?.TransactionId).toHaveLength(22);
      await qldb.send(new DeleteLedgerCommand({ Name: 'gone' }));
      await expect(
        sessions.send(
          new SendCommandCommand({ SessionToken, StartTransaction: {} }),
        ),
      ).rejects.toMatchObject({ name: 'InvalidSessionException' });
      await expect(
        sessions.send(
          new SendCommandCommand({ StartSession: { LedgerName: 'gone' } }),
        ),
      ).rejects.toMatchObject({ name: 'BadRequestException' });
      sessions.destroy();
    });

    it.runIf(kind === 'file')(
      'keeps what it was told over a restart',
      async () => {
        await create('kept', {
          PermissionsMode: 'STANDARD',
          DeletionProtection: false,
          Tags: { a: 'b' },
        });
        const before = await describeIt('kept');
        await stop();
        await start();
        const { $metadata: _, ...after } = await describeIt('kept');
        expect(before).toMatchObject(after);
        expect(
          (
            await qldb.send(
              new ListTagsForResourceCommand({ ResourceArn: after.Arn }),
            )
          ).Tags,
        ).toEqual({ a: 'b' });
      },
    );

    it('lists ledgers in pages', async () => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      for (const name of names.toReversed()) await create(name);
      const seen: (string | undefined)[] = [];
      for await (const { Ledgers = [] } of paginateListLedgers(
        { client: qldb, pageSize: 2 },
        {},
      )) {
        expect(Ledgers.length).toBeLessThanOrEqual(2);
        seen.push(...Ledgers.map(({ Name, State }) => `${Name} ${State}`));
      }
      expect(seen).toEqual(names.map((name) => `${name} ACTIVE`));
      for (const wrong of [
        { MaxResults: 0 },
        { MaxResults: 101 },
        { NextToken: 'wrong!' },
      ])
        await expect(
          qldb.send(new ListLedgersCommand(wrong)),
        ).rejects.toBeInstanceOf(InvalidParameterException);
    });

    it('tags ledgers', async () => {
      const { Arn: ResourceArn } = await create('tagged', {
        Tags: { one: '1' },
      });
      const list = async () =>
        (await qldb.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags;
      await qldb.send(
        new TagResourceCommand({
          ResourceArn,
          Tags: { 'two / ö': '2', three: '' },
        }),
      );
      expect(await list()).toEqual({ one: '1', 'two / ö': '2', three: '' });
      await qldb.send(
        new UntagResourceCommand({
          ResourceArn,
          TagKeys: ['one', 'two / ö', 'none'],
        }),
      );
      expect(await list()).toEqual({ three: '' });
      const tooMany = Object.fromEntries(
        Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v']),
      );
      for (const Tags of [
        tooMany,
        { 'aws:x': '1' },
        { x: 'y'.repeat(257) },
        { ['k'.repeat(129)]: '' },
      ])
        await expect(
          qldb.send(new TagResourceCommand({ ResourceArn, Tags })),
        ).rejects.toMatchObject({
          name: 'InvalidParameterException',
          ParameterName: 'Tags',
        });
      for (const arn of [
        'arn:aws:qldb:eu-central-1:000000000000:ledger/other',
        'arn:aws:qldb:eu-central-1:999999999999:ledger/tagged',
      ])
        await expect(
          qldb.send(new ListTagsForResourceCommand({ ResourceArn: arn })),
        ).rejects.toBeInstanceOf(ResourceNotFoundException);
      await expect(
        qldb.send(new ListTagsForResourceCommand({ ResourceArn: 'nonsense' })),
      ).rejects.toBeInstanceOf(InvalidParameterException);
    });

    it('gives digests, blocks and revisions that are proven', async () => {
      await create('proofs');
      const one = driver('proofs');
      await one.executeStatement('CREATE TABLE T');
      const [{ documentId }] = await (
        await one.executeStatement<{ documentId: string }>(
          "INSERT INTO T {'n': 1, 'd': 1.50}",
        )
      ).toArray();
      for (let n = 2; n < 9; n++)
        await one.executeStatement('UPDATE T SET n = ?', n);
      const [row] = await (
        await one.executeStatement<{
          blockAddress: { strandId: string; sequenceNo: number };
        }>('SELECT r.blockAddress FROM _ql_committed_T AS r')
      ).toArray();
      await one.close();
      const { Digest, DigestTipAddress } = await qldb.send(
        new GetDigestCommand({ Name: 'proofs' }),
      );
      const digest = Digest as Uint8Array;
      expect(digest.length).toBe(32);
      const BlockAddress = {
        IonText: `{strandId: "${row.blockAddress.strandId}", sequenceNo: ${row.blockAddress.sequenceNo}}`,
      };
      const revision = await qldb.send(
        new GetRevisionCommand({
          Name: 'proofs',
          BlockAddress,
          DocumentId: documentId,
          DigestTipAddress,
        }),
      );
      const hashes = (ion: string | undefined) =>
        parseIonText(ion ?? '') as Uint8Array[];
      expect(
        verifyRevision(
          parseIonText(revision.Revision?.IonText ?? '') as IonStruct,
          hashes(revision.Proof?.IonText),
          digest,
        ),
      ).toBe(true);
      const block = await qldb.send(
        new GetBlockCommand({ Name: 'proofs', BlockAddress, DigestTipAddress }),
      );
      const hash = (parseIonText(block.Block?.IonText ?? '') as IonStruct).get(
        'blockHash',
      ) as Uint8Array;
      expect(
        Buffer.from(foldProof(hash, hashes(block.Proof?.IonText))),
      ).toEqual(Buffer.from(digest));
      expect(
        (await qldb.send(new GetBlockCommand({ Name: 'proofs', BlockAddress })))
          .Proof,
      ).toBeUndefined();

      const refused = (more: object, message: RegExp) =>
        expect(
          qldb.send(
            new GetRevisionCommand({
              Name: 'proofs',
              BlockAddress,
              DocumentId: documentId,
              ...more,
            }),
          ),
        ).rejects.toMatchObject({
          name: 'InvalidParameterException',
          message: expect.stringMatching(message) as string,
        });
      const { strandId } = row.blockAddress;
      await refused({ BlockAddress: { IonText: '{' } }, /cannot be parsed/);
      await refused(
        { BlockAddress: { IonText: '5' } },
        /block address is not valid/,
      );
      await refused({ BlockAddress: {} }, /no IonText/);
      await refused(
        {
          BlockAddress: { IonText: `{strandId:"${strandId}",sequenceNo:9999}` },
        },
        /beyond/,
      );
      await refused(
        { BlockAddress: { IonText: '{strandId:"another",sequenceNo:1}' } },
        /Strand ID/,
      );
      await refused({ DocumentId: 'x'.repeat(22) }, /not found in the block/);
      await refused({ DocumentId: 'x' }, /DocumentId/);
      await refused(
        {
          DigestTipAddress: {
            IonText: `{strandId:"${strandId}",sequenceNo:0}`,
          },
        },
        /must not be greater/,
      );
      await expect(
        qldb.send(new GetDigestCommand({ Name: 'none' })),
      ).rejects.toBeInstanceOf(ResourceNotFoundException);
    });

    const request = (more: object = {}) => ({
      Name: 'exported',
      InclusiveStartTime: new Date(0),
      ExclusiveEndTime: new Date(),
      RoleArn: ROLE,
      S3ExportConfiguration: {
        Bucket: 'my-bucket',
        Prefix: 'journal',
        EncryptionConfiguration: { ObjectEncryptionType: 'SSE_S3' as const },
      },
      ...more,
    });

    it.each(['ION_TEXT', 'ION_BINARY', 'JSON'] as const)(
      'exports a journal as %s into the folder of a bucket',
      async (OutputFormat) => {
        await create('exported');
        const one = driver('exported');
        await one.executeStatement('CREATE TABLE T');
        await one.executeStatement("INSERT INTO T {'n': 1}");
        await one.close();
        await new Promise((resolve) => setTimeout(resolve, 5));
        const { ExportId } = await qldb.send(
          new ExportJournalToS3Command(request({ OutputFormat })),
        );
        const describeExport = async () =>
          (
            await qldb.send(
              new DescribeJournalS3ExportCommand({
                Name: 'exported',
                ExportId,
              }),
            )
          ).ExportDescription;
        await expect
          .poll(async () => (await describeExport())?.Status, {
            timeout: 10_000,
          })
          .toBe('COMPLETED');
        expect(await describeExport()).toMatchObject({
          LedgerName: 'exported',
          ExportId,
          RoleArn: ROLE,
          OutputFormat,
          InclusiveStartTime: (await describeIt('exported')).CreationDateTime,
          S3ExportConfiguration: {
            Bucket: 'my-bucket',
            Prefix: 'journal',
            EncryptionConfiguration: { ObjectEncryptionType: 'SSE_S3' },
          },
        });
        expect(
          await verifyExport({ from: join(folder, 'buckets', 'my-bucket') }),
        ).toMatchObject({ isValid: true, blocks: 3 });
        expect(
          existsSync(
            join(
              folder,
              'buckets',
              'my-bucket',
              'journal',
              `${ExportId}.started.manifest`,
            ),
          ),
        ).toBe(true);
        await create('other');
        for (const list of [
          new ListJournalS3ExportsCommand({}),
          new ListJournalS3ExportsForLedgerCommand({ Name: 'exported' }),
        ])
          expect(
            (await qldb.send(list as ListJournalS3ExportsCommand))
              .JournalS3Exports,
          ).toMatchObject([{ ExportId }]);
        expect(
          (
            await qldb.send(
              new ListJournalS3ExportsForLedgerCommand({ Name: 'other' }),
            )
          ).JournalS3Exports,
        ).toEqual([]);
        await expect(
          qldb.send(
            new DescribeJournalS3ExportCommand({ Name: 'other', ExportId }),
          ),
        ).rejects.toBeInstanceOf(ResourceNotFoundException);
      },
    );

    it('refuses exports that are none', async () => {
      await create('exported');
      const bucket = (more: object) => ({
        S3ExportConfiguration: { ...request().S3ExportConfiguration, ...more },
      });
      const wrong: [object, string][] = [
        [
          { ExclusiveEndTime: new Date(Date.now() + 60_000) },
          'ExclusiveEndTime',
        ],
        [
          { InclusiveStartTime: new Date(), ExclusiveEndTime: new Date(5) },
          'InclusiveStartTime',
        ],
        [{ RoleArn: 'me' }, 'RoleArn'],
        [bucket({ Bucket: '../elsewhere' }), 'Bucket'],
        [bucket({ Prefix: 'a/../../b' }), 'Prefix'],
        [bucket({ Prefix: 'x'.repeat(129) }), 'Prefix'],
        [
          bucket({
            EncryptionConfiguration: {
              ObjectEncryptionType: 'SSE_S3',
              KmsKeyArn: `arn:aws:kms:x:123456789012:key/${'1'.repeat(20)}`,
            },
          }),
          'KmsKeyArn',
        ],
        [
          bucket({
            EncryptionConfiguration: { ObjectEncryptionType: 'ROT13' },
          }),
          'ObjectEncryptionType',
        ],
        [{ OutputFormat: 'XML' }, 'OutputFormat'],
      ];
      for (const [more, ParameterName] of wrong)
        await expect(
          qldb.send(new ExportJournalToS3Command(request(more) as never)),
        ).rejects.toMatchObject({
          name: 'InvalidParameterException',
          ParameterName,
        });
      expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
    });

    it('refuses names, modes and keys that are none', async () => {
      const wrong: [object, string][] = [
        [{ Name: 'a--b' }, 'Name'],
        [{ Name: '123' }, 'Name'],
        [{ PermissionsMode: 'ALL' }, 'PermissionsMode'],
        [{ KmsKey: 'alias/mine' }, 'KmsKey'],
        [{ DeletionProtection: 'yes' }, 'DeletionProtection'],
      ];
      for (const [more, ParameterName] of wrong)
        await expect(create('fine', more)).rejects.toMatchObject({
          name: 'InvalidParameterException',
          ParameterName,
        });
      await expect(describeIt('fine')).rejects.toBeInstanceOf(
        ResourceNotFoundException,
      );
      await create('fine', { KmsKey: 'AWS_OWNED_KMS_KEY' });
    });

    it('says of Kinesis what there is instead', async () => {
      await create('streamed');
      for (const command of [
        new StreamJournalToKinesisCommand({
          LedgerName: 'streamed',
          RoleArn: ROLE,
          StreamName: 's',
          InclusiveStartTime: new Date(),
          KinesisConfiguration: {
            StreamArn: 'arn:aws:kinesis:eu-central-1:123456789012:stream/s',
          },
        }),
        new ListJournalKinesisStreamsForLedgerCommand({
          LedgerName: 'streamed',
        }),
        new DescribeJournalKinesisStreamCommand({
          LedgerName: 'streamed',
          StreamId: 'x'.repeat(22),
        }),
        new CancelJournalKinesisStreamCommand({
          LedgerName: 'streamed',
          StreamId: 'x'.repeat(22),
        }),
      ])
        await expect(
          qldb.send(command as CancelJournalKinesisStreamCommand),
        ).rejects.toMatchObject({
          name: 'InvalidParameterException',
          message: expect.stringContaining('nestjs-qldb export') as string,
        });
    });

    it('lets nobody in who does not sign rightly', async () => {
      await create('safe');
      const as = async (options: object) => {
        const stranger = client(options);
        try {
          await stranger.send(new DescribeLedgerCommand({ Name: 'safe' }));
        } finally {
          stranger.destroy();
        }
      };
      await expect(
        as({ credentials: { ...credentials, secretAccessKey: 'other' } }),
      ).rejects.toMatchObject({
        name: 'InvalidSignatureException',
        $metadata: { httpStatusCode: 403 },
      });
      await expect(
        as({ credentials: { ...credentials, accessKeyId: 'OTHER' } }),
      ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
      await expect(as({ region: 'us-east-1' })).rejects.toMatchObject({
        name: 'InvalidSignatureException',
      });
      for (const systemClockOffset of [-600_000, 600_000])
        await expect(as({ systemClockOffset })).rejects.toMatchObject({
          name: 'InvalidSignatureException',
        });
      await expect(as({})).resolves.toBeUndefined();
      // What was signed for is what is done: the path, the query and the body.
      for (const change of [
        (sent: { path: string }) => (sent.path = '/ledgers/other'),
        (sent: { query: object }) => (sent.query = { max_results: '5' }),
        (sent: { method: string }) => (sent.method = 'DELETE'),
      ]) {
        const changed = client();
        changed.middlewareStack.add(
          (next) => (args) => {
            change(args.request as never);
            return next(args);
          },
          { step: 'finalizeRequest', priority: 'low' },
        );
        await expect(
          changed.send(new DescribeLedgerCommand({ Name: 'safe' })),
        ).rejects.toMatchObject({
          name: expect.stringMatching(/InvalidSignature|Unknown/) as string,
        });
        changed.destroy();
      }
      const changed = client();
      changed.middlewareStack.add(
        (next) => (args) => {
          const sent = args.request as { body: string };
          sent.body = sent.body.replace('false', 'true ');
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low' },
      );
      await expect(
        changed.send(
          new UpdateLedgerCommand({ Name: 'safe', DeletionProtection: false }),
        ),
      ).rejects.toMatchObject({ name: 'InvalidSignatureException' });
      changed.destroy();
      expect(await describeIt('safe')).toMatchObject({ Name: 'safe' });
    });

    it('answers what is no operation', async () => {
      await create('safe');
      for (const [method, path] of [
        ['GET', '/'],
        ['PUT', '/ledgers'],
        ['GET', '/ledgers/a/b/c/d'],
        ['GET', '/%ff'],
        ['GET', '/ledgers/..'],
      ] as const) {
        const odd = client();
        odd.middlewareStack.add(
          (next) => (args) => {
            Object.assign(args.request as object, { method, path });
            return next(args);
          },
          { step: 'build' },
        );
        await expect(
          odd.send(new DescribeLedgerCommand({ Name: 'safe' })),
        ).rejects.toMatchObject({
          $metadata: {
            httpStatusCode: expect.toSatisfy((status: number) =>
              [403, 404].includes(status),
            ) as number,
          },
        });
        odd.destroy();
      }
    });
  },
);

it('goes on with an export that a stop has cut short', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'qldb-control-'));
  const open = async (exports: string | undefined) => {
    const directory = await LedgerDirectory.open({
      store: `file:${join(folder, 'ledgers')}`,
    });
    const failed: unknown[] = [];
    const server = await createQldbServer({
      ledgers: directory,
      exports,
      credentials: [credentials],
      onError: (error) => failed.push(error),
    });
    const qldb = new QLDBClient({
      endpoint: server.url,
      region: 'us-east-1',
      credentials,
      maxAttempts: 1,
    });
    return { directory, server, qldb, failed };
  };
  const shut = async ({
    directory,
    server,
    qldb,
  }: Awaited<ReturnType<typeof open>>) => {
    qldb.destroy();
    await server.close();
    await directory.close();
  };
  const call = {
    Name: 'cut',
    InclusiveStartTime: new Date(0),
    RoleArn: ROLE,
    S3ExportConfiguration: {
      Bucket: 'bucket',
      Prefix: '',
      EncryptionConfiguration: {
        ObjectEncryptionType: 'NO_ENCRYPTION' as const,
      },
    },
  };
  // No place for exports.
  const without = await open(undefined);
  await without.qldb.send(
    new CreateLedgerCommand({ Name: 'cut', PermissionsMode: 'STANDARD' }),
  );
  await expect(
    without.qldb.send(
      new ExportJournalToS3Command({ ...call, ExclusiveEndTime: new Date() }),
    ),
  ).rejects.toBeInstanceOf(ResourcePreconditionNotMetException);
  await shut(without);
  // A place that cannot be written to: the export stays under way.
  writeFileSync(join(folder, 'no-folder'), '');
  const bad = await open(join(folder, 'no-folder', 'x'));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { ExportId } = await bad.qldb.send(
    new ExportJournalToS3Command({ ...call, ExclusiveEndTime: new Date() }),
  );
  await expect.poll(() => bad.failed.length).toBe(1);
  expect(
    (
      await bad.qldb.send(
        new DescribeJournalS3ExportCommand({ Name: 'cut', ExportId }),
      )
    ).ExportDescription?.Status,
  ).toBe('IN_PROGRESS');
  await shut(bad);
  const good = await open(join(folder, 'buckets'));
  await expect
    .poll(
      async () =>
        (
          await good.qldb.send(
            new DescribeJournalS3ExportCommand({ Name: 'cut', ExportId }),
          )
        ).ExportDescription?.Status,
    )
    .toBe('COMPLETED');
  expect(
    (await verifyExport({ from: join(folder, 'buckets', 'bucket') })).isValid,
  ).toBe(true);
  await shut(good);
  rmSync(folder, { recursive: true, force: true });
});
