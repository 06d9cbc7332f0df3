import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { QldbServerError } from './server-errors.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * The IP address to listen on. A name is looked up here, once, so that what was
 * found to be loopback is also what is listened on.
 *
 * @throws QldbServerError `QLDB_SERVER_LISTEN` for a name that is not known,
 * `QLDB_SERVER_PLAIN_HTTP` when others could read what is sent
 */
export async function listenAddress(
  host: string,
  isSecure: boolean,
): Promise<string> {
  const address = await addressOf(host);
  if (!isSecure && !isLoopback(address))
    throw new QldbServerError(
      'QLDB_SERVER_PLAIN_HTTP',
      `Plain HTTP at ${host} would let others on the network read and change what clients send. Give the server a certificate (tls), or listen on 127.0.0.1. Where something else encrypts, such as a proxy in front, ask for it: allowPlainHttp, on the command line --allow-plain-http.`,
    );
  return address;
}

/** Whether an IP address is reached from this machine alone. 0.0.0.0 and :: are not. */
export function isLoopback(address: string): boolean {
  const [bare = ''] = address.split('%', 1);
  return LOOPBACK.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
}

async function addressOf(host: string): Promise<string> {
  if (host === '')
    throw new QldbServerError(
      'QLDB_SERVER_OPTIONS',
      'The host is empty. Give an address to listen on, such as 127.0.0.1; 0.0.0.0 is every address of this machine.',
    );
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new QldbServerError(
      'QLDB_SERVER_LISTEN',
      `Cannot listen on ${host}: ${(cause as Error).message}. Give an address of this machine.`,
      { cause },
    );
  }
}
