package org.hearth.bench.attack;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// Sockets that send a byte of a request line each second, or nothing at all; those that the server
/// closes are opened again.
final class Attackers implements Runnable {
  private static final Duration ROUND = Duration.ofSeconds(1);
  private static final Duration BETWEEN = Duration.ofNanos(100_000);

  private final InetSocketAddress server;
  private final int sockets;
  private final boolean dripping;
  private volatile boolean over;
  private volatile int held;

  Attackers(InetSocketAddress server, int sockets, boolean dripping) {
    this.server = server;
    this.sockets = sockets;
    this.dripping = dripping;
  }

  /// Sockets that the server had not closed in the last round.
  int held() {
    return held;
  }

  void end() {
    over = true;
  }

  @Override
  public void run() {
    List<SocketChannel> open = new ArrayList<>();
    while (!over) {
      long began = System.nanoTime();
      open.removeIf(each -> !isHeld(each));
      held = open.size();
      while (open.size() < sockets && !over) {
        try {
          SocketChannel next = SocketChannel.open(server);
          next.configureBlocking(false);
          open.add(next);
          LockSupport.parkNanos(BETWEEN.toNanos()); // Not all at once in each round.
        } catch (IOException e) {
          break; // Refused or reset; again in the next round.
        }
      }
      LockSupport.parkNanos(ROUND.toNanos() - (System.nanoTime() - began));
    }
    open.forEach(Attackers::close);
  }

  private boolean isHeld(SocketChannel socket) {
    try {
      boolean open = socket.read(ByteBuffer.allocate(1)) == 0;
      if (open && dripping) {
        socket.write(ByteBuffer.wrap(new byte[] {'G'}));
      }
      if (!open) {
        socket.close();
      }
      return open;
    } catch (IOException e) {
      close(socket);
      return false;
    }
  }

  private static void close(SocketChannel socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
