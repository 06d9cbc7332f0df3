import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { toJson } from './to-json.js';

/** Renders what handlers return as JSON. Streams render their own rows. */
@Injectable()
export class IonJsonInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(
        map((result: unknown) => (isStream(result) ? result : toJson(result))),
      );
  }
}

function isStream(result: unknown): boolean {
  return (
    typeof result === 'object' &&
    result !== null &&
    Symbol.asyncIterator in result
  );
}
