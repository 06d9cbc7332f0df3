import { type ClientRequest, request } from 'node:http';

/**
 * Does POST requests with a JSON body; breaks them off when told to.
 *
 * Each has a connection of its own: Node's server closes only once the kept
 * ones fall idle, which under load they never do.
 */
export class HttpClient {
  answers = 0;
  readonly #open = new Set<ClientRequest>();

  constructor(private readonly url: string) {}

  async post<T>(path: string, body: unknown): Promise<T> {
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request(
        new URL(path, this.url),
        {
          method: 'POST',
          agent: false,
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          let received = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => (received += part));
          response.once('error', reject);
          response.once('end', () => {
            this.answers++;
            if ((response.statusCode ?? 500) < 300) resolve(received);
            else reject(new Error(`${response.statusCode}: ${received}`));
          });
        },
      );
      this.#open.add(sent);
      sent.once('close', () => this.#open.delete(sent));
      sent.once('error', reject);
      sent.end(JSON.stringify(body));
    });
    return JSON.parse(text) as T;
  }

  async leave(): Promise<void> {
    for (const sent of this.#open) sent.destroy();
  }
}
