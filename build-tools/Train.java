import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Trains the AOT caches of an application image, at the same time: runs one of the image's launchers on a new data folder (the panel
/// without a display), does over HTTP what a first evening with the program does, starts it once more on the now existing data (a start that
/// migrates nothing), does it again, lets many people come back who have nothing yet, and stops it in order, whereupon that JVM writes the cache
/// of the classes it used and of how it used them.
///
///     java build-tools/Train.java (CACHE FOLDER IMAGE/bin/LAUNCHER panel|serve)...
final class Train {
  private static final Duration START_DEADLINE = Duration.ofMinutes(3);
  private static final Duration CACHE_DEADLINE = Duration.ofMinutes(10);
  // No machine code of this processor in the cache: on an older one it would be an illegal instruction.
  private static final String PORTABLE = " -XX:+UnlockDiagnosticVMOptions -XX:-AOTAdapterCaching -XX:-AOTStubCaching";
  private static final String WITHOUT_DISPLAY = "-Dglass.platform=Headless -Dprism.order=sw";

  private static final int WORDS_OF_A_CACHE = 4;

  // So much that what tells of rooms and reads them from the database is compiled in the training, with the best compiler.
  private static final int MEMBERS = 20;
  private static final int ROOMS = 200;

  private static final String LAZILY = encoded("{\"room\":{\"state\":{\"lazy_load_members\":true}}}");

  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Path cache;
  private final Path folder;
  private final Path launcher;
  private final String command;
  private final int port;
  private final URI server;

