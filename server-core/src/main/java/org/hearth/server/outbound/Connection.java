package org.hearth.server.outbound;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/// One connection to a checked address, ready for HTTP/1.1.
///
/// **thread**: one at a time, the exchange that uses it or the idle connections; `close` any
final class Connection implements AutoCloseable {
  private static final int LINE = 8 << 10;
  private static final int HEADERS = 100;
  private static final Http1Config SYNTAX =
      Http1Config.custom().setMaxLineLength(LINE).setMaxHeaderCount(HEADERS).build();

  private final Socket socket;
  private final InetAddress address;
  private final Optional<X509Certificate> certificate;
  private final DefaultBHttpClientConnection http = new DefaultBHttpClientConnection(SYNTAX);

  /// @param secure TLS over the socket, its handshake done, or null for plain text
  Connection(Socket socket, @Nullable SSLSocket secure, InetAddress address) throws IOException {
    this.socket = socket;
    this.address = address;
    this.certificate = secure == null ? Optional.empty() : certificate(secure);
    if (secure == null) {
      http.bind(socket);
    } else {
      http.bind(secure, socket);
    }
  }

  DefaultBHttpClientConnection http() {
    return http;
  }

  InetAddress address() {
    return address;
  }

  /// By which the other side was verified; empty of plain text.
  Optional<X509Certificate> certificate() {
    return certificate;
  }

  private static Optional<X509Certificate> certificate(SSLSocket secure)
      throws SSLPeerUnverifiedException {
    return secure.getSession().getPeerCertificates()[0] instanceof X509Certificate own
        ? Optional.of(own)
        : Optional.empty();
  }

  /// The TCP socket, which a caller that gives up closes; closing TLS might wait for a writer.
  Socket socket() {
    return socket;
  }

  /// Whether the other side left it open and said nothing that was not asked for.
  boolean isUsable() {
    try {
      return !http.isStale() && !http.isDataAvailable(Timeout.ofMilliseconds(1));
    } catch (IOException _) {
      return false;
    }
  }

  @Override
  public void close() {
    http.close(CloseMode.IMMEDIATE);
  }
}
