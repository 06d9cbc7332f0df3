import { describe, expect, it } from 'vitest';
import { decodeIon } from '../../../lib/ion/decode.js';
import type { IonValue } from '../../../lib/ion/value.js';
import { compile } from '../../../lib/partiql/index.js';
import { MemoryCatalog, NOW } from '../memory-catalog.js';

async function run(text: string, ...parameters: readonly IonValue[]) {
  const rows = compile(text).execute({
    catalog: new MemoryCatalog(),
    parameters,
    transactionId: '',
    now: NOW,
  });
  const batches: (readonly IonValue[])[] = [];
  for await (const batch of rows) batches.push(batch);
  return batches;
}

describe('values that no statement can work with', () => {
  it('are refused by name where they nest too deeply', async () => {
    let deep: IonValue = 1;
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
    await expect(
      run('SELECT DISTINCT VALUE a FROM [?] AS a', deep),
    ).rejects.toMatchObject({ code: 'PARTIQL_LIMIT' });
  });

  it('are refused by name where a field has a name without text', async () => {
    // {$0: 1}
    const nameless = decodeIon(
      Uint8Array.of(0xe0, 1, 0, 0xea, 0xd3, 0x80, 0x21, 1),
    );
    await expect(run('? = ?', nameless, nameless)).rejects.toMatchObject({
      code: 'PARTIQL_EVALUATION',
      message: expect.stringContaining('no known text') as unknown,
    });
  });
});
