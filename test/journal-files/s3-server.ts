import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Buckets in memory, behind the few requests of S3 that exports make. */
export interface S3Server {
  readonly url: string;
  /** Objects by `/bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** Method and path of the requests that came. */
  readonly requests: string[];
  /** The headers of the last PUT. */
  headers: Record<string, string | string[] | undefined>;
  close(): Promise<void>;
}

/** So few keys are on a page of a list. */
const PAGE = 2;

export async function s3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://s3');
    const path = decodeURIComponent(url.pathname);
    requests.push(`${request.method} ${path}`);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = (
        status: number,
        body: string | Buffer = '',
        headers = {},
      ) => {
        response.writeHead(status, {
          'Content-Length': Buffer.byteLength(body),
          ...headers,
        });
        response.end(request.method === 'HEAD' ? undefined : body);
      };
      if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256'))
        return answer(403, '<Error><Code>AccessDenied</Code></Error>');
      if (request.method === 'PUT') {
        s3.headers = request.headers;
        objects.set(path, Buffer.concat(chunks));
        return answer(200, '', { ETag: '"x"' });
      }
      if (url.searchParams.has('list-type'))
        return answer(200, list(path, url.searchParams));
      const object = objects.get(path);
      if (!object) return answer(404, '<Error><Code>NoSuchKey</Code></Error>');
      answer(200, object, {
        ETag: `"${createHash('md5').update(object).digest('hex')}"`,
        ...(request.method === 'HEAD'
          ? { 'Content-Length': object.length }
          : {}),
      });
    });
  });
  function list(bucket: string, query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const top = bucket.endsWith('/') ? bucket : `${bucket}/`;
    const keys = [...objects.keys()]
      .filter((path) => path.startsWith(top))
      .map((path) => path.slice(top.length))
      .filter((key) => key.startsWith(prefix) && key > after)
      .sort();
    const page = keys.slice(0, PAGE);
    const contents = page.map(
      (key) =>
        `<Contents><Key>${key}</Key><Size>${objects.get(top + key)?.length}</Size></Contents>`,
    );
    const isTruncated = keys.length > PAGE;
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${isTruncated ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''}${contents.join('')}</ListBucketResult>`;
  }
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const s3: S3Server = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    headers: {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return s3;
}
