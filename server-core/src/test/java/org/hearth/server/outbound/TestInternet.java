package org.hearth.server.outbound;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/// Servers with public addresses, names and certificates, all on loopback: where a connection to a
/// public address goes, the test says. All else is as it is outside; private addresses are blocked
/// as they are by default, and nobody is behind them.
public final class TestInternet implements AutoCloseable {
  /// What a server was asked.
  ///
  /// @param sni the name in the TLS handshake; empty if there was none
  /// @param head the request line and the headers
  public record Asked(String sni, String head, String body) {
    public String line() {
      return head.substring(0, head.indexOf("\r\n"));
    }

    public String header(String name) {
      return head.lines()
          .filter(each -> each.toLowerCase(java.util.Locale.ROOT).startsWith(name + ": "))
          .map(each -> each.substring(name.length() + 2))
          .findFirst()
          .orElse("");
    }
  }

  /// What a server does with a request.
  @FunctionalInterface
  public interface Script {
    void answer(Asked asked, OutputStream out) throws Exception;
  }

  public final DnsServer dns = DnsServer.start();
  public final TestAuthority authority = new TestAuthority();
  private final Path authorityFile;
  private final Map<InetSocketAddress, ServerSocket> servers = new ConcurrentHashMap<>();
  private final List<InetSocketAddress> dialed = new CopyOnWriteArrayList<>();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  public TestInternet(Path folder) throws IOException {
    authorityFile = authority.writeTo(folder.resolve("authority.pem"));
  }

  public Outbound outbound(InstantSource clock) throws IOException {
    return outbound(clock, Set.of());
  }

  /// What goes out to this internet.
  ///
  /// @param allowed hosts that are connected to wherever they are
  public Outbound outbound(InstantSource clock, Set<String> allowed) throws IOException {
    return Outbound.start(
        new OutboundOptions(
            OutboundOptions.PRIVATE_NETWORKS, List.of(), allowed, List.of(authorityFile), 8, 512),
        _ -> List.of(InetAddress.ofLiteral("127.0.0.1")),
        nameServers(clock),
        this::dial,
        clock);
  }

  public NameServers nameServers(InstantSource clock) {
    return NameServers.at(List.of(dns.address()), clock, new Random(7));
  }

  private void dial(Socket socket, InetSocketAddress address, int timeoutMillis)
      throws IOException {
    dialed.add(address);
    ServerSocket server = servers.get(address);
    if (server == null) {
      throw new ConnectException("nobody is at " + address);
    }
    socket.connect(server.getLocalSocketAddress(), timeoutMillis);
  }

  /// Every address to which a connection was tried.
  public List<InetSocketAddress> dialed() {
    return dialed;
  }

  /// What all servers were asked.
  public List<Asked> asked() {
    return asked;
  }

  /// The requests of one path.
  public List<Asked> asked(String path) {
    return asked.stream().filter(each -> each.line().split(" ", -1)[1].equals(path)).toList();
  }

  /// Begins to serve at a public address.
  ///
  /// @param certified for which names and addresses the server has a certificate
  public void serve(String address, int port, List<String> certified, Script script)
      throws IOException {
    SSLContext context = authority.certify(certified.toArray(String[]::new));
    ServerSocket server =
        context
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    servers.put(new InetSocketAddress(InetAddress.ofLiteral(address), port), server);
    Thread.ofVirtual().start(() -> accept(server, script));
  }

  /// The server at that address takes no connection any more, and those it has end.
  public void end(String address, int port) throws IOException {
    ServerSocket server =
        servers.remove(new InetSocketAddress(InetAddress.ofLiteral(address), port));
    if (server == null) {
      throw new IllegalStateException("nobody serves at " + address);
    }
    int listened = server.getLocalPort();
    server.close();
    for (Socket each : sockets) {
      if (each.getLocalPort() == listened) {
        each.close();
      }
    }
  }

  /// Answers with JSON.
  public static Script json(int status, String json) {
    return (_, out) -> respond(out, status, "Content-Type: application/json\r\n", json);
  }

  /// Answers `/.well-known/matrix/server` with that name, and all else with 404.
  public static Script wellKnown(String name) {
    return (asked, out) -> {
      if (asked.line().startsWith("GET /.well-known/matrix/server ")) {
        respond(out, 200, "", "{\"m.server\": \"" + name + "\"}");
      } else {
        respond(out, 404, "", "");
      }
    };
  }

  /// Writes a response.
  ///
  /// @param headers whole lines
  public static void respond(OutputStream out, int status, String headers, String body)
      throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    out.write(
        "HTTP/1.1 %d -\r\n%sContent-Length: %d\r\n\r\n"
            .formatted(status, headers, bytes.length)
            .getBytes(ISO_8859_1));
    out.write(bytes);
  }

  private void accept(ServerSocket server, Script script) {
    try {
      while (true) {
        Socket socket = server.accept();
        sockets.add(socket);
        Thread.ofVirtual().start(() -> serve((SSLSocket) socket, script));
      }
    } catch (IOException _) {
      // The test is over.
    }
  }

  private void serve(SSLSocket socket, Script script) {
    try (socket) {
      socket.startHandshake();
      String sni =
          ((ExtendedSSLSession) socket.getSession())
              .getRequestedServerNames().stream()
                  .map(each -> ((SNIHostName) each).getAsciiName())
                  .findFirst()
                  .orElse("");
      InputStream in = socket.getInputStream();
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        Asked request = new Asked(sni, head, "");
        String length = request.header("content-length");
        byte[] body = in.readNBytes(length.isEmpty() ? 0 : Integer.parseInt(length));
        request = new Asked(sni, head, new String(body, UTF_8));
        asked.add(request);
        script.answer(request, socket.getOutputStream());
        socket.getOutputStream().flush();
      }
    } catch (Exception _) {
      // The client went away, which is what many tests are about.
    }
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    for (int next = in.read(); next >= 0; next = in.read()) {
      head.write(next);
      if (next == '\n' && head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
        return head.toString(ISO_8859_1);
      }
    }
    return "";
  }

  @Override
  public void close() throws IOException {
    dns.close();
    for (ServerSocket each : servers.values()) {
      each.close();
    }
    for (Socket each : sockets) {
      each.close();
    }
  }
}
