import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';

// Another service, which asks for a transfer: npm run transfer -- alice bob 10.00
const [From, To, Amount] = process.argv.slice(2);
const client = ClientProxyFactory.create({
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: Number(process.env.TCP_PORT ?? 3001) },
});
try {
  console.log(
    await lastValueFrom(client.send('transfer', { From, To, Amount })),
  );
} catch (refusal) {
  console.error(refusal);
  process.exitCode = 1;
} finally {
  await client.close();
}
