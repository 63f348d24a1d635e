package org.hearth.server.http.connection;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.NioSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.socket.SocketWriter;
import io.helidon.common.socket.TlsNioSocket;
import io.helidon.http.Headers;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.http1.Http1ConnectionListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/// A client's connection, from its acceptance to its end.
///
/// ```
/// AWAITING ──head is there──► REQUEST ──answered──► AWAITING …
///     └──others need the room, or the server stops──► ENDED
/// ```
///
/// **thread**: its own; others only end it, and learn whether its client is gone.
public final class Connection implements ConnectionContext, Runnable {
  private static final Logger LOG = System.getLogger(Connection.class.getName());
  private static final String LISTENER = "listener";
  private static final String HTTP_1_1 = "http/1.1";
  private static final ScopedValue<Connection> CURRENT = ScopedValue.newInstance();

  /// Has to hear of the heads that the parser reads.
  public static final Http1ConnectionListener HEADS =
      new Http1ConnectionListener() {
        @Override
        public void headers(ConnectionContext connection, Headers headers) {
          ((Connection) connection).headEnded();
        }
      };

  private enum Phase {
    AWAITING,
    REQUEST,
    ENDED
  }

  private final SocketChannel channel;
  private final InetAddress address;
  private final Protocol protocol;
  private final Connections all;
  private final Optional<SSLContext> tls;
  private final long beganNanos = System.nanoTime();
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.AWAITING);
  private final StopSignal over = new StopSignal();
  private volatile boolean answered;
  private volatile boolean clientGone;
  private volatile @Nullable Thread thread;
  private @Nullable Line line;

  /// What is there while it runs.
  private record Line(
      HelidonSocket socket, ConnectionInput input, CrlfReader reader, SocketWriter writer) {}

  /// @param tls of a listener that speaks it
  Connection(
      SocketChannel channel,
      InetAddress address,
      Protocol protocol,
      Connections all,
      Optional<SSLContext> tls) {
    this.channel = channel;
    this.address = address;
    this.protocol = protocol;
    this.all = all;
    this.tls = tls;
  }

  /// The connection of the request that the calling thread handles.
  public static Connection current() {
    return CURRENT.get();
  }

  @Override
  public void run() {
    thread = Thread.currentThread();
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      serve(socket());
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "a client was gone before it was served", e);
    } finally {
      closeChannel();
      all.remove(this);
    }
  }

  private void serve(HelidonSocket socket) {
    try (ConnectionInput input =
        new ConnectionInput(socket, all.deadlines(), all.limits(), this::clientIsGone)) {
      line = new Line(socket, input, new CrlfReader(input), SocketWriter.create(socket));
      ScopedValue.where(CURRENT, this).call(this::speak);
    } catch (CloseConnectionException e) {
      LOG.log(Level.TRACE, "a connection ends", e);
    } catch (UncheckedIOException e) {
      LOG.log(Level.DEBUG, "a connection broke", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "A connection ended by a defect", e);
    } finally {
      sayGoodbye(socket);
    }
  }

  private HelidonSocket socket() {
    String id = Integer.toHexString(System.identityHashCode(channel));
    return tls.<HelidonSocket>map(
            context -> TlsNioSocket.server(channel, engine(context), id, LISTENER))
        .orElseGet(() -> NioSocket.server(channel, id, LISTENER));
  }

  private static SSLEngine engine(SSLContext context) {
    SSLEngine engine = context.createSSLEngine();
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    engine.setSSLParameters(parameters);
    engine.setHandshakeApplicationProtocolSelector(
        (_, offered) -> offered.contains(HTTP_1_1) ? HTTP_1_1 : null);
    return engine;
  }

  private @Nullable Void speak() throws InterruptedException {
    protocol.http().connection(this).handle(protocol.requests());
    return null;
  }

  private void headEnded() {
    line().input().headEnded();
    if (!phase.compareAndSet(Phase.AWAITING, Phase.REQUEST)) {
      throw new CloseConnectionException("The connection was ended before its request was there");
    }
  }

  /// The request has been answered, and its body read.
  public void requestEnded() {
    answered = true;
    phase.compareAndSet(Phase.REQUEST, Phase.AWAITING);
    line().input().requestEnded();
  }

  /// Somebody has shown who he is: no stranger's connection any more.
  public void authenticated() {
    all.know(this);
  }

  /// A chunk of the body that is read now may have so many bytes.
  public void expectChunks(int mostBytes) {
    line().reader().expectChunks(mostBytes);
  }

  /// Raised when nobody needs the answer to the request that is under way: the server is about to
  /// stop, or the client is gone. The latter is noticed from this call on.
  public StopSignal over() {
    line().input().watch();
    return over;
  }

  /// True if the client went away while somebody waited on its behalf.
  public boolean isClientGone() {
    return clientGone;
  }

  private void clientIsGone() {
    clientGone = true;
    over.raise();
  }

  /// Tells those who wait on behalf of the client that the server is about to stop.
  void stopWaiting() {
    over.raise();
  }

  /// The other end.
  InetAddress address() {
    return address;
  }

  /// True if a request has been answered on it.
  boolean wasAnswered() {
    return answered;
  }

  /// How long it has been there.
  Duration age() {
    return Duration.ofNanos(System.nanoTime() - beganNanos);
  }

  /// Ends it if no request is under way.
  ///
  /// @return false if one is
  boolean endIfAwaiting() {
    if (!phase.compareAndSet(Phase.AWAITING, Phase.ENDED)) {
      return false;
    }
    closeChannel();
    return true;
  }

  /// Interrupts what it does.
  void interrupt() {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }

  /// As TLS wants it, where that is still possible.
  private void sayGoodbye(HelidonSocket socket) {
    try {
      socket.close();
    } catch (UncheckedIOException e) {
      LOG.log(Level.TRACE, "a connection was broken before it was closed", e);
    }
  }

  /// Whatever thread reads or writes there, ends.
  void closeChannel() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "a connection could not be closed", e);
    }
  }

  private Line line() {
    return Objects.requireNonNull(line, "the connection does not run");
  }

  @Override
  public ListenerContext listenerContext() {
    return protocol.context();
  }

  @Override
  public ExecutorService executor() {
    return protocol.context().executor();
  }

  @Override
  public DataWriter dataWriter() {
    return line().writer();
  }

  @Override
  public DataReader dataReader() {
    return line().reader();
  }

  @Override
  public Router router() {
    return protocol.router();
  }

  @Override
  public PeerInfo remotePeer() {
    return line().socket().remotePeer();
  }

  @Override
  public PeerInfo localPeer() {
    return line().socket().localPeer();
  }

  @Override
  public boolean isSecure() {
    return tls.isPresent();
  }

  @Override
  public String socketId() {
    return line().socket().socketId();
  }

  @Override
  public String childSocketId() {
    return line().socket().childSocketId();
  }

  @Override
  public HelidonSocket serverSocket() {
    return line().socket();
  }
}
