package org.hearth.server.readers.federationdelivery;

import java.util.List;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.matrix.id.ServerName;

/// Follows receipt-output: notes which servers have to be told of which rooms' receipts. The
/// receipts themselves are looked up when they are sent, so that one that has moved again is sent
/// once. "The `m.read.private` receipt is never sent to other servers."
///
/// **thread**: the log's for this reader.
final class ReceiptReader implements LogReader<ReceiptOutput> {
  private final Queues queues;
  private final Listeners listeners;
  private volatile LogPosition position;

  ReceiptReader(Queues queues, Listeners listeners, LogPosition start) {
    this.queues = queues;
    this.listeners = listeners;
    this.position = start;
  }

  @Override
  public String name() {
    return FederationDelivery.READER;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public void onBatch(List<Positioned<ReceiptOutput>> batch) {
    for (Positioned<ReceiptOutput> each : batch) {
      ReceiptOutput receipt = each.entry();
      if (receipt.type() == ReceiptType.READ && listeners.isHere(receipt.user())) {
        Set<ServerName> servers = listeners.inRoom(receipt.room());
        if (!servers.isEmpty()) {
          queues.addReceipt(receipt.room(), each.position().value(), servers);
        }
      }
      if (each.position().isAfter(position)) {
        position = each.position();
      }
    }
    queues.checkpoints().seen(Logs.RECEIPT_OUTPUT.name(), position);
  }

  /// Receipts of so long ago need not be told any more.
  @Override
  public void onLost(LogPosition after, LogPosition upTo) {
    if (upTo.isAfter(position)) {
      position = upTo;
    }
  }
}
