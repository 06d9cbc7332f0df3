import { Controller, Get, Header, Param } from '@nestjs/common';
import { InjectQldb, Qldb } from 'nestjs-qldb';
import { formatIonText, toJson } from 'nestjs-qldb/ion';
import { RegistrationsService } from './registrations.service.js';

@Controller('registrations')
export class RegistrationsController {
  constructor(
    private readonly registrations: RegistrationsService,
    @InjectQldb() private readonly qldb: Qldb,
  ) {}

  /**
   * One registration a line. Nest pulls a row when the client has room for it,
   * and ends the iteration, and so the transaction, when the client goes away.
   */
  @Get()
  @Header('Content-Type', 'application/x-ndjson')
  async *all(): AsyncGenerator<unknown> {
    for await (const registration of this.registrations.all())
      yield toJson(registration);
  }

  @Get(':vin/history')
  history(@Param('vin') vin: string) {
    return this.registrations.history(vin);
  }

  /** The latest revision, and the hashes that lead from it to the ledger's digest. */
  @Get(':vin/proof')
  async proof(@Param('vin') vin: string) {
    const { blockAddress, metadata } = await this.registrations.latest(vin);
    const { ledger } = this.qldb;
    await ledger.refresh();
    const { digest, digestTipAddress } = ledger.getDigest();
    const { revision, proof } = await ledger.getRevision(
      blockAddress,
      metadata.id,
      digestTipAddress,
    );
    return {
      // Ion text, because JSON would lose what the hash is made of.
      revision: formatIonText(revision),
      blockAddress,
      digest,
      digestTipAddress,
      proof,
    };
  }
}
