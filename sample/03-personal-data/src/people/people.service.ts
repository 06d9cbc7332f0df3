import type { KeyObject } from 'node:crypto';
import {
  ConflictException,
  GoneException,
  Injectable,
  NotFoundException,
} from '@nestjs/common';
import {
  InjectQldb,
  InjectRepository,
  LedgerRepository,
  Qldb,
  type Stored,
  Transactional,
} from 'nestjs-qldb';
import { KeyVault } from '../vault/key-vault.js';
import type { Details } from './person.input.js';
import { openPerson, Person, type PersonView, sealDetails } from './person.js';

@Injectable()
export class PeopleService {
  constructor(
    @InjectQldb() private readonly qldb: Qldb,
    @InjectRepository(Person) private readonly people: LedgerRepository<Person>,
    private readonly vault: KeyVault,
  ) {}

  /** The key comes first: a key without a person does no harm, a person without a key is lost. */
  @Transactional()
  async register({ PersonId, ...details }: Details & { PersonId: string }) {
    if (await this.people.findOne({ PersonId }))
      throw new ConflictException(
        `${PersonId} is taken, or was. Register with another PersonId.`,
      );
    const key = await this.vault.obtain(PersonId);
    await this.people.create({
      PersonId,
      ...sealDetails(PersonId, details, key),
    });
    return this.find(PersonId);
  }

  async find(personId: string): Promise<PersonView> {
    const { document } = await this.#stored(personId);
    return openPerson(document, await this.#key(document));
  }

  @Transactional()
  async update(personId: string, details: Details): Promise<PersonView> {
    const { id, document } = await this.#stored(personId);
    const key = await this.#key(document);
    await this.people.patch(id, sealDetails(personId, details, key));
    return this.find(personId);
  }

  /**
   * Destroys the key, and writes down that it was done. In this order: when the
   * process ends between the two, the person is forgotten, and asking again
   * writes it down.
   */
  @Transactional()
  async forget(personId: string): Promise<PersonView> {
    const { id, document } = await this.#stored(personId);
    await this.vault.destroy(personId);
    if (document.ForgottenAt) return openPerson(document, undefined);
    const forgotten = { PersonId: personId, ForgottenAt: new Date() };
    await this.people.replace(id, forgotten);
    return forgotten;
  }

  /** Every state that the ledger has of a person, whether it is proven to be the original one, and what can be read of it. */
  async history(personId: string) {
    const { id, document } = await this.#stored(personId);
    const key = await this.#keyIfThere(document);
    const revisions = await this.people.history(id);
    const digest = this.qldb.ledger.getDigest();
    return Promise.all(
      revisions.map(async (revision) => ({
        Version: revision.metadata.version,
        Since: revision.metadata.txTime,
        Proven: await this.qldb.verify(revision, digest),
        Person: revision.data ? openPerson(revision.data, key) : null,
      })),
    );
  }

  /**
   * Takes what a revision says out of the ledger, and out of its files. Its
   * hashes stay, so that all proofs hold. The current revision is what the
   * application works with: the mistake is corrected first.
   */
  async redact(personId: string, version: number) {
    const { id } = await this.#stored(personId);
    const revisions = await this.people.history(id);
    const revision = revisions.find(
      ({ metadata }) => metadata.version === version,
    );
    if (!revision)
      throw new NotFoundException(
        `${personId} has no version ${version}. GET /people/${personId}/history lists them.`,
      );
    if (revision === revisions.at(-1))
      throw new ConflictException(
        'This is how the person is now. Correct it first, then redact this version.',
      );
    if (!revision.data)
      throw new ConflictException('This version is redacted already.');
    const [tableId] = await this.qldb.execute<string>(
      "SELECT VALUE tableId FROM information_schema.user_tables WHERE name = 'Person' AND status = 'ACTIVE'",
    );
    await this.qldb.execute(
      'EXEC REDACT_REVISION ?, ?, ?',
      revision.blockAddress,
      tableId,
      id,
    );
    await this.qldb.ledger.redactionsDone();
    return { PersonId: personId, Redacted: version };
  }

  async #stored(personId: string): Promise<Stored<Person>> {
    const found = await this.people.findOne({ PersonId: personId });
    if (found) return found;
    throw new NotFoundException('There is no such person.');
  }

  async #key(document: Person): Promise<KeyObject> {
    const key = await this.#keyIfThere(document);
    if (key) return key;
    throw new GoneException(
      `${document.PersonId} was forgotten. What the ledger has of them can be proven, and not be read.`,
    );
  }

  async #keyIfThere({ PersonId, ForgottenAt }: Person) {
    return ForgottenAt ? undefined : this.vault.find(PersonId);
  }
}
