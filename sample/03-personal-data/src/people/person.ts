import type { KeyObject } from 'node:crypto';
import { LedgerTable } from 'nestjs-qldb';
import { seal, unseal } from '../vault/seal.js';
import type { Details } from './person.input.js';

/** A person as the ledger has them. What says something about them is sealed. */
@LedgerTable({ indexes: ['PersonId'] })
export class Person {
  /** Says nothing about who it is: it stays for ever. */
  declare readonly PersonId: string;
  declare readonly Name?: Uint8Array;
  declare readonly Email?: Uint8Array;
  /** In plain text: for what is about the business, not about the person. */
  declare readonly Note?: string;
  declare readonly ForgottenAt?: Date;
}

/** A person as they can be read; `null` is what nobody can read any more. */
export interface PersonView {
  readonly PersonId: string;
  readonly Name?: string | null;
  readonly Email?: string | null;
  readonly Note?: string;
  readonly ForgottenAt?: Date;
}

type SealedField = 'Name' | 'Email';

/** Details as they go into the ledger; fields that are not given are left out. */
export function sealDetails(
  personId: string,
  details: Details,
  key: KeyObject,
): Omit<Person, 'PersonId'> {
  const sealed = (field: SealedField) => {
    const text = details[field];
    return text === undefined
      ? undefined
      : seal(text, key, { table: 'Person', personId, field });
  };
  return {
    Name: sealed('Name'),
    Email: sealed('Email'),
    Note: details.Note,
  };
}

/** A document of the ledger as it can be read, which without the key is less of it. */
export function openPerson(
  document: Person,
  key: KeyObject | undefined,
): PersonView {
  const { PersonId: personId, Note, ForgottenAt } = document;
  const opened = (field: SealedField) => {
    const bytes = document[field];
    if (!bytes) return undefined;
    return key
      ? unseal(bytes, key, { table: 'Person', personId, field })
      : null;
  };
  return {
    PersonId: personId,
    Name: opened('Name'),
    Email: opened('Email'),
    Note,
    ForgottenAt,
  };
}
