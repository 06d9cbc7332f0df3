/** Values of one field whose digests are remembered. */
const CAPACITY = 256;
/** After so many looks it is seen whether remembering pays. */
const TRIAL = 64;

/** Digests of the values of one field, by the bytes of the value. */
class FieldDigests {
  readonly #digests = new Map<string, string>();
  #looks = 0;
  #hits = 0;

  get(value: string): string | undefined {
    this.#looks++;
    const digest = this.#digests.get(value);
    if (digest !== undefined) this.#hits++;
    return digest;
  }

  /** Whether there was room for it. */
  set(value: string, digest: string): boolean {
    if (this.#digests.size >= CAPACITY) return false;
    this.#digests.set(value, digest);
    return true;
  }

  /** Whether so few values came again that looking for them is in vain. */
  get isVain(): boolean {
    return this.#looks >= TRIAL && this.#hits * 4 < this.#looks;
  }
}

/** Digests of fields by the SIDs of their names, as long as that pays. */
export class KnownDigests {
  readonly #fields: (FieldDigests | null | undefined)[] = [];

  of(sid: number): FieldDigests | undefined {
    const field = this.#fields[sid];
    if (field === undefined) return (this.#fields[sid] = new FieldDigests());
    if (field !== null && field.isVain) this.#fields[sid] = null;
    return this.#fields[sid] ?? undefined;
  }
}
