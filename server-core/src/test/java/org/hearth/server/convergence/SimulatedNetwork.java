package org.hearth.server.convergence;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.TestAuthority;

/// The network between servers. Each reaches the others at ports of this network, by TLS; a request
/// that has come here has a fate, and may be handed to the server that it is for: late, twice, or
/// never, and the same with the answer.
///
/// The fate of the nth request of one server to another follows from the seed.
///
/// **thread**: any.
final class SimulatedNetwork implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Pattern ORIGIN = Pattern.compile("origin=\"([^\"]+)\"");
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();

  private final SimulatedTime time;
  private final TestAuthority authority = new TestAuthority();
  private final Path authorityFile;
  private final Map<String, End> ends = new ConcurrentHashMap<>();
  private final Map<Link, Random> fates = new HashMap<>();
  private final AtomicInteger underWay = new AtomicInteger();
  private final AtomicLong carried = new AtomicLong();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private long seed;
  private volatile boolean whole = true;

  /// Servers that reach one another and nobody else.
  private volatile Set<ServerName> cutOff = Set.of();

  /// Where requests for one server come in.
  private static final class End {
    private final int number;
    private final ServerName server;
    private final ServerSocket socket;
    private volatile Optional<URI> base = Optional.empty();

    End(int number, ServerName server, ServerSocket socket) {
      this.number = number;
      this.server = server;
      this.socket = socket;
    }
  }

  private record Link(String from, ServerName to) {}

  @SuppressWarnings("ArrayRecordComponent") // Nobody compares them.
  private record Asked(String head, byte[] body) {
    String[] line() {
      return head.substring(0, head.indexOf("\r\n")).split(" ", -1);
    }

    Optional<String> header(String name) {
      return head.lines()
          .filter(each -> each.regionMatches(true, 0, name + ": ", 0, name.length() + 2))
          .map(each -> each.substring(name.length() + 2))
          .findFirst();
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // Nobody compares them.
  private record Reply(int status, byte[] body) {}

  /// @param before what passes before the request arrives
  /// @param times how often it arrives
  /// @param after what passes before the answer arrives
  /// @param answered whether it arrives
  private record Fate(Duration before, int times, Duration after, boolean answered) {
    private static final Fate GOOD = new Fate(Duration.ZERO, 1, Duration.ZERO, true);

    static Fate of(Random random) {
      int chance = random.nextInt(100);
      Duration delay = Duration.ofMillis(random.nextInt(60_000));
      if (chance < 12) {
        return new Fate(Duration.ZERO, 0, Duration.ZERO, false);
      } else if (chance < 20) {
        return new Fate(Duration.ZERO, 1, Duration.ZERO, false);
      } else if (chance < 26) {
        return new Fate(Duration.ZERO, 2, Duration.ZERO, true);
      } else if (chance < 44) {
        return new Fate(delay, 1, Duration.ZERO, true);
      } else if (chance < 52) {
        return new Fate(Duration.ZERO, 1, delay, true);
      } else if (chance < 56) {
        return new Fate(delay, 2, delay, false);
      }
      return GOOD;
    }
  }

  /// @param folder gets the file of the authority
  SimulatedNetwork(Path folder, SimulatedTime time) throws IOException {
    this.time = time;
    authorityFile = authority.writeTo(folder.resolve("authority.pem"));
  }

  Path authority() {
    return authorityFile;
  }

  /// A place for a server, which nobody serves yet.
  ServerName place() throws IOException {
    ServerSocket socket =
        authority
            .certify("localhost")
            .getServerSocketFactory()
            .createServerSocket(0, 200, InetAddress.getLoopbackAddress());
    ServerName name = ServerName.parse("localhost:" + socket.getLocalPort());
    End end = new End(ends.size() + 1, name, socket);
    ends.put(name.value(), end);
    Thread.ofVirtual().start(() -> accept(end));
    return name;
  }

  /// The server is there.
  ///
  /// @param base where it listens
  void serve(ServerName server, URI base) {
    end(server).base = Optional.of(base);
  }

  /// The server is not there.
  void leave(ServerName server) {
    end(server).base = Optional.empty();
  }

  private End end(ServerName server) {
    End end = ends.get(server.value());
    if (end == null) {
      throw new IllegalArgumentException("no place of " + server);
    }
    return end;
  }

  /// From now on requests have fates.
  synchronized void disturb(long newSeed) {
    seed = newSeed;
    fates.clear();
    whole = false;
  }

  /// Those servers reach one another and nobody else; nobody to end that.
  void cutOff(Set<ServerName> servers) {
    cutOff = Set.copyOf(servers);
  }

  /// From now on every request arrives, and so does its answer; what was late arrives now.
  void calm() {
    cutOff = Set.of();
    whole = true;
    time.look();
  }

  /// How many requests are on their way, or being answered.
  int underWay() {
    return underWay.get();
  }

  /// How many requests there were.
  long carried() {
    return carried.get();
  }

  private synchronized Fate fate(Link link) {
    if (whole) {
      return Fate.GOOD;
    }
    // Ports differ from run to run; the order of the places does not.
    End from = ends.get(link.from());
    int number = from == null ? 0 : from.number;
    return Fate.of(
        fates.computeIfAbsent(
            link, _ -> new Random(seed * 1_000_003 + number * 1_009L + end(link.to()).number)));
  }

  private boolean isCut(Link link) {
    Set<ServerName> apart = cutOff;
    End from = ends.get(link.from());
    return from != null && apart.contains(from.server) != apart.contains(link.to());
  }

  /// @return empty if the sender is told nothing
  private Optional<Reply> carry(End to, Asked asked) throws InterruptedException {
    Matcher origin = ORIGIN.matcher(asked.header("authorization").orElse(""));
    Link link = new Link(origin.find() ? origin.group(1) : "", to.server);
    Fate fate = fate(link);
    if (isCut(link)) {
      return Optional.empty();
    }
    time.await(fate.before(), () -> whole);
    if (isCut(link)) {
      return Optional.empty();
    }
    Optional<Reply> reply = Optional.empty();
    for (int i = 0; i < fate.times(); i++) {
      reply = handOver(to, asked);
    }
    time.await(fate.after(), () -> whole);
    return fate.answered() && !isCut(link) ? reply : Optional.empty();
  }

  private static Optional<Reply> handOver(End to, Asked asked) throws InterruptedException {
    Optional<URI> base = to.base;
    if (base.isEmpty()) {
      return Optional.empty();
    }
    String[] line = asked.line();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base.get() + line[1]))
            .timeout(PATIENCE)
            .method(
                line[0],
                asked.body().length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(asked.body()));
    asked.header("authorization").ifPresent(each -> request.header("Authorization", each));
    asked.header("content-type").ifPresent(each -> request.header("Content-Type", each));
    try {
      HttpResponse<byte[]> response =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      return Optional.of(new Reply(response.statusCode(), response.body()));
    } catch (IOException _) {
      // The server was stopped.
      return Optional.empty();
    }
  }

  private void accept(End end) {
    try {
      while (true) {
        Socket socket = end.socket.accept();
        sockets.add(socket);
        Thread.ofVirtual().start(() -> serve(end, socket));
      }
    } catch (IOException _) {
      // The network is closed.
    }
  }

  private void serve(End end, Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        Asked asked = new Asked(head, new byte[0]);
        int length = asked.header("content-length").map(Integer::parseInt).orElse(0);
        asked = new Asked(head, in.readNBytes(length));
        underWay.incrementAndGet();
        Optional<Reply> reply;
        try {
          reply = carry(end, asked);
        } finally {
          carried.incrementAndGet();
          underWay.decrementAndGet();
        }
        if (reply.isEmpty()) {
          return;
        }
        out.write(
            "HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                .formatted(reply.get().status(), reply.get().body().length)
                .getBytes(ISO_8859_1));
        out.write(reply.get().body());
        out.flush();
      }
    } catch (IOException _) {
      // Whoever asked does not wait any more.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      sockets.remove(socket);
    }
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int ended = 0;
    for (int next = in.read(); next >= 0; next = in.read()) {
      head.write(next);
      ended = next == "\r\n\r\n".charAt(ended) ? ended + 1 : next == '\r' ? 1 : 0;
      if (ended == 4) {
        return head.toString(ISO_8859_1);
      }
    }
    return "";
  }

  @Override
  public void close() throws IOException {
    calm();
    for (End each : ends.values()) {
      each.socket.close();
    }
    for (Socket each : sockets) {
      each.close();
    }
  }
}
