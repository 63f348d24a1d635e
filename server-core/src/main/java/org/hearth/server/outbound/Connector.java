package org.hearth.server.outbound;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLSocket;

/// Makes a connection to a destination: resolve once, check every address, connect to one of those
/// very addresses, verify the certificate for the name.
///
/// @param addresses resolves and checks
/// @param trust whose certificates are believed
/// @param dialer connects to the checked address
record Connector(Addresses addresses, Trust trust, Dialer dialer) {
  /// A host with more addresses is tried at its first ones only.
  private static final int ATTEMPTS = 4;

  private record Dialed(Socket socket, InetAddress address) {}

  Connection connect(Destination destination, Limits limits, Progress progress)
      throws FailureException, InterruptedException {
    progress.enter(Phase.RESOLVE, limits.connect());
    List<InetAddress> checked = addresses.of(destination);
    progress.enter(Phase.CONNECT, limits.connect());
    Dialed dialed = tcp(checked, destination.endpoint().port(), limits.connect(), progress);
    Socket socket = dialed.socket();
    InetAddress address = dialed.address();
    try {
      if (!destination.tls()) {
        return new Connection(socket, null, address);
      }
      progress.enter(Phase.HANDSHAKE, limits.handshake());
      SSLSocket secure = trust.over(socket, destination.name(), destination.endpoint().port());
      secure.startHandshake();
      return new Connection(socket, secure, address);
    } catch (IOException e) {
      close(socket, e);
      throw new FailureException(new Failure.TlsFailed(address, Trust.reason(e), Reasons.of(e)));
    } catch (RuntimeException | Error e) {
      close(socket, e);
      throw e;
    }
  }

  /// The addresses share the time; the first that takes the connection has it.
  private Dialed tcp(List<InetAddress> checked, int port, Duration limit, Progress progress)
      throws FailureException {
    List<InetAddress> tried = checked.subList(0, Math.min(ATTEMPTS, checked.size()));
    int share = (int) Math.max(1, limit.toMillis() / tried.size());
    IOException last = new IOException("no address");
    for (InetAddress each : tried) {
      Socket socket = new Socket(java.net.Proxy.NO_PROXY);
      try {
        progress.uses(socket);
        dialer.connect(socket, new InetSocketAddress(each, port), share);
        socket.setTcpNoDelay(true);
        return new Dialed(socket, each);
      } catch (IOException e) {
        close(socket, e);
        last = e;
      } catch (RuntimeException | Error e) {
        close(socket, e);
        throw e;
      }
    }
    throw new FailureException(
        last instanceof SocketTimeoutException
            ? new Failure.TimedOut(Phase.CONNECT, limit)
            : new Failure.ConnectFailed(tried.getLast(), Reasons.of(last)));
  }

  private static void close(Socket socket, Throwable because) {
    try {
      socket.close();
    } catch (IOException e) {
      because.addSuppressed(e);
    }
  }
}
