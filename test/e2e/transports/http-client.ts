import { Agent, request } from 'node:http';

/** Does POST requests with a JSON body; breaks them off when told to. */
export class HttpClient {
  answers = 0;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #leaving = new AbortController();

  constructor(private readonly url: string) {}

  async post<T>(path: string, body: unknown): Promise<T> {
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request(
        new URL(path, this.url),
        {
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-type': 'application/json' },
          signal: this.#leaving.signal,
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
      sent.once('error', reject);
      sent.end(JSON.stringify(body));
    });
    return JSON.parse(text) as T;
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    this.#agent.destroy();
  }
}
