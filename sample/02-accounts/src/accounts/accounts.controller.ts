import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { Transactional } from 'nestjs-qldb';
import { amountOf, fieldsOf, nameOf } from '../json/input.js';
import { ACCOUNTS } from '../ledgers.js';
import { AccountsService } from './accounts.service.js';

@Controller('accounts')
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Post()
  open(@Body() body: unknown) {
    const { Name, Balance } = fieldsOf(body);
    return this.accounts.open({
      Name: nameOf(Name, 'Name'),
      Balance: amountOf(Balance, 'Balance'),
    });
  }

  /** One transaction, so the total is that of these very balances. */
  @Get()
  @Transactional({ name: ACCOUNTS, readOnly: true })
  async all() {
    return {
      Total: await this.accounts.total(),
      Accounts: await this.accounts.all(),
    };
  }

  @Get(':name')
  find(@Param('name') name: string) {
    return this.accounts.find(name);
  }

  @Get(':name/history')
  @Transactional({ name: ACCOUNTS, readOnly: true })
  history(@Param('name') name: string) {
    return this.accounts.history(name);
  }
}
