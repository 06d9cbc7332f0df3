import { readFile } from 'node:fs/promises';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InjectQldb, Qldb } from 'nestjs-qldb';
import { IonStruct, type IonValue, parseIonText } from 'nestjs-qldb/ion';

/** The tables, and the fields that documents are looked up by. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  Person: ['GovId'],
  DriversLicense: ['LicenseNumber', 'PersonId'],
  Vehicle: ['VIN'],
  VehicleRegistration: ['VIN', 'LicensePlateNumber'],
};

interface TableInfo {
  readonly name: string;
  readonly indexes: readonly { readonly expr: string }[] | null;
}

/**
 * Fills an empty ledger when the application starts.
 *
 * Whatever stops it half-way, the next start goes on where it was: each table
 * is made with its indexes in one transaction, and all documents are written in
 * one more, so they are there or they are not.
 */
@Injectable()
export class SeedService implements OnApplicationBootstrap {
  readonly #logger = new Logger(SeedService.name);

  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const [table, fields] of Object.entries(TABLES))
      await this.#createTable(table, fields);
    const count = await this.#insertDocuments();
    if (count > 0)
      this.#logger.log(`The ledger was empty: wrote ${count} documents.`);
  }

  async #createTable(table: string, fields: readonly string[]): Promise<void> {
    await this.qldb.executeLambda(async (txn) => {
      const [info] = await txn.execute<TableInfo>(
        "SELECT name, indexes FROM information_schema.user_tables WHERE name = ? AND status = 'ACTIVE'",
        table,
      );
      if (!info) await txn.execute(`CREATE TABLE ${table}`);
      const indexed = info?.indexes?.map(({ expr }) => expr) ?? [];
      for (const field of fields)
        if (!indexed.includes(`[${field}]`))
          await txn.execute(`CREATE INDEX ON ${table} (${field})`);
    });
  }

  /** Returns how many documents it wrote: none, if they are there. */
  async #insertDocuments(): Promise<number> {
    const [people, licenses, vehicles, registrations] = await Promise.all(
      ['person', 'drivers-license', 'vehicle', 'vehicle-registration'].map(
        readDocuments,
      ),
    );
    return this.qldb.executeLambda(async (txn) => {
      if (
        (await txn.execute('SELECT VALUE p.GovId FROM Person AS p')).length > 0
      )
        return 0;
      let count = 0;
      const insert = async (table: string, documents: readonly IonStruct[]) => {
        const rows = await txn.execute<{ documentId: string }>(
          `INSERT INTO ${table} ?`,
          documents,
        );
        count += rows.length;
        return rows.map(({ documentId }) => documentId);
      };
      const ids = await insert('Person', people);
      const idOf = new Map(
        people.map((person, n) => [person.get('GovId'), ids[n]]),
      );
      await insert('Vehicle', vehicles);
      await insert(
        'DriversLicense',
        licenses.map((license) => withPersonIds(license, idOf)),
      );
      await insert(
        'VehicleRegistration',
        registrations.map((registration) => withPersonIds(registration, idOf)),
      );
      return count;
    });
  }
}

async function readDocuments(name: string): Promise<IonStruct[]> {
  const text = await readFile(
    new URL(`../../data/${name}.ion`, import.meta.url),
    'utf8',
  );
  const documents = parseIonText(text);
  if (!Array.isArray(documents)) throw new Error(`data/${name}.ion is no list`);
  return documents.filter((document) => document instanceof IonStruct);
}

/** The files name a person by GovId; documents do by the id of the Person document. */
function withPersonIds(
  document: IonStruct,
  idOf: ReadonlyMap<IonValue | undefined, string>,
): IonStruct {
  const resolve = (value: IonValue): IonValue => {
    if (Array.isArray(value)) return value.map(resolve);
    return value instanceof IonStruct ? withPersonIds(value, idOf) : value;
  };
  return IonStruct.of(
    Array.from(document.fields(), ([name, value]): [string, IonValue] => {
      if (name !== 'GovId') return [name, resolve(value)];
      const id = idOf.get(value);
      if (id === undefined)
        throw new Error('The data names a person that it does not have.');
      return ['PersonId', id];
    }),
  );
}
