import { Controller, type MessageEvent, Sse } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { Notifications } from './notifications.service.js';

/** Not transactional: a stream of events lasts longer than a transaction may. */
@Controller('notifications')
export class NotificationsController {
  constructor(private readonly notifications: Notifications) {}

  @Sse()
  listen(): Observable<MessageEvent> {
    return this.notifications.sent.pipe(
      map((transfer) => ({ data: transfer })),
    );
  }
}
