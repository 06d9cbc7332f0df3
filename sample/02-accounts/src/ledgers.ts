import { fileURLToPath } from 'node:url';

/** The names of the two ledgers, for `@InjectQldb(name)` and `@Transactional({ name })`. */
export const ACCOUNTS = 'accounts';
export const AUDIT = 'audit';

/** Home of both, unless QLDB_STORE names another: `.qldb` in this sample's folder. */
export const STORE =
  process.env.QLDB_STORE ??
  `file:${fileURLToPath(new URL('../.qldb', import.meta.url))}`;
