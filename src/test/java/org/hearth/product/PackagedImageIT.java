package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.hearth.server.http.FreePort;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The package of this platform, unpacked and run without being installed.
@EnabledOnOs(OS.LINUX)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class PackagedImageIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static UnpackedPackage image;

  @BeforeAll
  static void unpack(@TempDir Path folder) throws IOException, InterruptedException {
    // With a space: an installation may lie anywhere.
    image = UnpackedPackage.into(Files.createDirectory(folder.resolve("an image")));
  }

  @Test
  void servesAndKeepsWhatWasSaidOverARestart(@TempDir Path folder) throws Exception {
    try (HearthProcess server =
        HearthProcess.start(image.command("hearth-headless"), folder.resolve("data"))) {
      String data = server.dataFolder().toString();

      String token = register(server, "alice");
      String room =
          call(server, "POST", "/createRoom", token, "{\"name\":\"Home\"}")
              .path("room_id")
              .asText();
      String event =
          call(
                  server,
                  "PUT",
                  "/rooms/" + encoded(room) + "/send/m.room.message/1",
                  token,
                  "{\"msgtype\":\"m.text\",\"body\":\"Dinner is ready\"}")
              .path("event_id")
              .asText();

      assertThat(image.run("hearth", "status", "--data-dir", data).output())
          .contains("running")
          .contains("localhost");
      assertThat(image.run("hearth", "user", "create", "bob", "--data-dir", data).output())
          .contains("Made @bob:localhost");
      assertThat(image.run("hearth-headless", "user", "list", "--data-dir", data).output())
          .contains("@alice:localhost")
          .contains("@bob:localhost");

      assertThat(image.run("hearth", "stop", "--data-dir", data))
          .isEqualTo(new UnpackedPackage.Ran(0, "Stopped.\n"));
      assertThat(server.awaitEnd()).isZero();
      assertThat(image.run("hearth", "status", "--data-dir", data))
          .isEqualTo(new UnpackedPackage.Ran(1, "Not running.\n"));

      server.restart();
      JsonNode kept =
          call(server, "GET", "/rooms/" + encoded(room) + "/event/" + encoded(event), token, "");
      assertThat(kept.path("content").path("body").asText()).isEqualTo("Dinner is ready");
    }
  }

  @Test
  void aServerWhoseJavaHasCrashedIsStartedAgain(@TempDir Path folder) throws Exception {
    List<String> launcher = new ArrayList<>(List.of("sh", "-c", "ulimit -c 0; exec \"$@\"", "sh"));
    launcher.addAll(image.command("hearth-headless"));
    try (HearthProcess server = HearthProcess.start(launcher, folder.resolve("data"))) {
      MatrixHttp alice = MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);

      server.signal("ABRT");

      alice.awaitAnswer();
      String data = server.dataFolder().toString();
      assertThat(image.run("hearth", "status", "--data-dir", data).output())
          .contains("The server was started again, because Java had crashed at");
    }
  }

  @Test
  void withoutADisplayTheWindowedLauncherSaysSoAndServes(@TempDir Path folder) throws Exception {
    Path data = Files.createDirectory(folder.resolve("data"));
    Files.writeString(
        data.resolve("hearth.yaml"),
        "server-name: localhost\nlisteners:\n  - { bind: 127.0.0.1, port: %d }\n"
            .formatted(FreePort.find()));
    ProcessBuilder builder =
        new ProcessBuilder(image.command("hearth", "--data-dir", data.toString()))
            .redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("DISPLAY", "WAYLAND_DISPLAY"));

    Process program = builder.start();
    List<String> lines = new ArrayList<>();
    try (BufferedReader output = program.inputReader(StandardCharsets.UTF_8)) {
      String line = output.readLine();
      while (line != null && !line.startsWith("Hearth serves")) {
        lines.add(line);
        line = output.readLine();
      }
      assertThat(line).as("%s", lines).isNotNull();
    } finally {
      program.destroy();
    }

    assertThat(lines).anyMatch(line -> line.contains("there is no display"));
    assertThat(program.waitFor()).isEqualTo(128 + 15);
    assertThat(data.resolve("control")).as("left by a stop that was not orderly").doesNotExist();
  }

  @Test
  void bothLaunchersStartFromTheirTrainedCaches() throws Exception {
    // "on" ends the JVM with an error where the cache cannot be used.
    UnpackedPackage.Ran windowed = image.runWith("-XX:AOTMode=on", "hearth", "version");
    UnpackedPackage.Ran headless = image.runWith("-XX:AOTMode=on", "hearth-headless", "version");

    assertThat(windowed.code()).as(windowed.output()).isZero();
    assertThat(windowed.output()).contains("Hearth 0.");
    assertThat(headless).isEqualTo(windowed);
  }

  @Test
  void carriesTheProgramAndNoLeftovers() throws Exception {
    List<String> files = image.files();

    assertThat(files)
        .contains(
            "opt/hearth/bin/hearth",
            "opt/hearth/bin/hearth-headless",
            "opt/hearth/lib/hearth-hearth.desktop",
            "opt/hearth/lib/hearth.png",
            "opt/hearth/lib/app/LICENSE",
            "opt/hearth/lib/app/menu.sh",
            "opt/hearth/lib/app/hearth.service",
            "opt/hearth/lib/app/hearth-bom.json",
            "opt/hearth/lib/app/hearth.aot",
            "opt/hearth/lib/app/hearth-headless.aot",
            "opt/hearth/lib/runtime/lib/server/libjvm.so");
    assertThat(files).allMatch(file -> file.startsWith("opt/hearth/"));
    assertThat(files)
        .noneMatch(file -> file.matches(".*(\\.log|\\.config|\\.tmp|\\.jmod|/src\\.zip|/ct\\.sym)"))
        .noneMatch(file -> file.matches(".*/(junit|testfx|assertj|archunit|jmh|jcstress).*"));
    JsonNode bom =
        JSON.readTree(
            image.home().resolve("lib").resolve("app").resolve("hearth-bom.json").toFile());
    List<String> components =
        bom.path("components").valueStream().map(each -> each.path("name").asText()).toList();
    assertThat(components).contains("derby", "helidon-webserver", "disruptor", "javafx-controls");
    assertThat(jars(files)).isSubsetOf(components);
  }

  @Test
  void itsControlFileSaysWhatItNeeds() throws Exception {
    assertThat(image.field("Package")).isEqualTo("hearth");
    assertThat(image.field("Depends")).isEqualTo("libc6");
    assertThat(image.field("Recommends")).contains("libgtk-3-0");
    assertThat(image.field("Maintainer"))
        .isEqualTo(System.getProperty("hearth.maintainer"))
        .doesNotContainIgnoringCase("unknown")
        .doesNotContain(".invalid", "example");
    assertThat(image.field("Description")).contains("Matrix homeserver");
    assertThat(Long.parseLong(image.field("Installed-Size"))).isBetween(50_000L, 400_000L);
  }

  @Test
  void itsMenuEntryStartsThePanelUnderTheIcon() throws Exception {
    String entry = Files.readString(image.home().resolve("lib").resolve("hearth-hearth.desktop"));

    assertThat(entry)
        .contains("Name=Hearth\n")
        .contains("Exec=/opt/hearth/bin/hearth\n")
        .contains("Icon=hearth\n");
  }

  @Test
  void itsMenuEntryAndIconsComeWhereNoDesktopIs(@TempDir Path root) throws Exception {
    Path share = root.resolve("usr").resolve("share");

    assertThat(image.menu("install", root)).isEqualTo(new UnpackedPackage.Ran(0, ""));

    assertThat(share.resolve("applications").resolve("hearth.desktop"))
        .hasSameTextualContentAs(image.home().resolve("lib").resolve("hearth-hearth.desktop"));
    for (int size : new int[] {16, 22, 24, 32, 48, 64, 96, 128, 256, 512}) {
      BufferedImage icon =
          ImageIO.read(
              share.resolve("icons/hicolor/%1$dx%1$d/apps/hearth.png".formatted(size)).toFile());
      assertThat(icon.getWidth()).isEqualTo(size);
      assertThat(icon.getHeight()).isEqualTo(size);
    }
    assertThat(share.resolve("icons/hicolor/scalable/apps/hearth.svg")).isNotEmptyFile();
    for (String script : List.of("postinst", "prerm")) {
      assertThat(image.controlFile(script)).contains("sh /opt/hearth/lib/app/menu.sh");
    }

    assertThat(image.menu("remove", root)).isEqualTo(new UnpackedPackage.Ran(0, ""));

    try (Stream<Path> left = Files.walk(root)) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
  }

  @Test
  void itsServiceStartsTheServerAndLeavesRefusalsToItsOwner() throws Exception {
    String unit =
        Files.readString(image.home().resolve("lib").resolve("app").resolve("hearth.service"));

    assertThat(unit)
        .contains("ExecStart=/opt/hearth/bin/hearth-headless serve --data-dir /var/lib/hearth\n")
        .contains("Restart=on-failure\n")
        .containsPattern("RestartPreventExitStatus=1 2 3 70 74 ");
  }

  /// The names of the jars, without their versions.
  private static List<String> jars(List<String> files) {
    return files.stream()
        .filter(file -> file.startsWith("opt/hearth/lib/app/") && file.endsWith(".jar"))
        .map(file -> Path.of(file).getFileName().toString().replaceFirst("-\\d.*", ""))
        .toList();
  }

  private static String register(HearthProcess server, String name)
      throws IOException, InterruptedException {
    return call(
            server,
            "POST",
            "/register",
            "",
            "{\"username\":\"%s\",\"password\":\"a long password\",\"auth\":{\"type\":\"m.login.dummy\"}}"
                .formatted(name))
        .path("access_token")
        .asText();
  }

  private static JsonNode call(
      HearthProcess server, String method, String path, String token, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.address() + "/_matrix/client/v3" + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    HttpResponse<String> answer =
        CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private static String encoded(String identifier) {
    return URLEncoder.encode(identifier, StandardCharsets.UTF_8);
  }
}
