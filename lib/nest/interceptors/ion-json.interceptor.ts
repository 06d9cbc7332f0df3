import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  StreamableFile,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { toJson } from '../../ion/json.js';

/**
 * Renders what handlers answer by `toJson`: decimals and bigints keep their
 * digits, bytes are base64. Streams pass as they are; render their rows with
 * `toJson` yourself.
 *
 * @example
 * ```ts
 * { provide: APP_INTERCEPTOR, useClass: IonJsonInterceptor }
 * ```
 */
@Injectable()
export class IonJsonInterceptor implements NestInterceptor {
  intercept(
    _context: ExecutionContext,
    next: CallHandler<unknown>,
  ): Observable<unknown> {
    return next
      .handle()
      .pipe(map((answer) => (isStream(answer) ? answer : toJson(answer))));
  }
}

function isStream(answer: unknown): boolean {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    (Symbol.asyncIterator in answer ||
      answer instanceof StreamableFile ||
      answer instanceof ReadableStream)
  );
}
