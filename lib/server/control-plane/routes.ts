import { ControlPlaneError } from './control-plane-error.js';

/** Which operation a request is, and what its path names. */
export interface Route {
  readonly operation: (typeof ROUTES)[number][0] | 'Kinesis';
  readonly name?: string;
  readonly id?: string;
  readonly arn?: string;
}

/** The routes of API version 2019-01-02. */
const ROUTES = [
  ['CreateLedger', 'POST', '/ledgers'],
  ['ListLedgers', 'GET', '/ledgers'],
  ['DescribeLedger', 'GET', '/ledgers/{name}'],
  ['UpdateLedger', 'PATCH', '/ledgers/{name}'],
  ['DeleteLedger', 'DELETE', '/ledgers/{name}'],
  ['UpdateLedgerPermissionsMode', 'PATCH', '/ledgers/{name}/permissions-mode'],
  ['GetDigest', 'POST', '/ledgers/{name}/digest'],
  ['GetBlock', 'POST', '/ledgers/{name}/block'],
  ['GetRevision', 'POST', '/ledgers/{name}/revision'],
  ['ExportJournalToS3', 'POST', '/ledgers/{name}/journal-s3-exports'],
  [
    'ListJournalS3ExportsForLedger',
    'GET',
    '/ledgers/{name}/journal-s3-exports',
  ],
  ['DescribeJournalS3Export', 'GET', '/ledgers/{name}/journal-s3-exports/{id}'],
  ['ListJournalS3Exports', 'GET', '/journal-s3-exports'],
  ['TagResource', 'POST', '/tags/{arn}'],
  ['UntagResource', 'DELETE', '/tags/{arn}'],
  ['ListTagsForResource', 'GET', '/tags/{arn}'],
] as const;

const KINESIS = /^\/ledgers\/[^/]+\/journal-kinesis-streams(?:\/[^/]+)?$/;

const PATTERNS = ROUTES.map(
  ([operation, method, path]) =>
    [
      operation,
      method,
      new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]{1,2048})')}$`),
    ] as const,
);

/**
 * Finds the operation of a request.
 *
 * @param path - as it came, its parts still encoded
 * @throws ControlPlaneError `UnknownOperationException`
 */
export function routeOf(method: string, path: string): Route {
  if (KINESIS.test(path)) return { operation: 'Kinesis' };
  for (const [operation, its, pattern] of PATTERNS) {
    const match = method === its ? pattern.exec(path) : null;
    if (match) return { operation, ...decoded(match.groups ?? {}) };
  }
  throw unknownOperation();
}

function decoded(groups: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(
      Object.entries(groups).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ]),
    );
  } catch {
    throw unknownOperation();
  }
}

function unknownOperation(): ControlPlaneError {
  return new ControlPlaneError(
    'UnknownOperationException',
    404,
    'QLDB has no such operation.',
  );
}
