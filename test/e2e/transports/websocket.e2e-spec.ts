import { once } from 'node:events';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type WsResponse,
} from '@nestjs/websockets';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { WebSocket } from 'ws';
import { Transactional } from '../../../lib/index.js';
import { Accounts, type Deposit } from './bank.js';
import { type Client, transactionalHandlers } from './suite.js';

interface DepositMessage {
  readonly id: string;
  readonly amount: number;
}

@WebSocketGateway()
@Transactional()
class AccountsGateway {
  constructor(private readonly accounts: Accounts) {}

  @SubscribeMessage('deposit')
  async deposit(
    @MessageBody() { id, amount }: DepositMessage,
    @ConnectedSocket() _client: WebSocket,
  ): Promise<WsResponse<Deposit>> {
    const data = await this.accounts.deposit(id, amount);
    return { event: 'deposited', data };
  }

  @SubscribeMessage('hold')
  async hold(@MessageBody() { id }: DepositMessage): Promise<void> {
    await this.accounts.hold(id);
  }
}

interface Waiting {
  readonly id: string;
  resolve(deposit: Deposit): void;
  reject(error: Error): void;
}

class AccountsClient implements Client {
  answers = 0;
  readonly #socket: WebSocket;
  readonly #waiting: Waiting[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (message: Buffer) => {
      this.answers++;
      const { event, data } = JSON.parse(String(message)) as {
        event: string;
        data: Deposit;
      };
      if (event === 'deposited') this.#take(data.id)?.resolve(data);
      else this.#take()?.reject(new Error(JSON.stringify(data)));
    });
    socket.on('close', () => {
      for (const waiting of this.#waiting)
        waiting.reject(new Error('The connection is closed.'));
    });
  }

  static async connect(url: string): Promise<AccountsClient> {
    const socket = new WebSocket(url);
    const client = new AccountsClient(socket);
    await once(socket, 'open');
    return client;
  }

  deposit(id: string, amount: number): Promise<Deposit> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      this.#send('deposit', { id, amount });
    });
  }

  hold(id: string): void {
    this.#send('hold', { id });
  }

  async leave(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.terminate();
    await once(this.#socket, 'close');
  }

  /** Answers do not say what they answer, but for the account. */
  #take(id?: string): Waiting | undefined {
    const index = this.#waiting.findIndex(
      (waiting) => id === undefined || waiting.id === id,
    );
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  #send(event: string, data: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN)
      throw new Error('The connection is closed.');
    this.#socket.send(JSON.stringify({ event, data }));
  }
}

transactionalHandlers({
  name: 'WebSocket',
  async start(bank) {
    const module = await Test.createTestingModule(
      bank.module({ providers: [AccountsGateway] }),
    ).compile();
    const app = module.createNestApplication({ logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const url = (await app.getUrl()).replace('http', 'ws');
    return { app, connect: () => AccountsClient.connect(url) };
  },
});
