import {
  Controller,
  Get,
  Injectable,
  Module,
  type OnModuleInit,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import {
  DuplicateLedgerNameError,
  getQldbDriverToken,
  getQldbToken,
  InjectQldb,
  InjectQldbDriver,
  Qldb,
  QldbModule,
  type QldbModuleOptions,
  QldbOptionsError,
  type QldbOptionsFactory,
} from '../../lib/nest/index.js';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { startApp } from './app.js';
import { ScriptedEndpoint } from './scripted-endpoint.js';

const memory: QldbModuleOptions = { ledgerName: 'test', endpoint: scripted() };

function scripted(): ScriptedEndpoint {
  return new ScriptedEndpoint();
}

async function compile(...imports: ReturnType<typeof QldbModule.forRoot>[]) {
  const module = await Test.createTestingModule({ imports }).compile();
  module.useLogger(false);
  return module;
}

describe('QldbModule', () => {
  it('gives a Qldb and its driver', async () => {
    @Injectable()
    class Service {
      constructor(
        @InjectQldb() readonly qldb: Qldb,
        @InjectQldbDriver() readonly driver: PooledQldbDriver,
        readonly byClass: Qldb,
      ) {}
    }
    const test = await startApp({ providers: [Service] });
    const { qldb, driver, byClass } = test.get(Service);
    expect(qldb).toBeInstanceOf(Qldb);
    expect(qldb.driver).toBe(driver);
    expect(byClass).toBe(qldb);
    await test.app.close();
  });

  it('opens at the start, and ends every session at the end', async () => {
    const test = await startApp({});
    expect(test.endpoint.open).toBe(1);
    await test.app.close();
    expect(test.endpoint.open).toBe(0);
  });

  it('leaves a ready endpoint open: it is its maker who closes it', async () => {
    const test = await startApp({});
    await test.app.close();
    expect(test.endpoint.closed).toBe(false);
  });

  it('lazyConnection waits for the first use', async () => {
    const test = await startApp({}, { lazyConnection: true });
    expect(test.endpoint.sessions).toBe(0);
    await test.app.get(Qldb).execute('S');
    expect(test.endpoint.sessions).toBe(1);
    await test.app.close();
  });

  it('closes after the hooks of all other modules', async () => {
    const endpoint = scripted();
    @Injectable()
    class Late {
      constructor(@InjectQldb() private readonly qldb: Qldb) {}
      async onApplicationShutdown() {
        await this.qldb.execute('farewell');
      }
    }
    const test = await startApp({ providers: [Late] }, { endpoint });
    await test.app.close();
    expect(endpoint.log).toEqual(['begin 1', '1: farewell', 'commit 1']);
    expect(endpoint.open).toBe(0);
  });

  describe('forRootAsync', () => {
    @Injectable()
    class Options implements QldbOptionsFactory {
      static asked: (string | undefined)[] = [];
      async createQldbOptions(name?: string) {
        Options.asked.push(name);
        return { ...memory, ledgerName: 'made' };
      }
    }
    @Module({ providers: [Options], exports: [Options] })
    class OptionsModule {}

    it('takes useFactory, with imports, inject and extraProviders', async () => {
      const module = await compile(
        QldbModule.forRootAsync({
          imports: [OptionsModule],
          inject: [Options, 'NAME'],
          extraProviders: [{ provide: 'NAME', useValue: 'extra' }],
          useFactory: (options: Options, ledgerName: string) => {
            expect(options).toBeInstanceOf(Options);
            return { ...memory, ledgerName };
          },
        }),
      );
      expect(module.get(Qldb).driver.ledgerName).toBe('extra');
    });

    it('takes useClass and useExisting, and tells them the name', async () => {
      Options.asked = [];
      const module = await compile(
        QldbModule.forRootAsync({ useClass: Options }),
        QldbModule.forRootAsync({
          name: 'second',
          imports: [OptionsModule],
          useExisting: Options,
        }),
      );
      expect(module.get(Qldb).driver.ledgerName).toBe('made');
      expect(module.get(getQldbToken('second'))).toBeInstanceOf(Qldb);
      expect(new Set(Options.asked)).toEqual(new Set([undefined, 'second']));
    });

    it('does not change what it is given', async () => {
      const options = Object.freeze({
        imports: [OptionsModule],
        useFactory: () => Object.freeze({ ...memory }),
      });
      await compile(QldbModule.forRootAsync(options));
      await compile(QldbModule.forRootAsync(options));
    });

    it('says where the name belongs', async () => {
      const module = compile(
        QldbModule.forRootAsync({
          useFactory: () => ({ ...memory, name: 'inside' }),
        }),
      );
      await expect(module).rejects.toThrow(
        /name stands beside the factory, in forRootAsync\(\{ name, … \}\)/,
      );
    });

    it('wants exactly one way to make options', () => {
      expect(() => QldbModule.forRootAsync({})).toThrow(QldbOptionsError);
      expect(() =>
        QldbModule.forRootAsync({
          useClass: Options,
          useFactory: () => memory,
        }),
      ).toThrow(/there are 2/);
    });
  });

  describe('options', () => {
    const wrong = (options: object): readonly string[] => {
      try {
        QldbModule.forRoot(options as QldbModuleOptions);
      } catch (error) {
        if (error instanceof QldbOptionsError) return error.problems;
        throw error;
      }
      return [];
    };

    it('are checked at once, and all that is wrong is named', () => {
      expect(
        wrong({
          ledgername: 'a',
          store: 'memory:',
          region: 'eu-west-1',
          poolLimit: -1,
          timeout: 'long',
          retry: { limt: 3 },
        }),
      ).toEqual(
        [
          expect.stringMatching(
            /^ledgername is not an option; there are ledgerName, store/,
          ),
          expect.stringMatching(
            /^a ledger is in this process \(store\) or elsewhere/,
          ),
          expect.stringMatching(/^ledgerName must be/),
          expect.stringMatching(/^retry\.limt is not an option/),
          expect.stringMatching(/^poolLimit must be/),
          expect.stringMatching(/^timeout must be/),
        ].map((problem) => problem as unknown),
      );
    });

    it('need no more than a ledger name', () => {
      expect(wrong({ ledgerName: 'a' })).toEqual([]);
      expect(wrong({})).toHaveLength(1);
      expect(
        wrong({ ledgerName: 'a', store: 5, lazyConnection: 'yes' }),
      ).toHaveLength(2);
      expect(wrong({ ledgerName: 'a/b', store: 'nope' })).toHaveLength(2);
      expect(
        wrong({ ledgerName: 'a', region: 'eu-west-1', limits: { rows: 0 } }),
      ).toEqual([
        expect.stringMatching(/^limits\.rows is not a limit; there are /),
        expect.stringMatching(/^limits are those of a ledger in this process/),
      ]);
    });

    it('never show a value that may be a secret', () => {
      const problems = wrong({
        credentials: 's3cret',
        ledgerName: 7,
        apiKey: 's3cret',
      });
      expect(problems.join()).not.toContain('s3cret');
    });

    it('from a factory are checked before anything is opened', async () => {
      const module = compile(
        QldbModule.forRootAsync({
          useFactory: () => ({}) as QldbModuleOptions,
        }),
      );
      await expect(module).rejects.toThrow(QldbOptionsError);
    });
  });

  describe('several ledgers', () => {
    it('have names, tokens and transactions of their own', async () => {
      const endpoints = { default: scripted(), audit: scripted() };
      @Injectable()
      class Service {
        constructor(
          @InjectQldb() readonly main: Qldb,
          @InjectQldb('audit') readonly audit: Qldb,
          @InjectQldbDriver('audit') readonly driver: PooledQldbDriver,
        ) {}
      }
      const module = await Test.createTestingModule({
        imports: [
          QldbModule.forRoot({ ledgerName: 'a', endpoint: endpoints.default }),
          QldbModule.forRoot({
            name: 'audit',
            ledgerName: 'b',
            endpoint: endpoints.audit,
          }),
        ],
        providers: [Service],
      }).compile();
      const { main, audit, driver } = module.get(Service);
      expect(audit.driver).toBe(driver);
      expect(module.get(getQldbDriverToken('audit'))).toBe(driver);
      await main.executeLambda(() => audit.execute('beside'));
      expect(endpoints.default.log).toEqual(['begin 1', 'commit 1']);
      expect(endpoints.audit.log).toEqual(['begin 1', '1: beside', 'commit 1']);
      await module.close();
    });

    it('must not have the same name', async () => {
      const twice = () =>
        compile(QldbModule.forRoot(memory), QldbModule.forRoot(memory));
      await expect(twice()).rejects.toThrow(DuplicateLedgerNameError);
      await expect(twice()).rejects.toThrow("registered as 'default'");
    });

    it('two applications in a process know nothing of each other', async () => {
      @Controller()
      class Who {
        constructor(@InjectQldb() private readonly qldb: Qldb) {}
        @Get()
        who() {
          return this.qldb.execute('who');
        }
      }
      const one = await startApp({ controllers: [Who] });
      const two = await startApp({ controllers: [Who] });
      one.endpoint.pages.set('who', [['one']]);
      two.endpoint.pages.set('who', [['two']]);
      expect(await (await two.fetch('/')).json()).toEqual(['two']);
      await two.app.close();
      expect(await (await one.fetch('/')).json()).toEqual(['one']);
      await one.app.close();
    });
  });

  describe('the start', () => {
    const failing = (times: number, error: Error = new Error('away')) => {
      const endpoint = scripted();
      let starts = 0;
      endpoint.before = ({ StartSession }) => {
        if (StartSession && ++starts <= times) throw error;
      };
      return { endpoint, starts: () => starts };
    };

    it('is tried again while the endpoint is away', async () => {
      const { endpoint, starts } = failing(3);
      const test = await startApp({}, { endpoint, retryDelay: 0 });
      expect(starts()).toBe(4);
      await test.app.close();
      expect(endpoint.open).toBe(0);
    });

    it('fails with the original error after the last attempt', async () => {
      const error = new Error('away');
      const { endpoint, starts } = failing(Infinity, error);
      const start = startApp({}, { endpoint, retryAttempts: 2, retryDelay: 0 });
      await expect(start).rejects.toSatisfy(
        (thrown: Error) => thrown === error || thrown.cause === error,
      );
      expect(starts()).toBe(3);
    });
  });

  describe('a start that fails', () => {
    it('leaves nothing open, whichever ledger it was', async () => {
      const good = scripted();
      const bad = scripted();
      bad.before = () => {
        throw new Error('away');
      };
      const module = await compile(
        QldbModule.forRoot({ ledgerName: 'good', endpoint: good }),
        QldbModule.forRoot({
          name: 'bad',
          ledgerName: 'bad',
          endpoint: bad,
          retry: { limit: 0 },
          retryAttempts: 1,
          retryDelay: 0,
        }),
      );
      await expect(module.init()).rejects.toThrow();
      expect(good.open).toBe(0);
    });

    it('opens nothing before every provider is made', async () => {
      const endpoint = scripted();
      const compiling = Test.createTestingModule({
        imports: [QldbModule.forRoot({ ledgerName: 'a', endpoint })],
        providers: [
          {
            provide: 'BROKEN',
            useFactory: () => {
              throw new Error('broken');
            },
          },
        ],
      }).compile();
      await expect(compiling).rejects.toThrow('broken');
      expect(endpoint.sessions).toBe(0);
    });

    it('of the application lets it be closed', async () => {
      const endpoint = scripted();
      @Injectable()
      class Broken implements OnModuleInit {
        onModuleInit() {
          throw new Error('broken');
        }
      }
      const module = await Test.createTestingModule({
        imports: [QldbModule.forRoot({ ledgerName: 'a', endpoint })],
        providers: [Broken],
      }).compile();
      await expect(module.init()).rejects.toThrow('broken');
      await module.close();
      expect(endpoint.open).toBe(0);
    });
  });

  it('isGlobal: false gives the ledger to those who import it', async () => {
    @Injectable()
    class Service {
      constructor(@InjectQldb() readonly qldb: Qldb) {}
    }
    const own = QldbModule.forRoot({ ...memory, isGlobal: false });
    @Module({ imports: [own], providers: [Service] })
    class With {}
    @Module({ providers: [Service] })
    class Without {}
    const both = Test.createTestingModule({ imports: [With, Without] });
    await expect(both.compile()).rejects.toThrow(/resolve dependencies/);
    const module = await Test.createTestingModule({
      imports: [With],
    }).compile();
    expect(module.get(Service, { strict: false }).qldb).toBeInstanceOf(Qldb);
  });

  it('can be overridden in tests by its token', async () => {
    const double = { execute: async () => ['double'] };
    const module = await Test.createTestingModule({
      imports: [QldbModule.forRoot({ ...memory, lazyConnection: true })],
    })
      .overrideProvider(getQldbToken())
      .useValue(double)
      .compile();
    expect(module.get(Qldb)).toBe(double);
  });
});
