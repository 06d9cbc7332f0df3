import { formatIonText } from '../../ion/text.js';
import type { IonValue } from '../../ion/value.js';
import {
  InvalidParameterError,
  LedgerClosedError,
} from '../../ledger/index.js';
import { addressStruct } from '../../ledger/journal/block.js';
import {
  ControlPlaneError,
  invalid,
  notFound,
  preconditionNotMet,
} from './control-plane-error.js';
import { type ExportsTarget, JournalExports } from './journal-exports.js';
import type { DirectoryEntry, LedgerDirectory } from './ledger-directory.js';
import type { ExportJob } from './ledger-settings.js';
import {
  blockAddress,
  checkTags,
  flag,
  ledgerName,
  type Members,
  membersOf,
  oneOf,
  optional,
  page,
  pageOf,
  seconds,
  tags,
  text,
} from './members.js';
import { type Route, routeOf } from './routes.js';

const DOCUMENT_ID = /^[A-Za-z0-9]{22}$/;
const MODES = ['ALLOW_ALL', 'STANDARD'] as const;
const AWS_OWNED_KEY = 'AWS_OWNED_KMS_KEY';

/** One request, as the operations see it. */
interface Call {
  readonly route: Route;
  readonly members: Members;
  readonly query: URLSearchParams;
  /** The region that it was signed for. */
  readonly region: string;
}

type Operation = (call: Call) => object | Promise<object>;

/** What a control plane is made of. */
export interface ControlPlaneOptions extends ExportsTarget {
  readonly directory: LedgerDirectory;
  /** Of ARNs: 12 digits. */
  readonly accountId: string;
}

/** QLDB's control plane (API version 2019-01-02) over a directory of ledgers. */
export class ControlPlane {
  readonly #directory: LedgerDirectory;
  readonly #exports: JournalExports;
  readonly #accountId: string;

  constructor({ directory, accountId, ...target }: ControlPlaneOptions) {
    this.#directory = directory;
    this.#accountId = accountId;
    this.#exports = new JournalExports(directory, target);
    this.#exports.resume();
  }

  /** Whether a path is one of the control plane's. */
  static serves(path: string): boolean {
    return path !== '/';
  }

