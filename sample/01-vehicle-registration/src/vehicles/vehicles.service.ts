import {
  ConflictException,
  Injectable,
  NotFoundException,
} from '@nestjs/common';
import { InjectQldb, Propagation, Qldb, Transactional } from 'nestjs-qldb';
import { Decimal, Timestamp } from 'nestjs-qldb/ion';
import type { Person, Vehicle, VehicleRegistration } from '../documents.js';
import type { NewVehicle, Transfer } from './vehicle.input.js';

/** What several statements do here belongs together, so each method asks for a transaction around it. */
@Injectable()
@Transactional({ propagation: Propagation.MANDATORY })
export class VehiclesService {
  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  /** Adds a vehicle and its registration, valid for a year from today. */
  async register({ Owner, ...vehicle }: NewVehicle) {
    const { VIN, Type, Year, Make, Model, Color } = vehicle;
    const { LicensePlateNumber, State, City } = vehicle;
    await this.#assertFree('VIN', VIN);
    await this.#assertFree('LicensePlateNumber', LicensePlateNumber);
    const owner = await this.#personId(Owner);
    await this.qldb.execute('INSERT INTO Vehicle ?', {
      VIN,
      Type,
      Year,
      Make,
      Model,
      Color,
      OwnerCount: 1,
    });
    await this.qldb.execute('INSERT INTO VehicleRegistration ?', {
      VIN,
      LicensePlateNumber,
      State,
      City,
      PendingPenaltyTicketAmount: Decimal.parse('0.00'),
      ValidFromDate: day(0),
      ValidToDate: day(1),
      Owners: { PrimaryOwner: { PersonId: owner }, SecondaryOwners: [] },
    });
    return this.find(VIN);
  }

  /** A vehicle with its registration and the people who own it. */
  async find(vin: string) {
    const [vehicle] = await this.qldb.execute<Vehicle>(
      'SELECT * FROM Vehicle AS v WHERE v.VIN = ?',
      vin,
    );
    if (!vehicle) throw unknownVehicle(vin);
    const { VIN: _, Owners, ...registration } = await this.#registration(vin);
    return {
      ...vehicle,
      Registration: {
        ...registration,
        PrimaryOwner: await this.#owner(Owners.PrimaryOwner.PersonId),
        SecondaryOwners: await Promise.all(
          Owners.SecondaryOwners.map(({ PersonId }) => this.#owner(PersonId)),
        ),
      },
    };
  }

  /** Hands a vehicle over: its registration gets the new owner, and the vehicle has had one more. */
  async transfer(vin: string, { From, To }: Transfer) {
    const { Owners } = await this.#registration(vin);
    const present = Owners.PrimaryOwner.PersonId;
    if (From !== undefined && (await this.#personId(From)) !== present)
      throw new ConflictException(
        `${From} does not own ${vin}. Look up who does: GET /vehicles/${vin}`,
      );
    const next = await this.#personId(To);
    if (next === present)
      throw new ConflictException(`${To} owns ${vin} already.`);
    await this.qldb.execute(
      'UPDATE VehicleRegistration AS r SET r.Owners = ? WHERE r.VIN = ?',
      { PrimaryOwner: { PersonId: next }, SecondaryOwners: [] },
      vin,
    );
    await this.qldb.execute(
      'UPDATE Vehicle AS v SET v.OwnerCount = v.OwnerCount + 1 WHERE v.VIN = ?',
      vin,
    );
    return this.find(vin);
  }

  async #registration(vin: string): Promise<VehicleRegistration> {
    const [registration] = await this.qldb.execute<VehicleRegistration>(
      'SELECT * FROM VehicleRegistration AS r WHERE r.VIN = ?',
      vin,
    );
    if (!registration) throw unknownVehicle(vin);
    return registration;
  }

  async #assertFree(
    field: 'VIN' | 'LicensePlateNumber',
    value: string,
  ): Promise<void> {
    const taken = await this.qldb.execute(
      `SELECT r.VIN FROM VehicleRegistration AS r WHERE r.${field} = ?`,
      value,
    );
    if (taken.length > 0)
      throw new ConflictException(
        `A vehicle with the ${field} ${value} is registered already.`,
      );
  }

  async #personId(govId: string): Promise<string> {
    const [id] = await this.qldb.execute<string>(
      'SELECT VALUE id FROM Person AS p BY id WHERE p.GovId = ?',
      govId,
    );
    if (id === undefined)
      throw new NotFoundException(
        `Nobody has the GovId ${govId}. Use one of data/person.ion.`,
      );
    return id;
  }

  async #owner(personId: string) {
    const [owner] = await this.qldb.execute<
      Pick<Person, 'GovId' | 'FirstName' | 'LastName'>
    >(
      'SELECT p.GovId, p.FirstName, p.LastName FROM Person AS p BY id WHERE id = ?',
      personId,
    );
    return owner;
  }
}

export function unknownVehicle(vin: string): NotFoundException {
  return new NotFoundException(
    `No vehicle has the VIN ${vin}. GET /registrations lists them all.`,
  );
}

/** A date without a time, so many years from today. */
function day(years: number): Timestamp {
  const now = new Date();
  return new Timestamp(
    0,
    now.getUTCFullYear() + years,
    now.getUTCMonth() + 1,
    now.getUTCDate(),
  );
}
