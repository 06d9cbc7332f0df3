import { describe, expect, it } from 'vitest';
import {
  operationName,
  queryText,
} from '../../lib/opentelemetry/query-text.js';

describe('queryText', () => {
  it('is the statement itself if its values are parameters', () => {
    const statement = "SELECT * FROM Account WHERE Owner = ? AND Kind = 'a'";
    expect(queryText(statement, 1)).toBe(statement);
  });

  it.each([
    ['SELECT * FROM Account', 'SELECT * FROM Account'],
    [
      "SELECT a1 FROM t2 WHERE x = 'it''s SECRET' AND y = 1.5e3",
      'SELECT a1 FROM t2 WHERE x = ? AND y = ?',
    ],
    [
      "INSERT INTO Account << {'Owner': 'SECRET', 'Balance': 10} >>",
      'INSERT INTO Account << {?: ?, ?: ?} >>',
    ],
    [
      'SELECT "a\'b", \'SECRET\' FROM "Order 1"',
      'SELECT "a\'b", ? FROM "Order 1"',
    ],
    ["-- don't\nSELECT 'SECRET'", '?\nSELECT ?'],
    ["/* don't */ SELECT 'SECRET'", '? SELECT ?'],
    ['SELECT `"a`SECRET"`, \'SECRET\' FROM t', 'SELECT ?'],
    ["SELECT 'SECRET", 'SELECT ?'],
    ["SELECT \"a, 'SECRET'", 'SELECT ?'],
    ["SELECT 1 /* don't 'SECRET'", 'SELECT ? ?'],
    ['SELECT * FROM _ql_committed_t1', 'SELECT * FROM _ql_committed_t1'],
  ])('%s → %s', (statement, text) => {
    expect(queryText(statement, 0)).toBe(text);
  });

  it('takes a long statement in its stride', () => {
    const statement = `SELECT ${"'it''s', ".repeat(50_000)}'SECRET`;
    expect(queryText(statement, 0)).not.toContain('SECRET');
  });
});

describe('operationName', () => {
  it.each([
    ['SELECT * FROM t', 'SELECT'],
    ['\n  insert INTO t ?', 'insert'],
    ['?', undefined],
    ['', undefined],
  ])('%j → %s', (statement, name) => {
    expect(operationName(statement)).toBe(name);
  });
});
