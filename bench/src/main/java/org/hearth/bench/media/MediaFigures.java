package org.hearth.bench.media;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.hearth.server.Homeserver;
import org.hearth.server.ServerState;
import org.hearth.server.StartFailedException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyLimit;
import org.hearth.server.http.HttpLimits;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.http.content.StoredContent;
import org.hearth.server.matrix.error.MatrixException;

/// How fast a large file goes up and down, how much of the heap that takes, and how fast the same
/// HTTP server is with nothing behind it.
///
/// ```
/// MediaFigures FOLDER [MEBIBYTES [OUT]]
/// ```
///
/// Of each the best of three rounds counts. The live heap is what is left by a collection, in the
/// middle of a transfer, once a second.
public final class MediaFigures {
  private static final int ROUNDS = 3;
  private static final int PIECE = 64 << 10;
  private static final int MEBI = 1 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final long bytes;
  private final byte[] piece = new byte[PIECE];

  private MediaFigures(long bytes) {
    this.bytes = bytes;
    new Random(1).nextBytes(piece);
  }

  /// Runs it.
  ///
  /// @param arguments as above
  /// @throws Exception if a server does not start, or refuses something
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    long mebibytes = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1024;
    MediaFigures figures = new MediaFigures(mebibytes * MEBI);
    ObjectNode result = JsonNodeFactory.instance.objectNode().put("mebibytes", mebibytes);
    figures.measureRaw(result.putObject("http_alone"));
    figures.measureServer(folder, result.putObject("homeserver"));
    String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(result);
    System.out.println(text);
    if (arguments.length > 2) {
      Files.writeString(Path.of(arguments[2]), text + "\n");
    }
  }

  private void measureRaw(ObjectNode result) throws IOException {
    HttpOptions options =
        HttpOptions.standard(List.of(Listener.loopback(0)))
            .with(RateLimits.off())
            .with(HttpLimits.standard().withStreamedBodies(bytes));
    HttpServer server =
        HttpServer.start(
            options,
            List.of(this::registerRaw),
            HttpServer.Callers.users(token -> {
              throw MatrixException.unknownToken(false);
            }),
            InstantSource.system(),
            System.err::println);
    try {
      int port = server.addresses().getFirst().getPort();
      double up = 0;
      double down = 0;
      for (int i = 0; i < ROUNDS; i++) {
        up = Math.max(up, rate(() -> upload(port, "/raw", "")));
        down = Math.max(down, rate(() -> download(port, "/raw", "")));
      }
      result.put("up_mebibytes_a_second", Math.round(up));
      result.put("down_mebibytes_a_second", Math.round(down));
    } finally {
      server.stop(GRACE);
    }
  }

  private void registerRaw(Routes routes) {
    routes.add(
        HttpMethod.POST,
        "/raw",
        Access.NONE,
        RateClass.NONE,
        BodyLimit.STREAMED,
        request -> {
          AtomicLong count = new AtomicLong();
          request.content().transferTo((_, length) -> count.addAndGet(length));
          return Response.field("bytes", Long.toString(count.get()));
        });
    routes.add(
        HttpMethod.GET,
        "/raw",
        Access.NONE,
        RateClass.NONE,
        request ->
            Response.stored(request, "application/octet-stream", new FromMemory(), Map.of()));
  }

  /// The same piece again and again.
  private final class FromMemory implements StoredContent {
    private long position;

    @Override
    public long lengthBytes() {
      return bytes;
    }

    @Override
    public String entityTag() {
      return "memory";
    }

    @Override
    public void seek(long to) {
      position = to;
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      int read = (int) Math.min(Math.min(length, piece.length), bytes - position);
      System.arraycopy(piece, 0, into, offset, read);
      position += read;
      return read == 0 ? -1 : read;
    }

    @Override
    public void close() {}
  }

  private void measureServer(Path folder, ObjectNode result)
      throws IOException, InterruptedException, StartFailedException {
    Files.createDirectories(folder);
    Path settings = folder.resolve("hearth.yaml");
    Files.writeString(
        settings,
        """
        server-name: hearth.test
        listeners: [ { port: 0 } ]
        registration: { mode: open }
        rate-limits: { enabled: false }
        media: { largest-upload: %d, user-quota: %d, keep-free: 0 }
        """
            .formatted(bytes, bytes * (ROUNDS + 1)));
    try (Homeserver server =
        new Homeserver(new DataFolder(folder), ConfigurationReader.read(settings))) {
      server.start();
      URI base = URI.create(((ServerState.Running) server.state()).addresses().getFirst());
      String token = register(base);
      int port = base.getPort();
      try (LiveHeap heap = new LiveHeap()) {
        double up = 0;
        double down = 0;
        for (int i = 0; i < ROUNDS; i++) {
          // Other bytes each time, or it would be the same file.
          piece[0]++;
          String[] answer = new String[1];
          up =
              Math.max(up, rate(() -> answer[0] = upload(port, "/_matrix/media/v3/upload", token)));
          String uri = JSON.readTree(answer[0]).path("content_uri").asText();
          String path = "/_matrix/client/v1/media/download/" + uri.substring("mxc://".length());
          down = Math.max(down, rate(() -> download(port, path, token)));
        }
        result.put("up_mebibytes_a_second", Math.round(up));
        result.put("down_mebibytes_a_second", Math.round(down));
        result.put("heap_growth_mebibytes", heap.growthBytes() / MEBI);
      }
    }
  }

  private static String register(URI base) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base + "/_matrix/client/v3/register"))
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"password\":\"a password of the figures\",\"auth\":{\"type\":\"m.login.dummy\"}}"))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      JsonNode answer =
          JSON.readTree(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
      return answer.path("access_token").asText();
    }
  }

  private interface Transfer {
    void run() throws IOException;
  }

  private double rate(Transfer transfer) throws IOException {
    long began = System.nanoTime();
    transfer.run();
    return bytes / (double) MEBI / ((System.nanoTime() - began) / 1e9);
  }

  /// Sends so many bytes, and returns the body of the answer.
  private String upload(int port, String path, String token) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write(head("POST", path, token, "Content-Length: " + bytes + "\r\n"));
      for (long left = bytes; left > 0; left -= piece.length) {
        out.write(piece, 0, (int) Math.min(left, piece.length));
      }
      out.flush();
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      if (!answer.startsWith("HTTP/1.1 200")) {
        throw new IOException(answer);
      }
      return answer.substring(answer.indexOf("\r\n\r\n") + 4);
    }
  }

  /// Takes so many bytes.
  private void download(int port, String path, String token) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(head("GET", path, token, ""));
      InputStream in = new BufferedInputStream(socket.getInputStream(), PIECE);
      String status = line(in);
      if (!status.startsWith("HTTP/1.1 200")) {
        throw new IOException(status);
      }
      String line = status;
      while (!line.isEmpty()) {
        line = line(in);
      }
      byte[] taken = new byte[PIECE];
      long got = 0;
      int read = in.read(taken);
      while (read >= 0) {
        got += read;
        read = in.read(taken);
      }
      if (got != bytes) {
        throw new IOException("%,d bytes came instead of %,d".formatted(got, bytes));
      }
    }
  }

  private static byte[] head(String method, String path, String token, String more) {
    String authorization = token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n";
    return "%s %s HTTP/1.1\r\nHost: hearth.test\r\nConnection: close\r\n%s%s\r\n"
        .formatted(method, path, authorization, more)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    int each = in.read();
    while (each >= 0 && each != '\n') {
      if (each != '\r') {
        line.append((char) each);
      }
      each = in.read();
    }
    return line.toString();
  }
}
