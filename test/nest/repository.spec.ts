import {
  type DynamicModule,
  Injectable,
  Module,
  type Type,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Decimal } from 'ion-js';
import { lastValueFrom, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyRevision } from '../../lib/ledger/index.js';
import {
  atLeast,
  atMost,
  between,
  type Filter,
  getRepositoryToken,
  greaterThan,
  IdentifierError,
  InjectRepository,
  LedgerRepository,
  LedgerTable,
  lessThan,
  like,
  missing,
  otherThan,
  NotUniqueError,
  oneOf,
  Qldb,
  QldbModule,
  QldbOptionsError,
  Transactional,
} from '../../lib/nest/index.js';
import { createTables } from '../../lib/nest/repository/create-tables.js';
import { openTestQldb, type TestQldb } from '../../lib/testing/index.js';

@LedgerTable({ indexes: ['vin'] })
class Car {
  vin!: string;
  year!: number;
  price?: Decimal;
  owner?: { name: string } | null;
  id?: string;
}

const decimal = (text: string): Decimal => Decimal.parse(text) ?? Decimal.ZERO;

const cars: readonly Car[] = [
  { vin: 'A', year: 1999, price: decimal('10.50') },
  { vin: 'B', year: 2005, owner: { name: "O'Brien" } },
  { vin: 'C', year: 2015, owner: null },
  { vin: 'D_x', year: 2020, id: 'a field' },
];