  /**
   * Answers one request.
   *
   * @param url - path and query, as they came
   * @throws ControlPlaneError
   */
  async answer(
    method: string,
    url: string,
    body: Uint8Array,
    region: string,
  ): Promise<object> {
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const route = routeOf(method, path);
    try {
      return await this.#operations[route.operation]({
        route,
        region,
        query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
        members: membersOf(body),
      });
    } catch (error) {
      if (error instanceof InvalidParameterError)
        throw invalid('BlockAddress', error.message);
      if (error instanceof LedgerClosedError)
        throw notFound('ledger', route.name ?? '');
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#exports.stop();
  }

  readonly #operations: Readonly<Record<Route['operation'], Operation>> = {
    CreateLedger: async ({ members, region }) => {
      const name = ledgerName(members['Name']);
      checkKey(members);
      const settings = {
        permissionsMode: oneOf(members, 'PermissionsMode', MODES),
        deletionProtection:
          optional(members, 'DeletionProtection', () =>
            flag(members, 'DeletionProtection'),
          ) ?? true,
        tags: optional(members, 'Tags', () => tags(members)) ?? {},
      };
      const resource = { ResourceType: 'ledger', ResourceName: name };
      if (this.#directory.isBusy(name))
        throw new ControlPlaneError(
          'ResourceInUseException',
          409,
          'Ledger is being created or deleted',
          resource,
        );
      const made = await this.#directory.create(name, settings);
      if (!made)
        throw new ControlPlaneError(
          'ResourceAlreadyExistsException',
          409,
          `The ledger ${name} exists already.`,
          resource,
        );
      return {
        ...this.#summary(made),
        // As AWS answered; the next DescribeLedger says ACTIVE.
        State: 'CREATING',
        Arn: this.#arn(name, region),
        PermissionsMode: made.settings.permissionsMode,
        DeletionProtection: made.settings.deletionProtection,
      };
    },

    DescribeLedger: ({ route, region }) => {
      const entry = this.#find(route);
      return {
        ...this.#summary(entry),
        Arn: this.#arn(entry.ledger.name, region),
        PermissionsMode: entry.settings.permissionsMode,
        DeletionProtection: entry.settings.deletionProtection,
      };
    },

    ListLedgers: ({ query }) => {
      const { items, NextToken } = page(
        this.#directory.names,
        (name) => name,
        pageOf(query),
      );
      return {
        Ledgers: items.flatMap((name) => {
          const entry = this.#directory.get(name);
          return entry ? [this.#summary(entry)] : [];
        }),
        NextToken,
      };
    },

    UpdateLedger: async ({ route, members, region }) => {
      const { ledger } = this.#find(route);
      checkKey(members);
      const deletionProtection = optional(members, 'DeletionProtection', () =>
        flag(members, 'DeletionProtection'),
      );
      const entry = await this.#directory.change(ledger.name, () =>
        deletionProtection === undefined ? {} : { deletionProtection },
      );
      return {
        ...this.#summary(entry),
        Arn: this.#arn(ledger.name, region),
        DeletionProtection: entry.settings.deletionProtection,
      };
    },

    UpdateLedgerPermissionsMode: async ({ route, members, region }) => {
      const { ledger } = this.#find(route);
      const permissionsMode = oneOf(members, 'PermissionsMode', MODES);
      await this.#directory.change(ledger.name, () => ({ permissionsMode }));
      return {
        Name: ledger.name,
        Arn: this.#arn(ledger.name, region),
        PermissionsMode: permissionsMode,
      };
    },

    DeleteLedger: async ({ route }) => {
      const { ledger, settings } = this.#find(route);
      if (settings.deletionProtection)
        throw preconditionNotMet(
          ledger.name,
          `The ledger ${ledger.name} is protected from deletion. Update it with DeletionProtection false first.`,
        );
      await this.#exports.stop(ledger.name);
      await this.#directory.delete(ledger.name);
      return {};
    },

    GetDigest: async ({ route }) => {
      const { ledger } = this.#find(route);
      await ledger.refresh();
      const { digest, digestTipAddress } = ledger.getDigest();
      return {
        Digest: Buffer.from(digest).toString('base64'),
        DigestTipAddress: holder(addressStruct(digestTipAddress)),
      };
    },

    GetBlock: async ({ route, members }) => {
      const { ledger } = this.#find(route);
      const { block, proof } = await ledger.getBlock(
        blockAddress(members, 'BlockAddress'),
        tipOf(members),
      );
      return { Block: holder(block), Proof: proof && holder([...proof]) };
    },

    GetRevision: async ({ route, members }) => {
      const { ledger } = this.#find(route);
      const { revision, proof } = await ledger.getRevision(
        blockAddress(members, 'BlockAddress'),
        text(members, 'DocumentId', DOCUMENT_ID),
        tipOf(members),
      );
      return { Revision: holder(revision), Proof: proof && holder([...proof]) };
    },

    ExportJournalToS3: async ({ route, members }) => {
      const entry = this.#find(route);
      const ExportId = await this.#exports.start(
        entry.ledger.name,
        members,
        entry,
      );
      return { ExportId };
    },

    DescribeJournalS3Export: ({ route }) => {
      const entry = this.#find(route);
      const { name } = entry.ledger;
      const job = this.#exports.find(name, route.id ?? '', entry);
      return { ExportDescription: exportOf(name, job) };
    },

    ListJournalS3ExportsForLedger: ({ route, query }) => {
      const { ledger } = this.#find(route);
      return this.#listExports([ledger.name], query);
    },

    ListJournalS3Exports: ({ query }) =>
      this.#listExports(this.#directory.names, query),

    TagResource: async ({ route, members }) => {
      const { ledger } = this.#tagged(route);
      const added = tags(members);
      await this.#directory.change(ledger.name, (settings) => ({
        tags: checkTags({ ...settings.tags, ...added }),
      }));
      return {};
    },

    UntagResource: async ({ route, query }) => {
      const { ledger } = this.#tagged(route);
      const keys = query.getAll('tagKeys');
      if (keys.length === 0)
        throw invalid('TagKeys', 'The parameter TagKeys is missing.');
      await this.#directory.change(ledger.name, (settings) => ({
        tags: Object.fromEntries(
          Object.entries(settings.tags).filter(([key]) => !keys.includes(key)),
        ),
      }));
      return {};
    },

    ListTagsForResource: ({ route }) => ({
      Tags: this.#tagged(route).settings.tags,
    }),

    Kinesis: () => {
      throw invalid(
        'KinesisConfiguration',
        'Streams to Kinesis are not served here. Read the journal itself: export it (ExportJournalToS3, or nestjs-qldb export), or follow ledger.blocks() in the application.',
      );
    },
  };

  #find({ name }: Route): DirectoryEntry {
    const wanted = ledgerName(name);
    const entry = this.#directory.get(wanted);
    if (entry) return entry;
    throw notFound('ledger', wanted);
  }

  /** The ledger that an ARN names. */
  #tagged({ arn = '' }: Route): DirectoryEntry {
    const [, account, name] =
      /^arn:aws[a-z-]*:qldb:[a-z\d-]{1,64}:(\d{12}):ledger\/([A-Za-z\d-]{1,32})$/.exec(
        arn,
      ) ?? [];
    if (name === undefined)
      throw invalid('ResourceArn', 'The parameter ResourceArn is not valid.');
    const entry =
      account === this.#accountId ? this.#directory.get(name) : undefined;
    if (entry) return entry;
    throw notFound('ledger', name);
  }

  #summary({ ledger, settings }: DirectoryEntry) {
    return {
      Name: ledger.name,
      State: 'ACTIVE',
      CreationDateTime: seconds(settings.created),
    };
  }

  #listExports(names: readonly string[], query: URLSearchParams): object {
    const jobs = names
      .flatMap((name) =>
        (this.#directory.get(name)?.settings.exports ?? []).map((job) => ({
          name,
          job,
        })),
      )
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const { items, NextToken } = page(jobs, keyOf, pageOf(query));
    return {
      JournalS3Exports: items.map(({ name, job }) => exportOf(name, job)),
      NextToken,
    };
  }

  #arn(name: string, region: string): string {
    return `arn:aws:qldb:${region}:${this.#accountId}:ledger/${name}`;
  }
}

