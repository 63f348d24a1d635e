package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The build, as far as the machine that it runs on could disturb it.
@Tag("long")
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BuildTest {
  private static final Path ROOT = Path.of(System.getProperty("hearth.root", "."));

  @TempDir Path temp;

  @Test
  void theFormatterRunsOnTheToolchainsJavaWhateverThePathHas() throws Exception {
    Path path = Files.createDirectory(temp.resolve("bin"));
    Path java = Files.writeString(path.resolve("java"), "#!/bin/sh\nexit 9\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    // The project without its sources: the formatter need not have work.
    Path project = Files.createDirectory(temp.resolve("project"));
    Files.copy(ROOT.resolve("pom.xml"), project.resolve("pom.xml"));
    Files.createDirectory(project.resolve("build-tools"));
    Files.copy(ROOT.resolve("build-tools/Format.java"), project.resolve("build-tools/Format.java"));
    ProcessBuilder build =
        new ProcessBuilder("mvn", "--offline", "-B", "-ntp", "-N", "validate")
            .directory(project.toFile());
    // Maven itself runs on a JDK that would do, so that nothing asks for another.
    build.environment().put("JAVA_HOME", System.getProperty("java.home"));
    build.environment().merge("PATH", path.toString(), (old, first) -> first + ":" + old);

    HearthProcess.Ended ended = HearthProcess.run(build);

    assertThat(ended.code()).as(ended.said()).isZero();
  }

  @Test
  void theLauncherBuildsAgainWhatHasLostAJar() throws Exception {
    Path home = builtHome(temp.resolve("gone.jar"));
    Path path = Files.createDirectory(temp.resolve("bin"));
    executable(
        path.resolve("mvn"),
        "#!/bin/sh\necho maven ran\nprintf '%s' '"
            + System.getProperty("java.class.path")
            + "' >app-ui/target/dependencies.classpath\n");
    ProcessBuilder launcher = launcher(home);
    launcher.environment().merge("PATH", path.toString(), (old, first) -> first + ":" + old);

    HearthProcess.Ended ended = HearthProcess.run(launcher);

    assertThat(ended.said()).contains("hearth: building", "maven ran", "Hearth ");
    assertThat(ended.code()).as(ended.said()).isZero();
  }

  @Test
  void theLauncherSaysWhatAnotherUserBuiltAndThisOneCannotRead() throws Exception {
    Path jar = Files.createFile(temp.resolve("closed.jar"));
    Path home = builtHome(jar);
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("---------"));
    Path target = home.resolve("app-ui/target");
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("r-xr-xr-x"));
    ProcessBuilder launcher = launcher(home);
    if (System.getProperty("user.name").equals("root")) {
      assumeThat(Path.of("/usr/bin/setpriv")).exists();
      launcher
          .command()
          .addAll(0, List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
    }

    HearthProcess.Ended ended = HearthProcess.run(launcher);
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThat(ended.code()).isEqualTo(3);
    assertThat(ended.said())
        .hasLineCount(1)
        .contains(jar + " cannot be read", "may not build in " + home.toRealPath());
  }

  /// A copy of the launcher beside what it takes for a build that ran from a jar.
  private Path builtHome(Path jar) throws IOException {
    Path home = Files.createDirectory(temp.resolve("home"));
    executable(home.resolve("hearth"), Files.readString(ROOT.resolve("hearth")));
    Files.createDirectory(home.resolve("build-tools"));
    for (String name : List.of("find-jdk.sh", "keep-running.sh", "one-at-a-time.sh")) {
      Files.copy(
          ROOT.resolve("build-tools").resolve(name), home.resolve("build-tools").resolve(name));
    }
    Files.createFile(home.resolve("pom.xml"));
    for (String module : List.of("ring-logs", "server-core", "app-ui")) {
      Files.createDirectories(home.resolve(module).resolve("src/main"));
      Files.createFile(home.resolve(module).resolve("pom.xml"));
    }
    Path stamp = Files.createDirectory(home.resolve("app-ui/target")).resolve("hearth.classpath");
    Files.writeString(stamp, jar.toString());
    Files.setLastModifiedTime(stamp, FileTime.from(Instant.now().plusSeconds(60)));
    return home;
  }

  private static void executable(Path file, String content) throws IOException {
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static ProcessBuilder launcher(Path home) {
    ProcessBuilder launcher =
        new ProcessBuilder(new ArrayList<>(List.of(home.resolve("hearth").toString(), "version")));
    launcher.environment().put("HEARTH_JAVA_HOME", System.getProperty("java.home"));
    return launcher;
  }

  @Test
  void theServiceOfThePackageIsWhatSystemdTakesAndShutsItIn() throws Exception {
    // Its program is there when the package is installed.
    Path unit =
        Files.writeString(
            temp.resolve("hearth.service"),
            Files.readString(ROOT.resolve("installer/src/jpackage/hearth.service"))
                .replace("/opt/hearth/bin/hearth-headless", "/bin/true"));

    HearthProcess.Ended verified = systemdAnalyze("verify", unit.toString());
    // Of ten, in tenths: what systemd calls exposed begins at 7.
    HearthProcess.Ended judged =
        systemdAnalyze("security", "--offline=true", "--threshold=40", unit.toString());

    assertThat(verified.code()).as(verified.said()).isZero();
    assertThat(verified.said()).doesNotContain("hearth.service");
    assertThat(judged.code()).as(judged.said()).isZero();
  }

  private static HearthProcess.Ended systemdAnalyze(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("systemd-analyze"));
    command.addAll(List.of(arguments));
    assumeThat(Path.of("/usr/bin/systemd-analyze")).exists();
    return HearthProcess.run(new ProcessBuilder(command));
  }
}