describe('LedgerRepository', () => {
  let test: TestQldb;
  let repository: LedgerRepository<Car>;

  beforeEach(async () => {
    test = await openTestQldb({
      setUp: ['CREATE TABLE Car', 'CREATE INDEX ON Car (vin)'],
    });
    repository = new LedgerRepository(Car, test.qldb);
    await repository.createMany(cars);
    test.recorder.take();
  });
  afterEach(() => test.close());

  const vins = async (filter: Filter<Car>) =>
    (await repository.find(filter, { orderBy: { vin: 'asc' } })).map(
      ({ document }) => document.vin,
    );

  it('creates, and finds by id', async () => {
    const car = Object.freeze(
      Object.assign(new Car(), { vin: 'E', year: 2024 }),
    );
    const id = await repository.create(car);
    await expect(repository.findById(id)).resolves.toEqual({
      vin: 'E',
      year: 2024,
    });
    await expect(repository.findById('nothing')).resolves.toBeUndefined();
  });

  it('creates many in one transaction, in order', async () => {
    const ids = await repository.createMany([
      { vin: 'X', year: 1 },
      { vin: 'Y', year: 2 },
    ]);
    expect(test.recorder.take().at(-1)).toBe('commit 2');
    await expect(repository.findById(ids[1] ?? '')).resolves.toMatchObject({
      vin: 'Y',
    });
    await expect(repository.createMany([])).resolves.toEqual([]);
    expect(test.recorder.take()).toHaveLength(3);
  });

  it.each<[string, Filter<Car>, string[]]>([
    ['everything', {}, ['A', 'B', 'C', 'D_x']],
    ['a value', { vin: 'B' }, ['B']],
    ['several fields', { vin: 'B', year: 2004 }, []],
    ['a struct', { owner: { name: "O'Brien" } }, ['B']],
    ['a decimal', { price: decimal('10.5') }, ['A']],
    ['null', { owner: null }, ['A', 'C', 'D_x']],
    ['missing', { owner: missing() }, ['A', 'D_x']],
    ['otherThan', { vin: otherThan('B') }, ['A', 'C', 'D_x']],
    ['otherThan null', { owner: otherThan(null) }, ['B']],
    ['lessThan', { year: lessThan(2005) }, ['A']],
    ['atMost', { year: atMost(2005) }, ['A', 'B']],
    ['greaterThan', { year: greaterThan(2015) }, ['D_x']],
    ['atLeast', { year: atLeast(2015) }, ['C', 'D_x']],
    ['between', { year: between(2005, 2015) }, ['B', 'C']],
    ['oneOf', { vin: oneOf('A', 'C', 'Z') }, ['A', 'C']],
    ['oneOf nothing', { vin: oneOf() }, []],
    ['like', { vin: like('D%') }, ['D_x']],
    ['a field called id', { id: 'a field' }, ['D_x']],
  ])('finds by %s', async (_, filter, expected) => {
    expect(await vins(filter)).toEqual(expected);
    expect(await repository.count(filter)).toBe(expected.length);
  });

  it('orders and cuts', async () => {
    const found = await repository.find(
      { year: atLeast(2000) },
      { orderBy: { year: 'desc', vin: 'asc' }, limit: 1, offset: 1 },
    );
    expect(found.map(({ document }) => document.vin)).toEqual(['C']);
  });

  it('finds one, and says when there are more', async () => {
    const found = await repository.findOne({ vin: 'A' });
    expect(found?.document).toEqual(cars[0]);
    await expect(repository.findById(found?.id ?? '')).resolves.toEqual(
      cars[0],
    );
    await expect(repository.findOne({ vin: 'Z' })).resolves.toBeUndefined();
    await expect(repository.findOne({})).rejects.toThrow(NotUniqueError);
  });

  it('streams', async () => {
    const rows = repository.stream(
      { year: atLeast(2000) },
      { orderBy: { vin: 'asc' }, consistency: 'snapshot' },
    );
    const seen = await lastValueFrom(rows.pipe(toArray()));
    expect(seen.map(({ document }) => document.vin)).toEqual(['B', 'C', 'D_x']);
    expect(test.recorder.take().at(-1)).toMatch(/^abort/);
  });

  it('replaces, patches and deletes, and says whether there was one', async () => {
    const { id } = (await repository.findOne({ vin: 'B' })) ?? { id: '' };
    await expect(repository.replace(id, { vin: 'B', year: 1 })).resolves.toBe(
      true,
    );
    await expect(repository.findById(id)).resolves.toEqual({
      vin: 'B',
      year: 1,
    });
    const patch = Object.freeze({ year: 2, price: undefined, owner: null });
    await expect(repository.patch(id, patch as Partial<Car>)).resolves.toBe(
      true,
    );
    await expect(repository.findById(id)).resolves.toEqual({
      vin: 'B',
      year: 2,
      owner: null,
    });
    await expect(repository.patch(id, {})).resolves.toBe(true);
    await expect(repository.delete(id)).resolves.toBe(true);
    await expect(repository.delete(id)).resolves.toBe(false);
    await expect(repository.patch(id, {})).resolves.toBe(false);
    await expect(repository.patch(id, { year: 3 })).resolves.toBe(false);
    await expect(repository.replace(id, { vin: 'B', year: 1 })).resolves.toBe(
      false,
    );
    const history = await repository.history(id);
    expect(history.map(({ data }) => data?.year)).toEqual([
      2005,
      1,
      2,
      undefined,
    ]);
    await expect(repository.history('nothing')).resolves.toEqual([]);
  });

  it('proves a revision', async () => {
    const { id } = (await repository.findOne({ vin: 'B' })) ?? { id: '' };
    const [revision] = await repository.history(id);
    if (!revision) throw new Error('no revision');
    const proof = await repository.prove(revision);
    expect(verifyRevision(proof.revision, proof.proof, proof.digest)).toBe(
      true,
    );
  });

  it('joins a transaction', async () => {
    await test.qldb.executeLambda(async () => {
      await repository.create({ vin: 'E', year: 1 });
      await repository.count();
    });
    const log = test.recorder.take();
    expect(log.filter((line) => line.startsWith('begin'))).toHaveLength(1);
  });

  describe('never lets a value or a name become PartiQL', () => {
    it('values are bound', async () => {
      const evil = "x' OR '1'='1";
      expect(await vins({ vin: evil })).toEqual([]);
      await repository.create({ vin: evil, year: 1 });
      expect(await vins({ vin: evil })).toEqual([evil]);
      await expect(repository.findById(evil)).resolves.toBeUndefined();
      await expect(repository.delete(evil)).resolves.toBe(false);
      for (const line of test.recorder.take()) expect(line).not.toContain(evil);
    });

    it('operators do not come out of JSON', async () => {
      const filter = JSON.parse(
        '{"vin": {"partiql": "<> ?", "operands": [""], "$ne": ""}}',
      ) as Filter<Car>;
      expect(await vins(filter)).toEqual([]);
    });

    it('names are checked', () => {
      const field = '1=1 OR t.vin';
      const attempts = [
        () => repository.find({ [field]: 1 } as Filter<Car>),
        () => repository.find({}, { orderBy: { [field]: 'asc' } } as object),
        () => repository.patch('id', { [field]: 1 } as Partial<Car>),
        () => repository.stream({ [field]: 1 } as Filter<Car>),
      ];
      for (const attempt of attempts) expect(attempt).toThrow(IdentifierError);
      expect(() =>
        repository.find({}, {
          orderBy: { vin: 'asc; DROP TABLE Car' },
        } as object),
      ).toThrow(QldbOptionsError);
      expect(() => LedgerTable({ name: 'Car; DROP' })(Car)).toThrow(
        IdentifierError,
      );
      expect(() => LedgerTable({ indexes: ['a b'] })(Car)).toThrow(
        IdentifierError,
      );
    });

    it('undefined is not taken for anything', () => {
      const filter = { vin: undefined } as unknown as Filter<Car>;
      expect(() => repository.find(filter)).toThrow(/vin is undefined/);
    });
  });
});

