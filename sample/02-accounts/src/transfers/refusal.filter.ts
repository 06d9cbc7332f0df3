import { Catch, HttpException, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/** Says over TCP why a transfer was refused, where Nest would say "Internal server error". */
@Catch(HttpException)
export class RefusalFilter implements RpcExceptionFilter<HttpException> {
  catch(refusal: HttpException): Observable<never> {
    const { message } = refusal;
    return throwError(() => ({ status: 'error', message }));
  }
}