const keyOf = ({ name, job }: { name: string; job: ExportJob }): string =>
  `${name}/${job.exportId}`;

const tipOf = (members: Members) =>
  optional(members, 'DigestTipAddress', () =>
    blockAddress(members, 'DigestTipAddress'),
  );

const holder = (value: IonValue) => ({ IonText: formatIonText(value) });

/** Data is not encrypted here: nobody is told that a key of theirs does it. */
function checkKey(members: Members): void {
  const key = members['KmsKey'];
  if (key === undefined || key === null || key === AWS_OWNED_KEY) return;
  throw invalid(
    'KmsKey',
    'Keys of AWS KMS are not used here. Encrypt the disk that the ledgers are on, and leave KmsKey out.',
  );
}

function exportOf(name: string, job: ExportJob): object {
  return {
    LedgerName: name,
    ExportId: job.exportId,
    ExportCreationTime: seconds(job.created),
    Status: job.status,
    InclusiveStartTime: seconds(job.from),
    ExclusiveEndTime: seconds(job.until),
    S3ExportConfiguration: {
      Bucket: job.bucket,
      Prefix: job.prefix,
      EncryptionConfiguration: {
        ObjectEncryptionType: job.encryption,
        KmsKeyArn: job.kmsKeyArn,
      },
    },
    RoleArn: job.roleArn,
    OutputFormat: job.format ?? 'ION_TEXT',
  };
}