describe('QldbModule.forFeature', () => {
  @LedgerTable({ name: 'People', indexes: ['name', 'name', 'age'] })
  class Person {
    name!: string;
    age!: number;
  }

  @Injectable()
  class People {
    constructor(
      @InjectRepository(Person)
      private readonly people: LedgerRepository<Person>,
    ) {}

    @Transactional()
    async addTwice(person: Person): Promise<number> {
      await this.people.create(person);
      await this.people.create(person);
      return this.people.count({ name: person.name });
    }
  }

  @Module({
    imports: [QldbModule.forFeature([Person], { createTables: true })],
    providers: [People],
  })
  class PeopleModule {}

  const start = async (feature: Type | DynamicModule) => {
    const module = await Test.createTestingModule({
      imports: [
        QldbModule.forRoot({ ledgerName: 'test', store: 'memory:' }),
        feature,
      ],
    }).compile();
    module.useLogger(false);
    await module.init();
    return module;
  };

  it('gives repositories, and makes the tables', async () => {
    const module = await start(PeopleModule);
    const people = module.get(People, { strict: false });
    await expect(people.addTwice({ name: 'Ada', age: 36 })).resolves.toBe(2);
    await expect(module.get(Qldb).listTables()).resolves.toEqual(['People']);
    await module.close();
  });

  it('makes no tables unless it is asked to', async () => {
    const module = await start(QldbModule.forFeature([Person]));
    await expect(module.get(Qldb).listTables()).resolves.toEqual([]);
    await module.close();
  });

  it('has a token for each class and ledger, not for each name', () => {
    const another = () => {
      class Person {}
      return Person;
    };
    expect(getRepositoryToken(Person)).toBe(getRepositoryToken(Person));
    expect(getRepositoryToken(Person)).not.toBe(getRepositoryToken(another()));
    expect(getRepositoryToken(Person)).not.toBe(
      getRepositoryToken(Person, 'second'),
    );
  });

  it('wants @LedgerTable() on each class', () => {
    class Plain {}
    class Child extends Person {}
    expect(() => QldbModule.forFeature([Plain])).toThrow(/Plain.*LedgerTable/s);
    expect(() => QldbModule.forFeature([Child])).toThrow(QldbOptionsError);
  });

  describe('createTables', () => {
    const definitions = [
      { name: 'One', indexes: ['a', 'b'] },
      { name: 'Two', indexes: [] },
    ];

    it('finds what there is, and adds what is missing', async () => {
      await using test = await openTestQldb({
        setUp: ['CREATE TABLE One', 'CREATE INDEX ON One (b)'],
      });
      await createTables(test.qldb, definitions);
      expect(test.recorder.take().slice(2, -1)).toEqual([
        '1: CREATE INDEX ON "One" ("a")',
        '1: CREATE TABLE "Two"',
      ]);
      await createTables(test.qldb, definitions);
      expect(test.recorder.take()).toHaveLength(3);
    });

    it('is safe from several processes at a time', async () => {
      await using test = await openTestQldb();
      await Promise.all(
        Array.from({ length: 5 }, () => createTables(test.qldb, definitions)),
      );
      const tables = await test.qldb.listTables();
      expect(tables.sort()).toEqual(['One', 'Two']);
      const [indexes] = await test.qldb.execute<unknown[]>(
        "SELECT VALUE indexes FROM information_schema.user_tables WHERE name = 'One'",
      );
      expect(indexes).toHaveLength(2);
    });
  });
});

it('forFeature() without a ledger says what is missing', async () => {
  const compiled = (name?: string) =>
    Test.createTestingModule({
      imports: [
        QldbModule.forFeature([Car], name === undefined ? {} : { name }),
      ],
    }).compile();
  await expect(compiled()).rejects.toMatchObject({
    name: 'QldbOptionsError',
    message: expect.stringContaining(
      'there is no ledger; import QldbModule.forRoot({ ledgerName: … })',
    ) as string,
  });
  await expect(compiled('audit')).rejects.toMatchObject({
    message: expect.stringContaining(
      "there is no ledger named 'audit'",
    ) as string,
  });
});
