/** A day of the Gregorian calendar, which is taken to reach back without end. */
export interface CalendarDate {
  readonly year: number;
  /** 1–12. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
}

const DAY = 86_400_000;

/** Days of a month. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) {
    return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  }
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Whether there is such a day. */
export function isCalendarDate({ year, month, day }: CalendarDate): boolean {
  return (
    month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
  );
}

/** Days since 1970-01-01. */
export function dayNumber({ year, month, day }: CalendarDate): number {
  return new Date(0).setUTCFullYear(year, month - 1, day) / DAY;
}

/** The day that is so many days after 1970-01-01; its fields are NaN where JavaScript's calendar has ended. */
export function dateOfDay(days: number): CalendarDate {
  const date = new Date(days * DAY);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
  };
}

/** Same day of another month; the last one where that month is shorter. */
export function addMonths<T extends CalendarDate>(date: T, months: number): T {
  const total = date.year * 12 + date.month - 1 + months;
  const year = Math.floor(total / 12);
  const month = total - year * 12 + 1;
  const day = Math.min(date.day, daysInMonth(year, month));
  return { ...date, year, month, day };
}
