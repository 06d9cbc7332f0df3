import type { Decimal } from 'nestjs-qldb/ion';

/** The documents of the ledger's tables, as they are read. */

export interface Person {
  readonly FirstName: string;
  readonly LastName: string;
  readonly DOB: Date;
  readonly GovId: string;
  readonly GovIdType: string;
  readonly Address: string;
}

export interface Vehicle {
  readonly VIN: string;
  readonly Type: string;
  readonly Year: number;
  readonly Make: string;
  readonly Model: string;
  readonly Color: string;
  /** How many owners the vehicle has had, the present one included. */
  readonly OwnerCount: number;
}

/** Names a person by the id of the document in Person. */
export interface PersonReference {
  readonly PersonId: string;
}

export interface VehicleRegistration {
  readonly VIN: string;
  readonly LicensePlateNumber: string;
  readonly State: string;
  readonly City: string;
  readonly PendingPenaltyTicketAmount: Decimal;
  readonly ValidFromDate: Date;
  readonly ValidToDate: Date;
  readonly Owners: {
    readonly PrimaryOwner: PersonReference;
    readonly SecondaryOwners: readonly PersonReference[];
  };
}
