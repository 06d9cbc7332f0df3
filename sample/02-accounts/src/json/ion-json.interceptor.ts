import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { toJson } from './to-json.js';

/** Renders what handlers answer, over HTTP and over TCP. */
@Injectable()
export class IonJsonInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map(toJson));
  }
}
