// The Ion room beside ion-js and ion-hash-js, which the official drivers use.
import { createRequire } from 'node:module';
import { hash as digestOf } from 'node:crypto';
import { statementHash } from '../dist/ion/hash.js';
import { fromIonBinary, ionHash, toIonBinary } from '../dist/ion/index.js';
import { nested, registration } from './ion-documents.mjs';

const require = createRequire(import.meta.url);
const ion = require('ion-js');
const { cryptoHasherProvider, makeHashReader } = require('ion-hash-js');

/** Microseconds one call takes: the best of seven runs of about `ms` each. */
function measure(call, ms = 120) {
  let calls = 1;
  let elapsed = 0;
  for (;;) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    elapsed = performance.now() - start;
    if (elapsed > ms / 4) break;
    calls *= 2;
  }
  calls = Math.max(1, Math.round((calls * ms) / elapsed));
  let best = Infinity;
  for (let run = 0; run < 7; run++) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    best = Math.min(best, performance.now() - start);
  }
  return (best * 1000) / calls;
}

function peerHash(source) {
  const reader = makeHashReader(
    ion.makeReader(source),
    cryptoHasherProvider('sha256'),
  );
  reader.next();
  reader.next();
  return reader.digest();
}

/** Plain values with the reader of ion-js; its DOM takes about twice as long. */
function peerNative(bytes) {
  return plain(ion.makeReader(bytes), true);
}

function plain(reader, first = false) {
  const type = first ? reader.next() : reader.type();
  if (reader.isNull()) return null;
  switch (type) {
    case ion.IonTypes.LIST:
    case ion.IonTypes.SEXP: {
      const items = [];
      reader.stepIn();
      while (reader.next() !== null) items.push(plain(reader));
      reader.stepOut();
      return items;
    }
    case ion.IonTypes.STRUCT: {
      const object = {};
      reader.stepIn();
      while (reader.next() !== null) object[reader.fieldName()] = plain(reader);
      reader.stepOut();
      return object;
    }
    case ion.IonTypes.INT:
      return reader.numberValue();
    case ion.IonTypes.TIMESTAMP:
      return reader.timestampValue().getDate();
    default:
      return reader.value();
  }
}

/** Digests that a value takes: one per field and one for the whole. */
function digestsOf(value) {
  return 1 + fieldsOf(value);
}

function fieldsOf(value) {
  if (Array.isArray(value))
    return value.reduce((n, item) => n + fieldsOf(item), 0);
  if (value === null || typeof value !== 'object' || value instanceof Date)
    return 0;
  return Object.values(value).reduce((n, item) => n + 1 + fieldsOf(item), 0);
}

export const title = 'beside ion-js 5.2.1 and ion-hash-js 2.1.0';

export function run() {
  const rows = [];
  const add = (name, ours, peer) => {
    rows.push({
      name,
      ours: measure(ours),
      ...(peer && { peer: measure(peer), peerName: 'ion-js' }),
      unit: 'µs',
      lessIsBetter: true,
    });
  };

  for (const { name, document } of [
    { name: 'registration', document: registration() },
    { name: 'nested document', document: nested() },
  ]) {
    const bytes = toIonBinary(document);
    const dom = ion.load(bytes);
    const label = `${name}, ${bytes.length} B:`;
    add(
      `${label} encode`,
      () => toIonBinary(document),
      () => ion.dumpBinary(document),
    );
    add(
      `${label} decode to native`,
      () => fromIonBinary(bytes),
      () => peerNative(bytes),
    );
    add(
      `${label} decode to dom`,
      () => fromIonBinary(bytes, { values: 'dom' }),
      () => ion.load(bytes),
    );
    add(
      `${label} encode a dom value`,
      () => toIonBinary(dom),
      () => ion.dumpBinary(dom),
    );
    add(
      `${label} hash`,
      () => ionHash(bytes),
      () => peerHash(bytes),
    );
    const digests = digestsOf(document);
    const block = new Uint8Array(64);
    add(`${label} SHA-256 floor, ${digests} digests`, () => {
      for (let i = 0; i < digests; i++) digestOf('sha256', block, 'binary');
    });
  }

  const page = Array.from({ length: 200 }, (_, i) =>
    toIonBinary(registration(i)),
  );
  add(
    'page of 200 rows: decode to native',
    () => page.map((row) => fromIonBinary(row)),
    () => page.map(peerNative),
  );
  add(
    'page of 200 rows: decode to dom',
    () => page.map((row) => fromIonBinary(row, { values: 'dom' })),
    () => page.map((row) => ion.load(row)),
  );
  const documents = Array.from({ length: 200 }, (_, i) => registration(i));
  add(
    'page of 200 rows: encode',
    () => documents.map((d) => toIonBinary(d)),
    () => documents.map((d) => ion.dumpBinary(d)),
  );
  add(
    'page of 200 rows: hash',
    () => page.map((row) => ionHash(row)),
    () => page.map(peerHash),
  );

  const statement =
    'UPDATE VehicleRegistration AS r SET r.City = ? WHERE r.VIN = ?';
  const statementText = ion.dumpText(statement);
  add(
    'statement hash, seen before',
    () => statementHash(statement),
    () => peerHash(statementText),
  );
  let n = 0;
  add(
    'statement hash, new',
    () => statementHash(`${statement}${n++}`),
    () => peerHash(ion.dumpText(`${statement}${n++}`)),
  );
  return rows;
}
