package org.hearth.server.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.configuration.DataFolder;

/// The door through which the command line and a second start of the panel reach the server that
/// holds a data folder. It is a port of the loopback address; the file `control` in the data
/// folder, which only its user can read, has the port, the secret that every request must show, and
/// which folder that is: in a copy of the folder it names nobody.
///
/// ```
/// request:  {"secret":"…","operation":"status","arguments":{…}}\n
/// answer:   {"result":{…}}\n   or   {"error":"a sentence"}\n
/// ```
///
/// **thread**: one virtual thread a connection.
///
/// **bound**: [#MOST_REQUESTS] that have shown the secret are answered at a time; more wait until
/// one of them ends. [#MOST_UNPROVEN] connections have not shown it yet: for one more, the oldest
/// has to go, so that nobody without the secret keeps others out. A request has [#MOST_BYTES_ASKED]
/// and [#PATIENCE_FOR_REQUEST], an answer [#MOST_BYTES_ANSWERED] and [ControlRequest#patience].
public final class ControlPort implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ControlPort.class.getName());
  private static final ObjectMapper JSON = new ObjectMapper();

  /// A request comes in one piece.
  private static final Duration PATIENCE_FOR_REQUEST = Duration.ofSeconds(5);

  static final int MOST_REQUESTS = 32;
  static final int MOST_UNPROVEN = 64;
  static final int MOST_BYTES_ASKED = 4 << 10;
  private static final int MOST_BYTES_ANSWERED = 64 << 20;

  /// How long nothing is accepted after that has failed, because the process has no descriptor
  /// left, say.
  private static final int PAUSE_MILLIS = 1_000;

  /// How often who waits for a stop looks for it.
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final ServerSocket socket;
  private final Path file;
  private final String secret;
  private final Handler handler;
  private final Line asked;
  private final Semaphore requests = new Semaphore(MOST_REQUESTS, true);

  /// The connections that have not shown the secret, the oldest first.
  private final Queue<Socket> unproven = new ConcurrentLinkedQueue<>();

  private final CountDownLatch closed = new CountDownLatch(1);

  /// @param patience how long a request may take to come
  ControlPort(ServerSocket socket, Path file, String secret, Handler handler, Duration patience) {
    this.socket = socket;
    this.file = file;
    this.secret = secret;
    this.handler = handler;
    asked = new Line(MOST_BYTES_ASKED, patience, System::nanoTime);
  }

  /// Does what is asked for.
  public interface Handler {
    /// Does one operation and tells of it.
    ///
    /// @param request the operation with its arguments
    /// @return what the asker is told
    /// @throws RuntimeException whose message the asker is told instead
    JsonNode handle(ControlRequest request);

    /// Called when the asker has been answered. What ends the process is done here, so that nobody
    /// waits for an answer of a process that is gone.
    ///
    /// @param request the operation that was answered without a failure
    void answered(ControlRequest request);
  }

  /// Opens the door.
  ///
  /// @param folder the data folder, held by this process
  /// @param random makes the secret
  /// @param handler does what requests ask for
  /// @return the open door
  /// @throws IOException if no port can be had, or the file cannot be written
  public static ControlPort open(DataFolder folder, SecureRandom random, Handler handler)
      throws IOException {
    return open(folder, random, handler, PATIENCE_FOR_REQUEST);
  }

  /// @param patience how long a request may take to come
  static ControlPort open(
      DataFolder folder, SecureRandom random, Handler handler, Duration patience)
      throws IOException {
    byte[] bytes = new byte[24];
    random.nextBytes(bytes);
    String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    ServerSocket socket = new ServerSocket();
    try {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      Path file = file(folder);
      Path fresh = file.resolveSibling("control.new");
      DataFolder.makePrivateFile(fresh);
      Files.writeString(
          fresh, "%d\n%s\n%s\n".formatted(socket.getLocalPort(), secret, folder.identity()));
      move(fresh, file);
      ControlPort port = new ControlPort(socket, file, secret, handler, patience);
      Thread.ofVirtual().name("control").start(port::accept);
      return port;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /// Asks the server that holds a data folder.
  ///
  /// @param folder the data folder
  /// @param request what is asked
  /// @return its answer; empty if no server holds the folder
  /// @throws ControlException with the server's sentence if it refused
  /// @throws NoAnswerException if something listens there and does not answer, or is not understood
  /// @throws IOException if the file `control` cannot be read
  public static Optional<JsonNode> ask(DataFolder folder, ControlRequest request)
      throws IOException {
    return ask(folder, request, request.patience());
  }

  /// @param patience how long the answer may take
  static Optional<JsonNode> ask(DataFolder folder, ControlRequest request, Duration patience)
      throws IOException {
    Path file = file(folder);
    if (Files.notExists(file) || !Files.isDirectory(folder.root())) {
      return Optional.empty();
    }
    String[] lines = Files.readString(file).split("\n", -1);
    if (lines.length > 3 && !lines[2].equals(folder.identity())) {
      // A copy of the folder, of when its server ran.
      return Optional.empty();
    }
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(lines[0])),
          Math.toIntExact(patience.toMillis()));
      ObjectNode json = JSON.createObjectNode();
      json.put("secret", lines[1]);
      json.put("operation", request.operation());
      json.set("arguments", JSON.valueToTree(request.arguments()));
      write(socket.getOutputStream(), json);
      String answer = new Line(MOST_BYTES_ANSWERED, patience, System::nanoTime).read(socket);
      if (answer == null) {
        throw new EOFException("without a whole answer");
      }
      JsonNode tree = JSON.readTree(answer);
      if (tree.has("error")) {
        throw new ControlException(tree.get("error").asText());
      }
      if (!tree.has("result")) {
        throw new ProtocolException("an answer without a result");
      }
      return Optional.of(tree.get("result"));
    } catch (ConnectException | NumberFormatException | ArrayIndexOutOfBoundsException _) {
      // The file was left behind by a server that was killed.
      return Optional.empty();
    } catch (IOException e) {
      throw new NoAnswerException(noAnswer(folder, patience, e), e);
    }
  }

  private static String noAnswer(DataFolder folder, Duration patience, IOException failure) {
    String what =
        switch (failure) {
          case SocketTimeoutException _ ->
              "has not answered within %d seconds: it is very busy, or hangs"
                  .formatted(patience.toSeconds());
          case JsonProcessingException _, ProtocolException _ ->
              "answers what no server of Hearth does";
          default -> "broke the connection off (%s)".formatted(failure.getMessage());
        };
    return ("The server that holds %s %s. Ask again later; if that does not help, end its process and start it"
            + " again. If no server runs there, another program has got its port: delete %s.")
        .formatted(folder.root(), what, file(folder));
  }

  /// Waits until that process, which was asked to stop its server, has stopped it or is gone.
  ///
  /// @throws IOException if the folder cannot be read
  public static void awaitStopped(DataFolder folder, ProcessHandle process) throws IOException {
    Path file = file(folder);
    FileTime of = modified(file);
    while (process.isAlive() && Files.exists(file) && modified(file).equals(of)) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private static FileTime modified(Path file) throws IOException {
    try {
      return Files.getLastModifiedTime(file);
    } catch (NoSuchFileException _) {
      return FileTime.fromMillis(0);
    }
  }

  /// Accepts connections until the port is closed.
  void accept() {
    while (closed.getCount() > 0) {
      try {
        // As long as nobody more could be answered, nobody more is let in, so that few wait.
        requests.acquireUninterruptibly();
        requests.release();
        Socket connection = socket.accept();
        unproven.add(connection);
        if (unproven.size() > MOST_UNPROVEN) {
          endOldest();
        }
        Thread.ofVirtual().name("control-request").start(() -> answer(connection));
      } catch (IOException | RuntimeException | LinkageError e) {
        // An error, too: a class is a file that cannot be opened when descriptors have run out.
        if (closed.getCount() > 0) {
          LOG.log(Level.WARNING, "The control port failed to accept a connection", e);
          pause();
        }
      }
    }
  }

  private void endOldest() throws IOException {
    Socket oldest = unproven.poll();
    if (oldest != null) {
      oldest.close();
    }
  }

  private void pause() {
    try {
      var _ = closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      // Nobody interrupts this thread. If somebody did, it would only accept again sooner.
      LOG.log(Level.DEBUG, "the pause of the control port ended early");
    }
  }

  private void answer(Socket connection) {
    try (connection) {
      Optional<ControlRequest> request = proven(connection);
      if (request.isPresent() && unproven.remove(connection)) {
        requests.acquireUninterruptibly();
        try {
          answer(connection, request.get());
        } finally {
          requests.release();
        }
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "A control connection ended early", e);
    } finally {
      unproven.remove(connection);
    }
  }

  /// @return empty if no request comes, or one without the secret
  private Optional<ControlRequest> proven(Socket connection) throws IOException {
    String line = asked.read(connection);
    if (line == null) {
      return Optional.empty();
    }
    JsonNode json = JSON.readTree(line);
    if (!MessageDigest.isEqual(
        json.path("secret").asText().getBytes(StandardCharsets.UTF_8),
        secret.getBytes(StandardCharsets.UTF_8))) {
      return Optional.empty();
    }
    Map<String, String> arguments = new HashMap<>();
    json.path("arguments")
        .properties()
        .forEach(entry -> arguments.put(entry.getKey(), entry.getValue().asText()));
    return Optional.of(new ControlRequest(json.path("operation").asText(), arguments));
  }

  private void answer(Socket connection, ControlRequest request) throws IOException {
    ObjectNode answer = JSON.createObjectNode();
    try {
      answer.set("result", handler.handle(request));
    } catch (RuntimeException e) {
      LOG.log(Level.DEBUG, "A control request failed", e);
      answer.put("error", String.valueOf(e.getMessage()));
    }
    try {
      write(connection.getOutputStream(), answer);
    } finally {
      if (answer.has("result")) {
        handler.answered(request);
      }
    }
  }

  private static void write(OutputStream out, JsonNode json) throws IOException {
    out.write((JSON.writeValueAsString(json) + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException _) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static Path file(DataFolder folder) {
    return folder.root().resolve("control");
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    socket.close();
    // By now the folder may be another process's, with a control file of its own.
    if (Files.exists(file) && Files.readString(file).contains(secret)) {
      Files.deleteIfExists(file);
    }
  }
}
