import { describe, expect, it } from 'vitest';
import { decodeIon } from '../../../lib/ion/decode.js';
import { encodeIon } from '../../../lib/ion/encode.js';
import { parseIonText } from '../../../lib/ion/text.js';
import { IonStruct } from '../../../lib/ion/value.js';
import { evaluate, MemoryCatalog, rows, texts } from '../memory-catalog.js';

const DATE = '$date::{year:2024,month:2,day:29}';

async function table(...documents: readonly string[]): Promise<MemoryCatalog> {
  const catalog = new MemoryCatalog();
  await texts(catalog, 'CREATE TABLE T');
  await texts(catalog, 'CREATE INDEX ON T (d)');
  for (const document of documents) {
    await texts(catalog, 'INSERT INTO T ?', parseIonText(document));
  }
  return catalog;
}

describe('dates, times and intervals', () => {
  it.each([
    "DATE '2024-02-29'",
    "TIME '23:59:59.123456789+05:30'",
    "TIME '00:00:00'",
    "TIMESTAMP '2024-02-29 23:59:59.5'",
    "TIMESTAMP '2024-02-29 23:59:59.5-08:00'",
    "INTERVAL '-1-6' YEAR TO MONTH",
    "INTERVAL '-1 2:3:4.000000005' DAY TO SECOND(9)",
  ])('come back from Ion as they were: %s', async (literal) => {
    const text = await evaluate(literal);
    const [value = null] = await rows(
      new MemoryCatalog(),
      `SELECT VALUE ${literal} FROM <<0>>`,
    );
    const read = decodeIon(encodeIon(value));
    expect(await evaluate(`? = ${literal}`, read)).toBe('true');
    expect(await evaluate('?', read)).toBe(text);
  });

  it('are found by an index, as by any of what equals them', async () => {
    const catalog = await table(
      `{n: 1, d: ${DATE}}`,
      '{n: 2, d: 2024-02-29T00:00Z}',
      '{n: 3, d: $date::{year: 2024, month: 3, day: 1}}',
      '{n: 4, d: $time::{hour: 10, minute: 0, second: 0}}',
    );
    const found = (literal: string) =>
      texts(catalog, `SELECT VALUE n FROM T WHERE d = ${literal}`);
    expect((await found("DATE '2024-02-29'")).toSorted()).toEqual(['1', '2']);
    expect(await found("TIME '12:00:00+02:00'")).toEqual(['4']);
    expect(catalog.calls.map((call) => call.split(' ')[1])).toEqual([
      'T.d',
      'T.d',
    ]);
  });

  it('sort by what they mean, behind numbers and before texts', async () => {
    const sorted = [
      '1',
      '2024-02-28T23:00Z',
      DATE,
      '2024-02-29T00:00:00.1Z',
      '$time::{hour:12,minute:0,second:0.,offset:120}',
      '$time::{hour:11,minute:0,second:0.,offset:null}',
      '$interval_ym::{sign:"-",years:1,months:0}',
      '$interval_ym::{sign:"+",years:0,months:1}',
      '$interval_dt::{sign:"-",days:9,hours:0,minutes:0,seconds:0,nanos:0}',
      '$interval_dt::{sign:"+",days:0,hours:1,minutes:0,seconds:0,nanos:0}',
      '"2024-02-29"',
      '{year:2024,month:2,day:29}',
    ];
    const shuffled = sorted.toReversed().join(', ');
    expect(
      await texts(
        new MemoryCatalog(),
        'SELECT VALUE x FROM ? AS x ORDER BY x',
        parseIonText(`[${shuffled}]`),
      ),
    ).toEqual(sorted);
  });

  it('group by what they mean', async () => {
    const values = parseIonText(
      `[${DATE}, 2024-02-29T00:00Z, $interval_dt::{hours: 24}, $interval_dt::{days: 1}, $interval_dt::{days: 2}]`,
    );
    expect(
      await texts(
        new MemoryCatalog(),
        'SELECT COUNT(*) AS n FROM ? AS x GROUP BY x',
        values,
      ),
    ).toEqual(['{n:2}', '{n:2}', '{n:1}']);
    expect(
      await texts(
        new MemoryCatalog(),
        'SELECT DISTINCT VALUE x FROM ? AS x',
        values,
      ),
    ).toHaveLength(3);
  });

  it('are no structs, though they travel as such', async () => {
    const date = parseIonText(DATE);
    expect(await evaluate("{'d': ?}.d.year", date)).toBe('MISSING');
    expect(
      await texts(new MemoryCatalog(), 'SELECT * FROM <<?>> AS x', date),
    ).not.toContain('{year:2024,month:2,day:29}');
    const catalog = await table();
    await expect(texts(catalog, 'INSERT INTO T ?', date)).rejects.toThrow(
      'a document must be a struct, and this value is DATE',
    );
  });

  it('are set in documents, and computed with', async () => {
    const catalog = await table('{n: 1}');
    await texts(
      catalog,
      "UPDATE T SET d = DATE '2024-01-31', t = INTERVAL '1' MONTH",
    );
    await texts(
      catalog,
      'UPDATE T SET d = d + t WHERE d < ?',
      parseIonText(DATE),
    );
    expect(await texts(catalog, 'SELECT d FROM T')).toEqual([`{d:${DATE}}`]);
  });

  it('have fields in their order', async () => {
    const value = parseIonText(await evaluate("TIME '01:02:03'"));
    expect(value).toMatchObject({ annotations: ['$time'] });
    const { value: struct } = value as unknown as { value: IonStruct };
    expect(struct.fields().map(([name]) => name)).toEqual([
      'hour',
      'minute',
      'second',
      'offset',
    ]);
  });
});
