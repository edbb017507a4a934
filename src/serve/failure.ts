import { KneserError, type ErrorCode } from '../base/errors.js';

/** The status of an HTTP response that has an error. */
export type FailureStatus = 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 431 | 500 | 503;

/** An error as clients of OpenAI's interface read it. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    /** The member of the request that is at fault. */
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** An error that a client is told, with the status of the response. */
export class Failure extends Error {
  constructor(
    readonly status: FailureStatus,
    /** A stable name for programs, such as `model_not_found`. */
    readonly code: string,
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
  }

  /** The body of the response. */
  get body(): ErrorBody {
    return { error: { message: this.message, type: typeOf(this.status), param: this.param, code: this.code } };
  }
}

function typeOf(status: FailureStatus): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** The codes of errors that no request causes. Their messages name files of the server, so a client is told one of these. */
const OF_SERVER: Partial<Record<ErrorCode, string>> = {
  KNESER_DAMAGED: 'a file of the model is damaged',
  KNESER_IO: 'a file of the model cannot be read',
  KNESER_DISK_FULL: 'the disk of the server is full',
  KNESER_PLATFORM: 'the server lacks what this answer needs',
};

/** The failure that an error of the library is for a client. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof KneserError) {
    const { code, message } = error;
    if (code === 'KNESER_ABORTED') return timedOut();
    if (code === 'KNESER_CLOSED') return new Failure(503, code, message);
    const fault = OF_SERVER[code];
    if (fault !== undefined) return new Failure(500, code, `${fault}; the log of the server has the reason`);
    const param = code === 'KNESER_OPTION' ? /^([\w.]+)(?=: )/.exec(message)?.[1] : undefined;
    return new Failure(400, code, message, param ?? null);
  }
  return new Failure(500, 'internal_error', 'the server failed to answer this request; its log has the reason');
}

/** The failure of a request whose answer took too long. */
export function timedOut(): Failure {
  return new Failure(
    503,
    'timeout',
    'the answer took longer than the time limit of the server; ask for less at a time',
  );
}