  private Train(Path cache, Path folder, Path launcher, String command, int port) {
    this.cache = cache.toAbsolutePath();
    this.folder = folder.toAbsolutePath();
    this.launcher = launcher.toAbsolutePath();
    this.command = command;
    this.port = port;
    this.server = URI.create("http://127.0.0.1:" + port);
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    List<Integer> ports = freePorts(args.length / WORDS_OF_A_CACHE);
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<?>> trainings = new ArrayList<>();
      for (int i = 0; i < args.length; i += WORDS_OF_A_CACHE) {
        Train training =
            new Train(Path.of(args[i]), Path.of(args[i + 1]), Path.of(args[i + 2]), args[i + 3], ports.get(i / WORDS_OF_A_CACHE));
        trainings.add(
            threads.submit(() -> {
              training.train();
              return null;
            }));
      }
      for (Future<?> training : trainings) {
        training.get();
      }
    } catch (ExecutionException e) {
      System.err.println("train: " + e.getCause().getMessage());
      System.exit(1);
    }
  }

  private void train() throws IOException, InterruptedException {
    Files.deleteIfExists(cache);
    clear(folder);
    Files.createDirectories(folder.resolve("data"));
    Files.writeString(
        folder.resolve("data").resolve("hearth.yaml"),
        """
        server-name: localhost
        listeners:
          - { bind: 127.0.0.1, port: %d }
        registration: { mode: open }
        rate-limits: { enabled: false }
        """
            .formatted(port));
    List<String> members = new ArrayList<>();
    run(WITHOUT_DISPLAY, "first-start", () -> members.addAll(makeRooms()));
    run(WITHOUT_DISPLAY + " -XX:AOTCacheOutput=" + quoted(cache) + PORTABLE, "training", () -> comeBack(members));
    if (!Files.exists(cache)) {
      fail("the training start made no cache; its output is " + folder.resolve("training.log"));
    }
    System.out.println("trained " + cache + ": " + Files.size(cache) / 1024 / 1024 + " MiB");
  }

  @FunctionalInterface
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  /// One life of the image's program, with these JVM options more.
  private void run(String options, String name, Work more) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(launcher.toString(), command, "--data-dir", folder.resolve("data").toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(name + ".log").toFile());
    builder.environment().put("JAVA_TOOL_OPTIONS", options);
    Process program = builder.start();
    try {
      awaitServing(program, name);
      talk(name);
      more.run();
      stop();
      if (!program.waitFor(CACHE_DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
        fail("the image's program did not end; its output is " + folder.resolve(name + ".log"));
      }
    } finally {
      // The launcher and the server that it has started.
      List<ProcessHandle> started = program.descendants().toList();
      program.destroyForcibly();
      started.forEach(ProcessHandle::destroyForcibly);
    }
  }

  private void awaitServing(Process program, String name) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START_DEADLINE.toNanos();
    while (System.nanoTime() < deadline && program.isAlive()) {
      try {
        call("GET", "/_matrix/client/versions", "", "");
        return;
      } catch (ConnectException notYet) {
        program.waitFor(50, TimeUnit.MILLISECONDS);
      }
    }
    fail("the image's program does not serve; its output is " + folder.resolve(name + ".log"));
  }

  private String register(String user) throws IOException, InterruptedException {
    String register =
        "{\"username\":\"%s\",\"password\":\"a long password\",\"auth\":{\"type\":\"m.login.dummy\"}}".formatted(user);
    return field("access_token", call("POST", "/_matrix/client/v3/register", "", register));
  }

  /// Makes people who are all in the same rooms.
  ///
  /// @return their access tokens
  private List<String> makeRooms() throws IOException, InterruptedException {
    List<String> members = new ArrayList<>();
    for (int i = 0; i < MEMBERS; i++) {
      members.add(register("member" + i));
    }
    List<String> rooms = new ArrayList<>();
    for (int i = 0; i < ROOMS; i++) {
      String room = "{\"preset\":\"public_chat\",\"name\":\"Room %d\"}".formatted(i);
      rooms.add(field("room_id", call("POST", "/_matrix/client/v3/createRoom", members.get(i % MEMBERS), room)));
    }
    for (String member : members) {
      for (String room : rooms) {
        call("POST", "/_matrix/client/v3/join/" + encoded(room), member, "{}");
      }
    }
    return members;
  }

  /// Each asks for all there is, as a new client does: the first ones find nothing of it in memory.
  private void comeBack(List<String> members) throws IOException, InterruptedException {
    for (String member : members) {
      call("GET", "/_matrix/client/v3/sync", member, "");
    }
    for (String member : members) {
      call("GET", "/_matrix/client/v3/sync?filter=" + LAZILY, member, "");
    }
  }

  private void talk(String user) throws IOException, InterruptedException {
    register(user);
    String login =
        "{\"type\":\"m.login.password\",\"identifier\":{\"type\":\"m.id.user\",\"user\":\"%s\"},\"password\":\"a long password\"}"
            .formatted(user);
    String token = field("access_token", call("POST", "/_matrix/client/v3/login", "", login));
    String room =
        field("room_id", call("POST", "/_matrix/client/v3/createRoom", token, "{\"preset\":\"public_chat\",\"name\":\"Home\"}"));
    String path = "/_matrix/client/v3/rooms/" + encoded(room);
    for (int i = 0; i < 50; i++) {
      call("PUT", path + "/send/m.room.message/" + user + i, token, "{\"msgtype\":\"m.text\",\"body\":\"Hello\"}");
    }
    String since = field("next_batch", call("GET", "/_matrix/client/v3/sync", token, ""));
    call("GET", "/_matrix/client/v3/sync?timeout=200&since=" + since, token, "");
    call("GET", path + "/messages?dir=b&limit=20", token, "");
    call("GET", path + "/joined_members", token, "");
  }

  /// By the command line rather than a signal, which Windows has not.
  private void stop() throws IOException, InterruptedException {
    int code =
        new ProcessBuilder(launcher.toString(), "stop", "--data-dir", folder.resolve("data").toString())
            .inheritIO()
            .start()
            .waitFor();
    if (code != 0) {
      fail("`hearth stop` answered " + code);
    }
  }

  private String call(String method, String path, String token, String body) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server + path)).timeout(Duration.ofMinutes(1)).header("Content-Type", "application/json");
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    request.method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    var answer = client.send(request.build(), BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      fail(method + " " + path + " was answered " + answer.statusCode() + " " + answer.body());
    }
    return answer.body();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String field(String name, String json) {
    Matcher value = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]+)\"").matcher(json);
    if (!value.find()) {
      fail("no " + name + " in " + json);
    }
    return value.group(1);
  }

  /// Ports that nobody has, each another.
  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return held.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }

  private static void clear(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.delete(file);
      }
    }
  }

  /// JAVA_TOOL_OPTIONS are split at spaces unless quoted.
  private static String quoted(Path path) {
    return path.toString().contains(" ") ? "\"" + path + "\"" : path.toString();
  }

  private static void fail(String sentence) {
    throw new IllegalStateException(sentence);
  }
}
