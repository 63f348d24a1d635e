package org.hearth.server.http.connection;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// A listener that is open. It accepts as long as it is, whatever fails meanwhile: when the process
/// is out of file descriptors, it goes on once there are some.
///
/// **thread**: `http-accept-` and the port accepts; each connection runs on a virtual thread.
public final class OpenListener implements AutoCloseable {
  private static final Logger LOG = System.getLogger(OpenListener.class.getName());
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final ServerSocketChannel channel;
  private final InetSocketAddress address;
  private final Optional<TlsKeys> keys;
  private final Optional<SSLContext> tls;
  private final Protocol protocol;
  private final Connections connections;
  private final Consumer<String> onDeath;
  private final Thread acceptor;
  private volatile boolean closed;

  private OpenListener(
      ServerSocketChannel channel,
      InetSocketAddress address,
      Optional<TlsKeys> keys,
      Protocol protocol,
      Connections connections,
      Consumer<String> onDeath) {
    this.channel = channel;
    this.address = address;
    this.keys = keys;
    this.tls = keys.map(TlsKeys::context);
    this.protocol = protocol;
    this.connections = connections;
    this.onDeath = onDeath;
    this.acceptor =
        Thread.ofPlatform().name("http-accept-" + address.getPort()).unstarted(this::run);
  }

  /// Opens a listener.
  ///
  /// @param onDeath told, in a sentence, when no more connections are let in and the listener is
  ///   not closed
  /// @throws PortInUseException if something else listens on the port
  /// @throws UnusableKeyException if the certificate or key cannot be used
  /// @throws UncheckedIOException if the address cannot be bound
  public static OpenListener open(
      Listener listener, Protocol protocol, Connections connections, Consumer<String> onDeath) {
    Optional<TlsKeys> keys = listener.tls().map(TlsKeys::new);
    InetSocketAddress asked = new InetSocketAddress(listener.bind(), listener.port());
    ServerSocketChannel channel = bound(asked, connections.limits().backlog());
    int port = channel.socket().getLocalPort();
    OpenListener open =
        new OpenListener(
            channel,
            new InetSocketAddress(listener.bind(), port),
            keys,
            protocol,
            connections,
            onDeath);
    open.acceptor.start();
    return open;
  }

  /// Reads a listener's certificate and key, opens its port and closes it again.
  ///
  /// @throws UnusableKeyException if the certificate or key cannot be used
  /// @throws PortInUseException if something else listens on the port
  /// @throws UncheckedIOException if the address cannot be bound
  public static void check(Listener listener) {
    var _ = listener.tls().map(TlsKeys::new);
    close(bound(new InetSocketAddress(listener.bind(), listener.port()), 1));
  }

  private static ServerSocketChannel bound(InetSocketAddress address, int backlog) {
    ServerSocketChannel channel = null;
    try {
      channel = ServerSocketChannel.open();
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      return channel.bind(address, backlog);
    } catch (IOException e) {
      close(channel);
      if (e instanceof BindException && isAnswered(address)) {
        throw new PortInUseException(address, PortHolders.of(address.getPort()), e);
      }
      throw new UncheckedIOException(
          "could not listen on %s, port %d: %s"
              .formatted(address.getAddress().getHostAddress(), address.getPort(), e.getMessage()),
          e);
    }
  }

  /// Whether somebody listens there: the message of the exception may be in any language.
  private static boolean isAnswered(InetSocketAddress address) {
    if (address.getPort() == 0) {
      return false;
    }
    if (PortHolders.of(address.getPort()).isPresent()) {
      return true;
    }
    try (Socket socket = new Socket()) {
      socket.connect(address, 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /// Where it listens, with the port that the system chose.
  public InetSocketAddress address() {
    return address;
  }

  /// True if it speaks TLS.
  public boolean isSecure() {
    return keys.isPresent();
  }

  /// What its certificate says now; empty if it does not speak TLS.
  public Optional<ListenerCertificate> certificate() {
    return keys.map(TlsKeys::certificate);
  }

  /// Reads certificate and key again; connections made from now on use them.
  ///
  /// @throws UncheckedIOException if one cannot be read; the old ones then stay in use
  public void reloadTls() {
    keys.ifPresent(TlsKeys::reload);
  }

  private void run() {
    try {
      accept();
    } catch (Throwable t) {
      // The top of a thread: an error of the virtual machine, or a defect.
      LOG.log(Level.ERROR, "thread " + acceptor.getName() + " has ended", t);
      onDeath.accept(
          "The thread %s, which lets connections in, has ended: %s."
              .formatted(acceptor.getName(), t));
    }
  }

  private void accept() {
    while (channel.isOpen()) {
      try {
        acceptOne();
      } catch (LinkageError e) {
        LockSupport.parkNanos(
            PAUSE.toNanos()); // A class is a file, too, that cannot be opened now.
      }
    }
    if (!closed) {
      throw new IllegalStateException("its socket is closed");
    }
  }

  private void acceptOne() {
    try {
      connections.awaitRoom();
      begin(accepted());
    } catch (ClosedChannelException e) {
      LOG.log(Level.DEBUG, "the listener on {0} ends", address);
    } catch (InterruptedException e) {
      close(channel); // As an interrupt does wherever else in this loop it comes.
    } catch (IOException | RuntimeException e) {
      if (connections.refusedBySystem()) {
        LOG.log(
            Level.WARNING,
            "No connection can be accepted on %s, which is tried again until it works: %s"
                .formatted(address, e.getMessage()));
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  private SocketChannel accepted() throws IOException {
    boolean accepted = false;
    try {
      SocketChannel socket = channel.accept();
      accepted = true;
      return socket;
    } finally {
      if (!accepted) {
        connections.giveRoomBack();
      }
    }
  }

  /// Runs a connection, for which there is room.
  private void begin(SocketChannel socket) {
    boolean running = false;
    try {
      if (socket.getRemoteAddress() instanceof InetSocketAddress peer) {
        InetAddress from = peer.getAddress();
        Connection connection = new Connection(socket, from, protocol, connections, tls);
        if (connections.admit(connection)) {
          Thread.ofVirtual().name("http-connection").start(connection);
          running = true;
        }
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "a client was gone before it was let in", e);
    } finally {
      if (!running) {
        close(socket);
        connections.giveRoomBack();
      }
    }
  }

  private static void close(@Nullable Channel it) {
    if (it != null) {
      try {
        it.close();
      } catch (IOException e) {
        LOG.log(Level.DEBUG, "a socket could not be closed", e);
      }
    }
  }

  /// Accepts no more. Connections that are open stay. The system lets go of the port only when the
  /// thread that accepts has noticed, so this waits for it.
  @Override
  public void close() {
    closed = true;
    close(channel);
    acceptor.interrupt();
    if (!Thread.currentThread().equals(acceptor)) {
      try {
        if (!acceptor.join(PATIENCE)) {
          LOG.log(Level.WARNING, "thread {0} has not ended", acceptor.getName());
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
