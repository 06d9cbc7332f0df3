import { describe, expect, it } from 'vitest';
import * as driver from '../../lib/driver/index.js';

describe('driver errors', () => {
  it('S78: what is used in the wrong state is an IllegalStateError; the rest stands alone', () => {
    for (const error of [
      new driver.DriverClosedError(),
      new driver.SessionClosedError(),
      new driver.TransactionClosedError('T'),
      new driver.ResultClosedError('T'),
    ]) {
      expect(error).toBeInstanceOf(driver.IllegalStateError);
    }
    for (const error of [
      new driver.LambdaAbortedError('T'),
      new driver.SessionPoolEmptyError(1, 1),
    ]) {
      expect(error).not.toBeInstanceOf(driver.IllegalStateError);
      expect(error).toBeInstanceOf(driver.QldbDriverError);
    }
  });

  it('each has its own code and its own name', () => {
    const errors = [
      new driver.CleanupTimeoutError(1),
      new driver.CommitMismatchError('T'),
      new driver.CommitOutcomeUnknownError('T', {}),
      new driver.DriverClosedError(),
      new driver.DriverOptionsError([]),
      new driver.EndpointConfigurationError(''),
      new driver.IllegalStateError(''),
      new driver.InvalidBackoffError(0, {}),
      new driver.LambdaAbortedError('T'),
      new driver.NestedTransactionError(1),
      new driver.ParameterCountError(1, 2),
      new driver.ParameterError(1, '', {}),
      new driver.ResultClosedError('T'),
      new driver.ResultConsumedError('T'),
      new driver.ResultTooLargeError('T', 1),
      new driver.RowUnreadableError('T', 0),
      new driver.SessionClosedError(),
      new driver.SessionPoolEmptyError(1, 1),
      new driver.TransactionClosedError('T'),
      new driver.TransactionOpenError(),
      new driver.TransactionTimeoutError(1),
      new driver.TransportError(''),
      new driver.UnawaitedStatementError('T', 1),
    ];
    const exported = Object.keys(driver).filter((name) =>
      name.endsWith('Error'),
    );
    expect(errors.map(({ name }) => name).concat('QldbDriverError')).toEqual(
      expect.arrayContaining(exported),
    );
    const codes = errors.map(({ code }) => code);
    expect(new Set(codes).size).toBe(errors.length);
    for (const code of codes) expect(code).toMatch(/^QLDB_[A-Z_]+$/);
  });
});
