import { join, resolve } from 'node:path';
import { exportJournal, type OutputFormat } from '../../journal-files/index.js';
import { UniqueIds } from '../../ledger/unique-id.js';
import {
  ControlPlaneError,
  invalid,
  notFound,
  preconditionNotMet,
} from './control-plane-error.js';
import type { DirectoryEntry, LedgerDirectory } from './ledger-directory.js';
import type { ExportJob } from './ledger-settings.js';
import {
  type Members,
  oneOf,
  optional,
  struct,
  text,
  time,
} from './members.js';

const MAX_RUNNING = 2;
const MAX_PREFIX = 128;
/** So many jobs of a ledger are remembered; AWS forgot them after 7 days. */
const MAX_JOBS = 1000;
const BUCKET = /^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/;
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/\S{1,512}$/;
const ENCRYPTIONS = ['NO_ENCRYPTION', 'SSE_S3', 'SSE_KMS'] as const;
const FORMATS: readonly OutputFormat[] = ['ION_TEXT', 'ION_BINARY', 'JSON'];

/** Where `ExportJournalToS3` writes. */
export interface ExportsTarget {
  /** A folder, in which each bucket is one; or `s3:` for the buckets of Amazon S3, or what speaks like it. */
  readonly exports: string | undefined;
  readonly ids: UniqueIds;
  readonly now: () => number;
  /** Told of an export that failed. It stays under way, and goes on when the server starts again. */
  readonly onError: (error: unknown, exportId: string) => void;
}

/** The export jobs of the ledgers of a directory. */
export class JournalExports {
  readonly #running = new Map<
    string,
    { name: string; stop: AbortController; done: Promise<void> }
  >();

  constructor(
    private readonly directory: LedgerDirectory,
    private readonly target: ExportsTarget,
  ) {}

  /** Goes on with what an earlier process left unfinished. */
  resume(): void {
    if (this.target.exports === undefined) return;
    for (const name of this.directory.names)
      for (const job of this.directory.get(name)?.settings.exports ?? [])
        if (job.status === 'IN_PROGRESS') this.#run(name, job);
  }

  /** Begins an export. */
  async start(
    name: string,
    members: Members,
    { ledger }: DirectoryEntry,
  ): Promise<string> {
    const { ids, now, exports } = this.target;
    if (exports === undefined)
      throw preconditionNotMet(
        name,
        'This server has no place for exports: start it with --exports FOLDER, in which buckets are folders, or --exports s3:.',
      );
    const job = jobOf(members, ids.next(), now());
    if (job.from >= job.until)
      throw invalid(
        'InclusiveStartTime',
        'Start date must not be greater than end date',
      );
    if (job.until > now())
      throw invalid('ExclusiveEndTime', 'End date cannot be in the future');
    const running = [...this.#running.values()].filter(
      (one) => one.name === name,
    );
    if (running.length >= MAX_RUNNING)
      throw new ControlPlaneError(
        'LimitExceededException',
        400,
        `Exceeded the limit of ${MAX_RUNNING} concurrently running Journal export jobs`,
        { ResourceType: 'JournalS3Export' },
      );
    const kept = { ...job, from: Math.max(job.from, ledger.created.getTime()) };
    if (ledger.failure) throw preconditionNotMet(name, ledger.failure.message);
    await this.directory.change(name, ({ exports: jobs }) => ({
      exports: [...jobs, kept].slice(-MAX_JOBS),
    }));
    this.#run(name, kept);
    return job.exportId;
  }

  find(
    name: string,
    exportId: string,
    { settings }: DirectoryEntry,
  ): ExportJob {
    const job = settings.exports.find((one) => one.exportId === exportId);
    if (job) return job;
    throw notFound(
      'JournalS3Export',
      exportId,
      `The export ${exportId.slice(0, 64)} of the ledger ${name} was not found.`,
    );
  }

  /** Ends the jobs of a ledger that goes, or of all. */
  async stop(name?: string): Promise<void> {
    const jobs = [...this.#running.values()].filter(
      (job) => name === undefined || job.name === name,
    );
    for (const { stop } of jobs)
      stop.abort(new Error('The export was stopped.'));
    await Promise.all(jobs.map(({ done }) => done));
  }

  #run(name: string, job: ExportJob): void {
    const stop = new AbortController();
    const done = this.#export(name, job, stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) this.target.onError(error, job.exportId);
      })
      .finally(() => this.#running.delete(job.exportId));
    this.#running.set(job.exportId, { name, stop, done });
  }

  async #export(
    name: string,
    job: ExportJob,
    signal: AbortSignal,
  ): Promise<void> {
    const entry = this.directory.get(name);
    const { exports = '' } = this.target;
    if (!entry) return;
    const { bucket, exportId, encryption, kmsKeyArn, format } = job;
    const prefix =
      job.prefix === '' || job.prefix.endsWith('/')
        ? job.prefix
        : `${job.prefix}/`;
    await exportJournal(entry.ledger, {
      to:
        exports === 's3:'
          ? `s3://${bucket}/${prefix}`
          : join(resolve(exports), bucket),
      prefix: exports === 's3:' ? undefined : prefix,
      format,
      from: new Date(job.from),
      until: new Date(job.until),
      exportId,
      encryption: { type: encryption, kmsKeyArn },
      signal,
    });
    await this.directory.change(name, ({ exports: jobs }) => ({
      exports: jobs.map((one) =>
        one.exportId === exportId ? { ...one, status: 'COMPLETED' } : one,
      ),
    }));
  }
}

function jobOf(members: Members, exportId: string, created: number): ExportJob {
  const s3 = struct(members, 'S3ExportConfiguration');
  const encryption = struct(s3, 'EncryptionConfiguration');
  const prefix = text(s3, 'Prefix', /^[\w!.*'()/-]*$/);
  if (prefix.length > MAX_PREFIX)
    throw invalid(
      'Prefix',
      `Amazon S3 bucket prefix must not exceed ${MAX_PREFIX} characters`,
    );
  if (prefix.split('/').some((part) => part === '..' || part === '.'))
    throw invalid('Prefix', 'The parameter Prefix is not valid.');
  const type = oneOf(encryption, 'ObjectEncryptionType', ENCRYPTIONS);
  const kmsKeyArn = optional(encryption, 'KmsKeyArn', () =>
    text(encryption, 'KmsKeyArn', /^\S{20,1600}$/),
  );
  if (kmsKeyArn !== undefined && type !== 'SSE_KMS')
    throw invalid(
      'KmsKeyArn',
      'The supplied object encryption setting (S3EncryptionConfiguration) is not compatible with an AWS Key Management Service (AWS KMS) key',
    );
  return {
    exportId,
    created,
    status: 'IN_PROGRESS',
    from: time(members, 'InclusiveStartTime'),
    until: time(members, 'ExclusiveEndTime'),
    roleArn: text(members, 'RoleArn', ROLE_ARN),
    bucket: text(s3, 'Bucket', BUCKET),
    prefix,
    encryption: type,
    kmsKeyArn,
    format: optional(members, 'OutputFormat', () =>
      oneOf(members, 'OutputFormat', FORMATS),
    ),
  };
}
