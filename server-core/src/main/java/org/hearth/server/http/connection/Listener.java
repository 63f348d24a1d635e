package org.hearth.server.http.connection;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Optional;

/// An address and port to listen on, plain or with TLS.
///
/// @param bind the address of the interface
/// @param port the port; 0 lets the system choose one
/// @param tls certificate and key; none means plain HTTP
public record Listener(InetAddress bind, int port, Optional<Tls> tls) {
  public Listener {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be from 0 to 65535, not " + port);
    }
  }

  /// Plain HTTP on the loopback interface.
  public static Listener loopback(int port) {
    return new Listener(InetAddress.getLoopbackAddress(), port, Optional.empty());
  }

  /// Where certificate and key are, both PEM.
  ///
  /// @param certificate the server's certificate first, then those that lead to the root
  /// @param privateKey PKCS#8, PKCS#1 (RSA) or SEC1 (EC), not encrypted
  public record Tls(Path certificate, Path privateKey) {}
}
