/** A vehicle registration: 295 bytes of Ion. */
export function registration(n = 0) {
  return {
    VIN: `1N4AL11D75C1${String(n).padStart(5, '0')}`,
    LicensePlateNumber: `LEWI${n}`,
    State: 'WA',
    City: 'Seattle',
    PendingPenaltyAmount: 90.25,
    ValidFromDate: new Date(Date.UTC(2017, 7, 21)),
    ValidToDate: new Date(Date.UTC(2020, 4, 11, 12, 30, 15, 250)),
    Mileage: 48_000 + n,
    Owners: {
      PrimaryOwner: { PersonId: '294jJ3YUoH1IEEm8GSabOs' },
      SecondaryOwners: [{ PersonId: '5Ufgdlnj06gF5CWcOIu64s' }],
    },
  };
}

/** A registration with its history: about 12 KB of Ion, six levels deep. */
export function nested() {
  return {
    Vehicle: registration(7),
    History: Array.from({ length: 55 }, (_, i) => ({
      Sequence: i,
      ChangedAt: new Date(Date.UTC(2019, 0, 1 + i, 7, 20, 51, 245)),
      Registration: registration(i),
      Fees: [12.5 + i, 3, 0],
      Remark: i % 3 === 0 ? null : 'Ownership transferred by the clerk – ✓',
    })),
  };
}
