/** A resource of the control plane, as its errors name it. */
export interface ResourceName {
  readonly ResourceType: string;
  readonly ResourceName: string;
}

/**
 * What the control plane answers when it does not do what it is asked: the
 * exceptions of QLDB's API, with their members.
 */
export class ControlPlaneError extends Error {
  constructor(
    readonly type:
      | 'InvalidParameterException'
      | 'LimitExceededException'
      | 'ResourceAlreadyExistsException'
      | 'ResourceInUseException'
      | 'ResourceNotFoundException'
      | 'ResourcePreconditionNotMetException'
      | 'UnknownOperationException',
    readonly status: number,
    message: string,
    /** The members of the exception besides its message. */
    readonly members: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = new.target.name;
  }
}

export const invalid = (
  parameter: string,
  message: string,
): ControlPlaneError =>
  new ControlPlaneError('InvalidParameterException', 400, message, {
    ParameterName: parameter,
  });

export const notFound = (
  type: string,
  name: string,
  message = `The ${type} with the name ${name} was not found.`,
): ControlPlaneError =>
  new ControlPlaneError('ResourceNotFoundException', 404, message, {
    ResourceType: type,
    ResourceName: name,
  });

export const preconditionNotMet = (
  name: string,
  message: string,
): ControlPlaneError =>
  new ControlPlaneError('ResourcePreconditionNotMetException', 412, message, {
    ResourceType: 'ledger',
    ResourceName: name,
  });
