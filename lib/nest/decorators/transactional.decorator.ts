import 'reflect-metadata';
import { Inject, UseInterceptors } from '@nestjs/common';
import { isObservable, Observable } from 'rxjs';
import { QldbOptionsError } from '../errors/module.errors.js';
import { NotTransactionalError } from '../errors/transaction.errors.js';
import type { TransactionalOptions } from '../interfaces/transactional-options.interface.js';
import { type Qldb, TRANSACTIONS } from '../qldb.js';
import { DEFAULT_LEDGER, getQldbToken } from '../qldb.tokens.js';
import { Propagation } from '../transaction/propagation.js';
import { refuseStreams } from '../transaction/refuse-streams.js';
import {
  inTransaction,
  TransactionInterceptor,
} from '../transaction/transaction.interceptor.js';
import {
  begins,
  isAsyncGenerator,
  TRANSACTIONAL,
} from '../transaction/transactional.metadata.js';

/**
 * Runs a method in a transaction: begins one, or joins the one that is running
 * (see {@link Propagation}), commits it when the method's promise resolves, and
 * aborts it when it rejects. After a conflict the method runs again in a fresh
 * transaction, so it must do nothing outside of the ledger that cannot be done
 * twice; `qldb.afterCommit()` is the place for that.
 *
 * - On a handler (HTTP, GraphQL, microservice, WebSocket), or on its class: the
 *   answer leaves after the commit; a conflict runs the pipes again too; a
 *   client that goes away aborts.
 * - On a method of any other provider: the method must return a promise, or
 *   declare `: Observable<…>` as its return type.
 * - On a provider's class: all its `async` methods.
 *
 * @example
 * ```ts
 * \@Post(':vin/transfer')
 * \@Transactional()
 * async transfer(@Param('vin') vin: string, @Body() body: Transfer) { … }
 * ```
 */
export function Transactional(
  options: TransactionalOptions = {},
): ClassDecorator & MethodDecorator {
  checkOptions(options);
  return (
    target: object,
    key?: string | symbol,
    descriptor?: PropertyDescriptor,
  ): void => {
    if (key === undefined) decorateClass(target as Constructor, options);
    else decorateMethod(target, key, descriptor, options);
  };
}

type Method = (...args: unknown[]) => unknown;
type Constructor = (new (...args: never[]) => unknown) & { prototype: object };

function decorateClass(target: Constructor, options: TransactionalOptions) {
  Reflect.defineMetadata(TRANSACTIONAL, options, target);
  UseInterceptors(TransactionInterceptor)(target);
  const { prototype } = target;
  for (const [key, descriptor] of Object.entries(
    Object.getOwnPropertyDescriptors(prototype),
  )) {
    const method: unknown = descriptor.value;
    if (
      !isAsyncFunction(method) ||
      Reflect.hasOwnMetadata(TRANSACTIONAL, method)
    )
      continue;
    Object.defineProperty(prototype, key, {
      ...descriptor,
      value: wrap(method, prototype, key, options),
    });
  }
}

function decorateMethod(
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
  options: TransactionalOptions,
): void {
  const method: unknown = descriptor?.value;
  if (typeof target === 'function' || typeof method !== 'function')
    throw new NotTransactionalError(
      `@Transactional() stands on ${String(key)}, which is not a method of an instance. Put it on a method that is neither static nor an accessor.`,
    );
  if (isAsyncGenerator(method) && begins(options))
    throw new NotTransactionalError(
      `@Transactional() stands on ${String(key)}(), an async generator, which runs when its transaction would have ended. Iterate qldb.stream() in it, which is a transaction of its own.`,
    );
  const wrapped = isAsyncGenerator(method)
    ? (method as Method)
    : wrap(method as Method, target, key, options);
  Reflect.defineMetadata(TRANSACTIONAL, options, wrapped);
  UseInterceptors(TransactionInterceptor)(target, key, { value: wrapped });
  if (descriptor) descriptor.value = wrapped;
}

/** The method, run in a transaction of the ledger that Nest gives to the instance. */
function wrap(
  method: Method,
  prototype: object,
  key: string | symbol,
  options: TransactionalOptions,
): Method {
  const qldbKey = injectQldb(prototype, options.name);
  const declared: unknown = Reflect.getMetadata(
    'design:returntype',
    prototype,
    key,
  );
  const where = `${prototype.constructor.name}.${String(key)}()`;
  const wrapped = new Proxy(method, {
    apply(target, self: Record<symbol, Partial<Qldb> | undefined>, args) {
      const qldb = self?.[qldbKey];
      if (!qldb)
        throw new NotTransactionalError(
          `${where} is transactional, but its object was not made by Nest, so it has no ledger. Get it from the application, or use qldb.executeLambda().`,
        );
      const call = (): unknown => Reflect.apply(target, self, args);
      const host = qldb[TRANSACTIONS];
      // A test double has no transactions.
      if (!host) return call();
      const { current } = host;
      if (current?.entry === wrapped) {
        current.entry = undefined;
        return call();
      }
      if (declared === Observable)
        return inTransaction(
          host,
          options,
          undefined,
          call as () => Observable<unknown>,
        );
      return host.run(options, async () => {
        const result = await call();
        if (!host.current) return result;
        if (isObservable(result))
          throw new NotTransactionalError(
            `${where} is transactional and returns an Observable. Declare it, so that the transaction can span it: \`: Observable<…>\` as the method's return type.`,
          );
        refuseStreams([result]);
        return result;
      });
    },
  });
  // Decorators that stand below left their metadata on the method itself.
  for (const metadataKey of Reflect.getOwnMetadataKeys(method) as unknown[])
    Reflect.defineMetadata(
      metadataKey,
      Reflect.getOwnMetadata(metadataKey, method),
      wrapped,
    );
  return wrapped;
}

const qldbKeys = new Map<string, symbol>();

/** Has Nest put the ledger on each instance, in the application that makes it. */
function injectQldb(prototype: object, name = DEFAULT_LEDGER): symbol {
  const key = qldbKeys.get(name) ?? Symbol(`Qldb:${name}`);
  qldbKeys.set(name, key);
  Inject(getQldbToken(name))(prototype, key);
  return key;
}

function isAsyncFunction(value: unknown): value is Method {
  return (
    typeof value === 'function' && value.constructor.name === 'AsyncFunction'
  );
}

function checkOptions(options: TransactionalOptions): void {
  const known = ['name', 'propagation', 'retry', 'readOnly'];
  const problems = Object.keys(options)
    .filter((option) => !known.includes(option))
    .map(
      (option) => `'${option}' is no option; there are ${known.join(', ')}.`,
    );
  const { propagation } = options;
  if (propagation !== undefined && !(propagation in Propagation))
    problems.push(
      (propagation as string) === 'NESTED'
        ? 'propagation NESTED needs savepoints, which a ledger does not have. Use REQUIRED to share the fate of the running transaction, or REQUIRES_NEW for one beside it.'
        : `propagation is one of ${Object.keys(Propagation).join(', ')}.`,
    );
  if (problems.length > 0)
    throw new QldbOptionsError('@Transactional() cannot be used', problems);
}
