import { randomUUID } from 'node:crypto';
import { BadRequestException } from '@nestjs/common';
import type { Transfer } from '../documents.js';
import { amountOf, fieldsOf, nameOf } from '../json/input.js';

/**
 * A transfer, as it is asked for over HTTP or TCP. Without an `Id` it gets one.
 *
 * @throws BadRequestException
 */
export function parseTransfer(body: unknown): Transfer {
  const { Id, From, To, Amount } = fieldsOf(body);
  const transfer = {
    Id: Id === undefined ? randomUUID() : nameOf(Id, 'Id'),
    From: nameOf(From, 'From'),
    To: nameOf(To, 'To'),
    Amount: amountOf(Amount, 'Amount'),
  };
  if (transfer.From === transfer.To)
    throw new BadRequestException('From and To are two accounts.');
  return transfer;
}
