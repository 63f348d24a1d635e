package org.hearth.server.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/// A port for a server that is told where to listen before it does.
///
/// It is none of those that the system gives to clients, so that no connection of another test
/// takes it meanwhile.
public final class FreePort {
  private static final int FIRST = 20_000;
  private static final int END = 32_000;
  private static final int MOST_TRIES = 1_000;
  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  private FreePort() {}

  /// Finds one that nobody has, and that this process was not given before.
  public static int find() throws IOException {
    IOException last = new IOException("all ports were given");
    for (int i = 0; i < MOST_TRIES; i++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, END);
      if (GIVEN.add(port)) {
        try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
          return free.getLocalPort();
        } catch (IOException e) {
          last = e; // Somebody has it.
        }
      }
    }
    throw last;
  }
}
