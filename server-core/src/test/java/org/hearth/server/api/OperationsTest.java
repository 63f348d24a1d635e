package org.hearth.server.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.hearth.server.PopulatedServer;
import org.hearth.server.StartFailedException;
import org.hearth.server.http.Served;
import org.hearth.server.http.SpecifiedAnswers;
import org.hearth.server.http.TestClient;
import org.hearth.server.services.media.MediaClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Every operation of the client-server API on a whole server: what `operations.txt` says to be
/// served is granted, and answered as specified; what it says not to be served is unknown to the
/// server. What `/versions` announces follows from the same table.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("long")
class OperationsTest {
  private static final int NEWEST_VERSION = 19;
  private static final String V3 = "/_matrix/client/v3";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final PopulatedServer house;

  OperationsTest(@TempDir Path folder) {
    house = new PopulatedServer(folder);
  }

  @AfterAll
  void stop() {
    http.close();
    house.close();
  }

  @TestFactory
  Stream<DynamicTest> operationsAreServedAsTheTableSays() throws StartFailedException {
    house.start();
    populate();
    return Operation.all().stream()
        .map(each ->
            DynamicTest.dynamicTest(
                each.toString(),
                () -> {
                  switch (each.verdict()) {
                    case Operation.Verdict.Served served -> isServed(each, served);
                    case Operation.Verdict.NotYet _ -> isUnknown(each);
                  }
                }));
  }

  /// Who and what the table names beside what is there for all.
  private void populate() {
    house.populate();
    for (String name : List.of("dora", "eve", "finn", "gina", "hank")) {
      house.register(name);
    }
    house.name("spare-device", house.logIn("alice", "").text("device_id"));
    house.name("other-device", house.logIn("alice", "").text("device_id"));
    house.name(
        "refresh-token", house.logIn("eve", ", 'refresh_token': true").text("refresh_token"));
    TestClient alice = house.client("alice");
    house.name("doomed", house.send(alice, "room"));
    house.name(
        "knock-room",
        alice
            .post(
                V3 + "/createRoom",
                "{'initial_state': [{'type': 'm.room.join_rules', 'state_key': '',"
                    + " 'content': {'join_rule': 'knock'}}]}")
            .expect(200)
            .text("room_id"));
    MediaClient media =
        new MediaClient(URI.create("http://127.0.0.1:" + house.port()), house.token("alice"));
    house.name("media", idOf(media.upload(picture(), "image/png")));
    house.name("created", idOf(media.create()));
    String root = house.named("event");
    alice
        .put(
            V3 + "/rooms/%s/send/m.room.message/thread".formatted(encoded("room")),
            "{'body': 'Hello', 'msgtype': 'm.text',"
                + " 'm.relates_to': {'rel_type': 'm.thread', 'event_id': '%s'}}".formatted(root))
        .expect(200);
    house.name("since", alice.get(V3 + "/sync?timeout=0").expect(200).text("next_batch"));
  }

  private static String idOf(String address) {
    return address.substring(address.indexOf('/') + 1);
  }

  private static byte[] picture() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      boolean written =
          ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "png", bytes);
      assertThat(written).isTrue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private String encoded(String name) {
    return TestClient.encoded(house.named(name));
  }

  private void isServed(Operation operation, Operation.Verdict.Served served)
      throws IOException, InterruptedException {
    String body = Operation.filled(served.body(), house::named);
    String target = operation.target(served.with(), house::named);
    HttpResponse<byte[]> answer = send(operation.method(), target, served.caller(), body);
    String text = new String(answer.body(), UTF_8);

    assertThat(answer.statusCode()).as(text).isEqualTo(served.status());
    assertThat(text).doesNotContain("M_UNRECOGNIZED");
    String type = answer.headers().firstValue("Content-Type").orElse("");
    SpecifiedAnswers.check(
        operation.method(),
        target,
        answer.statusCode(),
        type,
        type.startsWith("application/json")
            ? JSON.readTree(answer.body())
            : MissingNode.getInstance());
  }

  /// An operation that shares its path with one that is served is refused like a wrong request to
  /// that one.
  private void isUnknown(Operation operation) throws IOException, InterruptedException {
    String body = operation.method().equals("GET") ? "" : "{}";
    HttpResponse<byte[]> answer =
        send(operation.method(), operation.target("-", house::named), "alice", body);

    boolean shared =
        Operation.all().stream()
            .anyMatch(each ->
                each.path().equals(operation.path())
                    && each.method().equals(operation.method())
                    && each.verdict() instanceof Operation.Verdict.Served);
    String said = answer.statusCode() + " " + new String(answer.body(), UTF_8);
    if (shared) {
      assertThat(said).startsWith("400 ");
    } else {
      assertThat(said).contains("M_UNRECOGNIZED").matches("40[45] .*");
    }
  }

  private HttpResponse<byte[]> send(String method, String target, String caller, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + house.port() + target))
            .timeout(Duration.ofSeconds(60))
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    String token = house.token(caller);
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  @Test
  void theTableHasEveryOperationOnce() {
    List<String> listed = Operation.all().stream().map(Operation::id).toList();

    assertThat(listed).hasSize(166).doesNotHaveDuplicates();
  }

  @Test
  void theTableHasTheOperationsOfTheSpecification() {
    Assumptions.assumeTrue(SpecifiedAnswers.areThere(), "the definitions are not here");

    Set<String> listed = new TreeSet<>();
    Operation.all().forEach(each -> listed.add(each.method() + " " + each.path()));

    assertThat(listed).isEqualTo(new TreeSet<>(SpecifiedAnswers.operations("client-server")));
  }

  /// A version is announced if everything is served that it and those before it have brought, but
  /// for what a server need not have.
  @Test
  void theVersionsAreAnnouncedOfWhichAllIsServed() throws IOException {
    Set<String> lacking = new HashSet<>();
    for (Operation each : Operation.all()) {
      if (each.verdict() instanceof Operation.Verdict.NotYet(var essential, _) && essential) {
        each.since().ifPresent(lacking::add);
      }
    }
    Set<String> tests = testsOfTheProject();
    for (List<String> row : Operation.rows("versions.txt")) {
      switch (Operation.notYet(row.get(2))) {
        case Operation.Verdict.NotYet(var essential, _) when essential -> lacking.add(row.get(0));
        case Operation.Verdict.NotYet _ -> {
          // A version is whole without it.
        }
        case null -> assertThat(tests).as(row.get(1)).contains(row.get(2));
      }
    }
    List<String> whole =
        IntStream.rangeClosed(1, NEWEST_VERSION)
            .mapToObj(minor -> "1." + minor)
            .takeWhile(version -> !lacking.contains(version))
            .map(version -> "v" + version)
            .toList();

    assertThat(Served.now().versions()).isEqualTo(whole);
  }

  private static Set<String> testsOfTheProject() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src", "test", "java"))) {
      return files
          .map(each -> each.getFileName().toString())
          .filter(each -> each.endsWith(".java"))
          .map(each -> each.replace(".java", ""))
          .collect(Collectors.toSet());
    }
  }
}
