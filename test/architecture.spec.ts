import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What each room of lib/ may import from the others. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  async: [],
  ion: ['async'],
  session: ['ion', 'async'],
  driver: ['session', 'ion', 'async'],
  partiql: ['ion', 'async'],
  // Of store/: the contract and what opens a store, not the engines.
  ledger: ['partiql', 'session', 'ion', 'store', 'async'],
  store: ['ion', 'async'],
  'journal-files': ['ledger', 'store', 'ion', 'async'],
  server: ['journal-files', 'ledger', 'session', 'ion', 'async'],
  nest: ['driver', 'ledger', 'session', 'ion', 'async'],
  cli: ['server', 'journal-files', 'driver', 'ledger', 'ion', 'store'],
  terminus: ['nest'],
  opentelemetry: ['driver'],
  testing: ['nest', 'driver', 'ledger', 'session', 'async'],
  // The entry points that gather more than one room.
  'index.ts': ['nest', 'driver', 'session', 'ion'],
  'ledger.ts': ['ledger', 'journal-files', 'server'],
  'partiql.ts': ['partiql'],
};
const STORE_ENGINES = /^store\/(memory|lmdb|postgres)\//;

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Every import of another file of lib/, as paths from lib/. */
function imports(folder: string): Import[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const specifiers = text.matchAll(
        /(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+)'/g,
      );
      return Array.from(specifiers, ([, specifier]) => ({
        from: file.split(sep).join('/'),
        to: normalize(join(dirname(file), specifier))
          .split(sep)
          .join('/'),
      }));
    });
}

const roomOf = (file: string) => file.split('/')[0];

function isForbidden({ from, to }: Import): boolean {
  const room = roomOf(from);
  if (roomOf(to) === room) return false;
  if (to.startsWith('..')) return true;
  if (room === 'ledger' && STORE_ENGINES.test(to)) return true;
  return !MAY_IMPORT[room]?.includes(roomOf(to));
}

describe('the rooms of lib/', () => {
  const all = imports('lib');

  it('import only what they may', () => {
    expect(all.length).toBeGreaterThan(100);
    expect(
      all.filter(isForbidden).map(({ from, to }) => `${from} → ${to}`),
    ).toEqual([]);
  });

  it('keep no type of a syntax tree to themselves', () => {
    const nodes = readFileSync('lib/partiql/language/ast.ts', 'utf8').matchAll(
      /^export (?:interface|type) (\w+)/gm,
    );
    const surface = readFileSync('lib/partiql.ts', 'utf8');
    const missing = Array.from(nodes, ([, name]) => name).filter(
      (name) => !new RegExp(`\\b${name}\\b`).test(surface),
    );
    expect(missing).toEqual([]);
  });

  it('would be caught at it', () => {
    const forbidden = [
      { from: 'driver/session.ts', to: 'ledger/ledger.js' },
      { from: 'ledger/ledger.ts', to: 'driver/session.js' },
      { from: 'ledger/ledger.ts', to: 'store/lmdb/lmdb-store.js' },
      { from: 'ion/hash.ts', to: 'session/index.js' },
      { from: 'nowhere/file.ts', to: 'ion/hash.js' },
      { from: 'nest/qldb.ts', to: '../sample/main.js' },
    ];
    expect(forbidden.filter(isForbidden)).toEqual(forbidden);
    expect(isForbidden({ from: 'ledger/a.ts', to: 'store/contract.js' })).toBe(
      false,
    );
  });
});
