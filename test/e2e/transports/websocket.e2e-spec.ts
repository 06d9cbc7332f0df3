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

class AccountsClient implements Client {
  answers = 0;
  readonly #socket: WebSocket;
  /** Answers do not say what they answer, but for the account. */
  readonly #waiting: ((answer: { event: string; data: unknown }) => boolean)[] =
    [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (message: Buffer) => {
      this.answers++;
      const answer = JSON.parse(String(message)) as {
        event: string;
        data: unknown;
      };
      const index = this.#waiting.findIndex((takes) => takes(answer));
      if (index >= 0) this.#waiting.splice(index, 1);
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
      this.#waiting.push(({ event, data }) => {
        if (event !== 'deposited') reject(new Error(JSON.stringify(data)));
        else if ((data as Deposit).id !== id) return false;
        else resolve(data as Deposit);
        return true;
      });
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

  #send(event: string, data: object): void {
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
