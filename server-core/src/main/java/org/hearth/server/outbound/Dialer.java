package org.hearth.server.outbound;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/// Connects a socket to an address that was checked: the network, as this package sees it.
@FunctionalInterface
public interface Dialer {
  /// To that very address.
  Dialer DIRECT = Socket::connect;

  /// Connects, or fails.
  ///
  /// @param timeoutMillis how long it may take
  /// @throws IOException if the other side takes no connection in time
  void connect(Socket socket, InetSocketAddress address, int timeoutMillis) throws IOException;
}
