import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { InjectQldb, Qldb } from 'nestjs-qldb';
import { IonStruct } from 'nestjs-qldb/ion';
import {
  type BlockAddress,
  foldProof,
  InvalidParameterError,
  revisionHash,
  verifyRevision,
} from 'nestjs-qldb/ledger';
import { parseProof, type ProofInput } from './proof.input.js';

@Controller('ledger')
export class LedgerController {
  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  /** One hash that stands for the whole ledger. Keep it elsewhere: proofs are checked against it. */
  @Get('digest')
  async digest() {
    // Another process may have written what this one does not know of yet.
    await this.qldb.ledger.refresh();
    return this.qldb.ledger.getDigest();
  }

  /** With a proof: checks it. Without: recomputes the whole journal. */
  @Post('verify')
  @HttpCode(200)
  async verify(@Body() body?: object) {
    if (!body || Object.keys(body).length === 0)
      return { verified: true, ...(await this.qldb.ledger.verify()) };
    return { verified: await this.#isProven(parseProof(body)) };
  }

  /** The proof leads from the revision to the digest, and the digest is this ledger's at that tip. */
  async #isProven(given: ProofInput): Promise<boolean> {
    const { revision, proof, digest, digestTipAddress } = given;
    const hash = revisionHash(revision);
    const id = fieldOf(revision.get('metadata'), 'id');
    if (!hash || typeof id !== 'string') return false;
    if (!isAt(revision, given.blockAddress)) return false;
    if (!verifyRevision(revision, proof, digest)) return false;
    try {
      const own = await this.qldb.ledger.getRevision(
        given.blockAddress,
        id,
        digestTipAddress,
      );
      return Buffer.from(digest).equals(foldProof(hash, own.proof ?? []));
    } catch (error) {
      if (error instanceof InvalidParameterError) return false;
      throw error;
    }
  }
}

function isAt(revision: IonStruct, { strandId, sequenceNo }: BlockAddress) {
  const address = revision.get('blockAddress');
  return (
    fieldOf(address, 'strandId') === strandId &&
    fieldOf(address, 'sequenceNo') === sequenceNo
  );
}

function fieldOf(value: unknown, name: string): unknown {
  return value instanceof IonStruct ? value.get(name) : undefined;
}
