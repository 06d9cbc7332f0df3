import {
  Controller,
  Get,
  Header,
  Next,
  Req,
  Res,
  Sse,
  StreamableFile,
  type Type,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  NotTransactionalError,
  Propagation,
  QldbModule,
  Transactional,
} from '../../lib/nest/index.js';
import { ScriptedEndpoint } from './scripted-endpoint.js';

async function compile(...controllers: Type[]): Promise<ScriptedEndpoint> {
  const endpoint = new ScriptedEndpoint();
  await Test.createTestingModule({
    imports: [QldbModule.forRoot({ ledgerName: 'test', endpoint })],
    controllers,
  }).compile();
  return endpoint;
}

describe('handlers that no transaction can be put around', () => {
  it('are refused at the start, all at once', async () => {
    @Controller()
    @Transactional()
    class Streams {
      @Sse('events')
      events() {
        return of({ data: 1 });
      }
      @Get('file')
      file(): StreamableFile {
        return new StreamableFile(Buffer.from(''));
      }
      @Get('rows')
      async *rows() {
        yield 1;
      }
      @Get('fine')
      fine(@Req() _request: object) {
        return {};
      }
      @Get('also-fine')
      @Header('x-a', 'b')
      alsoFine(@Res({ passthrough: true }) _response: object) {
        return {};
      }
    }
    @Controller()
    class Responds {
      @Get('response')
      @Transactional()
      response(@Req() _request: object, @Res() _response: object) {}
      @Get('next')
      @Transactional()
      next(@Next() _next: object) {}
      @Get('plain')
      plain(@Res() _response: object) {}
    }
    const error = await compile(Streams, Responds).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(NotTransactionalError);
    const { message } = error as Error;
    for (const handler of [
      'Streams.events()',
      'Streams.file()',
      'Streams.rows()',
      'Responds.response()',
      'Responds.next()',
    ])
      expect(message).toContain(handler);
    expect(message).not.toMatch(/fine|plain/i);
  });

  it('may opt out of the transactions of their class', async () => {
    @Controller()
    @Transactional()
    class Streams {
      @Sse('events')
      @Transactional({ propagation: Propagation.NOT_SUPPORTED })
      events() {
        return of({ data: 1 });
      }
      @Get('rows')
      @Transactional({ propagation: Propagation.NOT_SUPPORTED })
      async *rows() {
        yield 1;
      }
    }
    await expect(compile(Streams)).resolves.toBeDefined();
  });

  it('are refused where they are written, if that can be', () => {
    expect(() => {
      class Generates {
        @Transactional()
        async *rows() {
          yield 1;
        }
      }
      return Generates;
    }).toThrow(/async generator/);
  });
});
