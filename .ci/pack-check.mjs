// Packs the package, installs the tarball in an empty project with a strict
// layout, and loads every entry point: what is published is whole, declares what
// it imports, and holds nothing else.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'qldb-pack-'));
const npm = (args, cwd) =>
  execFileSync('npm', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

try {
  const [packed] = JSON.parse(
    npm(['pack', '--json', '--pack-destination', folder], root),
  );
  const expected =
    /^(dist\/.*\.(js|d\.ts)|package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/[a-z-]+\.md)$/;
  const strays = packed.files
    .map(({ path }) => path)
    .filter((path) => !expected.test(path));
  if (strays.length > 0)
    throw new Error(`The package holds what it should not: ${strays}`);
  for (const needed of ['README.md', 'LICENSE', 'CHANGELOG.md'])
    if (!packed.files.some(({ path }) => path === needed))
      throw new Error(`The package lacks ${needed}.`);

  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: {
        [manifest.name]: `file:${join(folder, packed.filename)}`,
        ...Object.fromEntries(
          Object.keys(manifest.peerDependencies)
            .filter((name) => !manifest.peerDependenciesMeta?.[name]?.optional)
            .map((name) => [name, manifest.devDependencies[name]]),
        ),
      },
    }),
  );
  npm(
    ['install', '--install-strategy=linked', '--no-audit', '--no-fund'],
    folder,
  );
  writeFileSync(
    join(folder, 'load.mjs'),
    // Both ways in: `import`, and `require` of an ES module (Node 20.19 and later).
    `import 'reflect-metadata';
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    for (const entry of process.argv.slice(2)) {
      const names = Object.keys(await import(entry));
      if (names.length === 0) throw new Error(entry + ' exports nothing');
      require(entry);
      console.log(entry + ': ' + names.length + ' exports');
    }`,
  );
  const load = (entries) =>
    process.stdout.write(
      execFileSync(
        process.execPath,
        ['load.mjs', ...entries.map((entry) => manifest.name + entry.slice(1))],
        { cwd: folder, encoding: 'utf8' },
      ),
    );
  const integrations = ['./terminus', './opentelemetry'];
  load(
    Object.keys(manifest.exports).filter(
      (entry) => entry !== './package.json' && !integrations.includes(entry),
    ),
  );
  // The others need a peer that is optional, so the ones above had to do without.
  npm(
    [
      'install',
      '--install-strategy=linked',
      '--no-audit',
      '--no-fund',
      ...Object.keys(manifest.peerDependenciesMeta).map(
        (name) => `${name}@${manifest.devDependencies[name]}`,
      ),
    ],
    folder,
  );
  load(integrations.filter((entry) => entry in manifest.exports));
  console.log(
    `${packed.filename}: ${packed.files.length} files, ${packed.size} bytes packed`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
