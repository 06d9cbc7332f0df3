import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  LimitExceededException,
  OccConflictException,
  QldbSessionException,
  RateExceededException,
  type SessionExceptionOptions,
} from '../session/exceptions.js';
import { EndpointConfigurationError } from './driver-errors.js';

type ExceptionClass = new (
  message: string,
  options?: SessionExceptionOptions,
) => QldbSessionException;

/** By name, not by class: an application may have a second copy of the SDK. */
const exceptions: Readonly<Record<string, ExceptionClass>> = {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  LimitExceededException,
  OccConflictException,
  RateExceededException,
};

/** What is known of a reply that says failure; whoever wrote it may have written anything. */
interface FailedReply {
  /** Names of the exception, the most trusted first. */
  readonly names: readonly unknown[];
  readonly message: unknown;
  readonly httpStatusCode: number;
  readonly requestId: unknown;
  readonly qldbCode: unknown;
  readonly cause?: unknown;
}

/** The failure that a reply tells of. A name that the service's model does not know is kept. */
export function failureOf(reply: FailedReply): QldbSessionException {
  const names = reply.names.filter(isText).map(simpleName);
  const known = names.find((name) => Object.hasOwn(exceptions, name));
  const Exception =
    known === undefined ? QldbSessionException : exceptions[known];
  const { message, httpStatusCode, requestId, qldbCode, cause } = reply;
  const failure = new Exception(
    isText(message) ? message : `The reply's status is ${httpStatusCode}.`,
    {
      httpStatusCode,
      ...(isText(requestId) ? { requestId } : {}),
      ...(isText(qldbCode) ? { qldbCode } : {}),
      cause,
    },
  );
  if (known === undefined && names.length > 0) failure.name = names[0];
  return failure;
}

/** Without what stands around it: `com.amazonaws.qldbsession#Name`, `Name:http://…`. */
function simpleName(name: string): string {
  return name.slice(name.indexOf('#') + 1).replace(/[:,].*/s, '');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** What the AWS SDK calls errors of finding credentials; the request was not sent. */
const NOT_SENT = /^(?:Credentials|Token)?ProviderError$/;

/**
 * What a client of the AWS SDK threw, in the terms of the contract.
 *
 * A reply may carry QLDB's own code, such as "412", beside the name of its
 * exception, and the SDK takes that for the name; then `__type` has it.
 */
export function fromSdkError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { name, message, $fault, $metadata, Code, __type } = error as Readonly<
    Record<string, unknown>
  > & { readonly $metadata?: Readonly<Record<string, unknown>> };
  if (typeof name === 'string' && NOT_SENT.test(name))
    return missingCredentials(error);
  const status = $metadata?.httpStatusCode;
  // A reply that says success and cannot be read leaves the outcome open.
  const isAnswer = typeof status === 'number' ? status >= 400 : $fault;
  if (!isAnswer) return error;
  return failureOf({
    names: [name, __type],
    message,
    httpStatusCode:
      typeof status === 'number' ? status : $fault === 'server' ? 500 : 400,
    requestId: $metadata?.requestId,
    qldbCode: Code,
    cause: error,
  });
}

export function missingCredentials(cause: unknown): EndpointConfigurationError {
  return new EndpointConfigurationError(
    'The AWS SDK found no credentials. Give the driver credentials, or set up one of the places where the SDK looks for them.',
    { cause },
  );
}
