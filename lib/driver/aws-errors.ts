import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  LedgerFullException,
  LimitExceededException,
  NotCommittedException,
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

/** Those that QLDB did not have, by the `Code` with which our server tells them. */
const byCode: Readonly<Record<string, ExceptionClass>> = {
  [NotCommittedException.Code]: NotCommittedException,
  [LedgerFullException.Code]: LedgerFullException,
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
  const { message, httpStatusCode, requestId, qldbCode, cause } = reply;
  const Exception =
    known === undefined
      ? QldbSessionException
      : known === CapacityExceededException.name && isText(qldbCode)
        ? (byCode[qldbCode] ?? CapacityExceededException)
        : exceptions[known];
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
  const cut = name.replace(/[:,].*/s, '');
  return cut.slice(cut.indexOf('#') + 1);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** What the AWS SDK calls errors of finding credentials; the request was not sent. */
const PROVIDER_ERROR = /^(?:Credentials|Token)?ProviderError$/;

/**
 * What a client of the AWS SDK threw, in the terms of the contract.
 *
 * A reply may carry QLDB's own code, such as "412", beside the name of its
 * exception, and the SDK takes that for the name; then `__type` has it.
 */
export function fromSdkError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  // Our own client has said it.
  if (error instanceof QldbSessionException) return error;
  const { name, message, $fault, $metadata, Code, __type } = error as Readonly<
    Record<string, unknown>
  > & { readonly $metadata?: Readonly<Record<string, unknown>> };
  if (isProviderError(error)) return notSent(error);
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

/** The error for what kept a command from being sent. */
export function notSent(cause: unknown): EndpointConfigurationError {
  return new EndpointConfigurationError(
    isProviderError(cause)
      ? 'The AWS SDK found no credentials. Give the driver credentials, or set up one of the places where the SDK looks for them.'
      : 'The AWS SDK could not make and sign the command, so it was not sent. See the cause; check the credentials and the client configuration.',
    { cause },
  );
}

function isProviderError(error: unknown): boolean {
  return error instanceof Error && PROVIDER_ERROR.test(error.name);
}
