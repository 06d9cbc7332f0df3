import { AwsEndpoint } from '../../lib/driver/aws-endpoint.js';
import { openLedger } from '../../lib/ledger/index.js';
import { createQldbServer } from '../../lib/server/index.js';
import { describeSessionEndpoint } from '../contract/session-endpoint.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'a secret' };

describeSessionEndpoint('over HTTP, through the AWS SDK', async (limits) => {
  const ledger = await openLedger({ name: 'test', store: 'memory:', limits });
  const server = await createQldbServer({
    ledgers: { test: ledger.sessions },
    credentials: [credentials],
  });
  const endpoint = new AwsEndpoint({
    config: { endpoint: server.url, region: 'eu-central-1', credentials },
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
});
