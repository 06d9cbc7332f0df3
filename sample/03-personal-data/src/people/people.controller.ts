import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
} from '@nestjs/common';
import { PeopleService } from './people.service.js';
import { parseDetails, parseNewPerson, parseVersion } from './person.input.js';

@Controller('people')
export class PeopleController {
  constructor(private readonly people: PeopleService) {}

  @Post()
  register(@Body() body: unknown) {
    return this.people.register(parseNewPerson(body));
  }

  @Get(':personId')
  find(@Param('personId') personId: string) {
    return this.people.find(personId);
  }

  @Patch(':personId')
  update(@Param('personId') personId: string, @Body() body: unknown) {
    return this.people.update(personId, parseDetails(body));
  }

  /** Crypto-shredding: all that is sealed, wherever there is a copy of it, is unreadable after this. */
  @Delete(':personId')
  forget(@Param('personId') personId: string) {
    return this.people.forget(personId);
  }

  @Get(':personId/history')
  history(@Param('personId') personId: string) {
    return this.people.history(personId);
  }

  /** Redaction: one revision's data is taken out of the ledger, plain text included. */
  @Post(':personId/redactions')
  @HttpCode(200)
  redact(@Param('personId') personId: string, @Body() body: unknown) {
    return this.people.redact(personId, parseVersion(body));
  }
}
