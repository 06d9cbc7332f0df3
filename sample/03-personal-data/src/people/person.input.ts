import { BadRequestException } from '@nestjs/common';

/** What may be told about a person. */
export interface Details {
  readonly Name?: string;
  readonly Email?: string;
  readonly Note?: string;
}

/** @throws BadRequestException */
export function parseNewPerson(body: unknown) {
  const { PersonId } = fieldsOf(body);
  const { Name, Email, Note } = parseDetails(body);
  if (!isPersonId(PersonId))
    throw new BadRequestException(
      'PersonId has 1 to 40 small letters, digits and hyphens, such as p-1042. It stays for ever, so let it say nothing about the person.',
    );
  if (Name === undefined || Email === undefined)
    throw new BadRequestException('Send a Name and an Email.');
  return { PersonId, Name, Email, Note };
}

/** @throws BadRequestException, which does not repeat what was sent */
export function parseDetails(body: unknown): Details {
  const { Name, Email, Note } = fieldsOf(body);
  const details = { Name, Email, Note };
  for (const [field, value] of Object.entries(details))
    if (value !== undefined && !isText(value))
      throw new BadRequestException(
        `${field} is a text of 1 to 200 characters.`,
      );
  return details as Details;
}

/** @throws BadRequestException */
export function parseVersion(body: unknown): number {
  const { Version } = fieldsOf(body);
  if (Number.isSafeInteger(Version) && Number(Version) >= 0)
    return Number(Version);
  throw new BadRequestException(
    'Version is the number of a revision: GET /people/:personId/history lists them.',
  );
}

function isPersonId(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9-]{1,40}$/.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 200;
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null) return { ...body };
  throw new BadRequestException(
    'Send a JSON object, with the header "Content-Type: application/json".',
  );
}
