import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Args,
  Field,
  GraphQLModule,
  ID,
  Int,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Transactional } from '../../../lib/index.js';
import { Accounts, Bank, type Deposit, gate } from './bank.js';
import { HttpClient } from './http-client.js';
import { type Client, transactionalHandlers } from './suite.js';

@ObjectType('Deposit')
class DepositType implements Deposit {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => Int)
  readonly balance!: number;

  @Field(() => [ID])
  readonly transactions!: string[];
}

@ObjectType()
class Account {
  @Field(() => ID)
  readonly id!: string;
}

@Resolver(() => Account)
class AccountsResolver {
  constructor(private readonly accounts: Accounts) {}

  @Query(() => [Account])
  bank(@Args('ids', { type: () => [ID] }) ids: string[]): Account[] {
    return ids.map((id) => ({ id }));
  }

  @Mutation(() => DepositType)
  @Transactional()
  deposit(
    @Args('id', { type: () => ID }) id: string,
    @Args('amount', { type: () => Int }) amount: number,
  ): Promise<Deposit> {
    return this.accounts.deposit(id, amount);
  }

  @Mutation(() => Boolean)
  @Transactional()
  async hold(@Args('id', { type: () => ID }) id: string): Promise<boolean> {
    await this.accounts.hold(id);
    return true;
  }

  /** A field that writes, which a schema should not have: it shows conflicts well. */
  @ResolveField(() => DepositType)
  @Transactional()
  deposited(
    @Parent() { id }: Account,
    @Args('amount', { type: () => Int }) amount: number,
  ): Promise<Deposit> {
    return this.accounts.deposit(id, amount);
  }
}

const DEPOSIT = '{ id balance transactions }';

class GraphqlClient extends HttpClient {
  async query<T>(
    query: string,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<T> {
    const { data, errors } = await this.post<{ data: T; errors?: unknown }>(
      'graphql',
      { query, variables },
    );
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }
}

/** Deposits by a root resolver. */
class RootClient extends GraphqlClient implements Client {
  async deposit(id: string, amount: number): Promise<Deposit> {
    const { deposit } = await this.query<{ deposit: Deposit }>(
      `mutation ($id: ID!, $amount: Int!) { deposit(id: $id, amount: $amount) ${DEPOSIT} }`,
      { id, amount },
    );
    return deposit;
  }

  hold(id: string): void {
    this.query('mutation ($id: ID!) { hold(id: $id) }', { id }).catch(
      () => undefined,
    );
  }
}

/** Deposits by a field resolver. */
class FieldClient extends RootClient {
  override async deposit(id: string, amount: number): Promise<Deposit> {
    const { bank } = await this.query<{ bank: { deposited: Deposit }[] }>(
      `query ($id: ID!, $amount: Int!) { bank(ids: [$id]) { deposited(amount: $amount) ${DEPOSIT} } }`,
      { id, amount },
    );
    if (!bank[0]) throw new Error('There is no account.');
    return bank[0].deposited;
  }
}

async function start(
  bank: Bank,
  options: Pick<ApolloDriverConfig, 'fieldResolverEnhancers'> = {},
) {
  const module = await Test.createTestingModule(
    bank.module({
      imports: [
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          autoSchemaFile: true,
          ...options,
        }),
      ],
      providers: [AccountsResolver],
    }),
  ).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

transactionalHandlers({
  name: 'GraphQL, by root resolvers',
  async start(bank) {
    const { app, url } = await start(bank);
    return { app, connect: async () => new RootClient(url) };
  },
});

transactionalHandlers({
  name: 'GraphQL, by field resolvers',
  async start(bank) {
    const { app, url } = await start(bank);
    return { app, connect: async () => new FieldClient(url) };
  },
});

transactionalHandlers({
  name: 'GraphQL, by field resolvers with interceptors',
  async start(bank) {
    const { app, url } = await start(bank, {
      fieldResolverEnhancers: ['interceptors'],
    });
    return { app, connect: async () => new FieldClient(url) };
  },
});

describe('one GraphQL request', () => {
  let bank: Bank;
  let app: Awaited<ReturnType<typeof start>>['app'];
  let client: RootClient;

  beforeEach(async () => {
    bank = await Bank.open('a', 'b', 'c');
    const running = await start(bank);
    app = running.app;
    client = new RootClient(running.url);
  });
  afterEach(async () => {
    await client.leave();
    await app.close();
    await bank.close();
  });

  it('has a transaction for each of its field resolvers, which run at once', async () => {
    const all = gate();
    let waiting = 0;
    bank.between = () => {
      if (++waiting === 3) all.open();
      return all.opened;
    };
    const data = await client.query<{
      bank: { deposited: Deposit }[];
    }>(
      `{ bank(ids: ["a", "b", "c"]) { deposited(amount: 1) ${DEPOSIT} } }`,
      {},
    );
    const transactions = data.bank.map(
      ({ deposited }) => deposited.transactions,
    );
    expect(new Set(transactions.flat()).size).toBe(3);
    expect(transactions.every((own) => own.length === 1)).toBe(true);
  });

  it('has a transaction for each of its mutations, one after the other', async () => {
    const data = await client.query<Record<'one' | 'two', Deposit>>(
      `mutation { one: deposit(id: "a", amount: 1) ${DEPOSIT} two: deposit(id: "a", amount: 2) ${DEPOSIT} }`,
      {},
    );
    expect([data.one.balance, data.two.balance]).toEqual([1, 3]);
    expect(data.one.transactions).not.toEqual(data.two.transactions);
  });
});
