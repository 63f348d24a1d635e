package org.hearth.server.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.configuration.DataFolder;
import org.jspecify.annotations.Nullable;

/// The door through which the command line and a second start of the panel reach the server that
/// holds a data folder. It is a port of the loopback address; the file `control` in the data
/// folder, which only its user can read, has the port and the secret that every request must show.
///
/// ```
/// request:  {"secret":"…","operation":"status","arguments":{…}}\n
/// answer:   {"result":{…}}\n   or   {"error":"a sentence"}\n
/// ```
///
/// **thread**: one virtual thread a connection.
///
/// **bound**: [#MOST_CONNECTIONS] at a time; more wait until one of them ends. A request has
/// [#MOST_BYTES_ASKED] and [#PATIENCE_FOR_REQUEST_MILLIS] for each read, an answer
/// [#MOST_BYTES_ANSWERED] and [#TIMEOUT_MILLIS].
public final class ControlPort implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ControlPort.class.getName());
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int TIMEOUT_MILLIS = 60_000;

  /// A request comes in one piece: who is silent must not keep the places of others.
  private static final int PATIENCE_FOR_REQUEST_MILLIS = 5_000;

  static final int MOST_CONNECTIONS = 32;
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
  private final Semaphore connections = new Semaphore(MOST_CONNECTIONS);
  private final CountDownLatch closed = new CountDownLatch(1);

  ControlPort(ServerSocket socket, Path file, String secret, Handler handler) {
    this.socket = socket;
    this.file = file;
    this.secret = secret;
    this.handler = handler;
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
    byte[] bytes = new byte[24];
    random.nextBytes(bytes);
    String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    ServerSocket socket = new ServerSocket();
    try {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      Path file = file(folder);
      Path fresh = file.resolveSibling("control.new");
      DataFolder.makePrivateFile(fresh);
      Files.writeString(fresh, socket.getLocalPort() + "\n" + secret + "\n");
      move(fresh, file);
      ControlPort port = new ControlPort(socket, file, secret, handler);
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
  /// @throws IOException if something answers that is not understood
  public static Optional<JsonNode> ask(DataFolder folder, ControlRequest request)
      throws IOException {
    Path file = file(folder);
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    String[] lines = Files.readString(file).split("\n", -1);
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(lines[0])),
          TIMEOUT_MILLIS);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      ObjectNode json = JSON.createObjectNode();
      json.put("secret", lines[1]);
      json.put("operation", request.operation());
      json.set("arguments", JSON.valueToTree(request.arguments()));
      write(socket.getOutputStream(), json);
      String answer = line(socket, MOST_BYTES_ANSWERED);
      if (answer == null) {
        return Optional.empty();
      }
      JsonNode tree = JSON.readTree(answer);
      if (tree.has("error")) {
        throw new ControlException(tree.get("error").asText());
      }
      return Optional.of(tree.path("result"));
    } catch (java.net.ConnectException | NumberFormatException | ArrayIndexOutOfBoundsException _) {
      // The file was left behind by a server that was killed.
      return Optional.empty();
    }
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
      connections.acquireUninterruptibly();
      try {
        Socket connection = socket.accept();
        Thread.ofVirtual()
            .name("control-request")
            .start(() -> {
              try {
                answer(connection);
              } finally {
                connections.release();
              }
            });
      } catch (IOException | RuntimeException | LinkageError e) {
        // An error, too: a class is a file that cannot be opened when descriptors have run out.
        connections.release();
        if (closed.getCount() > 0) {
          LOG.log(Level.WARNING, "The control port failed to accept a connection", e);
          pause();
        }
      }
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
      connection.setSoTimeout(PATIENCE_FOR_REQUEST_MILLIS);
      String line = line(connection, MOST_BYTES_ASKED);
      if (line == null) {
        return;
      }
      JsonNode json = JSON.readTree(line);
      if (!MessageDigest.isEqual(
          json.path("secret").asText().getBytes(StandardCharsets.UTF_8),
          secret.getBytes(StandardCharsets.UTF_8))) {
        return;
      }
      Map<String, String> arguments = new HashMap<>();
      json.path("arguments")
          .properties()
          .forEach(entry -> arguments.put(entry.getKey(), entry.getValue().asText()));
      ControlRequest request = new ControlRequest(json.path("operation").asText(), arguments);
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
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "A control connection ended early", e);
    }
  }

  /// @return null if the other side sends no whole line of so many bytes
  private static @Nullable String line(Socket connection, int mostBytes) throws IOException {
    InputStream in = new BufferedInputStream(connection.getInputStream());
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0 || line.size() == mostBytes) {
        return null;
      }
      line.write(next);
    }
    return line.toString(StandardCharsets.UTF_8);
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
