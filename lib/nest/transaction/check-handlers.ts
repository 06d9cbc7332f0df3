import { StreamableFile, type Type } from '@nestjs/common';
import {
  RESPONSE_PASSTHROUGH_METADATA,
  ROUTE_ARGS_METADATA,
  RouteParamtypes,
  SSE_METADATA,
} from '@nestjs/common/internal';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { NotTransactionalError } from '../errors/transaction.errors.js';
import { DEFAULT_LEDGER } from '../qldb.tokens.js';
import {
  begins,
  isAsyncGenerator,
  transactionalOptionsOf,
} from './transactional.metadata.js';

/**
 * Looks through the controllers of an application for handlers that no
 * transaction can be put around, before anything is opened.
 *
 * @param name - only those whose transactions belong to this ledger
 * @throws NotTransactionalError naming all of them
 */
export function checkHandlers(modules: ModulesContainer, name: string): void {
  const refused = [...modules.values()]
    .flatMap(({ controllers }) => [...controllers.values()])
    .flatMap(({ metatype }) =>
      typeof metatype === 'function'
        ? refusedHandlers(metatype as Type, name)
        : [],
    );
  if (refused.length > 0)
    throw new NotTransactionalError(
      `No transaction can be put around these handlers: ${[...new Set(refused)].join('; ')}. Remove @Transactional() from them, or set propagation NOT_SUPPORTED, and call a transactional service instead.`,
    );
}

function refusedHandlers(controller: Type, name: string): string[] {
  const prototype = controller.prototype as Record<string, unknown>;
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .flatMap((methodName) => {
      const method = prototype[methodName];
      if (typeof method !== 'function') return [];
      const options = transactionalOptionsOf(controller, method);
      if (!options || !begins(options)) return [];
      if ((options.name ?? DEFAULT_LEDGER) !== name) return [];
      const reason = refusalOf(controller, methodName, method);
      return reason ? [`${controller.name}.${methodName}() ${reason}`] : [];
    });
}

function refusalOf(
  controller: Type,
  methodName: string,
  method: object,
): string | undefined {
  if (Reflect.getMetadata(SSE_METADATA, method))
    return 'sends events (@Sse()) for as long as the client listens';
  if (isAsyncGenerator(method))
    return 'is an async generator, which runs when the transaction has ended';
  const { prototype } = controller as { prototype: object };
  if (
    Reflect.getMetadata('design:returntype', prototype, methodName) ===
    StreamableFile
  )
    return 'returns a StreamableFile, which is read when the transaction has ended';
  if (answersItself(controller, methodName))
    return 'answers by itself (@Res() or @Next()), so its answer would leave before the commit; @Res({ passthrough: true }) does not';
  return undefined;
}

function answersItself(controller: Type, methodName: string): boolean {
  if (
    Reflect.getMetadata(RESPONSE_PASSTHROUGH_METADATA, controller, methodName)
  )
    return false;
  // Keys are made of a parameter's type and its place: `1:0`.
  const parameters = Object.keys(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, methodName) ??
      {}) as object,
  );
  return [RouteParamtypes.RESPONSE, RouteParamtypes.NEXT].some((type) =>
    parameters.some((parameter) => parameter.startsWith(`${type}:`)),
  );
}
