import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { FileKeyVault } from './file-key-vault.js';
import { KeyVault } from './key-vault.js';

/** The keys' home, unless KEY_VAULT names another folder. Never inside the ledger's, which is backed up. */
const folder = fileURLToPath(new URL('../../.keys', import.meta.url));

@Module({
  providers: [
    {
      provide: KeyVault,
      useFactory: () => new FileKeyVault(process.env.KEY_VAULT ?? folder),
    },
  ],
  exports: [KeyVault],
})
export class VaultModule {}
