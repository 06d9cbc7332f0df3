import { AwsEndpoint } from '../../lib/driver/aws-endpoint.js';
import { type LedgerLimits, openLedger } from '../../lib/ledger/index.js';
import { createQldbServer, type ServerTls } from '../../lib/server/index.js';
import { makeCertificate } from '../../lib/server/make-certificate.js';
import { describeSessionEndpoint } from '../contract/session-endpoint.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'a secret' };

async function open(
  limits: Partial<LedgerLimits>,
  tls?: ServerTls & { readonly ca: string },
) {
  const ledger = await openLedger({ name: 'test', store: 'memory:', limits });
  const server = await createQldbServer({
    ledgers: { test: ledger.sessions },
    credentials: [credentials],
    tls,
  });
  const endpoint = new AwsEndpoint({
    config: {
      endpoint: server.url,
      region: 'eu-central-1',
      credentials,
      ...(tls && {
        requestHandler: { httpsAgent: { keepAlive: true, ca: tls.ca } },
      }),
    },
    maxSockets: 50,
  });
  return {
    endpoint,
    ledger,
    close: async () => {
      await endpoint.close();
      await server.close();
      await ledger.close();
    },
  };
}

describeSessionEndpoint('over HTTP, through the AWS SDK', (limits) =>
  open(limits),
);

const certificate = makeCertificate(['127.0.0.1']);
describeSessionEndpoint(
  'over HTTPS, through the AWS SDK',
  (limits) => open(limits, certificate),
  { proved: 500 },
);
