import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { Transfer } from '../documents.js';

/** Tells whoever listens of transfers that have been made. */
@Injectable()
export class Notifications implements BeforeApplicationShutdown {
  readonly #sent = new Subject<Transfer>();
  readonly sent = this.#sent.asObservable();

  send(transfer: Transfer): void {
    this.#sent.next(transfer);
  }

  /** A listener would keep the server, and so the ledgers, from closing. */
  beforeApplicationShutdown(): void {
    this.#sent.complete();
  }
}
