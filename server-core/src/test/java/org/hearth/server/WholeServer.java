package org.hearth.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.ServerKeys;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.derby.Durably;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/// A whole server for tests, on a free port, where anybody may register.
///
/// **thread**: any; starting and stopping, one.
public final class WholeServer implements AutoCloseable {
  public static final String PASSWORD = "long enough to be one";

  private static final String CONFIGURATION =
      """
      server-name: hearth.test
      listeners: [ { port: 0 } ]
      registration: { mode: open, guests: true, shared-secret: a secret of the tests }
      rate-limits: { enabled: false }
      """;

  private final Path folder;
  private final Homeserver server;

  /// A test of a whole server: each has one of its own, which runs, as a parameter of its
  /// constructor or of what runs before it.
  @Target(ElementType.TYPE)
  @Retention(RetentionPolicy.RUNTIME)
  @Inherited
  @Tag("long")
  @ExtendWith(Starting.class)
  public @interface Started {
    /// Further lines of the configuration.
    String value() default "";
  }

  private static final class Starting implements ParameterResolver {
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
      return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == WholeServer.class;
    }

    @Override
    public WholeServer resolveParameter(ParameterContext parameter, ExtensionContext context) {
      Started test = context.getRequiredTestClass().getAnnotation(Started.class);
      try {
        Path folder = Files.createTempDirectory("hearth");
        WholeServer made = new WholeServer(folder, test.value());
        AutoCloseable end =
            () -> {
              made.close();
              Durably.remove(folder);
            };
        context.getStore(ExtensionContext.Namespace.create(Starting.class)).put(made, end);
        made.start();
        return made;
      } catch (IOException | StartFailedException e) {
        throw new ParameterResolutionException("the server does not start", e);
      }
    }
  }

  public WholeServer(Path folder) {
    this(folder, InstantSource.system());
  }

  public WholeServer(Path folder, InstantSource clock) {
    this(folder, "", clock);
  }

  /// @param settings further lines of the configuration
  public WholeServer(Path folder, String settings) {
    this(folder, settings, InstantSource.system());
  }

  WholeServer(Path folder, String settings, InstantSource clock) {
    this(folder, clock, CONFIGURATION + settings);
  }

  /// One that limits how often everybody asks.
  public static WholeServer withRateLimits(Path folder) {
    String configuration = CONFIGURATION.replace("enabled: false", "enabled: true");
    return new WholeServer(folder, InstantSource.system(), configuration);
  }

  private WholeServer(Path folder, InstantSource clock, String configuration) {
    this.folder = folder;
    DataFolder data = new DataFolder(folder);
    prepare(data);
    server =
        new Homeserver(
            data, ConfigurationReader.parse(folder.resolve("hearth.yaml"), configuration), clock);
  }

  /// Leaves an empty folder as a first start does that ended when it had made the database: making
  /// one takes longer than most tests.
  public static void prepare(DataFolder data) {
    Path folder = data.root();
    try {
      Files.createDirectories(folder);
      try (Stream<Path> entries = Files.list(folder)) {
        if (entries.findAny().isPresent()) {
          return;
        }
      }
      var _ = ServerKeys.open(data, new SecureRandom(), InstantSource.system());
      StoreExtension.layTables(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void start() throws StartFailedException {
    server.start();
  }

  public void stop() {
    server.stop(Duration.ofSeconds(5));
  }

  @Override
  public void close() {
    server.close();
  }

  /// The first failure from now on.
  public CompletableFuture<ServerState.Failed> failure() {
    CompletableFuture<ServerState.Failed> told = new CompletableFuture<>();
    server.onState(state -> {
      if (state instanceof ServerState.Failed failed) {
        told.complete(failed);
      }
    });
    return told;
  }

  /// Where its data are.
  public Path folder() {
    return folder;
  }

  public Homeserver homeserver() {
    return server;
  }

  /// How many units of work a box has handed to the committer since the start.
  public long units(String box) {
    return server.admin().orElseThrow().wiring().rings().stream()
        .filter(each -> each.name().equals("commit"))
        .mapToLong(each -> each.writers().getOrDefault(box, 0L))
        .sum();
  }

  /// Where it is reached.
  public URI base() {
    return switch (server.state()) {
      case ServerState.Running running -> URI.create(running.addresses().getFirst());
      default -> throw new IllegalStateException("the server does not run: " + server.state());
    };
  }

  /// A client without a token.
  public TestClient client() {
    return TestClient.of(base());
  }

  /// A new user's client.
  public TestClient register(String name) {
    return client().as(newAccount(name).text("access_token"));
  }

  /// Makes a room that anybody may join, in which these others are, too.
  public static String openRoom(TestClient owner, TestClient... others) {
    String room =
        owner
            .post("/_matrix/client/v3/createRoom", "{'preset':'public_chat'}")
            .expect(200)
            .text("room_id");
    for (TestClient each : others) {
      each.post("/_matrix/client/v3/rooms/" + TestClient.encoded(room) + "/join", "{}").expect(200);
    }
    return room;
  }

  /// Makes an account.
  public TestClient.Answer newAccount(String name) {
    return client()
        .post(
            "/_matrix/client/v3/register",
            "{'username': '%s', 'password': '%s', 'auth': {'type': 'm.login.dummy'}}"
                .formatted(name, PASSWORD))
        .expect(200);
  }

  /// Closes the account of that client's user.
  public static void closeAccount(TestClient user, String name) {
    closeAccount(user, name, PASSWORD);
  }

  public static void closeAccount(TestClient user, String name, String password) {
    user.post(
            "/_matrix/client/v3/account/deactivate", "{'auth': %s}".formatted(auth(name, password)))
        .expect(200);
  }

  /// What proves that it is the user who asks.
  public static String auth(String name, String password) {
    return "{'type': 'm.login.password', 'user': '%s', 'password': '%s'}".formatted(name, password);
  }
}
