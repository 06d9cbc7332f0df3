import type * as Ast from '../../language/ast.js';
import type { IonValue } from '../../../ion/value.js';
import { EvaluationFault } from '../../errors.js';
import { fractionDigits } from '../../functions/date-time-cast.js';
import { hasZone } from '../../functions/types.js';
import {
  parseDate,
  parseTime,
  parseTimestamp,
} from '../../values/date-time-text.js';
import { parseInterval } from '../../values/interval-text.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import { constant } from './evaluate.js';

const FORMS: Readonly<Record<Ast.DateTimeTypeNode['name'], string>> = {
  DATE: 'YYYY-MM-DD',
  TIME: 'hh:mm:ss[.fraction][±hh:mm]',
  TIMESTAMP: 'YYYY-MM-DD hh:mm:ss[.fraction][±hh:mm]',
  INTERVAL: '[±] and the fields that its words name',
};

/** A literal of a date, a time, a timestamp or an interval. What it says is checked here, once. */
export function compileDateTime(
  context: PlanContext,
  node: Ast.DateTimeNode,
): Evaluate {
  const { at, type } = node;
  const { name } = type;
  try {
    const value = valueOf(node);
    if (value !== undefined) return constant(value);
  } catch (error) {
    if (!(error instanceof EvaluationFault)) throw error;
    throw context.semantic(at, `invalid ${name} literal: ${error.message}`);
  }
  const zone =
    type.zone === undefined
      ? ''
      : type.zone
        ? ', and with an offset'
        : ', and without an offset';
  throw context.semantic(
    at,
    `invalid ${name} literal: expected a ${name} that exists, as ${FORMS[name]}${zone}`,
  );
}

/** The value of a literal; undefined if there is none. */
function valueOf({ type, text }: Ast.DateTimeNode): IonValue | undefined {
  switch (type.name) {
    case 'TIME': {
      const time = parseTime(text, fractionDigits(type));
      return hasZone(type, time?.offset !== undefined) ? time : undefined;
    }
    case 'TIMESTAMP': {
      const timestamp = parseTimestamp(text, fractionDigits(type));
      const isKnown = !Object.is(timestamp?.getLocalOffset(), -0);
      return hasZone(type, isKnown) ? timestamp : undefined;
    }
    case 'INTERVAL':
      return type.qualifier && parseInterval(text, type.qualifier);
    case 'DATE':
      return parseDate(text);
  }
}
