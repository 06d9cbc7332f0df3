import { Body, Controller, type INestApplication, Post } from '@nestjs/common';
import {
  FastifyAdapter,
  type NestFastifyApplication,
} from '@nestjs/platform-fastify';
import { Test, type TestingModule } from '@nestjs/testing';
import { Transactional } from '../../../lib/index.js';
import { Accounts, type Bank, type Deposit } from './bank.js';
import { HttpClient } from './http-client.js';
import { type Client, transactionalHandlers } from './suite.js';

@Controller()
@Transactional()
class AccountsController {
  constructor(private readonly accounts: Accounts) {}

  @Post('deposit')
  deposit(@Body() { id, amount }: Pick<Deposit, 'id'> & { amount: number }) {
    return this.accounts.deposit(id, amount);
  }

  @Post('hold')
  async hold(@Body() { id }: Pick<Deposit, 'id'>) {
    await this.accounts.hold(id);
  }
}

class AccountsClient extends HttpClient implements Client {
  deposit(id: string, amount: number): Promise<Deposit> {
    return this.post('deposit', { id, amount });
  }

  hold(id: string): void {
    this.post('hold', { id }).catch(() => undefined);
  }
}

const PLATFORMS: Record<string, (module: TestingModule) => INestApplication> = {
  Express: (module) => module.createNestApplication({ logger: false }),
  Fastify: (module) =>
    module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), {
      logger: false,
    }),
};

for (const [name, create] of Object.entries(PLATFORMS))
  transactionalHandlers({
    name,
    async start(bank: Bank) {
      const module = await Test.createTestingModule(
        bank.module({ controllers: [AccountsController] }),
      ).compile();
      const app = create(module);
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();
      return { app, connect: async () => new AccountsClient(url) };
    },
  });
