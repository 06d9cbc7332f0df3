import { Injectable } from '@nestjs/common';
import { InjectQldb, Qldb, Transactional } from 'nestjs-qldb';
import type { VehicleRegistration } from '../documents.js';
import { unknownVehicle } from '../vehicles/vehicles.service.js';

/** A revision: one state of a document, and when it became so. */
export interface Revision<T> {
  readonly blockAddress: {
    readonly strandId: string;
    readonly sequenceNo: number;
  };
  readonly hash: Uint8Array;
  readonly data?: T;
  readonly metadata: {
    readonly id: string;
    readonly version: number;
    readonly txTime: Date;
    readonly txId: string;
  };
}

@Injectable()
export class RegistrationsService {
  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  /** All registrations as of one moment, however long they take to read. */
  all() {
    return this.qldb.stream<VehicleRegistration>({
      statement: 'SELECT * FROM VehicleRegistration',
      consistency: 'snapshot',
    });
  }

  /** Every state a registration has had, oldest first. */
  @Transactional({ readOnly: true })
  async history(vin: string) {
    const revisions = await this.qldb.execute<Revision<VehicleRegistration>>(
      'SELECT * FROM history(VehicleRegistration) AS h WHERE h.metadata.id = ?',
      await this.documentId(vin),
    );
    return revisions.sort((a, b) => a.metadata.version - b.metadata.version);
  }

  /** Where the latest state of a registration stands in the journal. */
  @Transactional({ readOnly: true })
  async latest(vin: string) {
    const [revision] = await this.qldb.execute<Revision<VehicleRegistration>>(
      'SELECT * FROM _ql_committed_VehicleRegistration AS r WHERE r.metadata.id = ?',
      await this.documentId(vin),
    );
    if (!revision) throw unknownVehicle(vin);
    return revision;
  }

  private async documentId(vin: string): Promise<string> {
    const [id] = await this.qldb.execute<string>(
      'SELECT VALUE id FROM VehicleRegistration AS r BY id WHERE r.VIN = ?',
      vin,
    );
    if (id === undefined) throw unknownVehicle(vin);
    return id;
  }
}
